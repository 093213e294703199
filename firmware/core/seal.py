"""The seal on every message: HMAC-SHA256 over topic and payload, in the last 74 bytes.

The bytes that were sent are the bytes that are checked, so no canonical JSON is needed. Source: docs/protocol.md.
"""

from binascii import hexlify
from hashlib import sha256

from micropython import const

_BLOCK_BYTES = const(64)  # of SHA-256, RFC 2104
_HEAD = b',"mac":"'
_TAIL = b'"}'
SEAL_BYTES = const(74)  # len(_HEAD) + 64 hex digits + len(_TAIL)


class Sealer:
    """Seals and checks with one unit's key.

    `key`: 32 bytes. The padded keys are made once: 2 x 64 bytes kept, nothing per message but the digest.
    Raises ValueError for a key of another length.
    """

    def __init__(self, key):
        if len(key) != 32:
            raise ValueError("unit key: 32 bytes wanted, got %d" % len(key))
        padded = key + bytes(_BLOCK_BYTES - len(key))
        self._inner, self._outer = bytearray(_BLOCK_BYTES), bytearray(_BLOCK_BYTES)
        for i in range(_BLOCK_BYTES):
            self._inner[i] = padded[i] ^ 0x36
            self._outer[i] = padded[i] ^ 0x5C

    def _digits(self, topic, body):
        inner = sha256(self._inner)
        inner.update(topic.encode())
        inner.update(b"\n")
        inner.update(body)
        outer = sha256(self._outer)
        outer.update(inner.digest())
        return hexlify(outer.digest())

    def seal(self, topic, text):
        """`text`: a JSON object as str, with at least one field. Returns the sealed payload as bytes."""
        body = text.encode()[:-1]
        return body + _HEAD + self._digits(topic, body) + _TAIL

    def check(self, topic, payload):
        """True if `payload` (bytes) carries this key's seal for `topic`. Time does not depend on where it differs."""
        if len(payload) <= SEAL_BYTES or payload[-2:] != _TAIL or payload[-SEAL_BYTES:-66] != _HEAD:
            return False
        wanted = self._digits(topic, memoryview(payload)[:-SEAL_BYTES])
        wrong = 0
        for i in range(64):
            wrong |= wanted[i] ^ payload[i - 66]
        return wrong == 0
