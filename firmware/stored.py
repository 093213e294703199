"""Reads what was put onto this unit: settings, board file, key, CA. Says what is wrong with each and gives what can be used.

`settings.json` that was good at the last start is kept as `settings.bak.json`: a file cut short by a power loss or a slip of the
installer's hand does not silence the unit. Nothing here raises. Source: issue of bad input in README; P8.
"""

import json
import os
from binascii import unhexlify

from micropython import const

_SETTINGS = "settings.json"
_KEPT = "settings.bak.json"
_BOARDS = "board_configs"
_MOST_BYTES = const(16384)  # no file of these is half as long; a larger one is cut here, and so is none


class Stored:
    """What this unit has been given. `problems`: list of texts, each with the field or file and what to do.

    `settings`: dict with every field of core.settings.FIELDS; `board`: resolved board dict, or None; `key`: 32 bytes, random if
    unreadable (the service then sees alarms with a wrong seal, which is more than silence); `ca`: bytes (DER) or None; `bearers`:
    names of those that board and settings have facts for, most preferred first.
    """

    def __init__(self, entropy):
        self.problems = []
        self.bearers = []
        self.settings = self._read_settings()
        self.board = self._read_board()
        self.key = self._read_key(entropy)
        self.ca = self._read_ca()

    def _read_settings(self):
        from firmware.core import settings

        given = self._json(_SETTINGS)
        if given is None:
            given = self._json(_KEPT)
            if given is not None:
                self.problems.append("%s: going on with %s, the copy of the last good start" % (_SETTINGS, _KEPT))
        elif not settings.validate(given):
            self._keep()
        usable, problems = settings.usable(given)
        self.problems += problems
        return usable

    def _keep(self):
        """Keeps good settings: written new, closed, renamed, and only if they differ."""
        try:
            text = _read(_SETTINGS)
            if _exists(_KEPT) and _read(_KEPT) == text:
                return
            with open(_KEPT + ".new", "wb") as file:
                file.write(text)
            os.rename(_KEPT + ".new", _KEPT)
        except OSError as problem:
            self.problems.append("%s: could not be written (%s); is the file system full?" % (_KEPT, problem))

    def _read_board(self):
        from firmware.core import board, settings

        name = self.settings["board"] or self._only_board()
        if name is None:
            self.problems.append("board: no board is named in %s and %s does not hold exactly one" % (_SETTINGS, _BOARDS))
            return None
        try:
            whole = board.resolve(_Boards(), name)
        except ValueError as problem:
            self.problems.append(str(problem))
            return None
        self.problems += ["%s/%s.json: %s" % (_BOARDS, name, text) for text in board.validate(whole)]
        self.problems += settings.check_inputs(self.settings, whole)
        self.bearers = settings.usable_bearers(self.settings, whole)
        self.problems += settings.check_bearers(self.settings, whole)
        return whole

    def _only_board(self):
        try:
            names = [name[:-5] for name in os.listdir(_BOARDS) if name.endswith(".json")]
        except OSError:
            return None
        return names[0] if len(names) == 1 else None

    def _read_key(self, entropy):
        name = self.settings["key_file"]
        try:
            key = unhexlify(_read(name).strip())
            if len(key) == 32:
                return key
            self.problems.append("%s: 64 hexadecimal digits wanted, it has %d; put the unit's key there" % (name, 2 * len(key)))
        except (OSError, ValueError) as problem:
            self.problems.append("%s: unreadable (%s); put the unit's key there, 64 hexadecimal digits" % (name, problem))
        return entropy(32)

    def _read_ca(self):
        name = self.settings["ca_file"]
        try:
            return _read(name)
        except OSError as problem:
            if any(broker["tls"] for broker in self.settings["brokers"]):
                self.problems.append("%s: unreadable (%s); put the CA's certificate there, DER" % (name, problem))
            return None

    def _json(self, name):
        """The object in the file, or None with the problem noted."""
        try:
            found = _parse(_read(name))
            if isinstance(found, dict):
                return found
            self.problems.append("%s: a JSON object wanted; put it back (README, setting up a unit)" % name)
        except OSError as problem:
            self.problems.append("%s: unreadable (%s); put it back (README, setting up a unit)" % (name, problem))
        except ValueError:
            self.problems.append("%s: not JSON; put it back (README, setting up a unit)" % name)
        return None


class _Boards:
    """Board files by name, as core.board.resolve wants them."""

    def __getitem__(self, name):
        path = "%s/%s.json" % (_BOARDS, name)
        try:
            return _parse(_read(path))
        except OSError:
            raise KeyError(name) from None
        except ValueError:
            raise ValueError("%s: not JSON; put it back from the repository" % path) from None


def _parse(text):
    """json.loads that also refuses a text cut short: older MicroPython (seen: 1.24) takes `{"v":1,` for a whole object."""
    depth = 0
    in_string = escaped = False
    for byte in text:
        if in_string:
            in_string = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            in_string = True
        elif byte in b"{[":
            depth += 1
        elif byte in b"}]":
            depth -= 1
    if depth or in_string:
        raise ValueError("cut short")
    return json.loads(text)


def _read(name):
    with open(name, "rb") as file:
        return file.read(_MOST_BYTES)


def _exists(name):
    try:
        os.stat(name)
    except OSError:
        return False
    return True
