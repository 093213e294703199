"""The asyncio shell: runs the tasks of a unit and watches over them.

Tasks, each with a beat that grows by work done: `heart` (inputs, timers, light, reports), `link` and `bearer` (their own run),
`talk` (sound, 20 ms at a time, in a session only), `chores` (flash housekeeping, memory, clock). `doorbell` only hands interrupts
to the heart. The supervisor restarts what died, and feeds the hardware watchdog only while all are fresh. Source: D8, D9, P8.
"""

import asyncio
import gc
import os
import time

import machine
from micropython import const

from firmware import version
from firmware.core import clock
from firmware.core.faults import NAMES
from firmware.core.recorder import TASKS
from firmware.core.supervision import Supervision
from firmware.nap import Nap

_SUPERVISE_MS = const(1000)
_HEART_MAX_MS = const(1000)  # the heart beats at least this often
_CHORE_MS = const(1000)
_STALE_MS = const(10000)  # ten missed beats of the slowest task
_OFFLINE_S = const(90)  # UL 2560 (heard): a path fault is shown within 90 s; a broker restart takes less
_NO_BATTERY = {"mv": None, "why": "none", "state": "unknown", "hours": None, "by": ""}


def now():
    """Ticks of core.clock."""
    return time.ticks_ms() & (clock.PERIOD_MS - 1)


def rand(n):
    """A random integer 0 ... n - 1, n up to 65,536."""
    return int.from_bytes(os.urandom(4), "big") % n


