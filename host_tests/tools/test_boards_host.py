"""tools/boards.py: what somebody with a board of their own is told."""

import json

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


def test_a_board_that_does_not_exist_is_told(tmp_path, capsys):
    assert boards.main(["NOWHERE", "--folder", str(tmp_path)]) == 1
    assert "board_configs/NOWHERE.json is missing" in capsys.readouterr().out
