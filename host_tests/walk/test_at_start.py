"""What tests need at the start: who asked for one, what is left of an earlier one, what is wrong with the files."""

import os

from firmware import calendar
from firmware.core import settings
from firmware.walk import at_start

REQUEST = "test_request_%d.req" % int.from_bytes(os.urandom(3), "big")
calendar.FILE = REQUEST + ".calendar"  # none: a unit on its first day
at_start.now = lambda: 5


class Shell:
    """As much of shell.Shell as is asked at the start."""

    class wall_clock:
        known = False

    def __init__(self):
        self.faults = []
        self.uplink = self.reports = self.senses = self.unit = self
        self.prefix = "ils/v1/demo/f12/u1/"
        self.testing = None

    def fault(self, name, source, is_open):
        self.faults.append((name, source, is_open))

    def may_write(self):
        return True


class Given:
    def __init__(self, **changes):
        self.settings = settings.usable(dict({"scheme": "demo"}, **changes))[0]
        self.board = {"name": "B"}


def made(found, **changes):
    """(shell, testing) of a unit on whose file system `look` finds that."""
    shell, real = Shell(), at_start.look
    at_start.look = lambda due, may_write: found
    try:
        at_start.make_testing(shell, Given(**changes), [], [], None)
    finally:
        at_start.look = real
    return shell, shell.testing


def asked(text):
    with open(REQUEST, "wb") as file:
        file.write(text)
    found = at_start.request(REQUEST)
    assert REQUEST not in os.listdir(), "the file is gone, whatever was in it"
    return found


def test_a_request_names_engineer_and_witness_and_is_taken_once():
    assert asked('{"who": "É. Ngineer", "witness": ""}'.encode()) == ("É. Ngineer", "")
    assert at_start.request(REQUEST) is None


def test_a_request_that_is_none_begins_no_test():
    for text in (b"", b"{}", b"[]", b"null", b"x" * 400, b'{"who": 7, "witness": ""}', b'{"who": "a"}', b"\xff\xfe",
                 b'{"who": "%s", "witness": ""}' % (b"a" * 33), b'{"who": "", "witness": "%s"}' % (b"a" * 65)):
        assert asked(text) is None, text


def test_a_clean_unit_has_a_calendar_hashes_and_no_fault():
    shell, testing = made((False, []))
    assert shell.faults == [] and not testing.damaged and not testing.unsent
    assert [len(one) for one in testing.hashes] == [64, 64] and testing.hashes[0] != testing.hashes[1]
    assert testing.dates() == (None, None)


def test_units_that_are_set_otherwise_have_another_hash_and_the_same_board_the_same():
    first, second = made((False, []))[1].hashes, made((False, []), volume_pct=50)[1].hashes
    assert first[0] == second[0] and first[1] != second[1]


def test_a_cut_test_is_sent_and_no_fault_but_a_damaged_file_is_one():
    shell, testing = made((True, [("open.txt", "cut")]))
    assert shell.faults == [] and testing.unsent and not testing.damaged
    for why in ("damaged", "foreign", "unreadable", "unwritable"):
        shell, testing = made((False, [("open.txt", "cut"), ("x", why)]))
        assert shell.faults == [("storage", "tests", True)] and testing.damaged, why
