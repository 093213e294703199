"""Makes what the unit proves each day, once; app.py lets go of this module then. No policy."""

import os
from binascii import hexlify

from firmware import on_demand
from firmware.core.media.goertzel import recur
from firmware.core.media.level import mean_abs
from firmware.daily_tests import HOUR, DailyTests
from firmware.lent import Lent
from firmware.shell import now, rand


def make_proofs(shell, settings, timers):
    """Puts shell.proofs, shell.audio_loop (None where the unit cannot hear itself) and shell.daily_tests. `settings`:
    core.settings.usable."""
    paths = ["broker%d" % (index + 1) for index in range(len(settings["brokers"]))]
    wanted = settings["self_test"] or {"hour": HOUR, "audio": True}
    zone = settings["speech"]["zone"] or {"offset_min": 0, "summer": "none"}
    shell.proofs = shell.unit.proofs = Lent(shell, _prove, "IDLE", paths, now)
    shell.audio_loop = None
    if shell.mode == "full" and shell.talk.has_both():
        shell.audio_loop = Lent(shell, _listen, "OFF", (), now)
    loop = shell.audio_loop if wanted["audio"] else None
    shell.daily_tests = DailyTests(wanted["hour"] * 60 + rand(40), (zone["offset_min"], zone["summer"] == "eu"), shell.wall_clock,
                                   shell.proofs, loop, timers.calm_ms // 1000)


def _prove(lent, path=None):
    """proofs.Proofs that proves a path, or all; None if that cannot be now."""
    shell = lent.shell
    if shell.link.path is None or lent.busy():
        return None
    proofs = on_demand.proofs()(lent.paths(), shell.link, shell.reports, lent.busy, _digits, now)
    return proofs if proofs.prove(path) else None


def _listen(lent):
    """audio_loop.AudioLoop that listens; None if that cannot be now."""
    shell = lent.shell
    if shell.talk.prompting or lent.busy():
        return None
    loop = on_demand.audio_loop()(shell.talk, shell.speech, shell.signals, shell.reports, lent.busy, _digits, now,
                                  mean_abs, recur)
    return loop if loop.start() else None


def _digits(count):
    return hexlify(os.urandom(count)).decode()
