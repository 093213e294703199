"""Every board file becomes a unit on stand-in pins, and a part that cannot be made costs only itself (P8)."""

import gc
import json
import os
import sys

if sys.implementation.name == "micropython":
    gc.threshold(20000)  # as the unit sets it: without, what is loaded is strewn over the heap and no larger block is left

import machine

from firmware import build
from firmware.build import Builder, reset_cause
from firmware.core import board, board_power, call, settings
from firmware.core.timers import Timers

FOLDER = "board_configs"
ROOMS = {"button": {"location": "hall"}, "cord1": {"location": "bathroom"}}


def entropy(count):
    return bytes(range(count))


class Files:
    def __getitem__(self, name):
        with open("%s/%s.json" % (FOLDER, name)) as file:
            return json.loads(file.read())


def now():
    return machine.world.now_ms


def builder(name, **changes):
    whole = board.resolve(Files(), name)
    whole.update(changes)
    machine.world.clear()
    gc.collect()
    machine.world.chip = whole["chip"]
    machine.world.partitions = {"journal": 6}  # as small as can be: the flash model lives in the same bounded heap
    usable, _ = settings.usable({"inputs": ROOMS})
    return Builder(whole, usable, Timers(), now)


def make(one):
    """All parts of a unit: (contacts, lines, light, speaker, journal, open calls)."""
    contacts, lines = one.inputs(lambda: None, lambda: 0)
    journal, found = one.journal(entropy)
    return contacts, lines, one.light(), one.speaker(), journal, found


def test_every_board_file_becomes_a_whole_unit():
    names = sorted(name[:-5] for name in os.listdir(FOLDER) if name.endswith(".json"))
    assert len(names) >= 3
    for name in names:
        one = builder(name)
        count = len(board.resolve(Files(), name)["inputs"])
        contacts, lines, light, speaker, journal, found = make(one)
        assert one.problems == [], (name, one.problems)
        assert len(contacts) + len(lines) == count and speaker is not None
        assert journal.boot == 1 and found == [] and light.lit == 0
        contacts = lines = speaker = journal = None


def test_the_light_is_dark_from_the_first_moment_whatever_its_polarity():
    for active, dark in (("high", 0), ("low", 1)):
        fact = board.resolve(Files(), "ESP32_GENERIC")["light"]
        builder("ESP32_GENERIC", light=dict(fact, active=active)).light()
        history = machine.world.pin(fact["pin"]).history
        assert not [level for _, level in history if level != dark], (active, history)


def test_an_input_that_the_chip_refuses_costs_only_itself_and_is_named():
    inputs = board.resolve(Files(), "ESP32_GENERIC")["inputs"]
    for change in ({"pin": 29}, {"kind": "doorbell"}, {"pull": "sideways"}):
        broken = [dict(inputs[0], **change)] + inputs[1:]
        one = builder("ESP32_GENERIC", inputs=broken)
        contacts, lines = one.inputs(lambda: None, lambda: 0)
        assert len(contacts) + len(lines) == len(inputs) - 1, change
        for sense in contacts + lines:
            assert inputs[sense.index]["name"] == sense.name, "an alarm names its input by the place in the board file"
        assert [problem[:2] for problem in one.problems] == [("input", "button")] and "inputs[0]" in one.problems[0][2]


def test_whatever_stands_in_a_field_of_an_input_costs_only_that_input_p8():
    inputs = board.resolve(Files(), "ESP32_GENERIC")["inputs"]
    cord = [one["name"] for one in inputs].index("cord2")
    assert inputs[cord]["wiring"] == "line"
    for place, change in ((0, {"debounce_ms": "30"}), (0, {"debounce_ms": None}), (cord, {"debounce_ms": 0.5}),
                          (cord, {"line": 7}), (cord, {"line": {"bands_mv": dict.fromkeys(("short", "normal"), [])}}),
                          (0, {"pin": [25]}), (0, {"kind": 5}), (0, {"pull": ["up"]})):
        one = builder("ESP32_GENERIC", inputs=inputs[:place] + [dict(inputs[place], **change)] + inputs[place + 1:])
        contacts, lines = one.inputs(lambda: None, lambda: 0)
        assert len(contacts) + len(lines) == len(inputs) - 1 and one.problems[0][:2] == ("input", inputs[place]["name"]), change
        assert len(one.names()) == len(inputs)
    for strange in (7, None, "x", {"name": ["button"]}, {"name": {}}):
        one = builder("ESP32_GENERIC", inputs=[strange] + inputs[1:])
        contacts, lines = one.inputs(lambda: None, lambda: 0)
        assert len(contacts) + len(lines) == len(inputs) - 1 and one.names()[:2] == [("", ""), ("cord1", "bathroom")], strange


