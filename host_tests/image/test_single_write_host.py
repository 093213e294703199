"""One write makes a unit: an image with the unit's identity in its file system, as one file from offset 0 on. Real esptool; the
virtual chip starts what was written."""

import json

from host_tests.image import workshop
from host_tests.real_unit import KEY
from host_tests.vboard.usb import flashed
from tools import image, pki
from tools.brokers import free_port
from tools.deploy import unit_settings
from tools.image import lock
from tools.service import Console, claim
from tools.vboard.usb import UsbBoard
from tools.vboard.usb.micropython_bin import synthetic

_S = 60


def identity(folder, code):
    folder.mkdir()
    brokers = [{"host": "127.0.0.1", "port": free_port(), "server_name": "broker.test", "tls": True}]
    files = {"settings.json": json.dumps(unit_settings("f12", "u1", brokers, "secret")), "unit.key": KEY.hex() + "\n",
             "claim.json": json.dumps(claim.file(code))}
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "ca.der").write_bytes(pki.ensure(folder.parent / "pki").ca_der.read_bytes())
    return folder


def test_a_unit_that_is_written_as_one_file_runs_at_its_first_start_and_its_console_is_shut(tmp_path):
    micropython = tmp_path / "micropython.bin"
    micropython.write_bytes(synthetic("esp32"))
    lock.add(micropython, "ESP32_GENERIC", "esp32", tmp_path / "lock.json")
    code = claim.new()
    source = workshop.tree(tmp_path / "tree")  # a word of speech, not all: writing them takes ten seconds
    made = image.build("ESP32_GENERIC", tmp_path / "image", micropython, lock_file=tmp_path / "lock.json", source=source,
                       identity=identity(tmp_path / "identity", code))
    with UsbBoard(tmp_path / "port", tmp_path / "state", boot_held=True) as board:
        words = "write-flash", "--compress", "0x0", str(made.merged)  # as esptool does by itself where it has its stub
        told = flashed.esptool(board, *words, chip="esp32", after="soft-reset", timeout_s=300)
        assert told.stdout.count("Hash of data verified.") == 1, told.stdout[-2000:] + told.stderr
        said = board.wait_console("unit ils/v1/demo/f12/u1/ started", _S)
        assert "blank unit" not in said and ">>>" not in said and "Traceback" not in said
        console = Console(str(board.link), lambda text: None)
        board.run(lambda unit: unit.type(b"\r\x03\x03\r\x01print('read me')\x04"))  # as mpremote begins
        assert console.state() == "running" and board.status()["repl"] is None
        assert not [words for words in (">>>", "raw REPL", "read me") if words in board.console]
        console.enter(code)
        assert made.files["unit.key"] in flashed.mpremote(board, "resume", "sha256sum", ":unit.key").stdout
