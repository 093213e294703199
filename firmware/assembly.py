"""Makes the unit from its parts, once; app.py lets go of this module then. No policy.

The order matters where one part asks another while it is made: the journal gives epoch and numbers, the uplink names the topics.
"""

import os
from asyncio import core
from binascii import hexlify

import machine

from firmware import version
from firmware.build import Builder, reset_cause
from firmware.core.calls import Calls
from firmware.core.downlink import Downlink
from firmware.core.faults import Faults
from firmware.core.seal import Sealer
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink
from firmware.drivers.busy import Busy
from firmware.drivers.wall_clock import WallClock
from firmware.online import make_link
from firmware.reports import Reports
from firmware.senses import Senses
from firmware.shell import Shell, now, rand
from firmware.signals import Signals
from firmware.speechless import Speechless
from firmware.unit import Unit


def assemble(stored, watchdog, speaks=True):
    """The shell.Shell of a unit, ready to `supervise`. `stored`: stored.Stored with a board; `watchdog`: machine.WDT; `speaks`:
    False leaves speech out, which takes a third of the memory."""
    shell = Shell(watchdog)
    settings = stored.settings
    timers = Timers(settings["timers"])
    shell.reset_cause = reset_cause()
    shell.board_name = stored.board.get("name", "unknown")
    shell.faults = Faults()
    shell.wall_clock = WallClock(machine.RTC(), "clock.txt", version.BUILT_S)
    shell.wall_clock.start()
    busy = core._io_queue.poller = Busy(core._io_queue.poller, now)
    builder = Builder(stored.board, settings, timers, now)
    speaker = builder.speaker()
    if speaks:
        from firmware import speaking

        shell.talk = speaking.make_talk(shell, settings, builder.microphone(), speaker)
    else:
        shell.talk = Speechless(shell)
    shell.signals = Signals(builder.light(), speaker, now, shell.talk)
    shell.journal, found = builder.journal(os.urandom)
    contacts, lines = builder.inputs(shell.bell.set, busy.busy_ms)
    _make_voices(shell, stored, builder.names())
    shell.calls = Calls(timers, shell.journal.next_call_n() - 1 if shell.journal else 0)
    shell.link, shell.bearer = make_link(shell, stored, now, rand)
    shell.reports = Reports(shell.uplink, shell.downlink, shell.link, shell.faults, shell.readings, shell.wall_clock.take,
                            shell.signals.fault, timers.health_ms, now)
    shell.unit = Unit(shell.calls, shell.journal, shell.uplink, shell.downlink, shell.link, shell.signals, shell.reports, now)
    if speaks:
        speaking.join(shell, settings["speech"], timers, any(sense.role == "answer" for sense in contacts))
    else:
        shell.speech = shell.daily = shell.unit.speech = shell.talk
        builder.problems.append(("speech", "", "speech is left out: not enough memory; calls go out as ever"))
    shell.senses = Senses(contacts, lines, shell.unit, shell.reports, now)
    shell.unit.resume(found)
    _tell_start(shell, stored.problems, builder.problems)
    return shell


def _make_voices(shell, stored, inputs):
    settings, journal = stored.settings, shell.journal
    who = tuple(settings[name] or "unknown" for name in ("scheme", "flat", "unit"))
    sealer = Sealer(stored.key)
    session = hexlify(os.urandom(8)).decode()
    epoch = journal.epoch if journal else session[:8]
    shell.uplink = Uplink(who, sealer, session, journal.boot if journal else 0, epoch, inputs)
    shell.downlink = Downlink(shell.uplink.prefix + "down", who[2], session, sealer)


def _tell_start(shell, of_stored, of_parts):
    opened = shell.calls.open
    shell.reports.started(shell.reset_cause, version.VERSION, shell.uplink.call_id(opened[-1].number) if opened else None)
    for text in of_stored:
        print("settings:", text)
        shell.reports.fault("settings", "", True)
    for fault, name, text in of_parts:
        print("%s: %s" % (fault, text))
        shell.reports.fault(fault, name, True)
    print("unit %s started, session %s, %d open calls" % (shell.uplink.prefix, shell.uplink.session, len(opened)))
