"""tools/boards.py: what somebody with a board of their own is told."""

import json

import pytest

from tools import boards


def test_the_boards_of_the_repository_are_fine(capsys):
    assert boards.main([]) == 0
    told = capsys.readouterr().out
    assert "ESP32_GENERIC: fine" in told and "look at  inputs[1].pin: GPIO 15 is a strapping pin" in told


def test_each_mistake_is_told_and_gives_an_exit_code(tmp_path, capsys):
    whole = boards.Folder(boards.ROOT / "board_configs")["ESP32_GENERIC"]
    whole["light"]["pin"] = 34
    (tmp_path / "mine.json").write_text(json.dumps(whole))
    (tmp_path / "heir.json").write_text('{"inherits": "gone"}')
    (tmp_path / "torn.json").write_text('{"name": ')
    assert boards.main(["--folder", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "problem  light.pin: GPIO 34 is input only" in told
    assert "board_configs/gone.json is missing; inherits of board_configs/heir.json names it" in told
    assert "torn.json: no JSON, line 1 column 10" in told


@pytest.mark.parametrize("content", [b"[]", b"7", b"null", b'{"inherits": 5}', b'{"inherits": ["x"]}', b'{"name": "\xff"}'])
def test_a_file_that_holds_no_board_is_told_by_its_name(tmp_path, capsys, content):
    (tmp_path / "torn.json").write_bytes(content)
    assert boards.main(["--folder", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert f"problem  {tmp_path / 'torn.json'}: " in told
    assert ("no text in UTF-8" if b"\xff" in content else "an object wanted") in told


def test_a_board_that_does_not_exist_is_told(tmp_path, capsys):
    assert boards.main(["NOWHERE", "--folder", str(tmp_path)]) == 1
    assert "board_configs/NOWHERE.json is missing" in capsys.readouterr().out


def problems(tmp_path, **changes):
    """Of a board that inherits from the repository's and has these fields of its own."""
    for file in (boards.ROOT / "board_configs").glob("*.json"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "MINE.json").write_text(json.dumps({"inherits": "OLIMEX_ESP32_POE_ISO_WROVER", "name": "MINE", **changes}))
    return boards.examine(boards.Folder(tmp_path), "MINE")[0]


def test_a_revision_of_a_revision_inherits_all_that_it_does_not_say(tmp_path):
    assert problems(tmp_path) == []
    whole = boards.board.resolve(boards.Folder(tmp_path), "MINE")
    assert (whole["name"], whole["module"], whole["inputs"][0]["pin"]) == ("MINE", "wrover", 34)


def test_a_revision_is_held_against_the_rules_of_the_pins_that_it_inherits(tmp_path):
    light = {"pin": 18, "active": "high", "source": "mine", "verified": "proposed"}
    assert problems(tmp_path, light=light) == ["light.pin: GPIO 18 is used by ethernet.mdio already; each pin can have one use"]


def test_a_revision_with_a_value_of_its_own_does_not_inherit_where_it_is_written(tmp_path):
    [text] = problems(tmp_path, flash_mb=8)
    assert text.startswith("facts.flash_mb: board_configs/MINE.json has its own flash_mb and the source of OLIMEX_")
    facts = {name: {"source": "read off the module", "verified": "proposed"} for name in boards.PLAIN}
    assert problems(tmp_path, flash_mb=8, facts=facts) == []
    del facts["bearers"]
    assert problems(tmp_path, flash_mb=8, facts=facts)[0].startswith("facts.bearers: missing; say where")


@pytest.mark.parametrize(("source", "verified", "words"), [
    ("OLIMEX/ESP32-POE-ISO: ESP32-PoE-ISO_Rev_L.net, LED", "schematic", ""),
    ("OLIMEX/ESP32-POE-ISO: LED", "schematic", "repository and file wanted"),
    ("Rev_L.net, LED", "schematic", "repository and file wanted"),
    ("the maker says so", "vendor-code", "repository and file wanted"),
    ("I think it is OLIMEX/ESP32-POE-ISO: Rev_L.net", "vendor-code", "repository and file wanted"),
    ("the maker says so", "proposed", ""),
    ("A. Jones, multimeter at the pad, 2026-10-05", "measured", ""),
    ("A. Jones, multimeter", "measured", "on which day (YYYY-MM-DD) wanted"),
    ("", "measured", "text wanted that says where this is written"),
    (7, "schematic", "text wanted that says where this is written"),
    ("the maker says so", "sworn", "one of proposed, vendor-code, schematic, measured wanted"),
])  # fmt: skip
def test_how_far_a_fact_was_checked_is_believed_with_its_source_only(tmp_path, source, verified, words):
    found = problems(tmp_path, light={"pin": 4, "active": "high", "source": source, "verified": verified})
    assert bool(found) == bool(words) and all(text.startswith("light.") for text in found), found
    assert any(words in text for text in found) or not words, found


@pytest.mark.parametrize(("active", "pull", "wanted"), [("low", "down", "up"), ("high", "up", "down"), ("low", "up", None),
                                                        ("high", "down", None), ("low", "none", None), ("high", "none", None)])
def test_a_contact_that_the_chip_itself_would_hold_pressed_is_refused(tmp_path, active, pull, wanted):
    one = {"name": "button", "kind": "button", "wiring": "contact", "debounce_ms": 30, "line": None, "source": "mine",
           "verified": "proposed", "active": active, "pull": pull, "pin": 4}
    found = [text for text in problems(tmp_path, inputs=[one]) if text.startswith("inputs")]
    assert found == ([f"inputs[0].pull: '{pull}' holds GPIO 4 {active}, which is `active`: it would be read as pressed for ever; "
                      f'write "pull": "{wanted}"'] if wanted else [])


def test_a_source_is_looked_for_however_deep_a_fact_lies(tmp_path):
    power = json.loads((boards.ROOT / "board_configs" / "OLIMEX_ESP32_POE_ISO.json").read_text())["power"]
    power["battery"]["source"] = "somewhere"
    [text] = problems(tmp_path, power=power)
    assert text.startswith("power.battery.source: 'somewhere': repository and file wanted")
