"""Seal, order of checks and fields of docs/protocol.md, written from that page alone, for the second desk and the second unit."""

import hashlib
import hmac
import json
import re

UP = ("alarm", "event", "health", "speech", "state")
DOWN = ("receipt", "answered", "released", "clear", "query", "offer", "control", "alive", "proof", "test")
_UP_BYTES, _DOWN_BYTES, _SEAL_BYTES, _MAX = 2048, 1024, 74, 2**31 - 1  # Source: Transport; The seal; Fields


class Refused(Exception):
    """A message that changes nothing; the text is the reason, in the page's words."""


def digest(key, topic, head):
    return hmac.new(key, topic.encode() + b"\n" + head, hashlib.sha256).hexdigest().encode()


def sealed_bytes(key, topic, head):
    """`head`, which is all of the message but the closing brace, with its seal."""
    return head + b',"mac":"' + digest(key, topic, head) + b'"}'


def sealed(key, topic, message):
    """The bytes to send: `message` as JSON with its seal as the last field."""
    return sealed_bytes(key, topic, json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()[:-1])


def opened(key, topic, payload):
    """The message in `payload`, checked in the page's order: size, seal, JSON, version, type, fields. Raises Refused."""
    channel = topic.rpartition("/")[2]
    kinds = DOWN if channel == "down" else (channel,)
    need("size", len(payload) <= (_DOWN_BYTES if channel == "down" else _UP_BYTES))
    head = payload[:-_SEAL_BYTES]
    need("seal", hmac.compare_digest(payload, sealed_bytes(key, topic, head)))
    try:
        message = json.loads(payload)
    except ValueError:
        raise Refused("json") from None
    need("json", isinstance(message, dict))
    need("version", _number(1, 1)(message.get("v")))
    need("type", message.get("type") in kinds)
    need("field", _fits(message, _BOTH) and _fits(message, _DOWN if channel == "down" else _UP))
    word = message.get({"event": "event", "speech": "say"}.get(channel))
    more = (_EVENTS if channel == "event" else _SAYS).get(word) if isinstance(word, str) else None
    need("field", _fits(message, _FIELDS[message["type"]]) and _fits(message, more or {}))
    later = _LATER.get(str(word or message["type"]), {})
    need("field", _fits(message, {name: rule for name, rule in later.items() if name in message}))
    need("field", message["unit"] == topic.split("/")[4])
    return message


def need(reason, good):
    if not good:
        raise Refused(reason)


def _fits(message, rules):
    return isinstance(message, dict) and all(name in message and rule(message[name]) for name, rule in rules.items())


