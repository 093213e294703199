"""`python -m tools.image`: progress, words that help, exit codes."""

import json
import subprocess
import sys

from host_tests.image import workshop
from tools.image import pages
from tools.image.__main__ import main
from tools.vboard.usb.micropython_bin import synthetic


def test_lock_then_build_then_the_parts_are_listed(tmp_path, capsys):
    file, lock = tmp_path / "esp32.bin", tmp_path / "lock.json"
    file.write_bytes(synthetic("esp32", vfs_rom=False))
    assert main(["lock", str(file), "--board", "ESP32_GENERIC", "--lock", str(lock)]) == 0
    assert "MicroPython 1.29.0 for esp32" in (said := capsys.readouterr().out) and "modules as .mpy files" in said
    out = tmp_path / "image"
    assert main(["build", "ESP32_GENERIC", "--micropython", str(file), "--out", str(out), "--lock", str(lock)]) == 0
    said = capsys.readouterr().out
    assert "ESP32_GENERIC: esp32, 4 MB; MicroPython 1.29.0; modules as mpy" in said
    for part in json.loads((out / "image.json").read_text())["parts"]:
        assert f"0x{part['offset']:06x} {part['name']}" in said and str(out / part["file"]) in said
    assert str(out / "flash.bin") in said


def test_what_goes_wrong_is_said_and_gives_exit_code_1(tmp_path, capsys):
    file = tmp_path / "some.bin"
    file.write_bytes(b"no firmware at all" * 10)
    lock = ["--lock", str(tmp_path / "lock.json")]
    cases = [
        (["lock", str(file), "--board", "ESP32_GENERIC"], "image: some.bin: no firmware for an ESP32"),
        (["lock", str(file), "--board", "PENCIL"], "image: there is no board PENCIL; known: ESP32_GENERIC"),
        (["build", "ESP32_GENERIC", "--micropython", str(file), "--out", str(tmp_path / "out")],
         "image: lock.json: no MicroPython is locked"),
    ]
    for arguments, words in cases:
        assert main([*arguments, *lock]) == 1
        assert words in capsys.readouterr().err


def test_a_package_that_cannot_be_written_is_told_with_what_to_do(tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    for out in (tmp_path / "file" / "package", tmp_path / "file"):
        assert main(["package", str(out), "--board", "ESP32_GENERIC"]) == 1
        assert "cannot be written (Not a directory); make room, or choose another folder" in capsys.readouterr().err


def test_a_board_with_a_wrong_pin_gets_neither_image_nor_package(tmp_path, capsys, monkeypatch):
    tree = workshop.tree(tmp_path / "tree")
    path = tree / "board_configs" / "ESP32_GENERIC.json"
    whole = json.loads(path.read_text())
    whole["light"]["pin"] = 34
    path.write_text(json.dumps(whole))
    monkeypatch.setattr("tools.image.__main__._ROOT", tree)
    words = "light.pin: GPIO 34 is input only; choose a pin with an output driver"
    for command in (["build", "ESP32_GENERIC", "--micropython", "none.bin", "--out"], ["package", "--board", "ESP32_GENERIC"]):
        assert main([*command, str(tmp_path / "out")]) == 1
        assert words in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_help_names_the_commands_and_their_options():
    for arguments, words in ((["--help"], ("build", "lock", "sizes", "package", "pages")),
                             (["build", "--help"], ("--micropython", "--out", "--language", "--form", "--identity"))):
        command = [sys.executable, "-m", "tools.image", *arguments]
        done = subprocess.run(command, cwd=workshop.ROOT, capture_output=True, text=True, check=True, timeout=60)
        assert [word for word in words if word not in done.stdout] == []


def test_pages_of_this_tree_are_up_to_date_and_stale_ones_are_found(tmp_path):
    assert pages.stale(workshop.ROOT) == [], "run `make docs`"
    root = workshop.tree(tmp_path / "tree")
    (root / "docs").mkdir()
    page = (workshop.ROOT / "docs/image.md").read_text()
    (root / "docs/image.md").write_text(page.replace("0x210000", "0x220000"))
    assert pages.write(root) == ["package.json", "docs/image.md"]
    assert pages.write(root) == [] and (root / "docs/image.md").read_text() == page
    (root / "firmware/new.py").write_text("")
    assert pages.stale(root) == ["package.json"]
