"""The claim code of a unit: who has it may open its console. Pure.

The unit keeps no code, only what it takes to check one: `claim.json`, {"v": 1, "salt": 16 hexadecimal digits, "rounds": 1 ...
100,000, "sha256": 64 hexadecimal digits}. The digest begins as no bytes at all and becomes, `rounds` times, SHA-256 of itself,
the salt and the code. A code has 12 characters of 32, 60 bits: no laptop tries them out at a console.

tools/service/claim.py makes codes and files. Source: docs/service-mode.md.
"""

import json
from binascii import hexlify, unhexlify
from hashlib import sha256

from micropython import const

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read as something else: no 0, O, 1, I
LENGTH = const(12)
FILES = ("claim.json", "claim.bak.json")  # the second is the unit's own copy
OPEN = b"open"  # mark in RTC memory (drivers/rtc_memory.py): the next start leaves to the prompt
SERVED = b"serv"  # that start has put this in its place: the one after it has come out of service mode
MOST_ROUNDS = const(100000)
_SALT_BYTES = const(8)
_DIGEST_BYTES = const(32)


def plain(text):
    """The code as it is checked, as bytes: capitals, without hyphens. None if that is no code."""
    code = text.upper().replace("-", "")
    if len(code) != LENGTH:
        return None
    for letter in code:
        if letter not in ALPHABET:
            return None
    return code.encode()


def parse(content):
    """(salt, rounds, digest) of a `claim.json`, str or bytes. Raises ValueError with what is wrong."""
    found = json.loads(content)
    if not isinstance(found, dict) or found.get("v") != 1:
        raise ValueError("no claim of version 1")
    rounds = found.get("rounds")
    if type(rounds) is not int or not 1 <= rounds <= MOST_ROUNDS:
        raise ValueError("rounds: 1 ... %d wanted" % MOST_ROUNDS)
    return _digits(found, "salt", _SALT_BYTES), rounds, _digits(found, "sha256", _DIGEST_BYTES)


def _digits(found, name, length):
    text = found.get(name)
    if type(text) is not str or len(text) != 2 * length:
        raise ValueError("%s: %d hexadecimal digits wanted" % (name, 2 * length))
    return unhexlify(text)


class Check:
    """One code against one claim, a few rounds at a time: all at once would hold up the sound of a call.

    `claim`: of `parse`; `code`: of `plain`, or None: the check takes as long, and fails.
    """

    def __init__(self, claim, code):
        salt, self._left, self._wanted = claim
        self._tail = salt + (code or bytes(LENGTH))
        self._is_code = code is not None
        self._digest = b""

    def step(self, rounds):
        """Up to `rounds` more. None while there are rounds left, then True or False; the time says nothing about the code."""
        for _ in range(min(rounds, self._left)):
            engine = sha256(self._digest)
            engine.update(self._tail)
            self._digest = engine.digest()
        self._left -= min(rounds, self._left)
        if self._left:
            return None
        wrong = 0 if self._is_code else 1
        for i in range(_DIGEST_BYTES):
            wrong |= self._digest[i] ^ self._wanted[i]
        return wrong == 0

    def digits(self):
        """The digest so far, as hexadecimal digits."""
        return hexlify(self._digest).decode()
