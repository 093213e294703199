"""A unit whose application does not run can be opened by its code all the same, and by nothing else (P8)."""

import json

import machine

from firmware import rescue
from firmware.core import claim
from firmware.drivers.rtc_memory import RtcMemory
from host_tests.fakes.huge_file import HugeFile
from host_tests.lives import inside

CODE = "K7QM-3XRT-9WDP"


def write_claim(name="claim.json"):
    check = claim.Check((bytes(8), 50, bytes(32)), claim.plain(CODE))
    check.step(50)
    with open(name, "w") as file:
        file.write(json.dumps({"v": 1, "salt": "00" * 8, "rounds": 50, "sha256": check.digits()}))


class Typed:
    """What was typed, as stdin and its poller, with a clock that only sleeping moves."""

    def __init__(self, data):
        self.data = data
        self.now = 0

    def poll(self, timeout_ms=0):
        return [self] if self.data else []

    def register(self, stdin, events):
        assert stdin is self and events

    def readinto(self, buf):
        buf[0] = self.data[0]
        self.data = self.data[1:]
        return 1

    # time, select
    POLLIN = 1

    def ticks_ms(self):
        return self.now

    def ticks_add(self, tick, ms):
        return tick + ms

    def ticks_diff(self, later, earlier):
        return later - earlier

    def sleep_ms(self, ms):
        self.now += ms


def listened(data):
    """(the mark afterwards, ms that it took)."""
    RtcMemory(machine.RTC()).set_mark()
    typed = Typed(data)
    real = rescue.time, rescue.select.poll
    rescue.time = typed

    class Select:
        POLLIN = 1

        @staticmethod
        def poll():
            return typed

    select, rescue.select = rescue.select, Select
    try:
        rescue.listen(typed)
    finally:
        rescue.time, rescue.select = real[0], select
    return RtcMemory(machine.RTC()).mark(), typed.now


def test_the_right_code_marks_the_next_start_and_a_wrong_one_does_not():
    def scene():
        write_claim()
        assert listened(b"service k7qm3xrt9wdp\n") == (claim.OPEN, 200), "then what was said is out, and the chip starts anew"
        assert listened(b"service K7QM-3XRT-9WDQ\n") == (bytes(4), 200)
        for right in (b"\x03\x03\r\nwho\r\nservice K7QM-3XRT-9WDP now\r\n", b"ser\x03vi\x7fce K7QM-\xff3XRT-9WDP\r"):
            assert listened(right)[0] == claim.OPEN, right
        for wrong in (b"service K7QM-3XRT-9WDQ\n", b"service\n", b"service \n", b"who\n", b"\x03\x04\x01\x02", b"K7QM\n",
                      b"services K7QM-3XRT-9WDP\n",
                      b"service K7QM-3XRT-9WDP", b"service " + b"x" * 500 + b"\n"):
            assert listened(wrong)[0] == bytes(4), wrong

    inside(scene)


def test_it_listens_for_three_seconds_and_no_longer():
    def scene():
        write_claim()
        assert listened(b"") == (bytes(4), 3000)
        assert listened(b"noise\n" * 50)[1] == 3000

    inside(scene)


def test_noise_and_other_lines_before_the_code_cost_nothing_and_no_memory():
    def scene():
        write_claim()
        for before in (b"stop\n", b"s" * 4000 + b"\n", b"who\n" * 9, bytes(range(256)) + b"\n", b"\xff" * 9 + b"\n"):
            assert listened(before + b"service K7QM-3XRT-9WDP\n")[0] == claim.OPEN, before
        made = []

        def noted(content=0):
            made.append(bytearray(content))
            return made[-1]

        rescue.bytearray = noted
        try:
            listened(b"s" * 4000)
        finally:
            del rescue.bytearray
        assert max(len(one) for one in made) == 48

    inside(scene)


def test_one_code_is_checked_and_not_a_second():
    def scene():
        write_claim()
        assert listened(b"service K7QM-3XRT-9WDQ\nservice K7QM-3XRT-9WDP\n")[0] == bytes(4)

    inside(scene)


def test_a_claim_that_has_grown_beyond_measure_does_not_fill_the_memory_and_the_copy_serves():
    def scene():
        write_claim("claim.bak.json")
        rescue.open = lambda name, mode: HugeFile(b"{", 4096) if name == "claim.json" else open(name, mode)  # noqa: SIM115
        try:
            assert listened(b"service K7QM-3XRT-9WDP\n")[0] == claim.OPEN
        finally:
            del rescue.open

    inside(scene)


def test_the_copy_of_the_claim_serves_when_the_claim_is_damaged_and_without_either_nothing_opens():
    def scene():
        write_claim("claim.bak.json")
        with open("claim.json", "w") as file:
            file.write("{")
        assert listened(b"service K7QM-3XRT-9WDP\n")[0] == claim.OPEN
        with open("claim.bak.json", "w") as file:
            file.write("[]")
        assert listened(b"service K7QM-3XRT-9WDP\n")[0] == bytes(4)

    inside(scene)
