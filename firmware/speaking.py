"""Makes the parts of speech, once; app.py lets go of this module then. Alone here, so that a unit that leaves them out
(speechless.py) does not load them; nor the tests that the unit makes by itself or with an engineer, which it leaves out too. No
policy."""

from firmware.core.speech.policy import Policy
from firmware.core.speech.session import Session
from firmware.core.speech_settings import minutes
from firmware.drivers.prompts import PromptReader
from firmware.paths import Paths
from firmware.proving import make_proofs
from firmware.shell import now
from firmware.speech import Speech
from firmware.talk import Talk
from firmware.walk.at_start import make_testing


def make_talk(shell, settings, microphone, speaker):
    """talk.Talk. `settings`: core.settings.usable; `microphone`, `speaker`: of drivers, or None."""
    prompts = PromptReader("prompts/" + settings["speech"]["language"])
    return Talk(microphone, speaker, Paths(shell), prompts, now, settings["volume_pct"])


def join(shell, settings, timers, has_button):
    """Joins shell.talk to the unit: shell.speech and shell.daily. `settings`: core.speech_settings.usable; `has_button`: the
    board has an answer button."""
    session = Session(timers, Policy(settings["answering"], has_button, settings["plain_rtp"]))
    unit = shell.unit
    shell.speech = unit.speech = Speech(session, shell.talk, shell.calls, shell.uplink, shell.link, shell.signals, shell.reports,
                                        unit.obey, shell.bearer.speaking, now)
    shell.daily = unit.daily = _daily(shell, settings)


def join_tests(shell, stored, senses, names, timers):
    """Joins the tests to the unit: shell.proofs, shell.daily_tests, shell.testing. Arguments as of make_testing."""
    make_proofs(shell, stored.settings, timers)
    make_testing(shell, stored, senses, names, timers)


def _daily(shell, settings):
    """daily.Daily; None where it is not wanted."""
    window, zone = settings["wellbeing"], settings["zone"] or {"offset_min": 0, "summer": "none"}
    if window is None:
        return None
    from firmware.core.speech.wellbeing import Wellbeing  # here: few flats want it, and it would lie in the heap of all
    from firmware.daily import Daily

    wellbeing = Wellbeing(minutes(window["from"]), minutes(window["until"]), zone["offset_min"], zone["summer"] == "eu")
    return Daily(wellbeing, shell.wall_clock, shell.reports.note, shell.signals.sound, now)
