"""core/board.py: every wrong field gets a clear message; the board files themselves: host_tests/test_house.py."""

import json

from firmware.core import board

_FACT = {"source": "a page", "verified": "proposed"}
_LINE = {
    "bands_mv": {"short": [0, 350], "pulled": [550, 1100], "normal": [1350, 1950], "open": [2600, 3300]},
    "pull_up_ohm": 10000, "end_of_line_ohm": 10000, "pulled_ohm": 4700,
}


def fact(**fields):
    fields.update(_FACT)
    return fields


def good():
    contact = fact(name="cord1", kind="cord", wiring="contact", pin=26, active="low", pull="up", debounce_ms=30, line=None)
    line = fact(name="cord2", kind="cord", wiring="line", pin=34, active="low", pull="none", debounce_ms=40, line=_LINE)
    whole = {
        "name": "TEST", "title": "a board", "chip": "esp32", "module": "wroom", "inputs": [contact, line],
        "light": fact(pin=23, active="high"),
        "sounder": fact(kind="i2s", id=0, bclk=18, ws=19, din=21, enable={"pin": 22, "active": "high"}),
        "microphone": fact(kind="i2s", id=1, sck=32, ws=33, sd=39, gain_shift=4),
        "reserved": [fact(pin=35, use="battery")], "bearers": ["wifi"], "journal": "journal",
    }
    return json.loads(json.dumps(whole))  # a copy all the way down


def put(whole, path, value):
    part = whole
    for step in path[:-1]:
        part = part[step]
    if value is KeyError:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return whole


def test_a_good_board_has_no_problems():
    assert board.validate(good()) == []
    whole = put(put(good(), ("microphone", "sd"), 27), ("power",), {
        "mains": fact(pin=39, active="high", pull="none"), "battery": fact(pin=36, atten_db=11, ratio_ppm=2000000, trim_mv=0)})
    assert board.validate(whole) == [] and board.warnings(whole) == []


