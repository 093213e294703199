"""A whole unit in the flash chip of a virtual ESP32, with its console on a serial port, for tests of service mode.

    with flashed_unit(tmp_path) as unit:     # unit.board: UsbBoard; unit.code: its claim code; unit.port
        unit.started()
"""

import contextlib
import json

from firmware.core.claim import SERVED
from firmware.drivers.rtc_memory import COUNTERS
from host_tests import real_unit
from host_tests.vboard.usb import flashed
from tools.brokers import free_port
from tools.deploy import deploy, image_of, unit_settings
from tools.service import Console, claim
from tools.vboard.usb import UsbBoard

FLASH_BYTES = 4 << 20
_ROMFS_AT, _VFS_AT = 0x210000, 0x270000  # the modules for this machine's processor are larger than a board's
_TABLE = (*flashed.TABLE[:4], (1, 0x8F, _ROMFS_AT, _VFS_AT - _ROMFS_AT, b"romfs"),
          (1, 0x81, _VFS_AT, FLASH_BYTES - _VFS_AT, b"vfs"))  # fmt: skip
_TOLD_AT = 8 + 4 * COUNTERS.index("service")  # firmware/drivers/rtc_memory.py
SOON_S = 60  # bound for a start, and for what the unit does within some seconds


class FlashedUnit:
    def __init__(self, board, code):
        self.board, self.code = board, code
        self.port = str(board.link)
        self.heard = []
        self.console = Console(self.port, self.heard.append)

    def started(self, since=0):
        """Waits for the line that proves a running unit; returns all that was said."""
        return self.board.wait_console("started, session", SOON_S, since)

    def said(self, text, since=0):
        return self.board.wait_console(text, SOON_S, since)

    def type(self, data):
        """Bytes from the host, as they come over the line."""
        self.board.run(lambda unit: unit.type(data))

    def light(self, level, since):
        """Waits until the light has been at `level` since event number `since`."""
        wanted = lambda event: event["event"] == "light" and event["level"] == level  # noqa: E731
        return self.board.run(lambda unit: unit.wait_event(wanted, SOON_S, since=since))

    def press(self, name="button"):
        """Presses and waits for the steady light: the call is on flash and is being sent."""
        since = self.board.run(lambda unit: unit.newest)
        self.board.run(lambda unit: unit.press(name, 200))
        self.light(1, since)

    def status(self):
        return self.board.status()

    def owes_the_flat(self):
        """True while the flat was told that it cannot call, and not yet that it can again."""
        memory = bytes(self.board.run(lambda unit: unit.chip._rtc_memory))
        return memory[4:8] == SERVED or any(memory[_TOLD_AT : _TOLD_AT + 4])

    def is_shut(self):
        """True if nothing but a unit that runs is there: no prompt, and it has not started anew."""
        status = self.status()
        return status["running"] and status["repl"] is None


def files_of(root):
    """{path: bytes} of a unit's root."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@contextlib.contextmanager
def flashed_unit(tmp_path, damage=None, identity=True, port=None, start=True):
    """`damage(files)`: changes {path: bytes} of the file system before power comes; `identity`: False for a blank unit."""
    root, state, code = tmp_path / "root", tmp_path / "state", claim.new()
    broker = {"host": "127.0.0.1", "port": port or free_port(), "server_name": "broker.test", "tls": False}
    deploy(root, unit_settings("f12", "u1", [broker], "secret"), real_unit.KEY, form="rom")
    files = files_of(root)
    files["claim.json"] = json.dumps(claim.file(code)).encode()
    if not identity:
        for name in ("claim.json", "settings.json", "unit.key"):
            del files[name]
    if damage:
        damage(files)
    state.mkdir()
    chip = bytearray(b"\xff" * FLASH_BYTES)
    own = ((_ROMFS_AT, image_of(root).read_bytes()), (_VFS_AT, flashed.littlefs(files, FLASH_BYTES - _VFS_AT)))
    for offset, content in (*flashed.parts(entries=_TABLE), *own):
        chip[offset : offset + len(content)] = content
    (state / "flash.bin").write_bytes(chip)
    with UsbBoard(tmp_path / "port", state) as board:
        unit = FlashedUnit(board, code)
        if start:
            unit.started()
        yield unit
