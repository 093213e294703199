"""Every pin of every shipped board, moved to every GPIO: refused by pin and rule where a data sheet or the board forbids it."""

import copy
import pathlib

import pytest

from firmware.core import board
from host_tests.core.chip_rules import RMII, refusal
from tools import boards

FOLDER = boards.Folder(pathlib.Path(boards.ROOT) / "board_configs")
_ETHERNET = {"mdc": "out", "mdio": "out", "power": "out"}
_CELLULAR = {"tx": "out", "rx": "serial", "pwrkey": "out", "dtr": "out", "flight": "out", "ri": "serial", "status": "serial"}


def spots(whole):
    """[(path, field as the check names it, use, pull)] of each pin."""
    found = []
    for i, one in enumerate(whole["inputs"]):
        found.append((("inputs", i, "pin"), f"inputs[{i}].pin", "adc" if one["wiring"] == "line" else "in", one["pull"]))
    found.append((("light", "pin"), "light.pin", "out", "none"))
    found += [(("sounder", name), f"sounder.{name}", "out", "none") for name in ("bclk", "ws", "din")]
    found.append((("sounder", "enable", "pin"), "sounder.enable.pin", "out", "none"))
    found += [(("microphone", name), f"microphone.{name}", "out", "none") for name in ("sck", "ws")]
    found.append((("microphone", "sd"), "microphone.sd", "data", "none"))
    found.append((("power", "mains", "pin"), "power.mains.pin", "level", whole["power"]["mains"]["pull"]))
    found.append((("power", "battery", "pin"), "power.battery.pin", "adc", "none"))
    found += [(("reserved", i, "pin"), f"reserved[{i}].pin", None, "none") for i in range(len(whole["reserved"]))]
    for name, uses in (("ethernet", _ETHERNET), ("cellular", _CELLULAR)):
        if whole[name]:
            found += [((name, field), f"{name}.{field}", use, "none") for field, use in uses.items()]
    return found


def pin_at(whole, path):
    for step in path:
        whole = whole[step]
    return whole


def moved(whole, path, pin):
    changed = copy.deepcopy(whole)
    pin_at(changed, path[:-1])[path[-1]] = pin
    return changed


@pytest.mark.parametrize("name", FOLDER.names())
def test_each_pin_of_a_board_moved_to_each_gpio_is_judged_by_pin_and_rule(name):
    whole = board.resolve(FOLDER, name)
    where = spots(whole)
    used = {path: pin_at(whole, path) for path, *_ in where}
    fixed = set(RMII) | {whole["ethernet"]["ref_clk"]} if whole["ethernet"] else set()
    moves = 0
    for path, field, use, pull in where:
        others = {pin for other, pin in used.items() if other != path} | fixed
        for pin in range(-1, 50):
            found = board.validate(moved(whole, path, pin))
            wanted = refusal(whole["chip"], whole["module"], pin, use, pull, "wifi" in whole["bearers"]) if use else ""
            if wanted:
                told = f"{field}: GPIO {pin} "
                assert any(text.startswith(told) and wanted in text for text in found), (field, pin, wanted, found)
            if pin in others:
                assert any(f"GPIO {pin} is used by " in text for text in found), (field, pin, found)
            if not wanted and pin not in others:
                assert found == [], (field, pin, found)
            moves += 1
    assert moves > 500


@pytest.mark.parametrize("name", FOLDER.names())
def test_each_fact_of_a_board_names_its_source_and_how_far_it_was_checked(name):
    whole = board.resolve(FOLDER, name)
    parts = [*whole["inputs"], whole["light"], whole["sounder"], whole["microphone"], whole["power"]["mains"],
             whole["power"]["battery"], *whole["reserved"], *whole["facts"].values()]
    parts += [whole[name] for name in ("ethernet", "cellular") if whole[name]]
    assert {"flash_mb", "bearers"} <= set(whole["facts"])
    for part in parts:
        assert part["verified"] in board.VERIFIED and len(part["source"]) > 10, part
        if part["verified"] in ("schematic", "vendor-code"):  # read: then repository and file are named
            assert "/" in part["source"].split(":")[0] and "." in part["source"], part


def test_the_boards_of_the_repository_have_the_bearers_that_their_hardware_has():
    order = {name: board.resolve(FOLDER, name)["bearers"] for name in FOLDER.names()}
    assert order == {
        "ESP32_GENERIC": ["wifi"], "LILYGO_T_SIM7600": ["wifi", "cellular"], "UM_FEATHERS3": ["wifi"],
        "OLIMEX_ESP32_POE_ISO": ["ethernet", "wifi"], "OLIMEX_ESP32_POE_ISO_WROVER": ["ethernet", "wifi"],
    }