class Shell:
    """The whole unit. Its parts are attributes: `faults`, `wall_clock`, `signals`, `journal` (or None), `uplink`, `downlink`,
    `calls`, `link`, `bearer`, `reports`, `unit`, `senses`, `talk`, `speech`, `daily` (or None), `recorder`, `keeper`,
    `proofs`, `audio_loop` (or None), `daily_tests`, and `power` and `testing` (or None); so are the texts `reset_cause`,
    `board_name` and `mode` ("full", "reduced")."""

    def __init__(self, watchdog):
        """`watchdog`: machine.WDT. The parts are put in by assembly.assemble."""
        self.watchdog = watchdog
        self.bell = asyncio.ThreadSafeFlag()
        self._started_ms = time.ticks_ms()
        self._uptime_s = 0
        self._offline_s = 0
        self._told_error = ""
        self.power = self.testing = None  # power.Power and testing.Testing, put in by assembly.assemble where they exist
        self.proofs = self.audio_loop = self.daily_tests = None  # likewise; a reduced unit has none
        self.console = None  # console.Console, likewise
        self.restart = machine.reset
        self._nap = Nap()
        self._beats = {}

    # --- what the link asks and tells

    def hello(self, number):
        """Will and first message of connection `number`."""
        will_topic, will_payload = self.uplink.state(False, number)
        topic, payload = self.uplink.state(True, number)
        return will_topic, will_payload, [(topic, payload, True)]

    def heard(self, topic, payload):
        self.unit.message(topic, payload)
        self._nap.wake()

    def link_changed(self, online):
        self.recorder.note("link", 1 if online else 0)
        self.unit.link_changed(online)
        self._nap.wake()

    def told_time(self, unix_s):
        self.keeper.told_time(unix_s)

    def fault_changed(self, name, is_open, any_open):
        self.recorder.note("open" if is_open else "shut", NAMES.index(name))
        self.signals.fault(name, is_open, any_open, self.daily_tests is not None and self.daily_tests.is_night())

    def may_write(self):
        """False while the supply is too low for the flash: then everything that can wait, waits."""
        return self.power is None or self.power.may_write()

    def readings(self):
        """The health report's fields that only the shell knows."""
        gc.collect()
        opened = self.calls.open
        counters = dict(self.link.health())
        counters.update(self.talk.counters())
        counters["ignored"] = self.calls.ignored
        counters["refused"] = sum(self.downlink.refused.values())
        counters["openings"] = self.faults.openings
        fields = self.power.health() if self.power else {"mains": None, "battery": dict(_NO_BATTERY)}
        fields["tested"], fields["due"] = self.testing.dates() if self.testing else (None, None)
        fields.update({
            "firmware": version.VERSION,
            "board": self.board_name,
            "uptime_s": self._uptime_s,
            "reset_cause": self.reset_cause,
            "heap_free_bytes": gc.mem_free(),
            "rssi_dbm": self.bearer.rssi_dbm(),
            "call": self.uplink.call_id(opened[-1].number) if opened else None,
            "journal": self.journal.usage() if self.journal else
            {"used_records": 0, "free_records": 0, "erases_max": 0, "bad_sectors": 0, "where": "none"},
            "bearer": self.bearer.name,
            "counters": counters,
            "mode": self.mode,
            "resets": self.keeper.resets(),
            "proven": self.keeper.hours(),
        })
        return fields

    # --- tasks

    async def _doorbell(self):
        while True:
            await self.bell.wait()
            self.senses.rung = True
            self._nap.wake()

    async def _heart(self):
        while True:
            self.senses.step()
            self.unit.tick()
            if self.testing:
                self.testing.tick()
            self.speech.tick()
            self.reports.tick()
            if self.power:
                self.power.step()
            self.signals.step()
            self._beats["heart"] += 1
            await self._nap.begin(self._rest_ms())
            self._nap.end()

    def _rest_ms(self):
        due_ms = clock.soonest(clock.soonest(self.senses.next_due(), self.calls.next_due()), self.speech.next_due())
        due_ms = clock.soonest(clock.soonest(due_ms, self.reports.next_due()), self.signals.next_due())
        if self.power:
            due_ms = clock.soonest(due_ms, self.power.next_due())
        due_ms = clock.soonest(due_ms, self.testing.next_due() if self.testing else None)
        return min(max(clock.diff(due_ms, now()), 0), _HEART_MAX_MS)

    async def _chores(self):
        while True:
            self._beats["chores"] += 1
            if self.console is not None:
                self.console.step()
            uptime_s = time.ticks_diff(time.ticks_ms(), self._started_ms) // 1000
            if uptime_s:
                self._started_ms = time.ticks_add(self._started_ms, uptime_s * 1000)
                self._uptime_s += uptime_s
            if self.journal and not self.unit.busy and not self.talk.active and self.may_write():
                self.journal.idle()  # an erase stands still for 80 ms: a hole in speech
                if self.journal.faults and not self.faults.is_open("storage"):
                    print("storage:", self.journal.faults[-1])
                    self.reports.fault("storage", "", True)
            self._watch_link(uptime_s)
            # Else the one copy of a call would go with it; and a start writes, whatever the battery.
            if self.bearer.gave_up and not self.calls.volatile() and self.may_write():
                print("%s: nothing has helped; starting anew" % self.bearer.name)
                self.keeper.restart()
            if self.may_write():
                self.wall_clock.note()
            self.keeper.tick(self._uptime_s)
            if self.daily_tests is not None:
                self.daily_tests.tick(self._uptime_s)
            if self.daily is not None:
                self.daily.tick()
            await asyncio.sleep_ms(_CHORE_MS)

    def _watch_link(self, passed_s):
        """Says each new trouble, opens the fault `link` after _OFFLINE_S without a broker, closes it when one is there again."""
        if self.link.last_error != self._told_error:
            self._told_error = self.link.last_error
            print("link:", self._told_error)
        self._offline_s = 0 if self.link.online or self.bearer.resting else self._offline_s + passed_s
        if self.link.online or self._offline_s >= _OFFLINE_S:
            self.reports.fault("link", "", not self.link.online)

    async def supervise(self):
        """Starts every task, starts it again when it dies, and feeds the watchdog while all are fresh."""
        self.keeper.begin()
        watch = Supervision()
        starts = {"heart": self._heart, "doorbell": self._doorbell, "chores": self._chores, "link": self.link.run,
                  "bearer": self.bearer.run, "talk": self.talk.run}
        tasks = {}
        noted = None
        for name in starts:
            self._beats[name] = 0
            watch.watch(name, _STALE_MS, now())
            tasks[name] = asyncio.create_task(starts[name]())
        while True:
            for name in tasks:
                if tasks[name].done() and watch.ended(name, now()):
                    print("task %s ended and is started again" % name)
                    self.keeper.task_ended(name, self._uptime_s)
                    self.reports.fault("task", name, True)
                    tasks[name] = asyncio.create_task(starts[name]())
                watch.beat(name, self._beat(name), now())
            stale = watch.stale(now())
            if stale is None:
                self.watchdog.feed()
            else:
                if stale != noted:
                    self.recorder.note("stale", TASKS.index(stale))
                    noted = stale
                print("task %s is stale: waiting for the watchdog" % stale)
            await asyncio.sleep_ms(_SUPERVISE_MS)

    def _beat(self, name):
        if name == "link":
            return self.link.beat
        if name == "bearer":
            return self.bearer.beat
        if name == "talk":
            return self.talk.beat
        if name == "doorbell":  # only waits for interrupts: alive as long as it has not ended
            self._beats[name] += 1
        return self._beats[name]

