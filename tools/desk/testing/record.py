"""Reads a record of test and says what is odd about it. Pure. Format: docs/protocol.md, "Tests".

A record with the right hash is what the unit attests, so it is kept whatever it says; `flags` tell where not to trust it:

    form      not the lines of a record; nothing in it can be read
    unit      its header names another unit
    test      its header names another test than the message that brought it
    verdict   its verdict is better than its own results allow (P7)
    clock     it ended later than it came, or more than 400 days before
    gap       `prev` is a record that the desk does not have: one is missing
    fork      `prev` is not the newest record that the desk has of this unit: two follow the same one, or the unit began anew
    twice     there is another record of the same test
"""

import json

from ..fields import hexadecimal, integer, nullable

PASS, DEFECTS, FAIL, INCOMPLETE = "PASS", "PASS WITH DEFECTS", "FAIL", "INCOMPLETE"
VERDICTS = (PASS, DEFECTS, FAIL, INCOMPLETE)  # from best to worst
PASSED = (PASS, DEFECTS)
FIRST = "0" * 64  # `prev` of a unit's first record
FLAGS = ("form", "unit", "test", "verdict", "clock", "gap", "fork", "twice")
_MUST = ("pull:", "path:")  # a failure of these, or of the next, fails the whole
_MUST_STEPS = ("ask:light", "ask:sounder", "storage", "load")
_MAY_LACK = ("load", "pull:")  # who reads the record cannot tell a pendant, which may be left out, from a cord
_RESULTS = ("pass", "fail", "skip", "open")
_NAMES = ("test", "unit", "board", "firmware", "engineer", "witness", "by")
_TIME = nullable(integer(0, 2**53))
_AHEAD_S = 86_400
_BACK_S = 400 * 86_400


class Record:
    """`header`, `end`: dicts; `results`: list of [step, result, detail, ms]; all empty if the text is none of a record."""

    def __init__(self, text):
        self.header, self.results, self.end = {}, [], {}
        try:
            lines = [json.loads(line) for line in text.split("\n") if line]
        except (ValueError, RecursionError):
            return
        if _is_record(lines):
            self.header, self.results, self.end = lines[0], lines[1:-1], lines[-1]

    @property
    def is_read(self):
        return bool(self.header)

    @property
    def verdict(self):
        """The unit's own; "" if it cannot be read."""
        return self.end.get("verdict", "")

    @property
    def prev(self):
        """64 hex digits, or "" """
        return self.header.get("prev", "")

    @property
    def ended_s(self):
        """s since 1970, or None: the unit's clock was not set."""
        return self.end.get("ended")

    def flags(self, address, test, received_s):
        """What is odd about it by itself, in the order of FLAGS."""
        if not self.is_read:
            return ["form"]
        found = {
            "unit": self.header["unit"] != address,
            "test": self.header["test"] != test,
            "verdict": VERDICTS.index(self.verdict) < VERDICTS.index(self.allowed()),
            "clock": self.ended_s is not None and not received_s - _BACK_S <= self.ended_s <= received_s + _AHEAD_S,
        }
        return [flag for flag in FLAGS if found.get(flag)]

    def allowed(self):
        """The best verdict that its results allow; the last result of a step counts."""
        last = {step: result for step, result, *_ in self.results}
        if not last or "open" in last.values():
            return INCOMPLETE
        if any(result == "fail" and _is_must(step) for step, result in last.items()):
            return FAIL
        if any(result == "skip" and _is_must(step) and not step.startswith(_MAY_LACK) for step, result in last.items()):
            return INCOMPLETE
        return PASS if set(last.values()) == {"pass"} and not self.end["untested"] else DEFECTS


def _is_must(step):
    return step in _MUST_STEPS or (step.startswith(_MUST) and len(step) > len("pull:"))


def _is_record(lines):
    if len(lines) < 2 or type(lines[0]) is not dict or type(lines[-1]) is not dict:
        return False
    head, end = lines[0], lines[-1]
    named = all(type(head.get(name)) is str for name in _NAMES) and hexadecimal(64)(head.get("prev"))
    timed = all(_TIME(time_s) for time_s in (head.get("started"), end.get("ended")))
    ended = end.get("verdict") in VERDICTS and type(end.get("defects")) is list and type(end.get("untested")) is list
    return head.get("v") == 1 and named and timed and ended and all(map(_is_result, lines[1:-1]))


def _is_result(line):
    return type(line) is list and len(line) == 4 and all(type(word) is str for word in line[:3]) and line[1] in _RESULTS
