"""Media descriptions and offers for the tests of speech."""

KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"  # RFC 4568's example
SID_A = "a" * 16
SID_B = "b" * 16
SID_C = "c" * 16
CALL = "u1-5e1f00d5-12"


def media(**changes):
    """A lawful description of the controller's end, with changes."""
    fields = {
        "address": "192.0.2.5",
        "port": 4000,
        "rtcp": 4001,
        "profile": "RTP/SAVP",
        "formats": [{"pt": 8, "name": "PCMA"}, {"pt": 0, "name": "PCMU"}, {"pt": 101, "name": "telephone-event"}],
        "ptime": 20,
        "direction": "sendrecv",
        "crypto": {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": KEY},
    }
    fields.update(changes)
    return fields


def local(port=5000):
    """The flat's own description, as its media path would give it."""
    return media(address="192.0.2.9", port=port, rtcp=port + 1)


def offer(sid=SID_A, turn=1, kind="alarm", call=None, who="coordinator", **changes):
    """An offer whose fields have been checked; `changes` go into its media."""
    if call is None:
        call = CALL if kind == "alarm" else ""
    return {"sid": sid, "turn": turn, "kind": kind, "call": call, "who": who, "media": media(**changes)}
