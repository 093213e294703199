"""What the unit says, byte for byte as docs/protocol.md has it."""

import json

from firmware.core import call as c
from firmware.core.calls import VOLATILE
from firmware.core.seal import Sealer
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink

SEALER = Sealer(bytes(range(32)))
INPUTS = [("button", "hall"), ("cord1", "bathroom")]


def uplink():
    return Uplink(("demo", "f12", "u1"), SEALER, "9f86d081884c7d65", 7, "5e1f00d5", INPUTS)


def call_with(count):
    call = c.Call(12, Timers())
    for i in range(count):
        call.handle(c.ACTIVATED, 1000 + i, 1, 1, 0)
    return call


def test_an_alarm_names_flat_call_and_inputs_under_a_right_seal():
    topic, payload = uplink().alarm(call_with(1), 1140)
    message = json.loads(payload)
    assert topic == "ils/v1/demo/f12/u1/alarm" and SEALER.check(topic, payload)
    assert message["call"] == "u1-5e1f00d5-12" and message["age_ms"] == 140 and message["attempt"] == 1
    assert message["inputs"] == [{"n": 1, "input": "cord1", "kind": "cord", "cause": "activated", "location": "bathroom"}]


def test_an_alarm_with_64_triggers_names_the_first_and_the_newest_seven_and_fits():
    inputs = [("i" * 24, "l" * 32)] * 2
    long = Uplink(("s" * 24, "f" * 24, "u" * 24), SEALER, "9f86d081884c7d65", 2147483647, "5e1f00d5", inputs)
    topic, payload = long.alarm(call_with(64), 2000)
    message = json.loads(payload)
    assert [entry["n"] for entry in message["inputs"]] == [1, 58, 59, 60, 61, 62, 63, 64]
    assert message["triggers"] == 64 and len(payload) <= 2048


def test_seq_counts_every_message_of_the_session():
    up = uplink()
    payloads = [up.alarm(call_with(1), 0), up.event("started", {"cause": "power_on"}), up.health({}), up.state(True, 1)]
    assert [json.loads(payload)["seq"] for _, payload in payloads] == [1, 2, 3, 4]
    assert [topic.rpartition("/")[2] for topic, _ in payloads] == ["alarm", "event", "health", "state"]


def test_call_ids_read_back_and_foreign_ones_do_not():
    up = uplink()
    for number in (1, 12, VOLATILE + 1):
        assert up.call_number(up.call_id(number)) == number
    for foreign in ("u2-5e1f00d5-12", "u1-5e1f00d6-12", "u1-5e1f00d5-", "u1-5e1f00d5-1x", "u1-5e1f00d5-999999999", "", "-", "12"):
        assert up.call_number(foreign) is None, foreign


def test_a_volatile_call_never_shares_an_id_with_a_journalled_one():
    up = uplink()
    assert up.call_id(VOLATILE + 12) == "u1-9f86d081-12" != up.call_id(12)


def test_an_input_that_the_board_no_longer_has_is_still_reported():
    call = c.Call(12, Timers())
    call.resume([(1, 9, 1, 0)], 0)
    assert json.loads(uplink().alarm(call, 0)[1])["inputs"][0]["input"] == "input9"


def test_without_a_journal_the_epoch_is_the_session_s_and_call_ids_still_read_back_p1():
    up = Uplink(("demo", "f12", "u1"), SEALER, "9f86d081884c7d65", 0, "9f86d081", INPUTS)
    assert up.call_number(up.call_id(VOLATILE + 1)) == VOLATILE + 1


def test_an_alarm_fits_however_long_names_and_rooms_are_written_p1():
    """A longer one no link would take. 32 characters are up to 192 bytes of JSON."""
    for room in ("\U0001f6c1" * 32, "\x01" * 32):
        long = Uplink(("s" * 24, "f" * 24, "u" * 24), SEALER, "9f86d081884c7d65", 2147483647, "5e1f00d5", [("i" * 24, room)] * 2)
        topic, payload = long.alarm(call_with(64), 2000)
        assert len(payload) <= 2048 and SEALER.check(topic, payload)
        shown = [entry["n"] for entry in json.loads(payload)["inputs"]]
        assert shown[0] == 1 and shown[-1] == 64 and len(shown) >= 3
        assert json.loads(payload)["triggers"] == 64


def test_a_call_noted_by_a_newer_firmware_is_still_sent_p1():
    call = c.Call(12, Timers())
    call.resume([(1, 1, 3, 9)], 0)
    entry = json.loads(uplink().alarm(call, 0)[1])["inputs"][0]
    assert (entry["kind"], entry["cause"], entry["input"]) == ("kind3", "cause9", "cord1")
