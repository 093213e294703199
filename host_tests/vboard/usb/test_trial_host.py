"""`make blank`: a board to try without one. Each command that it prints is typed as it stands, one after the other."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

from host_tests.peers import need
from tools import deploy
from tools.vboard.usb import UsbBoard, hand, trial

_S = 120
_CLAIM = re.compile(r"(?:[A-Z2-9]{4}-){2}[A-Z2-9]{4}")


@contextlib.contextmanager
def running(directory):
    """(process, what it said first)"""
    command = [sys.executable, "-m", "tools.vboard.usb.trial", "--dir", str(directory)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=deploy.ROOT, **pipes) as process:
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith("Ctrl-C ends all of it"):
                    break
            yield process, "".join(said)
        finally:
            process.kill()


def of_this(directory):
    """Command lines of all processes that have to do with the directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            found += [line] if str(directory) in line and int(path.parent.name) != os.getpid() else []
    return found


def label_of(directory):
    return "".join(page.extract_text() for page in pypdf.PdfReader(directory / "scheme" / "labels" / "u12.pdf").pages)


@pytest.mark.timeout(400)
def test_every_command_that_is_printed_works_as_it_stands_and_ctrl_c_leaves_nothing_running(tmp_path):
    need("nats")
    home = tmp_path / "blank"
    with running(home) as (process, said):
        assert "Everything here is VIRTUAL" in said and "EMPTY STAND-IN" in said, said
        lines = [line.strip() for line in said.splitlines() if line.startswith("    ")]
        assert len(lines) == len(trial.commands(home)) == 10
        port = int(re.search(r"127\.0\.0\.1:(\d+)", said)[1])
        scheme = json.loads((home / "scheme" / "scheme.json").read_text())
        (home / "scheme" / "scheme.json").write_text(json.dumps({**scheme, "timers": {"test_settle_ms": 500}}))  # not 3 s
        told = {}
        for line in lines:
            code = {"CLAIM_CODE": _CLAIM.search(label_of(home))[0]} if line.endswith(" enter") else {}  # as one types it
            done = subprocess.run(line, shell=True, cwd=deploy.ROOT, env={**os.environ, **code}, capture_output=True, text=True,
                                  timeout=_S, stdin=subprocess.DEVNULL, check=False)
            assert done.returncode == 0, (line, done.stdout[-3000:], done.stderr[-3000:])
            told[line] = done.stdout
        flat, show, verify, state, files, left, card = (told[lines[n]] for n in (1, 3, 4, 5, 7, 8, 9))
        assert "1 of 1 installed" in flat and "installed" in show and "1 rows, whole" in verify
        assert state.startswith("running: ") and "settings.json" in files and "trial/f12/u12" in left
        assert Path(card.strip()).read_bytes().startswith(b"%PDF")

        process.stdin.write("dance\nstatus\n")
        process.stdin.flush()
        assert not json.loads(process.stdout.readline())["ok"] and json.loads(process.stdout.readline())["mode"] == "run"
        process.send_signal(signal.SIGINT)
        assert process.wait(_S) == 0
    assert of_this(home) == [] and not os.path.lexists(home / "board") and not (home / "board.hand").exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_commands_are_short_where_they_are_typed(monkeypatch):
    monkeypatch.chdir(deploy.ROOT)
    lines = [line for line, _ in trial.commands(trial._DIRECTORY)]
    assert all("build/blank" in line and str(deploy.ROOT) not in line.replace(sys.executable, "") for line in lines)
    assert sum(" --port build/blank/board " in line + " " for line in lines) == 5


def test_a_folder_that_holds_something_else_is_left_alone_and_a_second_trial_beside_the_first_is_refused(tmp_path, capsys):
    (tmp_path / "mine").write_text("precious")
    assert trial.main(["--dir", str(tmp_path)]) == 1 and "holds something else" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "precious"
    home = tmp_path / "blank"
    with trial._own(home):
        (home / "old").mkdir()
        assert trial.main(["--dir", str(home)]) == 1 and "another trial runs" in capsys.readouterr().err
        assert (home / "old").exists()
    with trial._own(home):
        assert [path.name for path in home.iterdir()] == ["lock"], "each begins from zero"


def test_a_hand_presses_the_buttons_of_a_board_that_another_process_has(tmp_path, capsys):
    folder = tmp_path / ("long" * 25)  # longer than a socket's name may be
    folder.mkdir()
    port = folder / "board"
    assert hand.main(["run", str(port)]) == 1 and "no virtual board" in capsys.readouterr().err
    assert hand.main([str(port)]) == 2

    def press(board):
        for words, mode in ((["download", str(port)], "rom"), (["run", str(port)], "stuck"), ([str(port), "boot"], "rom")):
            assert hand.main(words) == 0 and board.mode == mode
            assert bool(capsys.readouterr().out) == (words[0] == str(port)), "the screen is the installer's tool's"
        assert hand.main([str(port), "dance"]) == 1

    async def scene(board):
        async with hand.Hands(board):
            await asyncio.to_thread(press, board)

    with UsbBoard(port, folder / "state") as board:
        asyncio.run(scene(board))
    assert not Path(f"{port}{hand.SUFFIX}").exists()
