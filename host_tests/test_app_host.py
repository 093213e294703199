"""The unit starts with whatever it was given, says what is wrong, and keeps alarming with what still works (P8)."""

import json

import pytest

from host_tests import real_unit
from host_tests.real_unit import calls, edit_settings, said, started
from tools import pki
from tools.service import claim


def put(name, content):
    def damage(root):
        if content is None:
            (root / name).unlink()
        else:
            (root / name).write_bytes(content)

    return damage


def lose_settings(root):
    """With its claim there it is no blank unit, which would wait for its identity."""
    (root / "settings.json").unlink()
    (root / "claim.json").write_text(json.dumps(claim.file(claim.new())))


BAD = {
    "settings cut short": (put("settings.json", b'{"v":1,"board":'), "settings.json"),
    "settings gone": (lose_settings, "settings.json"),
    "no such timer": (edit_settings(timers={"repeat_ns": 5}), "timers.repeat_ns"),
    "wrong broker": (edit_settings(brokers=[{"host": "h", "port": 99999, "server_name": "x", "tls": True}]), "brokers[0].port"),
    "no wifi": (edit_settings(wifi=None), "wifi"),
    "unreadable key": (put("unit.key", b"not a key"), "unit.key"),
    "no flat": (edit_settings(flat="Flat 12!"), "flat"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_the_button_still_lights_the_light(tmp_path, name):
    damage, word = BAD[name]

    async def scene(board):
        lines = await started(board)
        assert any(line.startswith("settings:") and word in line for line in lines), lines
        await calls(board)
        assert board.status()["running"] and board.status()["boots"] == 1

    real_unit.run(tmp_path, scene, damage)


def test_a_wrong_pin_in_the_board_file_is_named_and_the_other_inputs_work(tmp_path):
    def damage(root):
        path = root / "board_configs" / "ESP32_GENERIC.json"
        path.write_text(path.read_text().replace('"pin": 26', '"pin": 6'))

    async def scene(board):
        lines = await started(board)
        assert any("inputs[1].pin" in line and "6" in line for line in lines), lines
        await calls(board, "button")

    real_unit.run(tmp_path, scene, damage)


def test_a_light_that_cannot_be_used_is_named_and_the_call_is_on_flash_all_the_same_p8(tmp_path):
    def damage(root):
        path = root / "board_configs" / "ESP32_GENERIC.json"
        before, light, after = path.read_text().partition('"light": {"pin": 23')
        assert light, "the board file has changed"
        path.write_text(before + '"light": {"pin": 29' + after)

    async def scene(board):
        lines = await started(board)
        assert any("light cannot be used" in line for line in lines) and any("light.pin" in line for line in lines), lines
        await board.wait_event(lambda e: e["event"] == "radio", real_unit.SOON_S, 0)
        since_ms = board.now_ms()
        await board.press("button", 200)
        await board.wait_event(lambda e: e["event"] == "flash" and e["operation"] == "program", real_unit.SOON_S, since_ms)
        assert board.status()["boots"] == 1

    real_unit.run(tmp_path, scene, damage)


def test_without_any_board_data_the_unit_says_so_and_starts_again_and_again(tmp_path):
    def damage(root):
        (root / "settings.json").write_text("{}")
        for path in (root / "board_configs").iterdir():
            path.unlink()

    async def scene(board):
        await said(board, "no board data")
        await board.wait_for(lambda status: status["resets"]["hard"] >= 2, real_unit.SOON_S)

    real_unit.run(tmp_path, scene, damage)


def test_a_missing_ca_is_named_with_what_to_do(tmp_path):
    async def scene(board):
        lines = await started(board)
        assert any("ca.der" in line and "DER" in line for line in lines), lines
        await calls(board)

    real_unit.run(tmp_path, scene, put("ca.der", None), ca=pki.ensure(tmp_path / "pki").ca_der)


def test_settings_that_break_after_a_good_start_are_replaced_by_their_copy(tmp_path):
    async def scene(board):
        await started(board)
        await board.power_cut()
        (board.root / "settings.json").write_bytes(b"")
        since_ms = board.now_ms()
        await board.power_on()
        lines = await started(board, since_ms)
        assert any("last good start" in line for line in lines), lines
        assert any("ils/v1/demo/f12/u1/" in line for line in lines), lines

    real_unit.run(tmp_path, scene)


def test_a_unit_whose_memory_does_not_hold_speech_starts_without_it_and_calls_p8(tmp_path):
    """As `.mpy` files, with its byte code in the heap, as a board with a stock build and no PSRAM gets it."""

    async def scene(board):
        texts = "\n".join(await started(board))
        assert "starting without it" in texts and "speech: speech is left out" in texts
        assert board.status()["boots"] == 2
        await calls(board)
        since_ms = board.now_ms()
        await board.power_cut()
        await board.power_on()
        assert "starting without it" in "\n".join(await started(board, since_ms)), "with power it is tried again"
        await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, real_unit.SOON_S, since_ms)

    real_unit.run(tmp_path, scene, heapsize="320k", form="mpy")
