"""Reading what units send: right messages, wrong ones, and any bytes at all."""

import copy
import functools
import hashlib
import hmac
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit, seal
from host_tests.schemas import check
from tools.desk import upward
from tools.desk.seal import is_sealed
from tools.desk.talk.description import describe

BASE = "ils/v1/demo/f12/u1/"


@functools.cache
def samples():
    """One message of each kind and event, as (topic, dict without mac)."""
    unit = FakeUnit(KEY)
    unit.will()
    unit.connected(0)
    unit.trigger(0)
    unit.health()
    unit.fault("held", "cord1", True)
    words = {"event": "command", "ref": 1, "from": "desk", "do": "clear", "ok": False, "reason": "no_speech"}
    unit._message("event", **words)
    unit._message("event", event="cleared", call=unit.call.id, by="service", outcome="test", who="A")
    unit._message("event", event="refused", counts={"seal": 3})
    unit._message("event", event="ok", state="missed", day="2026-11-22")
    speech(unit)
    own_tests(unit)
    for topic, payload in unit.sent:
        check(topic, payload)
    return [(topic, {k: v for k, v in json.loads(payload).items() if k != "mac"}) for topic, payload in unit.sent]


def speech(unit):
    """One of each word of a session, and of each event about it."""
    offer = {"sid": "00000000000000aa", "turn": 1, "kind": "intercom", "call": "", "who": "Mary"}
    offer["media"] = describe("127.0.0.1", 9, bytes(30))
    unit.speech.answering = "press"
    unit.speech.offer(offer, 0)
    unit.tick(3000)
    unit.speech.press()
    unit.speech.media_lost(2000)
    unit.speech.reoffer()
    unit.speech.alive(offer, 3000)
    unit.speech.end("flat")
    unit.speech.offer({**offer, "turn": 2}, 0)
    unit.tick(3000)
    unit.tick(50_000)


def own_tests(unit):
    """Power, proofs, a test and its record."""
    unit.event("mains", on=False, for_s=60, edges=3)
    unit.event("battery", state="low", mv=None, why="jump", hours=1.5)
    unit.event("flight", part=1, parts=1, records=[[12, "reset", 1], [None, "press", 0]])
    unit.event("proof", id="c0ffee01", path="broker1")
    unit.event("proven", what="path:broker1", ok=False, detail="no word in 5 s")
    unit.event("reminder", state="spoken")
    unit.call = None
    unit.test.message({"do": "start", "test": "", "step": "", "value": "", "who": "E", "ctr": 1, "from": "desk", "type": "test"})
    unit.test.done("ask:light", "pass")
    unit.test.end()


def reason(topic, message):
    return upward.read(topic, seal(KEY, topic, message), KEY)[1]


def test_every_kind_of_message_is_read():
    for topic, message in samples():
        read, why = upward.read(topic, seal(KEY, topic, message), KEY)
        assert (why, read["type"]) == ("", message["type"])


def test_an_unknown_field_is_ignored():
    for topic, message in samples():
        assert reason(topic, {**message, "weather": "rain"}) == ""


