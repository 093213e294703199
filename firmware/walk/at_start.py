"""What tests need at the start of the unit: once, then this is let go. No policy."""

import json
import os

from firmware import on_demand
from firmware.calendar import Calendar
from firmware.core.due import Due
from firmware.core.walk import record
from firmware.shell import now
from firmware.testing import Testing
from firmware.walk.starting import look

_REQUEST = "test.req"
_REQUEST_MOST = 300  # bytes
_REMINDER_HOUR = 10  # local time: up, and not yet at table


def make_testing(shell, stored, senses, names, timers):
    """Puts testing.Testing into `shell` and its senses. `stored`: stored.Stored; `senses`: list of all senses.Sense; `names`:
    list of (name, room) of the inputs that are fitted."""
    settings = stored.settings
    zone = settings["speech"]["zone"] or {"offset_min": 0, "summer": "none"}
    due = Due(zone["offset_min"], zone["summer"] == "eu", _REMINDER_HOUR, sum(shell.uplink.prefix.encode()))
    calendar = Calendar(due, shell.wall_clock, shell.reports.fault, shell.may_write, now)
    if calendar.problem:
        print("tests:", calendar.problem)
    testing = Testing(shell, senses, names, timers, on_demand, calendar, now)
    testing.hashes = record.described(stored.board), record.configured(settings)
    testing.reminds = settings["reminder"]
    testing.request = request(_REQUEST)
    testing.unsent, problems = look(due, shell.may_write)
    for name, why in problems:
        print("tests: %s: %s" % (name, why))
    testing.damaged = any(why != "cut" for _, why in problems)  # a cut test has a record of its own now
    if testing.damaged:
        shell.reports.fault("storage", "tests", True)
    shell.testing = shell.senses.testing = shell.unit.testing = testing
    if testing.pattern_of is None:
        print("test: this board has no answer or reset contact; a test is begun from the desk, or by the file %s" % _REQUEST)


def request(name):
    """(engineer, witness) of the file that asks for a test, or None. The file is gone afterwards, whatever was in it."""
    try:
        with open(name, "rb") as file:
            text = file.read(_REQUEST_MOST + 1)
        os.remove(name)
    except OSError:
        return None
    try:
        asked = json.loads(text)
        who, witness = asked["who"], asked["witness"]
        if len(text) <= _REQUEST_MOST and _is_text(who, 32) and _is_text(witness, 64):
            return who, witness
    except (ValueError, KeyError, TypeError):
        pass
    print('test: %s is not {"who": "...", "witness": "..."}: no test' % name)
    return None


def _is_text(value, most):
    return isinstance(value, str) and len(value) <= most
