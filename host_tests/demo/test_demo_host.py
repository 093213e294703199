"""The demo at a terminal: it works, it answers wrong input, it persists, and it leaves nothing behind."""

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from host_tests.peers import need

ROOT = Path(__file__).resolve().parent.parent.parent
_BOUND_S = 30  # a busy machine must not fail a right test


class Demo:
    """The demo's process behind a pseudo-terminal."""

    def __init__(self, directory, *options):
        self.directory = directory
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", "tools.demo", "--dir", str(directory), *options]
        env = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=self._take_terminal,
        )
        os.close(slave)
        self.said = ""
        self._read_up_to = 0

    @staticmethod
    def _take_terminal():
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C comes from the terminal, as it does for a person

    def type(self, text):
        os.write(self._master, text.encode())

    def expect(self, pattern, timeout_s=_BOUND_S):
        """Wait until `pattern` was printed after the last match."""
        end_s = time.monotonic() + timeout_s
        while not (found := re.search(pattern, self.said[self._read_up_to :])):
            if time.monotonic() > end_s or not self._more(end_s):
                raise AssertionError(f"no {pattern!r} in what the demo printed:\n{self.said}")
        self._read_up_to += found.end()
        return found

    def ends(self):
        """The exit code; reads to the end."""
        end_s = time.monotonic() + _BOUND_S
        while self.process.poll() is None and time.monotonic() < end_s:
            self._more(time.monotonic() + 0.1)
        return self.process.wait(1)

    def _more(self, end_s):
        ready, _, _ = select.select([self._master], [], [], max(0, end_s - time.monotonic()))
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self.said += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def family(self):
        """(pid, start time) of every process below the demo's."""
        parents = {}
        for stat in _stats():
            parents.setdefault(stat[1], []).append((stat[0], stat[2]))
        found, look = set(), [self.process.pid]
        while look:
            children = parents.get(look.pop(), [])
            found.update(children)
            look += [pid for pid, _ in children]
        return found

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
        os.close(self._master)


def _stats():
    """(pid, parent, start time) of each process that runs; zombies are none."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            yield int(path.parent.name), int(fields[1]), fields[19]


def left_of(family):
    """Those of `family` that still run after a bounded wait."""
    end_s = time.monotonic() + 10
    while (left := family & {(pid, start) for pid, _, start in _stats()}) and time.monotonic() < end_s:
        time.sleep(0.05)
    return left


@pytest.fixture
def demo(tmp_path):
    need("nats")
    started = []

    def start(*options):
        started.append(Demo(tmp_path / "flat", *options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_person_presses_answers_and_clears_and_ctrl_c_leaves_nothing_behind(demo):
    flat = demo()
    flat.expect("Flat 12 is yours")
    flat.expect("unit online")
    flat.type("press\n")
    flat.expect("light on")
    flat.expect("light flashing")
    flat.type("jump\n")
    flat.expect("`jump` is not understood")
    flat.type("cal\n")
    flat.expect("call 1 open: flat 12, hall")
    flat.type("a\n")
    flat.expect("light double")
    flat.type("clear mistake\n")
    flat.expect("call 1 closed")
    flat.expect("light off")
    family = flat.family()
    assert len(family) >= 3, "broker, desk and board are processes of their own"
    flat.type("half a comm\x03")
    assert flat.ends() == 0
    assert "keys, journal and calls stay in" in flat.said
    assert not left_of(family)


def test_two_links_lead_to_the_desk_and_the_flat_and_the_prompt_speaks_too(demo):
    flat = demo()
    for name, words in (("desk", "Open calls"), ("flat", "Your voice in the flat")):
        link = flat.expect(rf"the {name}'s page: (http://\S+)").group(1)
        assert words in enter(link)
    flat.expect("unit online")
    flat.type("talk\n")
    flat.expect("not done: there is no open call")
    flat.type("press\n")
    flat.expect("light flashing")
    flat.type("a\n")
    flat.expect("light double")
    flat.type("talk\n")
    flat.expect("alarm speech connected")
    flat.type("mic play nowhere.wav\n")
    flat.expect("not done: microphone: .*nowhere.wav")
    flat.type("hang up\n")
    flat.expect("alarm speech ended")
    flat.type("links\n")
    assert "Open calls" in enter(flat.expect(r"the desk's page: (http://\S+)").group(1))
    flat.type("quit\n")
    assert flat.ends() == 0


def enter(link):
    """The page behind a one-time link."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link, timeout=_BOUND_S) as reply:
        reply.read()
    with opener.open(link[: link.index("/enter")] + "/", timeout=_BOUND_S) as reply:
        return reply.read().decode()


def test_the_flat_is_the_same_one_next_time(demo):
    first = demo()
    first.expect("unit online")
    first.type("pull 1\n")
    first.expect("light flashing")
    first.type("quit\n")
    assert first.ends() == 0
    second = demo()
    second.expect("unit online")
    second.expect("light flashing")
    second.type("calls\n")
    second.expect(r"call 1 open: flat 12, bathroom[^\n]*\n> ")  # Ctrl-D counts only while a prompt waits
    second.type("\x04")
    assert second.ends() == 0


def test_even_a_killed_demo_leaves_nothing_behind(demo):
    flat = demo()
    flat.expect("unit online")
    family = flat.family()
    assert family
    flat.process.send_signal(signal.SIGKILL)
    flat.process.wait(5)
    assert not left_of(family)


def test_ctrl_c_during_the_set_up_leaves_nothing_behind(demo):
    flat = demo()
    flat.expect("broker nats listens")
    family = flat.family()
    flat.type("\x03")
    assert flat.ends() == 0
    assert not left_of(family)


def test_a_broker_that_dies_by_itself_is_said_and_can_be_started_again(demo):
    flat = demo()
    flat.expect("unit online")
    brokers = [pid for pid, _ in flat.family() if "nats-server" in Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(brokers) == 1
    os.kill(brokers[0], signal.SIGKILL)
    flat.expect("the broker has ended by itself: `broker mend` starts it again")
    flat.type("broker mend\n")
    flat.expect("broker +is back")
    flat.expect("broker connected")
    flat.type("quit\n")
    assert flat.ends() == 0


def test_a_file_of_keys_that_was_cut_short_is_made_anew(demo, tmp_path):
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "secrets.json").write_text('{"key"')
    flat = demo()
    flat.expect("unit online")
    flat.type("quit\n")
    assert flat.ends() == 0


def test_a_taken_port_and_a_second_demo_are_said_in_plain_words(demo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        flat = demo("--port", str(port))
        flat.expect(f"port {port} is taken by another program")
        assert flat.ends() == 1
    first = demo()
    first.expect("broker nats listens")
    second = demo()
    second.expect("another demo is running")
    assert second.ends() == 1


def test_commands_from_a_pipe_work_too(tmp_path):
    need("nats")
    commands = "wait 3\npress\nwait 5\nanswer\nwait 2\nclear help_sent by A. Jones\nwait 2\ncalls\n"
    command = [sys.executable, "-m", "tools.demo", "--dir", str(tmp_path / "flat")]
    done = subprocess.run(command, cwd=ROOT, input=commands, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done
    assert "call 1 closed: flat 12, hall" in done.stdout


def test_a_scenario_that_does_not_exist_ends_with_the_list(tmp_path):
    command = [sys.executable, "-m", "tools.demo", "--scenario", "nosuch"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "there are: " in done.stderr and "button" in done.stderr
