"""Child processes are bounded, stoppable and leave nothing behind; ports and buttons say what is wrong with them."""

import io
import os
import pathlib
import pty
import sys
import threading
import time
import types

import pytest
import serial

from tools.install import console, ports, press, programs
from tools.install.errors import InstallError
from tools.install.ports import Line
from tools.install.programs import Stop
from tools.install.progress import Progress


@pytest.fixture
def module(tmp_path, monkeypatch):
    """`module(text)`: a Python module of that text, for `python -m`."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(text):
        (tmp_path / "a_program.py").write_text(text)
        return "a_program"

    return write


def code_of(work, *arguments, **named):
    with pytest.raises(InstallError) as caught:
        work(*arguments, **named)
    return caught.value.code


def test_lines_come_as_they_are_said_without_colours_and_with_what_is_written_over(module):
    said = []
    text = "import sys\nprint('\\x1b[32mone\\x1b[0m')\nsys.stdout.write('10 %\\r20 %\\r')\nsys.stderr.write('two')\nsys.exit(3)"
    assert programs.run(module(text), ["x"], 20, Stop(), said.append) == (3, "one\n10 %\n20 %\ntwo")
    assert said == ["one", "10 %", "20 %", "two"]


def test_one_that_does_not_end_is_ended_with_its_children(module, tmp_path):
    text = "import subprocess, sys\nchild = subprocess.Popen(['sleep', '600'])\n"
    text += "open(sys.argv[1], 'w').write(str(child.pid))\nchild.wait()"
    note = tmp_path / "pid"
    assert code_of(programs.run, module(text), [note], 2, Stop()) == "timeout"
    assert gone(int(note.read_text()))


def test_ctrl_c_ends_it_too(module):
    stop = Stop()
    threading.Timer(0.3, stop.set).start()
    assert code_of(programs.run, module("import time\ntime.sleep(600)"), [], 60, stop) == "stopped"


def gone(pid):
    end_s = time.monotonic() + 10
    while time.monotonic() < end_s:
        try:
            if pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_a_line_waits_for_words_and_not_longer():
    master, slave = pty.openpty()
    said = []
    try:
        with Line(os.ttyname(slave), Stop(), said.append) as line:
            os.write(master, b"ets Jul 29\r\nblank unit: waiting\r\n")
            name, match = line.until({"no": "^never", "blank": r"^blank (\w+)"}, 10)
            assert (name, match.group(1)) == ("blank", "unit") and line.until({"no": "^never"}, 0.2) == (None, None)
            assert said == ["console: ets Jul 29", "console: blank unit: waiting"]
            line.send(b"who\n")
            assert os.read(master, 100)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize(("line", "who", "state"), [
    (b"invalid header: 0xffffffff\r\n", "", console.SILENT), (b"blank unit: waiting for its identity\r\n", "", console.SILENT),
    (b"unit ils/v1/house/f1/u1/ running, session 5\r\n", "house/f1/u1", console.RUNNING),
])  # fmt: skip
def test_a_board_that_says_what_it_is_is_not_waited_for(monkeypatch, line, who, state):
    monkeypatch.setattr(console, "_WHO_S", 600)
    master, slave = pty.openpty()
    try:
        job = types.SimpleNamespace(stop=Stop())
        with console.Console(os.ttyname(slave), job, print) as asked:
            threading.Timer(0.2, os.write, (master, line)).start()
            assert asked.who() == who and asked.state == state
            assert os.read(master, 100) == b"\nwho\n"
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_that_is_busy_missing_or_pulled_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ports, "_GONE_S", 0.2)
    assert code_of(Line(str(tmp_path / "none"), Stop(), print).__enter__) == "port_missing"
    master, slave = pty.openpty()
    link = tmp_path / "port"
    link.symlink_to(os.ttyname(slave))
    try:
        with serial.Serial(str(link), exclusive=True):
            assert code_of(Line(str(link), Stop(), print).__enter__) == "port_busy"
        with Line(str(link), Stop(), print) as line:
            link.unlink()
            assert code_of(line.until, {"no": "never"}, 60) == "port_lost"
    finally:
        os.close(master)
        os.close(slave)


def test_a_finger_is_asked_for_or_a_program_is_run_in_its_place(tmp_path):
    asked = []
    press.Manual(asked.append).download("/dev/p")
    press.Manual(asked.append).run("/dev/p", None)
    assert "hold BOOT" in asked[0] and "/dev/p" in asked[1] and "BOOT" not in asked[1]
    note = tmp_path / "note"
    command = [sys.executable, "-c", f"import sys\nopen({str(note)!r}, 'a').write(' '.join(sys.argv[1:]) + ';')"]
    finger = press.ByProgram(command)
    finger.download("/dev/p")
    finger.run("/dev/p", None)
    assert note.read_text() == "download /dev/p;run /dev/p;"
    assert code_of(press.ByProgram([sys.executable, "-c", "raise SystemExit(1)"]).run, "/dev/p", None) == "program"

    def nobody(text):
        raise EOFError

    assert code_of(press.Manual(nobody).run, "/dev/p", None) == "no_answer"


def test_ctrl_c_ends_the_wait_for_a_finger_too(monkeypatch):
    reading, writing = os.pipe()
    stop = Stop()
    finger = press.Manual(stop=stop)
    with os.fdopen(reading) as keyboard, os.fdopen(writing, "w") as hand:
        monkeypatch.setattr(sys, "stdin", keyboard)
        hand.write("\n")
        hand.flush()
        finger.download("/dev/p")  # Enter was pressed
        threading.Timer(0.3, stop.set).start()
        assert code_of(finger.run, "/dev/p", None) == "stopped"
    with open(os.devnull) as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert code_of(press.Manual().run, "/dev/p", None) == "no_answer"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_has_a_line_for_each_port_and_a_log_has_all_of_them():
    screen, log = Terminal(), io.StringIO()
    shown = Progress(log, screen)
    shown.step("a", "f1", "write")
    shown.step("b", "f2", "identify")
    shown.step("a", "f1", "write", "40 %")
    shown.done("b", "f2", "installed, 9 s")
    shown.say("a line above")
    last = screen.getvalue().rpartition("\x1b[J")[2].splitlines()
    assert last[0] == "a line above" and "write 40 %" in last[1] and "installed" in last[2] and len(last) == 3
    assert screen.getvalue().count("\x1b[2F") == 3
    lines = log.getvalue().splitlines()
    assert len(lines) == 4 and all(line[:2] == "20" and line[19] == "Z" for line in lines)


def test_what_nobody_may_see_is_shown_nowhere():
    out, log = io.StringIO(), io.StringIO()
    shown = Progress(log, out)
    shown.veil(["0123456789abcdef", "1234", ""])
    shown.step("p", "f1", "x 0123456789abcdef")
    shown.log("p", "key 0123456789abcdef, 1234")
    shown.say("0123456789abcdef")
    assert "0123456789abcdef" not in out.getvalue() + log.getvalue() and "1234" in log.getvalue()
