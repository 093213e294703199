"""The seal on every message: HMAC-SHA256 over topic and payload, in the last 74 bytes. Source: docs/protocol.md."""

import hashlib
import hmac

KEY_BYTES = 32
SEAL_BYTES = 74  # ,"mac":" (8) + 64 digits + "} (2)
_HEAD = b',"mac":"'
_TAIL = b'"}'


def _digits(key, topic, body):
    return hmac.new(key, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest().encode()


def seal(key, topic, text):
    """`text`: a JSON object as str with at least one field. Returns the sealed payload as bytes."""
    body = text.encode()[:-1]
    return body + _HEAD + _digits(key, topic, body) + _TAIL


def is_sealed(key, topic, payload):
    """True if `payload` (bytes) carries this key's seal for `topic`; compared in constant time."""
    if len(payload) <= SEAL_BYTES or payload[-2:] != _TAIL or payload[-SEAL_BYTES:-66] != _HEAD:
        return False
    return hmac.compare_digest(_digits(key, topic, payload[:-SEAL_BYTES]), payload[-66:-2])