def test_each_wrong_field_is_named_with_value_rule_and_remedy():
    cases = (
        (("chip",), "esp8266", "chip: 'esp8266': one of esp32, esp32s3"),
        (("module",), "big", "module: 'big'"),
        (("chip",), KeyError, "chip: missing"),
        (("journal",), KeyError, "journal: missing"),
        (("journal",), 7, "journal: 7"),
        (("bearers",), [], "bearers: []"),
        (("bearers",), 3, "bearers: 3"),
        (("bearers",), ["pigeon"], "bearers[0]: 'pigeon': one of ethernet, wifi, cellular"),
        (("lihgt",), {}, "lihgt: unknown field"),
        (("light",), KeyError, "light: missing"),
        (("light",), "on", "light: 'on': an object"),
        (("light", "pin"), 35, "reserved[0].pin: GPIO 35 is used by light.pin"),
        (("light", "pin"), 39, "light.pin: GPIO 39 is input only"),
        (("light", "pin"), "23", "light.pin: '23': a GPIO number"),
        (("light", "pin"), True, "light.pin: True"),
        (("light", "active"), 1, "light.active: 1: one of low, high"),
        (("inputs",), [], "inputs: a list of 1 to 8"),
        (("inputs",), None, "inputs: a list of 1 to 8"),
        (("inputs", 0), "cord", "inputs[0]: 'cord': an object"),
        (("inputs", 0, "pin"), 34, "inputs[1].pin: GPIO 34 is used by inputs[0].pin"),
        (("inputs", 0, "pin"), 0, "inputs[0].pin: GPIO 0 low at power-up"),
        (("inputs", 0, "pin"), 39, "has no pull resistors"),
        (("inputs", 0, "name"), "cord2", "inputs[1].name: 'cord2' is used twice"),
        (("inputs", 0, "name"), "", "inputs[0].name: ''"),
        (("inputs", 0, "kind"), "rope", "inputs[0].kind: 'rope'"),
        (("inputs", 0, "wiring"), "loop", "inputs[0].wiring: 'loop'"),
        (("inputs", 0, "active"), "lo", "inputs[0].active: 'lo'"),
        (("inputs", 0, "pull"), None, "inputs[0].pull: None"),
        (("inputs", 0, "debounce_ms"), 0.05, "inputs[0].debounce_ms: 0.05: whole ms in 10 ... 200"),
        (("inputs", 0, "debounce_ms"), 2000, "inputs[0].debounce_ms: 2000"),
        (("inputs", 0, "debounce_ms"), KeyError, "inputs[0].debounce_ms: missing"),
        (("inputs", 0, "debouce_ms"), 30, "inputs[0].debouce_ms: unknown field"),
        (("inputs", 0, "verified"), "sure", "inputs[0].verified: 'sure': one of proposed"),
        (("inputs", 0, "source"), "", "inputs[0].source: ''"),
        (("inputs", 0, "line"), _LINE, "inputs[0].line: null wanted"),
        (("inputs", 1, "line"), None, "inputs[1].line: None: an object"),
        (("inputs", 1, "pin"), 27, "inputs[1].pin: GPIO 27 is on ADC2"),
        (("inputs", 1, "pin"), 16, "inputs[1].pin: GPIO 16 has no ADC"),
        (("inputs", 1, "pull"), "up", "a supervised line has its own pull-up"),
        (("inputs", 1, "line", "pull_up_ohm"), 0, "inputs[1].line.pull_up_ohm: 0"),
        (("inputs", 1, "line", "pulled_ohm"), 47000, "line.bands_mv.pulled: the resistors give 1491 mV"),
        (("inputs", 1, "line", "end_of_line_ohm"), 47000, "line.bands_mv.normal: the resistors give 2721 mV"),
        (("inputs", 1, "line", "bands_mv", "open"), KeyError, "bands_mv.open: missing"),
        (("inputs", 1, "line", "bands_mv", "open"), [2600, 3301], "0 <= lowest < highest <= 3300"),
        (("inputs", 1, "line", "bands_mv", "normal"), [1950, 1350], "0 <= lowest < highest"),
        (("inputs", 1, "line", "bands_mv", "normal"), [1.35, 1.95], "[lowest, highest] in whole mV"),
        (("inputs", 1, "line", "bands_mv", "normal"), [1249, 1950], "begins less than 150 mV above"),
        (("sounder", "kind"), "buzzer", "sounder.kind: 'buzzer'"),
        (("sounder", "id"), 2, "sounder.id: 2"),
        (("sounder", "ws"), 18, "sounder.ws: GPIO 18 is used by sounder.bclk"),
        (("sounder", "enable", "pin"), 6, "sounder.enable.pin: GPIO 6 is wired to the flash"),
        (("sounder", "enable", "active"), "yes", "sounder.enable.active: 'yes'"),
        (("inputs", 1, "kind"), "answer", "inputs[1].wiring: \"contact\" wanted for kind answer"),
        (("inputs", 1, "kind"), "privacy", "a line raises a call when it breaks"),
        (("inputs", 1, "kind"), "reset", "inputs[1].wiring: \"contact\" wanted for kind reset"),
        (("sounder", "id"), True, "sounder.id: True"),
        (("microphone",), 7, "microphone: 7: an object"),
        (("microphone", "kind"), "pdm", "microphone.kind: 'pdm': one of i2s"),
        (("microphone", "id"), 2, "microphone.id: 2: I2S port 0 or 1"),
        (("microphone", "id"), 0, "microphone.id: port 0 is the sounder's"),
        (("microphone", "sck"), 18, "microphone.sck: GPIO 18 is used by sounder.bclk"),
        (("microphone", "ws"), 34, "microphone.ws: GPIO 34 is"),
        (("microphone", "sd"), 1, "microphone.sd: GPIO 1 is UART0"),
        (("microphone", "sd"), KeyError, "microphone.sd: missing"),
        (("microphone", "gain_shift"), 7, "microphone.gain_shift: 7: 0 ... 6 wanted"),
        (("microphone", "gain_shift"), "4", "microphone.gain_shift: '4'"),
        (("microphone", "source"), "", "microphone.source: ''"),
        (("microphone", "sensitivity"), 4, "microphone.sensitivity: unknown field"),
        (("sounder",), None, "microphone: needs a sounder"),
        (("reserved",), None, "reserved: None: a list"),
        (("reserved", 0, "pin"), None, "reserved[0].pin: None"),
        (("reserved", 0, "use"), KeyError, "reserved[0].use: missing"),
    )
    for path, value, words in cases:
        problems = board.validate(put(good(), path, value))
        assert [text for text in problems if words in text], (path, value, words, problems)


