"""Starts of one unit, one after the other, around firmware/before.py and firmware/keeper.py: memory and files outlive a start.

Runs under both runtimes, in a directory of its own. `Life.power_cut()` and `reset()` begin the next start.
"""

import os

import machine

from firmware.before import Before
from firmware.core.faults import Faults
from firmware.core.recorder import Recorder
from firmware.core.restarts import Restarts
from firmware.drivers.rtc_memory import RtcMemory
from firmware.keeper import Keeper

PLACE = "lives_test"
FILES = ("kept.bin", "last.bin", "calm.bin")


def inside(scene):
    """Runs scene() in an empty directory, which is gone afterwards."""
    home = os.getcwd()
    machine.world.clear()
    try:
        os.mkdir(PLACE)
    except OSError:
        pass
    os.chdir(PLACE)
    try:
        clean()
        scene()
    finally:
        clean()
        os.chdir(home)
        os.rmdir(PLACE)


def clean():
    for name in os.listdir("."):
        try:
            os.remove(name)
        except OSError:
            os.rmdir(name)


class Clock:
    """The wall clock, right unless set otherwise."""

    def __init__(self):
        self.s = 1_800_000_000
        self.known = False
        self.noted = []

    def now_s(self):
        return self.s

    def take(self, unix_s):
        self.known = True
        self.s = max(self.s, unix_s)

    def note(self, at_once=False):
        self.noted.append(at_once)


class Part:
    """Whatever the keeper only asks for an attribute."""

    def __init__(self, **fields):
        for name in fields:
            setattr(self, name, fields[name])


class Speaker:
    stalls = write_errors = blocks = 0


class Life:
    """`told`: what was reported, as (fault, input, open) or (event, fields); `restarts`: how often it restarted itself."""

    def __init__(self, boot=1, names=("button", "cord1", "cord2"), unset_ms=1 << 40):
        self.boot = boot - 1
        self.names = list(names)
        self.unset_ms = unset_ms
        self.allowed = True
        self.resting = set(names)
        self.speaker = Speaker()
        self.restarts = 0
        self.now = 0
        self._start("power_on")

    def _start(self, cause):
        self.boot += 1
        self.told = []
        self.s = 0
        self.wall_clock = Clock()
        self.faults = Faults()
        self.memory = RtcMemory(machine.RTC())
        self.before = Before(self.memory, cause)
        self.recorder = Recorder(self.memory, lambda: self.now)
        self.rules = Restarts(self.before.count(self.boot), 600000, 3600000)
        self.journal = Part(boot=self.boot)
        self.calls = Part(open=[])
        self.unit = Part(busy=False)
        self.talk = Part(active=False)
        self.link = Part(online=False)
        self.bearer = Part(names=("ethernet", "wifi"))
        self.power = self.proofs = None
        self.reports = self.senses = self
        self.restored = self.before.kept is None or self.faults.restore(self.before.kept)
        self.keeper = Keeper(self, self.memory, self.rules, self.names, self.before.proven, self.speaker, self.unset_ms)

    def power_cut(self):
        machine.world.rtc_memory = b""
        self._start("power_on")
        return self

    def reset(self, cause="watchdog"):
        self._start(cause)
        return self

    def run(self, seconds):
        for _ in range(seconds):
            self.s += 1
            self.now = (self.now + 1000) & 0x3FFFFFFF
            self.wall_clock.s += 1
            self.keeper.tick(self.s)
        return self

    # --- the shell, as far as the keeper asks

    def may_write(self):
        return self.allowed

    def restart(self):
        self.restarts += 1

    def fault(self, name, source, is_open):
        if self.faults.open(name, source) if is_open else self.faults.close(name, source):
            self.told.append((name, source, is_open))

    def note(self, name, fields, key=None):
        self.told.append((name, fields))

    def again(self):
        self.told.append("again")

    def rests(self, name):
        return name in self.resting or name not in self.names

    def callers(self):
        return self.names
