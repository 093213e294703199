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
from firmware.core.speech.policy import Policy
from firmware.core.speech.session import Session
from firmware.core.speech_settings import minutes
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink
from firmware.daily import Daily
from firmware.drivers.busy import Busy
from firmware.drivers.prompts import PromptReader
from firmware.drivers.wall_clock import WallClock
from firmware.online import make_link
from firmware.reports import Reports
from firmware.senses import Senses
from firmware.shell import Paths, Shell, now, rand
from firmware.signals import Signals
from firmware.speech import Speech
from firmware.talk import Talk
from firmware.unit import Unit


def assemble(stored, watchdog):
    """The shell.Shell of a unit, ready to `supervise`. `stored`: stored.Stored with a board; `watchdog`: machine.WDT."""
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
    shell.talk = _make_talk(shell, settings, builder.microphone(), speaker)
    shell.signals = Signals(builder.light(), speaker, now, shell.talk)
    shell.journal, found = builder.journal(os.urandom)
    contacts, lines = builder.inputs(shell.bell.set, busy.busy_ms)
    _make_voices(shell, stored, builder.names())
    shell.calls = Calls(timers, shell.journal.next_call_n() - 1 if shell.journal else 0)
    shell.link, shell.bearer = make_link(shell, stored, now, rand)
    shell.reports = Reports(shell.uplink, shell.downlink, shell.link, shell.faults, shell.readings, shell.wall_clock.take,
                            shell.signals.fault, timers.health_ms, now)
    shell.unit = Unit(shell.calls, shell.journal, shell.uplink, shell.downlink, shell.link, shell.signals, shell.reports, now)
    shell.daily = shell.unit.daily = _make_daily(shell, settings["speech"])
    _make_speech(shell, settings["speech"], timers, any(sense.role == "answer" for sense in contacts))
    shell.senses = Senses(contacts, lines, shell.unit, shell.reports, now)
    shell.unit.resume(found)
    _tell_start(shell, stored.problems, builder.problems)
    return shell


def _make_talk(shell, settings, microphone, speaker):
    prompts = PromptReader("prompts/" + settings["speech"]["language"])
    return Talk(microphone, speaker, Paths(shell), prompts, now, settings["volume_pct"])


def _make_speech(shell, settings, timers, has_button):
    session = Session(timers, Policy(settings["answering"], has_button, settings["plain_rtp"]))
    shell.speech = shell.unit.speech = Speech(session, shell.talk, shell.calls, shell.uplink, shell.link, shell.signals,
                                              shell.reports, shell.unit.obey, shell.bearer.speaking, now)


def _make_daily(shell, settings):
    window, zone, wellbeing = settings["wellbeing"], settings["zone"] or {"offset_min": 0, "summer": "none"}, None
    if window is not None:
        from firmware.core.speech.wellbeing import Wellbeing  # here: few flats want it, and it would lie in the heap of all

        wellbeing = Wellbeing(minutes(window["from"]), minutes(window["until"]), zone["offset_min"], zone["summer"] == "eu")
    return Daily(wellbeing, shell.wall_clock, shell.reports.note, shell.signals.sound, now)


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
