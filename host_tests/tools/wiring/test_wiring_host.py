"""`python -m tools.wiring`: pages and drawings say what the board files say, wire for wire, and are legible."""

import copy
import json
import re

import pytest

from firmware.core import board as rules
from tools import boards
from tools.wiring import __main__ as command
from tools.wiring import product
from tools.wiring.diagram import WIDTH, draw
from tools.wiring.harness import GROUPS, Harness, ohms
from tools.wiring.page import page, pulled_at_once
from tools.wiring.parts import bill
from tools.wiring.svg import Canvas, overlaps, stick_out, width_of, wrap

FOLDER = boards.Folder(boards.ROOT / "board_configs")
NAMES = FOLDER.names()


def harness(name, change=None):
    whole = copy.deepcopy(rules.resolve(FOLDER, name))
    if change:
        change(whole)
    return Harness(whole, product.load(name))


def pins_of(part, found=None):
    """Every number in a board file that is a GPIO."""
    found = [] if found is None else found
    names = {"pin", "bclk", "ws", "din", "sck", "sd", "mdc", "mdio", "ref_clk"}
    names |= {"tx", "rx", "pwrkey", "dtr", "ri", "flight", "status"}
    if isinstance(part, dict):
        for name, value in part.items():
            if name in names and isinstance(value, int):
                found.append(value)
            pins_of(value, found)
    elif isinstance(part, list):
        for one in part:
            pins_of(one, found)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_of_the_board_file_is_a_wire_of_the_page_and_no_other(name):
    whole = rules.resolve(FOLDER, name)
    wanted = pins_of(whole)
    if whole["ethernet"]:
        wanted += [19, 21, 22, 25, 26, 27] + [whole["ethernet"]["power"]]
    assert sorted(wire.pin for wire in harness(name).wires if isinstance(wire.pin, int)) == sorted(wanted)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_in_docs_are_in_step_and_readable(name):
    for file, text in command.pages(FOLDER, name).items():
        assert (command.PAGES / file).read_text(encoding="utf-8") == text, f"docs/boards/{file}: run `make docs`"
    drawing = (command.PAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert drawing.startswith("<svg ") and drawing.count("<text") > 60
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', drawing)]
    assert min(sizes) >= 9.5, "smaller cannot be read on paper"


def test_the_whole_of_docs_boards_is_in_step_and_holds_nothing_else():
    assert command.check(FOLDER, command.PAGES) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_word_of_a_drawing_lies_over_another_or_leaves_its_frame(name):
    drawing, canvas = draw(harness(name))
    assert overlaps(canvas.words) == [] and stick_out(canvas.words, canvas.frames) == []
    assert len(canvas.frames) >= 7 and all(x0 >= 0 and x1 <= WIDTH for x0, _, x1, _, _ in canvas.words)
    assert f'width="{WIDTH}"' in drawing


@pytest.mark.parametrize("name", NAMES)
def test_every_wire_that_is_to_be_made_is_drawn_with_its_pad_and_its_colour(name):
    one = harness(name)
    drawing, canvas = draw(one)
    words = [text for *_, text in canvas.words]
    for wire in one.wires:
        if wire.on_board:
            continue
        group = one.group_of_rail(wire.pin) if wire.group == "rail" else wire.group
        assert one.place(wire.pin) in words and GROUPS[group][0] in drawing, wire
        assert (f"GPIO {wire.pin}" if isinstance(wire.pin, int) else wire.pin) in words, wire


def test_a_changed_pin_changes_page_and_drawing():
    def move(whole):
        whole["light"]["pin"] = 17

    before, after = harness("ESP32_GENERIC"), harness("ESP32_GENERIC", move)
    assert "| light: LED | GPIO 23 | J3-2 |" in page(before) and "| light: LED | GPIO 17 | J3-11 |" in page(after)
    assert draw(before)[0] != draw(after)[0]
    assert after.use_of(17) == ("light", "light: LED") and after.use_of(23) == ("free", "free")


def test_a_contact_and_a_light_that_work_the_other_way_round_have_their_other_end_at_the_supply():
    def turn(whole):
        whole["inputs"][0].update(active="high", pull="down")
        whole["light"]["active"] = "low"

    before, after = harness("ESP32_GENERIC"), harness("ESP32_GENERIC", turn)
    for one, rail in ((before, "GND"), (after, "3V3")):
        assert [wire.pin for wire in one.of("button") if wire.terminal == "return"] == [rail]
        assert [wire.pin for wire in one.of("light") if wire.terminal == "-"] == [rail]
    assert "pull-down in the chip" in page(after) and "red LED, cathode to the resistor" in draw(after)[0]
    assert "red LED, 6 mA" in draw(before)[0]
    for one, sign in ((before, 1), (after, -1)):
        (triangle,) = re.findall(r'points="([^"]+)"[^>]+stroke="#d40000" stroke-width="2"', draw(one)[0])
        base, point = (float(place.split(",")[0]) for place in triangle.split()[1:3])
        assert (point - base) * sign > 0, "the LED points where the current goes"


def test_a_changed_resistor_changes_what_a_meter_shows():
    def change(whole):
        whole["inputs"][2]["line"].update(end_of_line_ohm=8200, pulled_ohm=3300)

    text = page(harness("ESP32_GENERIC", change))
    assert "| at rest | 8.2 kOhm | 1.49 V |" in text and "| pulled | 2.4 kOhm | 0.63 V |" in text
    assert "8.2 kOhm across the two wires" in text and "3.3 kOhm in series with the contact" in text


def test_a_pin_that_no_pad_has_is_refused_by_name():
    def hide(whole):
        whole["light"]["pin"] = 21

    with pytest.raises(product.WiringError, match="UM_FEATHERS3: light LED wants GPIO 21, which is on no connector"):
        harness("UM_FEATHERS3", hide)


def test_the_end_of_line_resistor_is_in_the_last_switch_and_on_the_page():
    for name in NAMES:
        supervised = [one for one in rules.resolve(FOLDER, name)["inputs"] if one["wiring"] == "line"]
        text = page(harness(name))
        words = [word for *_, word in draw(harness(name))[1].words]
        assert ("end of line" in words) == bool(supervised) == ("**last** ceiling switch" in text), name
        assert bool(supervised) != ("no pin left for a supervised line" in text), name


def test_cords_pulled_together_are_counted_as_the_line_would_read_them():
    bands = {"short": [0, 350], "pulled": [550, 1100], "normal": [1350, 1950], "open": [2600, 3300]}
    line = {"bands_mv": bands, "pull_up_ohm": 10000, "end_of_line_ohm": 10000, "pulled_ohm": 4700}
    assert pulled_at_once(line) == 1  # one gives 799 mV, two 527
    bands["pulled"] = [500, 1100]
    assert pulled_at_once(line) == 2
    bands["pulled"] = [350, 1100]
    assert pulled_at_once(line) == 3  # three give 393 mV, four 314


def test_an_s3_gets_its_supervisor_and_an_esp32_does_not():
    for name in NAMES:
        s3 = rules.resolve(FOLDER, name)["chip"] == "esp32s3"
        one = harness(name)
        assert s3 == ("supervisor of the drawing" in page(one)) == any("supervisor" in part for _, part, _ in bill(one)), name
        assert s3 == bool(one.of("supervisor"))


def test_the_bill_has_what_the_wiring_needs():
    parts = " ".join(f"{what} / {use};" for _, what, use in bill(harness("LILYGO_T_SIM7600")))
    for wanted in ("220 Ohm / light", "MAX98357A", "INMP441", "22 kOhm, 1 % / mains sense: from VBUS", "nano SIM", "2,000 mAh",
                   "100 kOhm, 1 % / battery sense: from V_BAT", "ceiling pull switch"):
        assert wanted in parts, wanted
    olimex = " ".join(what for _, what, _ in bill(harness("OLIMEX_ESP32_POE_ISO")))
    assert "22 kOhm" not in olimex and "802.3af" in olimex  # its senses are on the board


def test_a_wrong_product_is_refused_with_its_field(tmp_path):
    whole = json.loads((product.FOLDER / "UM_FEATHERS3.json").read_text())
    for change, told in (
        (lambda one: one.pop("rails"), "rails: missing"),
        (lambda one: one.update(colour="red"), "colour: unknown"),
        (lambda one: one["rails"].pop("reset"), "rails: reset missing"),
        (lambda one: one["connectors"][0].update(side="below"), "side left or right"),
        (lambda one: one["connectors"][0].pop("source"), "source missing"),
        (lambda one: one["connectors"][0]["printed"].update({"99": "x"}), "printed names 99"),
        (lambda one: one["connectors"][1]["pins"].append(17), "GPIO 17 is led out twice"),
        (lambda one: one["on_board"].update({"light": "x"}), "on_board: light unknown"),
        (lambda one: one.update(inherits="GONE"), "GONE.json: missing"),
    ):
        broken = copy.deepcopy(whole)
        change(broken)
        (tmp_path / "X.json").write_text(json.dumps(broken))
        with pytest.raises(product.WiringError, match=re.escape(told)):
            product.load("X", tmp_path)
    (tmp_path / "X.json").write_text("{")
    with pytest.raises(product.WiringError, match="no JSON"):
        product.load("X", tmp_path)
    (tmp_path / "X.json").write_text(json.dumps(whole | {"inherits": "X"}))
    with pytest.raises(product.WiringError, match="inherits from itself"):
        product.load("X", tmp_path)


def test_check_tells_what_is_missing_out_of_step_and_left_over(tmp_path):
    for file, text in command.made(FOLDER, NAMES).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert command.check(FOLDER, tmp_path) == []
    (tmp_path / "OLD_BOARD.svg").write_text("<svg/>")
    (tmp_path / "UM_FEATHERS3.md").unlink()
    (tmp_path / "ESP32_GENERIC.svg").write_text("<svg/>")
    assert sorted(command.check(FOLDER, tmp_path)) == [
        "ESP32_GENERIC.svg: out of step", "OLD_BOARD.svg: belongs to no board file", "UM_FEATHERS3.md: missing"]
    assert command.check(FOLDER, tmp_path / "nowhere")[0].endswith("missing")


def test_a_board_with_a_problem_gets_no_page():
    class Broken:
        def __getitem__(self, name):
            return dict(rules.resolve(FOLDER, name), light={"pin": 34, "active": "high", "source": "x", "verified": "proposed"})

    with pytest.raises(product.WiringError, match="light.pin: GPIO 34 is"):
        command.pages(Broken(), "ESP32_GENERIC")


def test_the_rules_for_words_find_what_they_are_for():
    canvas = Canvas()
    canvas.text(10, 20, "one word", 12)
    canvas.text(30, 22, "another", 12)
    canvas.text(10, 60, "alone", 12)
    assert overlaps(canvas.words) == [("one word", "another")]
    canvas.frame(0, 50, 20, 20)
    assert stick_out(canvas.words, canvas.frames) == ["alone"]
    assert 55 < width_of("ten letter", 12) < 57 and width_of("ten letter", 12, True) > width_of("ten letter", 12)
    assert wrap("a line that is too long", 10, 50) == ["a line", "that is", "too long"]
    with pytest.raises(KeyError):
        width_of("snowman \u2603", 12)


def test_ohms_are_written_as_on_the_bag():
    assert [ohms(value) for value in (220, 1000, 4700, 10000)] == ["220 Ohm", "1 kOhm", "4.7 kOhm", "10 kOhm"]
