"""Checks every message that claims to come from the service. Pure.

Size, then seal, then JSON, then version, type, fields, session, replay: in that order, so that nothing unsealed is ever parsed.
What is refused changes nothing but a counter. Source: docs/protocol.md, P2.
"""

import json

from micropython import const

from firmware.core.replay import ReplayWindow
from firmware.core.seal import SEAL_BYTES
from firmware.core.uplink import VERSION

MAX_BYTES = const(1024)
_SENDERS = const(4)  # with a replay window each; a fifth in one session is refused
_MAX_NUMBER = const(0x7FFFFFFF)
_HEX = "0123456789abcdef"
REASONS = ("size", "seal", "json", "version", "type", "field", "session", "replay", "topic")


def _name(value):
    return isinstance(value, str) and 1 <= len(value) <= 24


def _text(value):
    return isinstance(value, str) and 1 <= len(value) <= 64


def _who(value):
    return isinstance(value, str) and 1 <= len(value) <= 32


def _counter(value):
    return type(value) is int and 1 <= value <= _MAX_NUMBER


def _triggers(value):
    return type(value) is int and 1 <= value <= 64


def _escalation(value):
    return type(value) is int and 0 <= value <= 1000


def _outcome(value):
    return value in ("emergency", "help_sent", "mistake", "test")


def _basis(value):
    return value in ("present", "speech")


def _hex(value, digits):
    return isinstance(value, str) and len(value) == digits and not value.strip(_HEX)


def _sid(value):
    return _hex(value, 16)


def _test(value):
    return value == "" or _proof(value)


def _proof(value):
    return _hex(value, 8)


def _step(value):
    return isinstance(value, str) and len(value) <= 40


def _text_or_none(value):
    return isinstance(value, str) and len(value) <= 64


def _engineer(value):
    return isinstance(value, str) and len(value) <= 32


def _kind(value):
    return value in ("alarm", "intercom", "welfare", "door")




def _media(value):
    return isinstance(value, dict)  # what is in it is judged by core/speech/description.py, and declined with a reason


_COMMON = {"from": _name, "ctr": _counter}
_FIELDS = {
    "receipt": {"call": _text, "triggers": _triggers, "escalation": _escalation},
    "answered": {"call": _text, "who": _who},
    "released": {"call": _text},
    "clear": {"call": _text, "triggers": _triggers, "outcome": _outcome, "basis": _basis, "who": _who},
    "query": {},
    "offer": {"sid": _sid, "turn": _counter, "kind": _kind, "call": _text_or_none, "who": _who, "media": _media},
    "control": {"sid": _sid, "do": _name},
    "alive": {"sid": _sid},
    "proof": {"id": _proof},
    "test": {"do": _name, "test": _test, "step": _step, "value": _text_or_none, "who": _engineer},
}


def _fields_lawful(message, checks):
    for name in checks:
        if name not in message or not checks[name](message[name]):
            return False
    return True


class Downlink:
    """One session's inbox. `topic`: the unit's own; `refused`: dict of reason to count, for the report."""

    def __init__(self, topic, unit, session, sealer):
        self._topic = topic
        self._unit = unit
        self._session = session
        self._sealer = sealer
        self._windows = {}
        self.refused = dict.fromkeys(REASONS, 0)

    def take(self, topic, payload):
        """The message as a dict, once; or None, and then it was counted. `payload`: bytes of any content and length."""
        reason, message = self._judge(topic, payload)
        if reason is None:
            return message
        self.refused[reason] += 1
        return None

    def _judge(self, topic, payload):
        if topic != self._topic:
            return "topic", None
        if not SEAL_BYTES < len(payload) <= MAX_BYTES:
            return "size", None
        if not self._sealer.check(topic, payload):
            return "seal", None
        try:
            message = json.loads(payload)
        except ValueError:
            return "json", None
        if not isinstance(message, dict):
            return "json", None
        return self._judge_fields(message), message

    def _judge_fields(self, message):
        version = message.get("v")
        if type(version) is not int or version != VERSION:  # true and 1.0 are equal to 1
            return "version"
        kind = message.get("type")
        checks = _FIELDS.get(kind) if isinstance(kind, str) else None
        if checks is None:
            return "type"
        if message.get("unit") != self._unit or not (_fields_lawful(message, _COMMON) and _fields_lawful(message, checks)):
            return "field"
        if message.get("session") != self._session:
            return "session"
        return None if self._new(message["from"], message["ctr"]) else "replay"

    def _new(self, sender, counter):
        window = self._windows.get(sender)
        if window is None:
            if len(self._windows) >= _SENDERS:
                return False
            window = self._windows[sender] = ReplayWindow()
        return window.take(counter)