def test_a_sounder_that_does_not_start_costs_only_itself():
    fact = board.resolve(Files(), "ESP32_GENERIC")["sounder"]
    one = builder("ESP32_GENERIC", sounder=dict(fact, id=7))
    assert one.speaker() is None and one.problems[0][1] == "sounder"
    assert builder("ESP32_GENERIC", sounder=None).speaker() is None


def in_a_folder(do):
    """`do(builder)`, of a board without partitions, in a directory of its own, as if it were the root of the unit's files."""
    one = builder("ESP32_GENERIC")
    machine.world.partitions = {"vfs": 16}
    folder = "build_test_%d" % int.from_bytes(os.urandom(4), "little")
    back = os.getcwd()
    os.mkdir(folder)
    os.chdir(folder)
    try:
        do(one)
        for path in ("calls", "calls.bad"):
            for name in os.listdir(path):
                os.remove(path + "/" + name)
            os.rmdir(path)
    finally:
        os.chdir(back)
    os.rmdir(folder)


def test_a_board_without_our_partition_keeps_its_calls_as_files_which_is_no_fault_p1():
    def do(one):
        journal, found = one.journal(entropy)
        assert found == [] and journal.where == "files" and one.problems == [] and journal.faults == []
        journal.trigger(1, 1, 0, 1, 2)
        journal, found = one.journal(entropy)
        assert [call.triggers for call in found] == [[(1, 0, 1, 2)]] and journal.boot == 2
        os.mkdir("calls.bad")

    in_a_folder(do)


def test_a_board_that_can_keep_calls_nowhere_says_so():
    def do(one):
        open("calls", "w").close()  # no directory, and no room to put it aside
        os.mkdir("calls.bad")
        open("calls.bad/x", "w").close()
        assert one.journal(entropy) == (None, [])
        fault, _, text = one.problems[0]
        assert fault == "storage" and "journal" in text and "directory" in text
        os.remove("calls")
        os.mkdir("calls")

    in_a_folder(do)


def test_a_journal_that_cannot_be_read_costs_no_call_and_is_named_p8():
    def failing(entropy):
        raise OSError(5)

    one = builder("ESP32_GENERIC")
    machine.world.partitions = {"vfs": 16}
    real, build._file_journal = build._file_journal, failing
    try:
        assert one.journal(entropy) == (None, []) and one.problems[0][0] == "storage"
    finally:
        build._file_journal = real


def test_names_and_rooms_come_in_the_order_of_the_board_s_inputs():
    names = builder("ESP32_GENERIC").names()
    assert names[:2] == [("button", "hall"), ("cord1", "bathroom")]
    assert ("pendant", "") in names


def test_an_input_that_is_not_fitted_is_not_made_and_the_others_keep_their_numbers():
    whole = builder("ESP32_GENERIC")
    contacts, lines = whole.inputs(lambda: None, lambda: 0)
    numbers = {sense.name: sense.index for sense in contacts + lines}
    one = builder("ESP32_GENERIC")
    one._settings["inputs"].update({"cord1": None, "cord2": None, "answer": None})
    names = one.names()
    contacts, lines = one.inputs(lambda: None, lambda: 0)
    assert one.problems == [] and lines == []
    made = {sense.name: sense.index for sense in contacts}
    assert made == {name: numbers[name] for name in numbers if name not in ("cord1", "cord2", "answer")}
    assert [name for name, _ in names] == [name for name, _ in whole.names()] and ("cord1", "") in names
    assert [name for name, _ in one.names(True)] == ["button", "pendant", "privacy"]


def test_the_reset_cause_has_the_protocol_s_name():
    machine.world.clear()
    for cause, name in ((1, "power_on"), (2, "hard"), (3, "watchdog"), (4, "deep_sleep"), (5, "soft"), (9, "unknown")):
        machine.world.reset_cause = cause
        assert reset_cause() == name


def test_a_light_that_cannot_be_used_costs_only_itself_p8():
    fact = board.resolve(Files(), "ESP32_GENERIC")["light"]
    for light in (dict(fact, pin=29), {}, None):
        one = builder("ESP32_GENERIC", light=light)
        assert one.light() is None and one.problems[0][:2] == ("settings", "light"), light


def test_a_board_file_without_its_fields_still_gives_what_can_be_made_p8():
    for field in ("inputs", "light", "sounder", "journal"):
        one = builder("ESP32_GENERIC")
        del one._board[field]
        contacts, lines, light, speaker, journal, found = make(one)
        assert (not contacts) == (field == "inputs") and (light is None) == (field == "light"), field
        assert (speaker is None) == (field == "sounder") and journal is not None and found == [], field
        assert len(one.names()) == len(contacts) + len(lines)
        contacts = lines = speaker = journal = None


