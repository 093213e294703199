"""tools/patterns.py: what an installer sees and hears is what the unit does."""

import io
import json
import struct
import subprocess
import wave

import pytest

from firmware.core import patterns as table
from host_tests.run_micropython import ROOT, interpreter
from tools import patterns


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_every_state_and_tone_stands_on_the_page():
    page = patterns.page()
    for name in list(table.STATES) + list(table.SHOTS):
        assert "| %s |" % name in page


def test_check_tells_a_page_that_is_out_of_step(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(patterns, "PAGE", tmp_path / "light.md")
    assert patterns.main(["--check"]) == 1
    assert patterns.main(["--write"]) == 0 and patterns.main(["--check"]) == 0
    patterns.PAGE.write_text(patterns.page().replace("500 ms", "5 s"))
    assert patterns.main(["--check"]) == 1
    assert "make docs" in capsys.readouterr().err


def test_a_state_is_told_in_lines_where_there_is_no_terminal():
    out = io.StringIO()
    patterns.show(["RECEIVED"], out, sleep=None, show_s=2)
    lines = [line.split(" s", 1)[0].strip() for line in out.getvalue().splitlines() if "light (" in line]
    assert lines == ["0.00", "0.15", "0.30", "0.50", "0.60", "1.00", "1.50"]


def test_a_terminal_shows_each_change_for_as_long_as_the_unit_does():
    slept = []
    out = Terminal()
    patterns.show(["CALLING"], out, sleep=slept.append, show_s=4)
    assert slept == [0.25, 1.5, 0.25, 1.75, 0.25]
    assert "\x1b[91;1m" in out.getvalue()


def test_an_unknown_state_is_refused_with_those_that_exist(capsys):
    with pytest.raises(SystemExit):
        patterns.main(["--show", "PARTY"])
    assert "PARTY is no state; there are STANDBY CALLING" in capsys.readouterr().err


def test_the_sound_files_hold_the_tones(tmp_path):
    paths = patterns.save_tones(tmp_path)
    assert len(paths) == len(table.SHOTS) + 4
    with wave.open(str(tmp_path / "activated.wav")) as file:
        samples = struct.unpack("<%dh" % file.getnframes(), file.readframes(file.getnframes()))
    rising = sum(samples[i - 1] < 0 <= samples[i] for i in range(1, len(samples)))
    assert abs(len(samples) / 16000 - 0.25) < 0.02
    assert abs(rising * 16000 / len(samples) - 500) < 10


def test_what_is_sent_to_a_unit_runs_there_and_shows_the_states(tmp_path):
    """Under the real MicroPython with the stand-ins, from a unit's own files; the watchdog is fed all along."""
    settings = {"v": 1, "board": "ESP32_GENERIC", "volume_pct": 60}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "board_configs").symlink_to(ROOT / "board_configs")
    code = patterns.ON_UNIT % {"names": ["CALLING", "RECEIVED"], "show_ms": 1200, "meanings": patterns.MEANINGS}
    script = "import sys\nsys.path[:] = %r\nimport machine\nexec(%r)\nworld = machine.world\n" % (
        [str(ROOT / "tools" / "vboard" / "standins"), str(ROOT), ".frozen"], code)
    script += "print('levels', [level for _, level in world.pin(23).history])\n"
    script += "print('sound', len(world.sound(0).samples) > 0, world.watchdog_ms, world.feeds > 50)\n"
    done = subprocess.run([interpreter(), "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "CALLING - pressed or pulled" in done.stdout, done.stdout + done.stderr
    assert "levels [1, 0, 1, 0]" in done.stdout or "levels [1, 0, 1, 0, 1, 0]" in done.stdout, done.stdout
    assert "sound True 60000 True" in done.stdout


def test_a_port_without_a_unit_gives_an_exit_code_and_no_traceback(tmp_path, capfd):
    assert patterns.show_on_unit(str(tmp_path / "no-such-port"), ["TEST"]) != 0
    told = capfd.readouterr()
    assert "cannot raise a call meanwhile" in told.out and "Traceback" not in told.err
