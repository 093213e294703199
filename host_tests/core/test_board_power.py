"""core/board_power.py by way of core/board.py: each wrong field is named; pins are checked like all others."""

from firmware.core import board
from host_tests.core.test_board import fact, good, put


def powered():
    mains = fact(pin=36, active="high", pull="none")
    battery = fact(pin=33, atten_db=11, ratio_ppm=2000000, trim_mv=-40, capacity_mah=2000, low_mv=3600, critical_mv=3450,
                   off_mv=3350, charger_disable={"pin": 25, "active": "high"})
    whole = put(good(), ("power",), {"mains": mains, "battery": battery, "loads_ma": {"board": 12}})
    return put(whole, ("microphone", "ws"), 27)


def test_a_whole_power_object_has_no_problems_and_may_leave_out_what_has_a_default():
    assert board.validate(powered()) == []
    for name in ("capacity_mah", "low_mv", "critical_mv", "off_mv", "charger_disable"):
        assert board.validate(put(powered(), ("power", "battery", name), KeyError)) == []
        assert board.validate(put(powered(), ("power", "battery", name), None)) == []
    assert board.validate(put(powered(), ("power", "loads_ma"), KeyError)) == []


def test_what_a_board_lacks_is_warned_of():
    for path, word in ((("power",), "power: none"), (("power", "mains"), "power.mains: none"),
                       (("power", "battery"), "power.battery: none")):
        whole = put(powered(), path, None)
        assert board.validate(whole) == []
        assert any(text.startswith(word) for text in board.warnings(whole)), path


def test_each_wrong_field_is_named_with_value_and_rule():
    battery, mains = ("power", "battery"), ("power", "mains")
    for path, value, want in (
        (("power",), 7, "power: 7: an object"),
        (("power", "mians"), {}, "power.mians: unknown field"),
        (mains, "yes", "power.mains: 'yes': an object"),
        (mains + ("active",), "on", "power.mains.active: 'on'"),
        (mains + ("pull",), "up", "GPIO 36 has no pull resistors"),
        (mains + ("pin",), 33, "power.battery.pin: GPIO 33 is used by power.mains.pin"),
        (mains + ("pin",), 26, "GPIO 26 is used by inputs[0].pin"),
        (mains + ("source",), "", "power.mains.source: ''"),
        (battery + ("pin",), 14, "GPIO 14 is on ADC2, which does not work while Wi-Fi is on"),
        (battery + ("pin",), 21, "power.battery.pin: GPIO 21 is used"),
        (battery + ("pin",), 5, "GPIO 5 has no ADC"),
        (battery + ("pin",), "33", "power.battery.pin: '33': a GPIO number"),
        (battery + ("atten_db",), 3, "power.battery.atten_db: 3"),
        (battery + ("ratio_ppm",), 2, "power.battery.ratio_ppm: 2: a whole number in 1000000 ... 10000000"),
        (battery + ("ratio_ppm",), 10000001, "power.battery.ratio_ppm"),
        (battery + ("ratio_ppm",), KeyError, "power.battery.ratio_ppm: missing"),
        (battery + ("ratio_ppm",), 1300000, "the ADC ends at 4030 mV"),
        (battery + ("atten_db",), 6, "the ADC ends at 3500 mV"),
        (battery + ("trim_mv",), 301, "power.battery.trim_mv: 301"),
        (battery + ("trim_mv",), -301, "power.battery.trim_mv: -301"),
        (battery + ("trim_mv",), KeyError, "power.battery.trim_mv: missing"),
        (battery + ("capacity_mah",), 2, "power.battery.capacity_mah: 2"),
        (battery + ("low_mv",), 3.6, "power.battery.low_mv: 3.6"),
        (battery + ("low_mv",), 3450, "power.battery: off_mv 3350, critical_mv 3450, low_mv 3450"),
        (battery + ("off_mv",), 3500, "power.battery: off_mv 3500"),
        (battery + ("critical_mv",), 4001, "power.battery.critical_mv: 4001"),
        (battery + ("charger_disable", "pin"), 39, "input only"),
        (battery + ("charger_disable", "active"), 1, "power.battery.charger_disable.active: 1"),
        (battery + ("verified",), "sure", "power.battery.verified: 'sure'"),
        (("power", "loads_ma", "lamp"), 4, "power.loads_ma.lamp: unknown field"),
        (("power", "loads_ma", "board"), -1, "power.loads_ma.board: -1: a whole number in 0 ... 1000"),
    ):
        found = board.validate(put(powered(), path, value))
        assert any(want in text for text in found), (path, value, found)


def test_limits_and_ratio_on_their_edges_are_taken():
    for path, value in ((("power", "battery", "trim_mv"), 300), (("power", "battery", "trim_mv"), -300),
                        (("power", "battery", "ratio_ppm"), 10000000), (("power", "battery", "low_mv"), 4000),
                        (("power", "battery", "ratio_ppm"), 1355000), (("power", "battery", "off_mv"), 3000)):
        assert board.validate(put(powered(), path, value)) == [], (path, value)
