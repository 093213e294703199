"""Judges a media description that came from outside: SDP's fields as JSON. Pure, never raises, whatever JSON holds.

Source: docs/protocol.md, "Media"; RFC 4566, 4568 and 5761 for the fields' meaning.
"""

from micropython import const

CODECS = ("PCMA", "PCMU")
DIGITS = "telephone-event"
SECURE = "RTP/SAVP"
PLAIN = "RTP/AVP"
SUITE = "AES_CM_128_HMAC_SHA1_80"
DIRECTIONS = ("sendrecv", "inactive")

_MOST_FORMATS = const(8)
_KEY_CHARS = const(40)  # base64 of 16 bytes key and 14 bytes salt
_PTIME_MS = const(20)
_STATIC = {0: "PCMU", 8: "PCMA"}  # RFC 3551: these numbers mean nothing else; a codec may have a dynamic one
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def problem(media, plain_allowed):
    """None if the description can be used, else the reason of `declined`: `field`, `no_codec` or `crypto`.

    `plain_allowed`: the unit's settings take RTP without SRTP.
    """
    if not isinstance(media, dict) or not _fields_lawful(media):
        return "field"
    if choose(media, False) == []:
        return "no_codec"
    crypto = media.get("crypto")
    if crypto is None:
        return None if plain_allowed and media["profile"] == PLAIN else "crypto"
    return None if media["profile"] == SECURE and _crypto_lawful(crypto) else "crypto"


def choose(media, digits=True):
    """The formats to answer with, of a lawful description: the first codec of ours, and digits if offered. List of dicts."""
    chosen = []
    for names in (CODECS, (DIGITS,)) if digits else (CODECS,):
        for one in media["formats"]:
            if one["name"] in names:
                chosen.append({"pt": one["pt"], "name": one["name"]})
                break
    return chosen


def _fields_lawful(media):
    return (_address_lawful(media.get("address"))
            and _within(media.get("port"), 1, 65535) and _within(media.get("rtcp"), 1, 65535)
            and media.get("profile") in (SECURE, PLAIN) and media.get("direction") in DIRECTIONS
            and _within(media.get("ptime"), _PTIME_MS, _PTIME_MS) and _formats_lawful(media.get("formats")))


def _within(value, least, most):
    return type(value) is int and least <= value <= most


def _address_lawful(value):
    """An IPv4 address of one host: no name, no broadcast, no multicast."""
    if not isinstance(value, str) or not 7 <= len(value) <= 15:
        return False
    parts = value.split(".")
    for part in parts:
        if not 1 <= len(part) <= 3 or part.strip("0123456789") or int(part) > 255:
            return False
    return len(parts) == 4 and 1 <= int(parts[0]) <= 223


def _formats_lawful(formats):
    if not isinstance(formats, list) or not 1 <= len(formats) <= _MOST_FORMATS:
        return False
    numbers = []
    for one in formats:
        if not isinstance(one, dict) or not _within(one.get("pt"), 0, 127) or not isinstance(one.get("name"), str):
            return False
        number, name = one["pt"], one["name"]
        if not 1 <= len(name) <= 24 or number in numbers or 64 <= number <= 95:  # 64-95: RTCP's, RFC 5761
            return False
        if _STATIC.get(number, name) != name:
            return False
        numbers.append(number)
    return True


def _crypto_lawful(crypto):
    if not isinstance(crypto, dict) or not _within(crypto.get("tag"), 1, 9) or crypto.get("suite") != SUITE:
        return False
    key = crypto.get("key")
    return isinstance(key, str) and len(key) == _KEY_CHARS and not key.strip(_BASE64)
