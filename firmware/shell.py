"""The asyncio shell: makes the unit from its parts, runs its tasks, and watches over them.

Tasks, each with a beat that grows by work done: `heart` (inputs, timers, light, reports), `link` and `bearer` (their own run),
`chores` (flash housekeeping, memory, clock). `doorbell` only hands interrupts to the heart. The supervisor restarts what died,
and feeds the hardware watchdog only while all are fresh. Source: D8, D9, P8.
"""

import asyncio
import gc
import os
import time
from asyncio import core
from binascii import hexlify

import machine
from micropython import const

from firmware import version
from firmware.core import clock
from firmware.core.calls import Calls
from firmware.core.downlink import Downlink
from firmware.core.faults import Faults
from firmware.core.seal import Sealer
from firmware.core.supervision import Supervision
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink
from firmware.drivers.busy import Busy
from firmware.drivers.wall_clock import WallClock
from firmware.nap import Nap
from firmware.online import make_link
from firmware.reports import Reports
from firmware.senses import Senses
from firmware.signals import Signals
from firmware.unit import Unit

_SUPERVISE_MS = const(1000)
_HEART_MAX_MS = const(1000)  # the heart beats at least this often
_CHORE_MS = const(1000)
_STALE_MS = const(10000)  # ten missed beats of the slowest task
_OFFLINE_S = const(90)  # UL 2560 (heard): a path fault is shown within 90 s; a broker restart takes less


def now():
    """Ticks of core.clock."""
    return time.ticks_ms() & (clock.PERIOD_MS - 1)


