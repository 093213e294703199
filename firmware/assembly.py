"""Makes the unit from its parts, once; app.py lets go of this module then. No policy.

The order matters where one part asks another while it is made: the journal gives epoch and numbers, the uplink names the topics.
"""

import os
import select
import sys
from asyncio import core
from binascii import hexlify

import machine

from firmware import on_demand, version
from firmware.before import Before
from firmware.build import Builder, reset_cause
from firmware.console import Console
from firmware.core import claim
from firmware.core.calls import VOLATILE, Calls
from firmware.core.downlink import Downlink
from firmware.core.faults import Faults
from firmware.core.open_calls import OpenCall
from firmware.core.recorder import CAUSES, Recorder
from firmware.core.restarts import Restarts
from firmware.core.seal import Sealer
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink
from firmware.drivers.busy import Busy
from firmware.drivers.rtc_memory import RtcMemory
from firmware.drivers.wall_clock import WallClock
from firmware.keeper import Keeper
from firmware.online import make_link
from firmware.reports import Reports
from firmware.senses import Senses
from firmware.shell import Shell, now, rand
from firmware.signals import Signals
from firmware.speechless import Speechless
from firmware.unit import Unit


def assemble(stored, watchdog, rtc, speaks=True):
    """The shell.Shell of a unit, ready to `supervise`. `stored`: stored.Stored with a board; `watchdog`: machine.WDT; `rtc`:
    machine.RTC; `speaks`: False leaves speech out, which takes a third of the memory. So does a restart storm."""
    shell = Shell(watchdog)
    memory = RtcMemory(rtc)
    before = _begin(shell, stored, memory)
    settings = stored.settings
    timers = Timers(settings["timers"])
    busy = core._io_queue.poller = Busy(core._io_queue.poller, now)
    builder = Builder(stored.board, settings, timers, now)
    speaker = builder.speaker()
    shell.journal, found = builder.journal(os.urandom)
    rules = Restarts(before.count(shell.journal.boot if shell.journal else 0), timers.calm_ms, timers.full_again_ms)
    storm = rules.reduced and speaks
    speaks = speaks and not storm
    shell.mode = "full" if speaks else "reduced"
    shell.talk = _make_talk(shell, settings, builder, speaker) if speaks else Speechless(shell)
    shell.signals = Signals(builder.light(), speaker, now, shell.talk)
    contacts, lines = builder.inputs(shell.bell.set, busy.busy_ms)
    names = builder.names()
    _make_voices(shell, stored, names)
    shell.calls = Calls(timers, shell.journal.next_call_n() - 1 if shell.journal else 0)
    shell.link, shell.bearer = make_link(shell, stored, now, rand)
    _make_unit(shell, timers)
    shell.keeper = shell.unit.keeper = Keeper(shell, memory, rules, [name for name, _ in names], before.proven, speaker,
                                              timers.clock_unset_ms)
    if speaks:
        from firmware import speaking

        speaking.join(shell, settings["speech"], timers, any(sense.role == "answer" for sense in contacts))
    else:
        shell.speech = shell.daily = shell.unit.speech = shell.talk
        fault, why = ("restarts", "after many starts in a row") if storm else ("speech", "as there is not enough memory")
        builder.problems.append((fault, "", "speech is left out %s; calls go out as ever" % why))
    shell.senses = Senses(contacts, lines, shell.unit, shell.reports, now)
    shell.power = builder.power(shell, rand)
    if speaks:
        speaking.join_tests(shell, stored, contacts + lines, builder.names(True), timers)
    shell.unit.resume(before.volatile_calls(found, _volatile))
    _tell_start(shell, before, stored.problems, builder.problems)
    if shell.journal and not before.clean:
        builder.died(shell.power)
    return shell


def _begin(shell, stored, memory):
    """What is there before any part: name, faults, recorder, clock. Returns what the starts before have left."""
    shell.reset_cause = reset_cause()
    shell.board_name = stored.board.get("name", "unknown")
    shell.faults = Faults()
    before = Before(memory, shell.reset_cause)
    shell.recorder = Recorder(memory, now)
    shell.recorder.note("start", CAUSES.index(shell.reset_cause))
    shell.wall_clock = WallClock(machine.RTC(), "clock.txt", version.BUILT_S)
    shell.wall_clock.start()
    _make_console(shell)
    return before


def _make_talk(shell, settings, builder, speaker):
    from firmware import speaking

    return speaking.make_talk(shell, settings, builder.microphone(), speaker)


def _make_voices(shell, stored, inputs):
    settings, journal = stored.settings, shell.journal
    who = tuple(settings[name] or "unknown" for name in ("scheme", "flat", "unit"))
    sealer = Sealer(stored.key)
    session = hexlify(os.urandom(8)).decode()
    epoch = journal.epoch if journal else session[:8]
    shell.uplink = Uplink(who, sealer, session, journal.boot if journal else 0, epoch, inputs)
    shell.downlink = Downlink(shell.uplink.prefix + "down", who[2], session, sealer)


def _make_unit(shell, timers):
    shell.reports = Reports(shell.uplink, shell.downlink, shell.link, shell.faults, shell.readings, shell.told_time,
                            shell.fault_changed, timers.health_ms, now)
    shell.unit = Unit(shell.calls, shell.journal, shell.uplink, shell.downlink, shell.link, shell.signals, shell.reports, now)
    shell.unit.may_write = shell.may_write


def _volatile(number, triggers):
    """A call that only RTC memory has: whatever its number was, its id is one of this session."""
    return OpenCall(number | VOLATILE, triggers)


def _tell_start(shell, before, of_stored, of_parts):
    opened = shell.calls.open
    shell.reports.started(shell.reset_cause, version.VERSION, shell.uplink.call_id(opened[-1].number) if opened else None,
                          before.clean, shell.mode)
    if before.kept is not None and not shell.faults.restore(before.kept):
        before.problems.append("open faults of before this start: not all of them can be read")
    shell.reports.again()
    for text in before.problems:
        print("storage:", text)
        shell.reports.fault("storage", "file", True)
    _tested_by_start(shell, of_stored, of_parts)
    for text in of_stored:
        print("settings:", text)
        shell.reports.fault("settings", "", True)
    for fault, name, text in of_parts:
        print("%s: %s" % (fault, text))
        shell.reports.fault(fault, name, True)
    shell.signals.faulty(shell.faults.any())
    _served(shell.keeper.memory)


def _make_console(shell):
    poller = select.poll()
    poller.register(sys.stdin, select.POLLIN)
    shell.console = Console(shell, poller, sys.stdin, on_demand, now)


def _served(memory):
    """What keeper.Keeper.begin tells the flat, also if this start does not fit into memory and another one follows."""
    if memory.mark() == claim.SERVED:
        memory.put("service", 1)
        memory.set_mark()


def _tested_by_start(shell, of_stored, of_parts):
    """A start tests what it reads and makes: faults of before it that it has not found again are over (P5)."""
    found = [(fault, name) for fault, name, _ in of_parts]
    for name, source in shell.faults.opened():
        if name == "settings":
            over = (name, source) not in found and not (of_stored and not source)
        elif name == "storage" and source == "tests":
            over = shell.testing is not None and not shell.testing.damaged
        elif name == "storage" and not source:
            over = shell.journal is not None and not shell.journal.faults  # its first records were written and read back
        else:
            over = name == "speech" and (name, source) not in found
        if over:
            shell.reports.fault(name, source, False)