def test_one_mistake_gives_one_message_or_few():
    for path, value in ((("light", "active"), "on"), (("inputs", 0, "pin"), 0), (("sounder", "id"), 9), (("module",), "x")):
        assert len(board.validate(put(good(), path, value))) == 1, path


def test_no_content_of_a_file_makes_the_validator_raise():
    strange = (None, True, 0, -1, 1.5, "", "x", [], [[]], {}, {"a": 1}, [None], [1, 2, 3])
    for value in strange:
        assert isinstance(board.validate(value), list)
        for field in board.FIELDS:
            assert isinstance(board.validate(put(good(), (field,), value)), list)
        for field in ("pin", "line", "name", "kind", "debounce_ms"):
            for i in (0, 1):
                assert isinstance(board.validate(put(good(), ("inputs", i, field), value)), list)
        for band in ("short", "open"):
            assert board.validate(put(good(), ("inputs", 1, "line", "bands_mv", band), value))
        assert isinstance(board.validate(put(good(), ("sounder", "enable"), value)), list)


def test_a_board_without_sounder_is_possible_but_warned_of():
    whole = put(put(good(), ("sounder",), None), ("microphone",), None)
    assert board.validate(whole) == []
    assert "P2" in board.warnings(whole)[0]


def test_a_board_without_microphone_is_possible_also_in_a_file_of_before_there_were_any():
    for value in (None, KeyError):
        whole = put(good(), ("microphone",), value)
        assert board.validate(whole) == []
        assert "microphone: none" in board.warnings(whole)[0]


def test_answer_and_privacy_are_inputs_and_there_is_one_privacy_switch_at_most():
    whole = good()
    for i, (name, kind, pin) in enumerate((("answer", "answer", 13), ("privacy", "privacy", 14), ("second", "privacy", 16))):
        one = dict(whole["inputs"][0], name=name, kind=kind, pin=pin)
        whole["inputs"].append(one)
        problems = board.validate(whole)
        assert problems == [] if i < 2 else len(problems) == 1 and "inputs[4].kind: a second privacy" in problems[0], problems


def test_inherited_fields_come_from_the_nearest_board():
    boards = {
        "top": {"name": "top", "chip": "esp32", "module": "wroom", "light": 1},
        "middle": {"inherits": "top", "name": "middle", "module": "wrover"},
        "leaf": {"inherits": "middle", "name": "leaf"},
    }
    assert board.resolve(boards, "leaf") == {"name": "leaf", "chip": "esp32", "module": "wrover", "light": 1}
    assert board.resolve(boards, "top") == boards["top"]


def test_a_missing_board_and_a_circle_are_told_in_words():
    cases = (
        ({}, "gone", "board_configs/gone.json is missing; board in settings.json names it"),
        ({"a": {"inherits": "b"}}, "a", "board_configs/b.json is missing; inherits of board_configs/a.json names it"),
        ({"a": {"inherits": "b"}, "b": {"inherits": "a"}}, "a", "inherits from itself by way of a, b"),
    )
    for boards, name, words in cases:
        try:
            board.resolve(boards, name)
        except ValueError as error:
            assert words in str(error), error
        else:
            assert False, words
