"""What `speech` in `settings.json` may say. A wrong field costs itself: its default is used, and the problem is named (P8).

Source: docs/settings.md; DESIGN timers (answering), P3 (privacy).
"""

from micropython import const

# Field: default.
FIELDS = {
    "answering": "auto",  # "auto": an announced intercom or welfare call connects by itself; "press": the tenant presses first
    "language": "en",  # folder below prompts/
    "plain_rtp": False,  # true also takes offers without SRTP; for a bench or a closed cable only
    "wellbeing": None,  # object: from, until ("HH:MM", local time): press the answer button within, or `missed` is reported
    "zone": None,  # object: offset_min (-720 ... 840, of standard time), summer ("eu" or "none"); null: UTC
}
_DAY_MIN = const(1440)
_LEAST_OFFSET_MIN = const(-720)  # UTC-12
_MOST_OFFSET_MIN = const(840)  # UTC+14
_SHORTEST_WINDOW_MIN = const(10)  # who gets up a little late is not missed


def usable(given):
    """(speech settings with every field of FIELDS, list of problems). Never raises, whatever `given` is."""
    result = dict(FIELDS)
    if not isinstance(given, dict):
        return result, ["speech: %r: an object wanted; known fields: %s" % (given, ", ".join(sorted(FIELDS)))]
    problems = []
    for name in sorted(given):
        value = given[name]
        if name not in FIELDS:
            problems.append("speech.%s: unknown field; known: %s" % (name, ", ".join(sorted(FIELDS))))
        elif _CHECKS[name](value):
            result[name] = value
        else:
            problems.append("speech.%s: %r: %s wanted" % (name, value, _RULES[name]))
    return result, problems


def minutes(text):
    """Minutes since midnight of "HH:MM", 0 ... 1439; None for anything else."""
    if not isinstance(text, str) or len(text) != 5 or text[2] != ":" or not (text[:2].isdigit() and text[3:].isdigit()):
        return None
    value = int(text[:2]) * 60 + int(text[3:])
    return value if int(text[3:]) < 60 and value < _DAY_MIN else None


def _answering(value):
    return value in ("auto", "press")


def _language(value):
    return isinstance(value, str) and 2 <= len(value) <= 8 and all(char in "abcdefghijklmnopqrstuvwxyz_" for char in value)


def _plain_rtp(value):
    return type(value) is bool


def _wellbeing(value):
    if value is None:
        return True
    if not isinstance(value, dict) or sorted(value) != ["from", "until"]:
        return False
    begin_min, end_min = minutes(value["from"]), minutes(value["until"])
    return begin_min is not None and end_min is not None and end_min - begin_min >= _SHORTEST_WINDOW_MIN


def _zone(value):
    if value is None:
        return True
    if not isinstance(value, dict) or sorted(value) != ["offset_min", "summer"]:
        return False
    offset_min = value["offset_min"]
    return type(offset_min) is int and _LEAST_OFFSET_MIN <= offset_min <= _MOST_OFFSET_MIN and value["summer"] in ("eu", "none")


_CHECKS = {"answering": _answering, "language": _language, "plain_rtp": _plain_rtp, "wellbeing": _wellbeing, "zone": _zone}
_RULES = {
    "answering": '"auto" or "press"',
    "language": "name of a folder of prompts, 2-8 of a-z _,",
    "plain_rtp": "true or false",
    "wellbeing": 'null, or an object of from and until ("HH:MM", at least 10 minutes apart, the same day)',
    "zone": 'null, or an object of offset_min (-720 to 840) and summer ("eu" or "none")',
}