def _number(low, high):
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _text(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None


def _is(kind):
    return lambda value: isinstance(value, kind)


def _inputs(value):
    return isinstance(value, list) and 1 <= len(value) <= 8 and all(_fits(item, _INPUT) for item in value)


def _age_ms(value):
    return value is None or _number(0, 2**28)(value)


def _or_null(rule):
    return lambda value: value is None or rule(value)


def _formats(value):
    return isinstance(value, list) and 1 <= len(value) <= 8 and all(_fits(item, _FORMAT) for item in value)


def _crypto(value):
    return value is None or _fits(value, _CRYPTO)


def _media(value):
    return _fits(value, _MEDIA) and (value["crypto"] is None) == (value["profile"] == "RTP/AVP")


def _object(rules):
    return lambda value: _fits(value, rules)


def _each(most, *rules):
    """A list of at most `most`: of what fits the one rule, or of lists that fit the rules one by one."""
    return lambda value: isinstance(value, list) and len(value) <= most and all(
        rules[0](item) if len(rules) == 1 else _row(item, rules) for item in value)


def _row(value, rules):
    return isinstance(value, list) and len(value) == len(rules) and all(map(lambda rule, item: rule(item), rules, value))


def _map(most, rule):
    return lambda value: isinstance(value, dict) and len(value) <= most and all(rule(one) for one in value.values())


def _hours(value):
    return value is None or isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


_CALL_WORDS = r"[a-z0-9_-]{1,24}-[0-9a-f]{8}-[0-9]{1,9}"
_ID, _CALL, _WHO = _text(r"[a-z0-9_-]{1,24}"), _text(_CALL_WORDS), _text(".{1,32}")
_TRIGGERS, _ESCALATION, _NUMBER, _COUNT = _number(1, 64), _number(0, 1000), _number(1, _MAX), _number(0, _MAX)
_BOTH = {"unit": _ID, "session": _text("[0-9a-f]{16}")}
_UP = {"seq": _NUMBER, "boot": _COUNT, "epoch": _text("[0-9a-f]{8}")}
_DOWN = {"from": _ID, "ctr": _NUMBER}
_INPUT = {"n": _TRIGGERS, "input": _ID, "kind": _is(str), "cause": _is(str),
          "location": _text(".{0,32}")}
_KIND = _text("alarm|intercom|welfare|door")
_SID = _text("[0-9a-f]{16}")
_CALL_OR_NONE = _text("|" + _CALL_WORDS)
_FORMAT = {"pt": _number(0, 127), "name": _text(".{1,24}")}
_CRYPTO = {"tag": _number(1, 9), "suite": _is(str), "key": _text("[A-Za-z0-9+/]{40}")}
_MEDIA = {"address": _text(r"\d{1,3}(\.\d{1,3}){3}"), "port": _number(1, 65535), "rtcp": _number(1, 65535),
          "profile": _text("RTP/S?AVP"), "formats": _formats, "ptime": _number(20, 20), "direction": _text("sendrecv|inactive"),
          "crypto": _crypto}
_EVIDENCE = {"rings": _COUNT, "prompts": _COUNT, "announced": _is(bool), "last_activity_s": _or_null(_COUNT),
             "audio_path_proven_s": _or_null(_COUNT), "privacy": _is(bool)}
_DAY, _ID8, _PART = _text(r"\d{4}-\d\d-\d\d"), _text("[0-9a-f]{8}"), _number(1, 64)
_SUPPLY = {"mv": _or_null(_number(0, 6000)), "why": _is(str), "state": _is(str), "hours": _hours}
_COURSE = {"sid": _SID, "kind": _KIND, "call": _CALL_OR_NONE, "who": _WHO}
_FIELDS = {
    "alarm": {"call": _CALL, "triggers": _TRIGGERS, "escalation": _ESCALATION, "attempt": _NUMBER, "resumed": _is(bool),
              "inputs": _inputs, "age_ms": _age_ms},
    "event": {"event": _is(str)},
    "health": {"firmware": _is(str), "board": _is(str), "uptime_s": _COUNT, "reset_cause": _is(str), "heap_free_bytes": _COUNT,
               "rssi_dbm": _or_null(_number(-127, 0)), "call": _or_null(_CALL), "faults": _each(16, _is(str)),
               "journal": _object(dict.fromkeys(("used_records", "free_records", "erases_max", "bad_sectors"), _COUNT)),
               "counters": _map(_MAX, _COUNT)},
    "state": {"online": _is(bool), "conn": _NUMBER},
    "receipt": {"call": _CALL, "triggers": _TRIGGERS, "escalation": _ESCALATION},
    "answered": {"call": _CALL, "who": _WHO},
    "released": {"call": _CALL},
    "clear": {"call": _CALL, "triggers": _TRIGGERS, "outcome": _text("emergency|help_sent|mistake|test"),
              "basis": _text("present|speech"), "who": _WHO},
    "query": {},
    "speech": {"say": _is(str)},
    "offer": {**_COURSE, "turn": _NUMBER, "media": _is(dict)},
    "control": {"sid": _SID, "do": _is(str)},
    "alive": {"sid": _SID},
    "proof": {"id": _ID8},
    "test": {"do": _text("start|answer|skip|stop|stored"), "test": _text("|[0-9a-f]{8}"), "step": _text(".{0,40}"),
             "value": _text(".{0,64}"), "who": _text(".{0,32}")},
}
_MODE = _text("full|reduced")
_LATER = {  # Source: Fields of every message: what a unit of an older firmware does not say
    "alarm": {"test": _is(bool)},
    "started": {"clean": _is(bool), "mode": _MODE},
    "health": {"mode": _MODE, "mains": _or_null(_is(bool)), "battery": _object({**_SUPPLY, "by": _text("|model|measured")}),
               "resets": _map(_MAX, _COUNT), "proven": _map(16, _or_null(_COUNT)), "tested": _or_null(_DAY),
               "due": _or_null(_DAY), "bearer": _or_null(_is(str))},
}
_EVENTS = {"command": {"ref": _NUMBER, "from": _ID, "do": _is(str), "ok": _is(bool), "reason": _is(str)},
           "cleared": {"call": _CALL, "by": _text("service|local"), "outcome": _is(str), "who": _is(str)},
           "microphone": {**_COURSE, "kind": _text("alarm|intercom|welfare|door|test"), "open": _is(bool), "why": _is(str)},
           "speech": {**_COURSE, "state": _is(str), "reason": _is(str)},
           "no_answer": {"sid": _SID, "kind": _KIND, "who": _WHO, "evidence": _object(_EVIDENCE)},
           "ok": {"state": _text("pressed|missed"), "day": _DAY},
           "started": {"cause": _is(str), "firmware": _is(str), "open_call": _or_null(_CALL)},
           "fault": {"fault": _is(str), "input": _is(str), "open": _is(bool)},
           "mains": {"on": _is(bool), "for_s": _COUNT, "edges": _COUNT},
           "battery": _SUPPLY,
           "flight": {"part": _PART, "parts": _PART, "records": _each(32, _or_null(_COUNT), _is(str), _is(int))},
           "proof": {"id": _ID8, "path": _text(".{1,24}")},
           "proven": {"what": _is(str), "ok": _is(bool), "detail": _text(".{0,64}")},
           "test": {"test": _ID8, "state": _text("running|paused|ended"), "step": _text(".{0,40}"), "left": _each(48, _is(str)),
                    "last": _or_null(lambda value: _row(value, [_is(str)] * 3)), "verdict": _is(str)},
           "test_record": {"test": _ID8, "part": _PART, "parts": _PART, "sha256": _text("[0-9a-f]{64}"),
                           "text": _text(".{0,1200}")},
           "reminder": {"state": _is(str)},
           "bearer": {"bearer": _is(str), "was": _or_null(_is(str)), "why": _is(str)},
           "service": {"state": _is(str), "tries": _COUNT},
           "refused": {"counts": _map(_MAX, _COUNT)}}
_TURN = {"sid": _SID, "turn": _COUNT}  # the page gives no range; `ended` of an unknown session has no turn to name
_SAYS = {"progress": {**_TURN, "state": _text("announcing|ringing")},
         "answer": {**_TURN, "media": _media},
         "declined": {**_TURN, "reason": _is(str), "current_turn": _COUNT},
         "reoffer": {**_TURN, "media": _media},
         "ended": {**_TURN, "reason": _is(str)},
         "alive": {**_TURN, "mode": _text("auto|talk|listen|duplex"), "counters": _is(dict)},
         "media": {**_TURN, "state": _text("lost|back"), "silent_ms": _COUNT}}
