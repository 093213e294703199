"""Which start leads to the prompt: a blank unit's and one after the right code, for one life; damage opens nothing."""

import json
import os

import machine

from firmware import service_mode
from firmware.core import claim
from firmware.drivers.rtc_memory import MUTE, RtcMemory
from host_tests.lives import inside

GOOD = {"v": 1, "salt": "00" * 8, "rounds": 1, "sha256": "11" * 32}


def put(name, content):
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else json.dumps(content).encode())


def read(name):
    with open(name, "rb") as file:
        return file.read()


def mark(value=None):
    memory = RtcMemory(machine.RTC())
    if value is not None:
        memory.set_mark(value)
    return memory.mark()


class Watchdog:
    """machine.WDT that notes its times; `leaves()` gives what service_mode says and them."""

    def __init__(self, timeout):
        Watchdog.times.append(timeout)

    def feed(self):
        Watchdog.times.append("fed")


def leaves():
    """(what service_mode.leaves says, what the watchdog was told)."""
    Watchdog.times = []
    real, machine.WDT = machine.WDT, Watchdog
    try:
        return service_mode.leaves(), Watchdog.times
    finally:
        machine.WDT = real


def test_a_unit_without_any_identity_is_blank_and_gets_no_watchdog():
    def scene():
        assert leaves() == (True, [])
        put("unit.key", b"00" * 32)
        put("main.py", b"")
        assert leaves() == (True, [])

    inside(scene)


def test_one_file_of_an_identity_is_enough_to_be_none():
    def scene():
        for name in ("claim.json", "claim.bak.json", "settings.json", "settings.bak.json"):
            put(name, b"")
            assert leaves() == (False, []), name
            os.remove(name)

    inside(scene)


def test_a_file_system_that_fails_opens_nothing():
    class Failing:
        why = ()

        def stat(self, name):
            raise OSError(*self.why)

    def scene():
        real, service_mode.os = service_mode.os, Failing()
        try:
            for service_mode.os.why in ((5,), (), (28, "full")):
                assert not service_mode.is_blank()
            service_mode.os.why = (2,)
            assert service_mode.is_blank()
        finally:
            service_mode.os = real

    inside(scene)


def test_a_copy_that_cannot_be_written_costs_neither_the_start_nor_the_old_copy():
    class Full:
        stat, remove = os.stat, os.remove

        @staticmethod
        def rename(old, new):
            raise OSError(28)

    def scene():
        put("claim.json", GOOD)
        leaves()
        kept = read("claim.bak.json")
        put("claim.json", dict(GOOD, rounds=2))
        real, service_mode.os = service_mode.os, Full
        try:
            assert leaves() == (False, []) and read("claim.bak.json") == kept
        finally:
            service_mode.os = real
        os.mkdir("claim.bak.json.new.d")
        os.remove("claim.bak.json.new")
        os.rename("claim.bak.json.new.d", "claim.bak.json.new")
        assert leaves() == (False, []) and read("claim.bak.json") == kept

    inside(scene)


def test_the_mark_opens_one_start_with_the_time_limit_and_the_next_one_runs():
    def scene():
        put("claim.json", GOOD)
        assert leaves() == (False, [])
        mark(claim.OPEN)
        assert leaves() == (True, [900000, "fed"])
        assert mark() == claim.SERVED
        assert leaves() == (False, []) and mark() == claim.SERVED, "the unit says that it is back, and takes it off then"

    inside(scene)


def test_where_starts_hang_each_third_one_only_listens_for_the_code_and_the_next_goes_on_p8():
    """main.py does the listening, as after everything that is raised."""

    def ends():
        try:
            return leaves()
        except OSError as problem:
            return str(problem)

    def scene():
        put("claim.json", GOOD)
        memory = RtcMemory(machine.RTC())
        for cause, quick, listens in ((machine.WDT_RESET, 2, True), (machine.WDT_RESET, 5, True), (machine.WDT_RESET, 0, False),
                                      (machine.WDT_RESET, 1, False), (machine.WDT_RESET, 3, False),
                                      (machine.HARD_RESET, 2, False), (machine.PWRON_RESET, 2, False)):
            machine.world.reset_cause = cause
            memory.put("quick", quick)
            memory.put("watchdog", 7)
            assert (ends() == "the starts of this unit hang") == listens, (cause, quick)
            memory = RtcMemory(machine.RTC())
            assert memory.counted("quick") == quick + listens and memory.counted("watchdog") == 7 + listens
            assert ends() == (False, []), "whatever the cause of the next one"
        machine.world.reset_cause = machine.WDT_RESET
        memory.put("quick", 2)
        mark(claim.OPEN)
        assert ends() == (True, [900000, "fed"]), "the right code was heard"

    inside(scene)


def test_no_other_mark_opens_anything():
    def scene():
        put("claim.json", GOOD)
        for other in (MUTE, claim.SERVED, b"OPEN", b"\x00" * 4, b"\xff" * 4):
            mark(other)
            assert leaves() == (False, []) and mark() == other, other

    inside(scene)


def test_after_a_power_loss_nothing_is_open():
    def scene():
        put("claim.json", GOOD)
        mark(claim.OPEN)
        machine.world.rtc_memory = b""
        assert leaves() == (False, [])

    inside(scene)


def test_renewal_sets_the_same_time_limit_again():
    times = Watchdog.times = []
    real, machine.WDT = machine.WDT, Watchdog
    try:
        service_mode.renew()
        service_mode.renew()
    finally:
        machine.WDT = real
    assert times == [900000, "fed"] * 2


def test_boot_py_goes_with_the_first_start_of_a_unit_that_is_not_blank():
    def scene():
        put("boot.py", b"import webrepl\nwebrepl.start()\n")
        assert leaves()[0] and "boot.py" in os.listdir(".")
        put("claim.json", GOOD)
        assert not leaves()[0] and "boot.py" not in os.listdir(".")

    inside(scene)


def test_a_copy_that_is_there_is_not_written_again_with_every_start():
    class Unmoving:
        stat, remove = os.stat, os.remove

        @staticmethod
        def rename(old, new):
            raise AssertionError("flash was written")

    def scene():
        put("claim.json", GOOD)
        leaves()
        real, service_mode.os = service_mode.os, Unmoving
        try:
            assert not leaves()[0]
        finally:
            service_mode.os = real

    inside(scene)


def test_a_claim_that_has_grown_beyond_measure_is_none_and_does_not_spoil_the_copy():
    def scene():
        put("claim.json", GOOD)
        leaves()
        kept = read("claim.bak.json")
        put("claim.json", b" " * 512 + kept)
        assert not leaves()[0] and read("claim.bak.json") == kept

    inside(scene)


def test_a_good_claim_is_kept_twice_and_a_bad_one_does_not_spoil_the_copy():
    def scene():
        put("claim.json", GOOD)
        leaves()
        kept = read("claim.bak.json")
        assert kept == read("claim.json")
        for bad in (b"", b"{", b"null", kept[:-5], dict(GOOD, rounds=0)):
            put("claim.json", bad)
            assert not leaves()[0] and read("claim.bak.json") == kept, bad
        os.remove("claim.json")
        assert not leaves()[0] and read("claim.bak.json") == kept
        put("claim.json", dict(GOOD, rounds=2))
        leaves()
        assert read("claim.bak.json") == read("claim.json"), "a new code takes the old one's place"

    inside(scene)
