"""Bad files on the unit: a clear message that names the file or field, and the rest goes on (P8)."""

import json
import os

from firmware import stored as module
from firmware.stored import Stored
from host_tests.fakes.huge_file import HugeFile

HERE = "stored_test_dir"
KEY = bytes(range(32))
SETTINGS = {
    "v": 1, "board": "B", "scheme": "demo", "flat": "f12", "unit": "u1", "key_file": "unit.key",
    "wifi": {"ssid": "demo", "password": "demo-password"},
    "brokers": [{"host": "127.0.0.1", "port": 8883, "server_name": "broker", "tls": True}], "mqtt": {"password": "secret"},
    "ca_file": "ca.der", "dns": None, "inputs": {"button": {"location": "hall"}}, "line_break_raises": True, "timers": {},
}
FACT = {"source": "test", "verified": "proposed"}
BOARD = {
    "name": "B", "title": "test board", "chip": "esp32", "module": "wroom",
    "inputs": [dict(FACT, name="button", kind="button", wiring="contact", pin=25, active="low", pull="up", debounce_ms=30,
                    line=None)],
    "light": dict(FACT, pin=23, active="high"), "sounder": None, "reserved": [], "bearers": ["wifi"], "journal": "journal",
}


def write(name, content):
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def remove_tree(path):
    for name in os.listdir(path):
        name = path + "/" + name
        try:
            os.remove(name)
        except OSError:
            remove_tree(name)
    os.rmdir(path)


class Folder:
    """A unit's file system in a folder of its own; `stored()` reads it as the unit does at its start."""

    def __enter__(self):
        self._back = os.getcwd()
        try:
            remove_tree(HERE)
        except OSError:
            pass
        os.mkdir(HERE)
        os.chdir(HERE)
        os.mkdir("board_configs")
        write("settings.json", json.dumps(SETTINGS))
        write("board_configs/B.json", json.dumps(BOARD))
        write("unit.key", "".join("%02x" % byte for byte in KEY) + "\n")
        write("ca.der", b"\x30\x03abc")
        return self

    def __exit__(self, *why):
        os.chdir(self._back)
        remove_tree(HERE)

    def stored(self):
        return Stored(lambda count: bytes(count))


def test_a_good_unit_has_no_problems_and_keeps_a_copy_of_its_settings():
    with Folder() as folder:
        stored = folder.stored()
        assert stored.problems == [], stored.problems
        assert (stored.key, stored.ca, stored.board["name"]) == (KEY, b"\x30\x03abc", "B")
        with open("settings.bak.json") as file:
            assert json.loads(file.read()) == SETTINGS


def test_settings_cut_short_gone_or_nonsense_are_replaced_by_the_copy_of_the_last_good_start():
    for damage in (b"", b'{"v":1,', b"\xff" * 100, b"[]", b"null", b"7", b'"x"', None):
        with Folder() as folder:
            folder.stored()
            if damage is None:
                os.remove("settings.json")
            else:
                write("settings.json", damage)
            stored = folder.stored()
            assert stored.settings["unit"] == "u1" and stored.board["name"] == "B", damage
            assert any("settings.json" in text for text in stored.problems)
            assert any("last good start" in text for text in stored.problems)


def test_settings_cut_at_any_byte_are_never_taken_for_whole_ones():
    text = json.dumps(dict(SETTINGS, scheme="a}b\\\"{"))
    with Folder() as folder:
        folder.stored()
        for length in range(0, len(text), 7):
            write("settings.json", text[:length])
            assert any("last good start" in problem for problem in folder.stored().problems), length


class Lenient:
    """In place of json: takes whatever begins well, as older MicroPython does."""

    @staticmethod
    def loads(text):
        return text


def test_what_is_cut_short_is_found_whatever_the_json_module_takes():
    whole = (b'{"a": "\\"}"}', b'{"a": "\\\\"}', b'{"a\\\\\\"": ["{", "]", {}]}', b"[]", b'"x"', b"7")
    real, module.json = module.json, Lenient
    try:
        for text in whole:
            assert module._parse(text) == text
            for length in range(1, len(text)):
                cut = text[:length]
                try:
                    assert module._parse(cut) != cut, cut
                except ValueError:
                    continue
    finally:
        module.json = real


class Refusing:
    """In place of os: nothing can be renamed; `times`: how often it was tried."""

    stat, listdir = staticmethod(os.stat), staticmethod(os.listdir)
    times = 0

    def rename(self, old, new):
        self.times += 1
        raise OSError(28)


def test_the_copy_of_the_settings_is_written_when_they_change_and_not_with_every_start():
    with Folder() as folder:
        folder.stored()
        real, module.os = module.os, Refusing()
        try:
            assert folder.stored().problems == [] and module.os.times == 0
            write("settings.json", json.dumps(dict(SETTINGS, flat="f13")))
            stored = folder.stored()
            assert module.os.times == 1 and stored.settings["flat"] == "f13"
            assert len(stored.problems) == 1 and "settings.bak.json" in stored.problems[0] and "full" in stored.problems[0]
        finally:
            module.os = real
        with open("settings.bak.json") as file:
            assert json.loads(file.read()) == SETTINGS, "the old copy is whole"


