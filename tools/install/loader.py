"""The chip's own loader, spoken to by the real esptool: who is there, write, verify."""

import re
from dataclasses import dataclass

from . import ports, programs
from .errors import InstallError

_CHIP = re.compile(r"^Connected to (ESP[\w-]+) on ", re.M)
_MAC = re.compile(r"^MAC:\s+((?:[0-9a-f]{2}:){5}[0-9a-f]{2})", re.M)
_SIZE = re.compile(r"Detected flash size:\s*(\d+)MB")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_NO_ANSWER = ("No serial data received", "Failed to connect", "Invalid head of packet", "Wrong boot mode", "Timed out waiting")
_IDENTIFY_S, _WRITE_S, _VERIFY_S = 60, 600, 300


@dataclass(frozen=True)
class Board:
    """`chip` as board files have it ("esp32s3"); `mac`: aa:bb:...; `flash_mb`: int."""

    chip: str
    mac: str
    flash_mb: int


class Loader:
    """At one port. `baud`: for writing; `is_auto`: esptool itself brings the chip into its loader by DTR and RTS; `stub`:
    esptool's own loader is put into RAM (fast, and can erase all); `stop`: programs.Stop; `say(text)`: progress."""

    def __init__(self, port, baud, is_auto, stub, stop, log, say=lambda text: None):
        self.port, self._baud, self._is_auto, self._stub = port, baud, is_auto, stub
        self._stop, self._log, self.say = stop, log, say

    def identify(self):
        """Board. Leaves the chip in its loader. Raises InstallError."""
        said = self._run(_IDENTIFY_S, "auto", "flash-id")
        chip, mac, size = _CHIP.search(said), _MAC.search(said), _SIZE.search(said)
        if not (chip and mac and size):
            raise InstallError("no_answer", port=self.port)
        return Board(chip.group(1).lower().replace("-", ""), mac.group(1), int(size.group(1)))

    def write(self, chip, parts, keeps):
        """`parts`: [(offset, path)]; `keeps`: what lies beside them stays, else all is erased as far as esptool can. Raises
        InstallError."""
        erase = ["--erase-all"] if self._stub and not keeps else []
        said = self._run(_WRITE_S, chip, "write-flash", *erase, *_pairs(parts), code="write")
        if "Hash of data verified" not in said:
            raise InstallError("write", port=self.port, why="esptool did not say that it is verified")

    def verify(self, chip, parts):
        """Every byte of every part, by the digest that the chip reckons. Raises InstallError."""
        said = self._run(_VERIFY_S, chip, "verify-flash", *_pairs(parts), code="verify")
        good = said.count("Verification successful")
        if good != len(parts):
            raise InstallError("verify", port=self.port, why=f"{good} of {len(parts)} parts are right")

    def _run(self, bound_s, chip, *words, code="no_answer"):
        before = "default-reset" if self._is_auto else "no-reset"
        options = ["--chip", chip, "--port", self.port, "--baud", self._baud, "--before", before, "--after", "no-reset"]
        options += [] if self._stub else ["--no-stub"]
        exit_code, said = programs.run("esptool", [*options, *words], bound_s, self._stop, self._told)
        if exit_code:
            raise self._why(said, code)
        return said

    def _told(self, line):
        self._log(f"esptool: {line}")
        part = _PART.search(line)
        if part and "riting" in line:
            self.say(f"{float(part.group(1)):.0f} %")

    def _why(self, said, code):
        lines = [line for line in said.splitlines() if re.search("error|failed|fatal", line, re.I)]
        lines = lines or said.splitlines()[-1:] or ["it said nothing"]
        return ports.refusal(self.port, said) or InstallError(self._by_words(said) or code, port=self.port, why=lines[0].strip())

    @staticmethod
    def _by_words(said):
        return "no_answer" if any(word in said for word in _NO_ANSWER) else ""


def _pairs(parts):
    return [word for offset, path in parts for word in (f"0x{offset:x}", path)]
