"""A media description: one end of the sound, in SDP's terms as JSON. Source: docs/protocol.md "Media".

`is_described` checks types and ranges, as for any field of a message; `problem` says why a lawful description cannot be used.
"""

import base64
import ipaddress
import re

from ..fields import integer, list_of, nullable, one_of, table, text

SUITE = "AES_CM_128_HMAC_SHA1_80"
KEY_BYTES = 30  # 16 of master key, 14 of salt
SECURE, PLAIN = "RTP/SAVP", "RTP/AVP"
CODECS = {"PCMA": 8, "PCMU": 0}  # name: payload type of RFC 3551
DIGITS = "telephone-event"
_DIGITS_PT = 101  # dynamic; the number that most phones use
_KEY = re.compile(r"[A-Za-z0-9+/]{40}\Z")
_PORT = integer(1, 65535)


def _is_address(value):
    try:
        return type(value) is str and str(ipaddress.IPv4Address(value)) == value
    except ValueError:
        return False


def _is_key(value):
    return type(value) is str and _KEY.match(value) is not None


is_described = table(
    address=_is_address,
    port=_PORT,
    rtcp=_PORT,
    profile=one_of(SECURE, PLAIN),
    formats=list_of(table(pt=integer(0, 127), name=text(1, 24)), 1, 8),
    ptime=integer(20, 20),
    direction=one_of("sendrecv", "inactive"),
    crypto=nullable(table(tag=integer(1, 9), suite=text(1, 32), key=_is_key)),
)


def describe(address, port, key):
    """What the desk offers: both codecs and digits, RTCP on the same port. `key`: 30 bytes, or None for plain RTP."""
    formats = [{"pt": pt, "name": name} for name, pt in CODECS.items()] + [{"pt": _DIGITS_PT, "name": DIGITS}]
    crypto = {"tag": 1, "suite": SUITE, "key": base64.b64encode(key).decode()} if key else None
    return {
        "address": address, "port": port, "rtcp": port, "profile": SECURE if key else PLAIN, "formats": formats,
        "ptime": 20, "direction": "sendrecv", "crypto": crypto,
    }  # fmt: skip


def problem(media, plain):
    """None, or why the flat's answer cannot be used: `no_codec`, `crypto`, `field` (no peer can be there).

    `plain`: plain RTP was offered. What was not offered is not taken, in either direction.
    """
    address = ipaddress.IPv4Address(media["address"])
    if address.is_multicast or address.is_unspecified or address == ipaddress.IPv4Address("255.255.255.255"):
        return "field"
    if codec(media) is None:
        return "no_codec"
    if plain:
        return None if media["profile"] == PLAIN and media["crypto"] is None else "crypto"
    return None if media["profile"] == SECURE and media["crypto"] and media["crypto"]["suite"] == SUITE else "crypto"


def codec(media):
    """(name, payload type) of the first codec that the desk speaks, or None. A static payload type must be its own."""
    for item in media["formats"]:
        if CODECS.get(item["name"]) == item["pt"]:
            return item["name"], item["pt"]
    return None


def digits_pt(media):
    """Payload type of RFC 4733 digits, or None if the flat takes none."""
    return next((item["pt"] for item in media["formats"] if item["name"] == DIGITS and item["pt"] >= 96), None)


def key(media):
    """The 30 bytes with which this end protects what it sends, or None for plain RTP."""
    return base64.b64decode(media["crypto"]["key"]) if media["crypto"] else None