def test_what_settings_and_board_do_not_agree_upon_is_named():
    for change, word in (({"inputs": {"button": {"location": "hall"}, "bell": {"location": "hall"}}}, "inputs.bell"),
                         ({"wifi": None}, "wifi")):
        with Folder() as folder:
            write("settings.json", json.dumps(dict(SETTINGS, **change)))
            assert [text for text in folder.stored().problems if text.startswith(word)], change


def test_a_file_that_has_grown_beyond_measure_does_not_fill_the_memory_and_the_copy_serves():
    with Folder() as folder:
        folder.stored()
        for name in ("settings.json", "board_configs/B.json", "unit.key", "ca.der"):
            module.open = lambda path, mode, name=name: HugeFile(b"[", 65536) if path == name else open(path, mode)  # noqa: SIM115
            try:
                stored = folder.stored()
            finally:
                del module.open
            assert stored.settings["unit"] == "u1" and (stored.board is None) == (name == "board_configs/B.json"), name


def test_of_two_board_files_none_is_guessed():
    with Folder() as folder:
        write("settings.json", json.dumps(dict(SETTINGS, board=None)))
        assert folder.stored().board["name"] == "B"
        write("board_configs/A.json", json.dumps(BOARD))
        stored = folder.stored()
        assert stored.board is None and any("exactly one" in text for text in stored.problems)


def test_without_any_settings_the_only_board_file_still_gives_inputs_and_light():
    with Folder() as folder:
        os.remove("settings.json")
        stored = folder.stored()
        assert stored.board["name"] == "B" and stored.settings["brokers"] == []
        assert any("settings.json" in text and "put it back" in text for text in stored.problems)


def test_one_wrong_field_costs_only_itself_and_is_named():
    with Folder() as folder:
        write("settings.json", json.dumps(dict(SETTINGS, timers={"repeat_ms": -1}, mqtt=7)))
        stored = folder.stored()
        assert stored.settings["flat"] == "f12" and stored.settings["timers"] == {}
        assert any("repeat_ms" in text for text in stored.problems) and any("mqtt" in text for text in stored.problems)


def test_wrong_settings_never_replace_the_good_copy():
    with Folder() as folder:
        folder.stored()
        write("settings.json", json.dumps(dict(SETTINGS, flat="F 12!")))
        folder.stored()
        with open("settings.bak.json") as file:
            assert json.loads(file.read()) == SETTINGS


def test_a_missing_or_broken_board_file_is_named():
    for damage, word in ((None, "missing"), (b"{", "not JSON")):
        with Folder() as folder:
            if damage is None:
                os.remove("board_configs/B.json")
            else:
                write("board_configs/B.json", damage)
            stored = folder.stored()
            assert stored.board is None
            assert any("board_configs/B.json" in text and word in text for text in stored.problems), stored.problems


def test_whatever_stands_in_a_board_file_something_can_be_gone_on_with_p8():
    for change in ({"inputs": 7}, {"inputs": True}, {"inputs": [["button"]]}, {"inputs": [{"name": ["button"], "kind": []}]},
                   {"bearers": [[]]}, {"bearers": [{}, "wifi"]}, {"bearers": 3}, {"light": [], "sounder": 1, "power": "x"}):
        with Folder() as folder:
            write("board_configs/B.json", json.dumps(dict(BOARD, **change)))
            stored = folder.stored()
            assert stored.board["chip"] == "esp32" and stored.problems, change
            assert stored.bearers == ([] if change.get("bearers") == [[]] else ["wifi"]), change


def test_a_wrong_field_of_the_board_is_named_and_the_rest_of_the_board_is_used():
    with Folder() as folder:
        write("board_configs/B.json", json.dumps(dict(BOARD, light=dict(BOARD["light"], pin=34))))
        stored = folder.stored()
        assert stored.board["inputs"] == BOARD["inputs"]
        assert any("light.pin" in text and "34" in text for text in stored.problems)


def test_an_unreadable_key_is_named_and_a_random_one_used_so_that_the_alarm_still_goes_out():
    for damage in (None, b"", b"00", b"zz" * 32, b"00" * 33):
        with Folder() as folder:
            if damage is None:
                os.remove("unit.key")
            else:
                write("unit.key", damage)
            stored = folder.stored()
            assert stored.key == bytes(32), damage
            assert any("unit.key" in text and "64 hexadecimal digits" in text for text in stored.problems), damage


def test_a_missing_ca_is_named_only_if_a_broker_needs_it():
    for tls in (True, False):
        with Folder() as folder:
            os.remove("ca.der")
            broker = dict(SETTINGS["brokers"][0], tls=tls)
            write("settings.json", json.dumps(dict(SETTINGS, brokers=[broker])))
            stored = folder.stored()
            assert stored.ca is None
            assert any("ca.der" in text for text in stored.problems) == tls
