"""Building what goes to units: by the published schemas, and never out of range."""

import pytest

from host_tests.fakes.desk import KEY
from host_tests.schemas import check
from tools.desk.downward import build
from tools.desk.talk.description import describe

TOPIC = "ils/v1/demo/f12/u1/down"
CALL = "u1-5e1f00d5-12"
HEAD = {"unit": "u1", "session": "9f86d081884c7d65", "from": "desk", "ctr": 1041, "at": 1795305600}
CLEAR = {"call": CALL, "triggers": 2, "outcome": "mistake", "basis": "present", "who": "A. Jones"}
BODIES = {
    "receipt": {"call": CALL, "triggers": 2, "escalation": 0},
    "answered": {"call": CALL, "who": "coordinator"},
    "released": {"call": CALL},
    "clear": CLEAR,
    "query": {},
    "offer": {
        "sid": "00000000000000aa", "turn": 1, "kind": "alarm", "call": CALL, "who": "Mary",
        "media": describe("192.0.2.5", 40000, bytes(30)),
    },
    "control": {"sid": "00000000000000aa", "do": "hold"},
    "alive": {"sid": "00000000000000aa"},
}  # fmt: skip


def test_each_kind_is_right_by_its_schema():
    for kind, body in BODIES.items():
        message = check(TOPIC, build(KEY, TOPIC, kind, HEAD, body))
        assert message["type"] == kind
        assert message["ctr"] == 1041


def test_the_longest_names_in_any_script_fit_in_1024_bytes():
    body = {**CLEAR, "call": "u" * 24 + "-5e1f00d5-999999999", "who": "\U0001f9d3" * 32, "triggers": 64}
    head = {**HEAD, "unit": "u" * 24, "from": "d" * 24, "ctr": 2**31 - 1}
    payload = build(KEY, TOPIC, "clear", head, body)
    assert len(payload) < 1024
    assert "\U0001f9d3".encode() in payload
    media = describe("255.255.255.254", 65535, b"\xff" * 30)
    offer = {**BODIES["offer"], "call": body["call"], "who": body["who"], "turn": 2**31 - 1, "kind": "intercom", "media": media}
    assert len(build(KEY, TOPIC, "offer", head, offer)) < 1024


def test_what_the_protocol_does_not_allow_is_not_built():
    table = [
        ("clear", {"outcome": "lunch"}), ("clear", {"basis": "guess"}), ("clear", {"who": ""}), ("clear", {"who": "x" * 33}),
        ("clear", {"triggers": 0}), ("clear", {"triggers": True}), ("answered", {"who": None}), ("receipt", {"escalation": -1}),
        ("receipt", {"call": "12"}), ("query", {"ctr": 0}), ("query", {"ctr": 2**31}), ("query", {"session": "x"}),
        ("offer", {"turn": 0}), ("offer", {"turn": 2**31}), ("offer", {"kind": "chat"}), ("offer", {"call": "12"}),
        ("offer", {"media": {}}), ("offer", {"sid": "x"}), ("control", {"do": "dance"}), ("alive", {"sid": None}),
    ]  # fmt: skip
    for kind, wrong in table:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            build(KEY, TOPIC, kind, HEAD, {**BODIES[kind], **wrong})
    with pytest.raises(ValueError, match="open_door"):
        build(KEY, TOPIC, "open_door", HEAD, {})