def leaves(value, path=()):
    """Paths of all fields that the page names, also those in lists and objects."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            if name not in ("counters", "counts", "resets", "proven"):
                yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*path, i))


def changed(message, path, change):
    message = copy.deepcopy(message)
    holder = message
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return message


_OLDER_UNITS_LACK = {
    "event": ("clean", "mode"),
    "health": ("mode", "mains", "battery", "resets", "proven", "tested", "due", "bearer", "journal.where"),
}


def lawful_without(message, path):
    """True for a field that a unit of an older version does not send."""
    return ".".join(map(str, path)) in _OLDER_UNITS_LACK.get(message["type"], ())


def drop(holder, name):
    del holder[name]


def wrong(value):
    def change(holder, name):
        holder[name] = value

    return change


fraction = wrong(1.5)


def test_each_field_is_missed_when_missing_and_when_of_another_type():
    """No field of the page can be left out, be an object, a fraction or NaN."""
    tried = 0
    for topic, message in samples():
        for path in leaves(message):
            wanted = {"v": ("version",), "type": ("type",)}.get(path[0], ("field",))
            if path == ("test",) and message["type"] == "alarm":
                continue  # in doubt a call is real, and no alarm is refused for it: see the tests of test calls
            for change in (drop, wrong({"a": "b"}), fraction, wrong(float("nan")), wrong(-(2**70))):
                if (change is drop and lawful_without(message, path)) or (change is fraction and path[-1] == "hours"):
                    continue
                assert reason(topic, changed(message, path, change)) in wanted, (topic, path)
                tried += 1
    assert tried > 1500


def test_true_is_no_number_and_1_is_no_boolean():
    topic, alarm = next(item for item in samples() if item[1]["type"] == "alarm")
    for field in ("triggers", "escalation", "attempt", "seq", "boot", "age_ms"):
        assert reason(topic, {**alarm, field: True}) == "field"
    assert reason(topic, {**alarm, "resumed": 1}) == "field"


def test_ranges_are_those_of_the_page():
    topic, alarm = next(item for item in samples() if item[1]["type"] == "alarm")
    table = [
        ("triggers", [0, 65]), ("escalation", [-1, 1001]), ("attempt", [0]), ("seq", [0, 2**31]), ("boot", [-1, 2**31]),
        ("epoch", ["5E1F00D5", "5e1f00d"]), ("session", ["9f86", "9f86d081884c7d6G"]), ("age_ms", [-1, 2**28 + 1]),
        ("inputs", [[], alarm["inputs"] * 9]), ("unit", ["u2", "U1", ""]),
        ("call", ["u2-5e1f00d5-1", "u1-5e1f00d5", "u1-5e1f00d5-x", "u1--1"]),
    ]  # fmt: skip
    for field, values in table:
        for value in values:
            assert reason(topic, {**alarm, field: value}) == "field", (field, value)
    for text in ("x" * 33, "\ud800"):
        item = {**alarm["inputs"][0], "location": text}
        assert reason(topic, {**alarm, "inputs": [item]}) == "field"


def test_an_alarm_is_never_refused_for_a_word_that_this_version_does_not_know():
    topic, alarm = next(item for item in samples() if item[1]["type"] == "alarm")
    for field, word in (("cause", "cause7"), ("kind", "carpet")):
        assert reason(topic, {**alarm, "inputs": [{**alarm["inputs"][0], field: word}]}) == ""
    for value in (None, 1, "true", [], {}):
        assert reason(topic, {**alarm, "test": value}) == ""


def test_readings_parts_and_rows_have_the_pages_ranges():
    told = {item[1].get("event", item[1]["type"]): item for item in samples()}
    table = [
        ("mains", "for_s", [-1, None]), ("battery", "mv", [-1, 6001, 3.7]), ("battery", "hours", [-0.1, 10_001, True]),
        ("proof", "id", ["C0FFEE01", "c0ffee0", None]), ("proof", "path", ["", "x" * 25]),
        ("test", "left", [["x" * 41], ["a"] * 49, [7]]), ("test", "last", [[], ["a", "pass"], ["a", "pass", 7], "a"]),
        ("test", "state", ["walking"]), ("test_record", "part", [0, 65]), ("test_record", "text", ["x" * 1201, None]),
        ("test_record", "sha256", ["0" * 63, "G" * 64]), ("flight", "records", [[[1, "a"]], [[-1, "a", 1]], [["1", "a", 1]]]),
        ("health", "proven", [{str(i): 1 for i in range(17)}, {"cord1": -1}, []]), ("health", "due", ["soon", 7]),
        ("health", "battery", [None, {"mv": 1}]),
    ]  # fmt: skip
    for name, field, values in table:
        topic, message = told[name]
        for value in values:
            assert reason(topic, {**message, field: value}) == "field", (name, field, value)


def test_media_descriptions_have_the_pages_ranges():
    topic, answer = next(item for item in samples() if item[1].get("say") == "answer")
    media = answer["media"]
    formats = media["formats"]
    table = [
        ("address", ["flat.example", "::1", "127.0.0.1.", "127.1", "0x7f.0.0.1", ""]), ("port", [0, 65536, True]),
        ("rtcp", [0, -1]), ("profile", ["RTP/SAVPF", ""]), ("ptime", [10, 20.0, 40]), ("direction", ["sendonly", None]),
        ("crypto", ["", {}, []]),
        ("formats", [[], formats * 9, [{"pt": 128, "name": "PCMA"}], [{"pt": 8}], [{"pt": 8, "name": ""}], {}]),
    ]  # fmt: skip
    for field, values in table:
        for value in values:
            assert reason(topic, {**answer, "media": {**media, field: value}}) == "field", (field, value)
    for key in ("A" * 39, "A" * 41, "A" * 39 + "=", "A" * 39 + "-", 7):
        assert reason(topic, {**answer, "media": {**media, "crypto": {**media["crypto"], "key": key}}}) == "field"
    assert reason(topic, {**answer, "media": {**media, "formats": [{"pt": 96, "name": "opus"}]}}) == ""  # lawful, of no use


def test_versions_and_types_are_told_apart():
    topic, alarm = next(item for item in samples() if item[1]["type"] == "alarm")
    for value in (2, "1", True, None):
        assert reason(topic, {**alarm, "v": value}) == "version"
    for value in ("event", "receipt", "", 7, None):
        assert reason(topic, {**alarm, "type": value}) == "type"


def test_a_message_cannot_be_moved_to_another_topic():
    topic, message = samples()[0]
    payload = seal(KEY, topic, message)
    for other in (BASE + "event", "ils/v1/demo/f13/u1/state"):
        assert upward.read(other, payload, KEY) == (None, "seal")


def test_topics_that_are_not_the_protocols_are_none():
    table = ("", "ils", "ils/v1/demo/f12/u1", BASE + "alarm/x", "ils/v2/demo/f12/u1/alarm", "ils/v1/De/f12/u1/alarm",
             "ils/v1/demo//u1/alarm", "ils/v1/demo/f12/" + "u" * 25 + "/alarm", "ils/v1/demo/f12/u1\n/alarm")  # fmt: skip
    assert [upward.split_topic(topic) for topic in table] == [None] * len(table)
    assert upward.split_topic(BASE + "alarm") == ("demo", "f12", "u1", "alarm")


def test_the_pages_vector_seals_as_it_says():
    page = b'{"v":1,"type":"query","mac":"86daf0813f73c3db9b0e02deb7b69f195132cc96b4ffdf114852e933b7ca8f64"}'
    assert is_sealed(KEY, BASE + "down", page)
    assert not is_sealed(KEY, BASE + "down", page.upper())


def test_size_comes_before_everything():
    for payload in (b"", b"x" * 74, b"x" * 2049):
        assert upward.read(BASE + "alarm", payload, KEY) == (None, "size")


@given(st.text(max_size=60), st.binary(max_size=2200))
def test_any_bytes_on_any_topic_are_refused_and_nothing_breaks(topic, payload):
    assert upward.split_topic(topic) is None
    message, why = upward.read(BASE + "alarm", payload, KEY)
    assert message is None
    assert why in ("size", "seal")


def resealed(body):
    """Bytes under a right seal: a unit gone mad, which only the parser can stop."""
    topic = BASE + "alarm"
    digits = hmac.new(KEY, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest()
    return topic, body + b',"mac":"' + digits.encode() + b'"}'


@given(st.binary(min_size=1, max_size=1900))
def test_any_bytes_under_a_right_seal_break_nothing(body):
    topic, payload = resealed(body)
    message, why = upward.read(topic, payload, KEY)
    assert message is None
    assert why in upward.REASONS


def test_deep_nesting_and_huge_numbers_are_only_bad_json():
    for body in (b"[" * 1900, b'{"a":' * 380, b'{"v":' + b"9" * 1900, b'{"v":1e999', b"\xff\xfe{}"):
        topic, payload = resealed(body)
        assert upward.read(topic, payload, KEY)[0] is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.data(), _JSON)
def test_any_json_in_place_of_any_field_breaks_nothing(data, value):
    """It is taken or refused with a reason; what is taken can be stored and passed on as it is."""
    topic, message = data.draw(st.sampled_from(samples()))
    path = data.draw(st.sampled_from(list(leaves(message))))
    message = changed(message, path, wrong(value))
    payload = seal(KEY, topic, message)
    read, why = upward.read(topic, payload, KEY)
    assert (read is None) == bool(why)
    if read is not None:
        assert json.loads(json.dumps(read)) == read
        json.dumps(read, ensure_ascii=False).encode()