def test_each_input_has_its_role_and_only_calls_have_a_kind():
    contacts, _ = builder("ESP32_GENERIC").inputs(lambda: None, lambda: 0)
    roles = {sense.name: (sense.role, sense.kind_index) for sense in contacts}
    assert roles["button"] == ("call", 0) and roles["pendant"] == ("call", 2)
    assert roles["answer"] == ("answer", None) and roles["privacy"] == ("privacy", None)
    assert board.KINDS == call.KINDS + build.ROLES and board.ROLES == build.ROLES


def test_a_microphone_is_made_closed_and_a_board_without_one_is_still_a_unit():
    one = builder("ESP32_GENERIC").microphone()
    assert not one.is_open and one.gain_shift == 4
    assert 1 not in machine.world.sounds, "a port that is not made samples nothing"
    assert builder("ESP32_GENERIC", microphone=None).microphone() is None
    bare = builder("ESP32_GENERIC")
    del bare._board["microphone"]
    assert bare.microphone() is None and bare.problems == []


def test_a_microphone_with_a_wrong_pin_costs_only_itself_and_is_named_p8():
    fact = board.resolve(Files(), "ESP32_GENERIC")["microphone"]
    for change in ({"sck": 29}, {"sd": 77}):
        one = builder("ESP32_GENERIC", microphone=dict(fact, **change))
        assert one.microphone() is None and one.problems[0][:2] == ("settings", "microphone"), change


def test_every_board_file_senses_its_mains_and_its_battery():
    for name in sorted(name[:-5] for name in os.listdir(FOLDER) if name.endswith(".json")):
        one = builder(name)
        facts = one._board["power"]
        machine.world.pin(facts["mains"]["pin"]).drive(1)
        machine.world.adc(facts["battery"]["pin"]).set_mv(3800 * 1000000 / facts["battery"]["ratio_ppm"])
        power = one.power(None, None)
        assert one.problems == [] and power.core.mains.on
        mv, why = power.measure()
        assert why == "" and 3795 <= mv <= 3800, (name, mv)


def test_a_sense_that_cannot_be_used_costs_only_itself_and_a_board_without_any_has_none_p8():
    facts = board.resolve(Files(), "ESP32_GENERIC")["power"]
    for part, change, why in (("mains", {"pin": 29}, ""), ("mains", {"pull": "sideways"}, ""), ("battery", {"pin": 29}, "adc"),
                              ("battery", {"atten_db": 3}, "adc"), ("battery", {"ratio_ppm": None}, "calibration")):
        wrong = dict(facts)
        wrong[part] = dict(facts[part], **change)
        one = builder("ESP32_GENERIC", power=wrong)
        machine.world.adc(36).set_mv(1900)
        power = one.power(None, None)
        assert power.measure()[1] == why, change
        assert (power.health()["mains"] is None) is (part == "mains")
        assert len(one.problems) == (0 if why == "calibration" else 1), change
    for battery in ("yes", 7, [1], True):
        one = builder("ESP32_GENERIC", power=dict(facts, battery=battery))
        assert one.power(None, None).health()["mains"] is not None, "the mains are watched all the same"
    assert builder("ESP32_GENERIC", power=dict(facts, loads_ma=3)).power(None, None).core.mains.on is not None
    for none in (None, {"mains": None, "battery": None}, "yes", KeyError):
        one = builder("ESP32_GENERIC", power=none)
        if none is KeyError:
            del one._board["power"]
        assert one.power(None, None) is None and one.problems == []


def test_a_charger_s_switch_leaves_it_on_and_only_such_a_board_looks_for_a_cell():
    facts = board.resolve(Files(), "ESP32_GENERIC")["power"]
    assert builder("ESP32_GENERIC").power(None, None).probing is None
    for active, level in (("high", 0), ("low", 1)):
        wired = dict(facts, battery=dict(facts["battery"], charger_disable={"pin": 4, "active": active}))
        assert builder("ESP32_GENERIC", power=wired).power(None, None).probing is not None
        assert machine.world.pin(4).seen == level


def test_attenuations_are_those_that_the_board_file_may_name():
    assert build.ATTENS_DB == board_power.ATTENS_DB


def test_a_battery_that_did_not_carry_is_told_of_only_where_there_is_one_and_the_mains_are_back():
    class Power:
        told = None

        def tested(self, works, part):
            self.told = (works, part)

    for level, told in ((1, (False, "missing")), (0, None)):
        one = builder("ESP32_GENERIC")
        machine.world.pin(39).drive(level)
        one.power(None, None)
        power = Power()
        one.died(power)
        assert power.told == told
    one.died(None)
