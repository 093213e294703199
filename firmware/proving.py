"""Makes what the unit proves each day, once; app.py lets go of this module then. No policy."""

from firmware.daily_tests import HOUR, DailyTests
from firmware.lent import Lent, begin_listening, begin_proofs
from firmware.shell import now, rand


def make_proofs(shell, settings, timers):
    """Puts shell.proofs, shell.audio_loop (None where the unit cannot hear itself) and shell.daily_tests. `settings`:
    core.settings.usable."""
    paths = ["broker%d" % (index + 1) for index in range(len(settings["brokers"]))]
    wanted = settings["self_test"] or {"hour": HOUR, "audio": True}
    zone = settings["speech"]["zone"] or {"offset_min": 0, "summer": "none"}
    shell.proofs = shell.unit.proofs = Lent(shell, begin_proofs, "IDLE", paths, now)
    shell.audio_loop = None
    if shell.mode == "full" and shell.talk.has_both():
        shell.audio_loop = Lent(shell, begin_listening, "OFF", (), now)
    loop = shell.audio_loop if wanted["audio"] else None
    shell.daily_tests = DailyTests(wanted["hour"] * 60 + rand(40), (zone["offset_min"], zone["summer"] == "eu"), shell.wall_clock,
                                   shell.proofs, loop, timers.calm_ms // 1000)
