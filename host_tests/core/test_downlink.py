"""What the unit takes from the service, and what it refuses (P2, P6)."""

import json

from firmware.core.downlink import MAX_BYTES, Downlink
from firmware.core.seal import Sealer

TOPIC = "ils/v1/demo/f12/u1/down"
SESSION = "9f86d081884c7d65"
SEALER = Sealer(bytes(range(32)))
RECEIPT = {"v": 1, "type": "receipt", "unit": "u1", "session": SESSION, "from": "desk", "ctr": 1041, "call": "u1-5e1f00d5-12",
           "triggers": 1, "escalation": 0}
CLEAR = {"type": "clear", "outcome": "mistake", "basis": "present", "who": "A. Jones"}


def inbox():
    return Downlink(TOPIC, "u1", SESSION, SEALER)


def sealed(**changes):
    message = dict(RECEIPT)
    message.update(changes)
    return SEALER.seal(TOPIC, json.dumps({name: value for name, value in message.items() if value != "absent"}))


def refused(payload, topic=TOPIC):
    box = inbox()
    assert box.take(topic, payload) is None
    return [reason for reason, count in box.refused.items() if count]


def test_each_kind_of_message_is_taken_once():
    for changes in ({}, {"type": "answered", "who": "centre"}, {"type": "released"}, CLEAR, {"type": "query"}):
        box = inbox()
        payload = sealed(**changes)
        assert box.take(TOPIC, payload)["type"] == changes.get("type", "receipt")
        assert box.take(TOPIC, payload) is None and box.refused["replay"] == 1


def test_unknown_fields_are_ignored():
    assert inbox().take(TOPIC, sealed(colour="red"))["call"] == "u1-5e1f00d5-12"


def test_each_wrong_message_is_refused_for_its_own_reason():
    for payload, reason in (
        (b"", "size"), (b"x" * 74, "size"), (b"x" * (MAX_BYTES + 1), "size"), (sealed(pad="x" * MAX_BYTES), "size"),
        (b"x" * 200, "seal"), (sealed()[:-1], "seal"), (sealed().replace(b"1041", b"1042"), "seal"),
        (SEALER.seal(TOPIC, "not json at all, really}"), "json"),
        (sealed(v=2), "version"), (sealed(v="1"), "version"), (sealed(v="absent"), "version"),
        (sealed(v=True), "version"), (sealed(v=1.0), "version"),
        (sealed(type="dance"), "type"), (sealed(type=7), "type"), (sealed(type="absent"), "type"),
        (sealed(session="0" * 16), "session"), (sealed(session="absent"), "session"), (sealed(session=None), "session"),
        (sealed(unit="u2"), "field"),
    ):
        assert refused(payload) == [reason], (payload[:80], reason)
    assert refused(sealed(), "ils/v1/demo/f13/u1/down") == ["topic"]


def test_each_named_field_missing_mistyped_or_out_of_range_is_refused():
    clear = dict(CLEAR)
    for field, wrong in (("from", ("absent", "", "x" * 25, 7, None)), ("ctr", ("absent", 0, -1, 1 << 31, "1", 1.5, True, None)),
                         ("call", ("absent", "", "x" * 65, 12, None)), ("triggers", ("absent", 0, 65, "1", True, None)),
                         ("outcome", ("absent", "", "done", 1, None)), ("basis", ("absent", "guess", None)),
                         ("who", ("absent", "", "x" * 33, 1, None))):
        for value in wrong:
            changed = dict(clear)
            changed[field] = value
            assert refused(sealed(**changed)) == ["field"], (field, value)
    for value in ("absent", -1, 1001, "0", False):
        assert refused(sealed(escalation=value)) == ["field"], value


def test_four_senders_have_a_window_each_and_a_fifth_is_refused():
    box = inbox()
    for sender in ("a", "b", "c", "d"):
        assert box.take(TOPIC, sealed(**{"from": sender, "ctr": 5})) is not None
        assert box.take(TOPIC, sealed(**{"from": sender, "ctr": 5})) is None
    assert box.take(TOPIC, sealed(**{"from": "e", "ctr": 6})) is None
    assert box.refused["replay"] == 5


def test_a_refused_message_does_not_use_up_its_number():
    box = inbox()
    assert box.take(TOPIC, sealed(triggers=0)) is None
    assert box.take(TOPIC, sealed()) is not None
