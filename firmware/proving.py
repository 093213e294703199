"""Makes what the unit proves each day, once; app.py lets go of this module then. No policy."""

import os
from binascii import hexlify

from firmware.audio_loop import AudioLoop
from firmware.daily_tests import HOUR, DailyTests
from firmware.proofs import Proofs
from firmware.shell import now, rand


def make_proofs(shell, settings, timers):
    """Puts shell.proofs, shell.audio_loop (None where the unit cannot hear itself) and shell.daily_tests. `settings`:
    core.settings.usable."""

    def busy():
        return bool(shell.calls.open) or shell.talk.active or shell.speech.is_on()

    wanted = settings["self_test"] or {"hour": HOUR, "audio": True}
    zone = settings["speech"]["zone"] or {"offset_min": 0, "summer": "none"}
    shell.proofs = shell.unit.proofs = Proofs(len(settings["brokers"]), shell.link, shell.reports, busy, lambda: _digits(4), now)
    shell.audio_loop = None
    if shell.mode == "full" and shell.talk.has_both():
        shell.audio_loop = AudioLoop(shell.talk, shell.speech, shell.signals, shell.reports, busy, lambda: _digits(8), now)
    loop = shell.audio_loop if wanted["audio"] else None
    shell.daily_tests = DailyTests(wanted["hour"] * 60 + rand(40), (zone["offset_min"], zone["summer"] == "eu"), shell.wall_clock,
                                   shell.proofs, loop, timers.calm_ms // 1000)


def _digits(count):
    return hexlify(os.urandom(count)).decode()