class Shell:
    """The whole unit. `unit`, `reports`, `link`, `journal` and so on are attributes, for the tools that look in from outside."""

    def __init__(self, stored, watchdog, reset_cause, builder_of):
        """`stored`: stored.Stored with a board; `watchdog`: machine.WDT; `reset_cause`: text; `builder_of`: build.Builder."""
        self.stored = stored
        self.watchdog = watchdog
        self._started_ms = time.ticks_ms()
        self._uptime_s = 0
        self._offline_s = 0
        self._told_error = ""
        self._bell = asyncio.ThreadSafeFlag()
        self._nap = Nap()
        self._beats = {}
        self._reset_cause = reset_cause
        self._faults = Faults()
        self.wall_clock = WallClock(machine.RTC(), "clock.txt", version.BUILT_S)
        self.wall_clock.start()
        self._assemble(builder_of)

    def _assemble(self, builder_of):
        settings = self.stored.settings
        timers = Timers(settings["timers"])
        self._busy = core._io_queue.poller = Busy(core._io_queue.poller, now)
        builder = builder_of(self.stored.board, settings, timers, now)
        self.signals = Signals(builder.light(), builder.sounder(), now)
        self.journal, found = builder.journal(os.urandom)
        contacts, lines = builder.inputs(self._bell.set, self._busy.busy_ms)
        self._make_voices(settings, builder.names())
        self.calls = Calls(timers, self.journal.next_call_n() - 1 if self.journal else 0)
        self.link, self.bearer = make_link(self, now)
        self.reports = Reports(self.uplink, self.downlink, self.link, self._faults, self.readings, self.wall_clock.take,
                               self.signals.fault, timers.health_ms, now)
        self.unit = Unit(self.calls, self.journal, self.uplink, self.downlink, self.link, self.signals, self.reports, now)
        self.senses = Senses(contacts, lines, self.unit, self.reports, now)
        self.unit.resume(found)
        self._tell_start(builder.problems)
        self._board_name = self.stored.board.get("name", "unknown")
        self.stored = None  # all of it has gone into the parts

    def _make_voices(self, settings, inputs):
        who = tuple(settings[name] or "unknown" for name in ("scheme", "flat", "unit"))
        sealer = Sealer(self.stored.key)
        session = hexlify(os.urandom(8)).decode()
        epoch = self.journal.epoch if self.journal else session[:8]
        self.uplink = Uplink(who, sealer, session, self.journal.boot if self.journal else 0, epoch, inputs)
        self.downlink = Downlink(self.uplink.prefix + "down", who[2], session, sealer)

    def _tell_start(self, problems):
        opened = self.calls.open
        self.reports.started(self._reset_cause, version.VERSION, self.uplink.call_id(opened[-1].number) if opened else None)
        for text in self.stored.problems:
            print("settings:", text)
            self.reports.fault("settings", "", True)
        for fault, name, text in problems:
            print("%s: %s" % (fault, text))
            self.reports.fault(fault, name, True)
        print("unit %s started, session %s, %d open calls" % (self.uplink.prefix, self.uplink.session, len(opened)))

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
        self.unit.link_changed(online)
        self._nap.wake()

    def readings(self):
        """The health report's fields that only the shell knows."""
        gc.collect()
        opened = self.calls.open
        counters = dict(self.link.health())
        counters["ignored"] = self.calls.ignored
        counters["refused"] = sum(self.downlink.refused.values())
        return {
            "firmware": version.VERSION,
            "board": self._board_name,
            "uptime_s": self._uptime_s,
            "reset_cause": self._reset_cause,
            "heap_free_bytes": gc.mem_free(),
            "rssi_dbm": self.bearer.rssi_dbm(),
            "call": self.uplink.call_id(opened[-1].number) if opened else None,
            "journal": self.journal.usage() if self.journal else
            {"used_records": 0, "free_records": 0, "erases_max": 0, "bad_sectors": 0},
            "counters": counters,
        }

    # --- tasks

    async def _doorbell(self):
        while True:
            await self._bell.wait()
            self.senses.rung = True
            self._nap.wake()

    async def _heart(self):
        while True:
            self.senses.step()
            self.unit.tick()
            self.reports.tick()
            self.signals.step()
            self._beats["heart"] += 1
            await self._nap.begin(self._rest_ms())
            self._nap.end()

    def _rest_ms(self):
        due_ms = clock.soonest(self.senses.next_due(), self.calls.next_due())
        due_ms = clock.soonest(clock.soonest(due_ms, self.reports.next_due()), self.signals.next_due())
        return min(max(clock.diff(due_ms, now()), 0), _HEART_MAX_MS)

    async def _chores(self):
        while True:
            self._beats["chores"] += 1
            uptime_s = time.ticks_diff(time.ticks_ms(), self._started_ms) // 1000
            if uptime_s:
                self._started_ms = time.ticks_add(self._started_ms, uptime_s * 1000)
                self._uptime_s += uptime_s
            if self.journal and not self.unit.busy:
                self.journal.idle()
                if self.journal.faults and not self._faults.is_open("storage"):
                    print("storage:", self.journal.faults[-1])
                    self.reports.fault("storage", "", True)
            self._watch_link(uptime_s)
            if self.bearer.gave_up and not self.calls.volatile():  # else the one copy of a call would go with it
                print("wifi: nothing has helped; starting anew")
                machine.reset()
            self.wall_clock.note()
            await asyncio.sleep_ms(_CHORE_MS)

    def _watch_link(self, passed_s):
        """Says each new trouble, opens the fault `link` after _OFFLINE_S without a broker, closes it when one is there again."""
        if self.link.last_error != self._told_error:
            self._told_error = self.link.last_error
            print("link:", self._told_error)
        self._offline_s = 0 if self.link.online else self._offline_s + passed_s
        if self.link.online or self._offline_s >= _OFFLINE_S:
            self.reports.fault("link", "", not self.link.online)

    async def supervise(self):
        """Starts every task, starts it again when it dies, and feeds the watchdog while all are fresh."""
        watch = Supervision()
        starts = {"heart": self._heart, "doorbell": self._doorbell, "chores": self._chores, "link": self.link.run,
                  "bearer": self.bearer.run}
        tasks = {}
        for name in starts:
            self._beats[name] = 0
            watch.watch(name, _STALE_MS, now())
            tasks[name] = asyncio.create_task(starts[name]())
        while True:
            for name in tasks:
                if tasks[name].done() and watch.ended(name, now()):
                    print("task %s ended and is started again" % name)
                    self.reports.fault("task", name, True)
                    tasks[name] = asyncio.create_task(starts[name]())
                watch.beat(name, self._beat(name), now())
            stale = watch.stale(now())
            if stale is None:
                self.watchdog.feed()
            else:
                print("task %s is stale: waiting for the watchdog" % stale)
            await asyncio.sleep_ms(_SUPERVISE_MS)

    def _beat(self, name):
        if name == "link":
            return self.link.beat
        if name == "bearer":
            return self.bearer.beat
        if name == "doorbell":  # only waits for interrupts: alive as long as it has not ended
            self._beats[name] += 1
        return self._beats[name]

