"""One command from a shell reaches a board; a refusal and a board that is not there are told by the exit code."""

import json
import socket
import threading
from pathlib import Path

import pytest

from tools.vboard import say


@pytest.fixture
def board():
    """(port, lines received) of a board that refuses `explode` and takes everything else."""
    server = socket.create_server(("127.0.0.1", 0))
    lines = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as file:
                lines.append(json.loads(file.readline()))
                file.write(json.dumps({"v": 1, "id": 1, "ok": lines[-1]["do"] != "explode"}).encode() + b"\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], lines
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_a_command_and_its_fields_reach_the_board(board, capsys):
    port, lines = board
    assert say.main([str(port), "press", "input=answer", "ms=300"]) == 0
    assert say.main([str(port), "fault", "fault=bounce", "on=false"]) == 0
    assert lines == [
        {"v": 1, "id": 1, "do": "press", "input": "answer", "ms": 300},
        {"v": 1, "id": 1, "do": "fault", "fault": "bounce", "on": False},
    ]
    assert json.loads(capsys.readouterr().out.splitlines()[0])["ok"]


def test_a_file_is_named_in_full_because_the_board_may_be_elsewhere(board):
    port, lines = board
    assert say.main([str(port), "microphone", "what=play", "file=voice.wav", "gain_db=-6.5"]) == 0
    assert lines[0]["file"] == str(Path("voice.wav").absolute()) and lines[0]["gain_db"] == -6.5


def test_a_refusal_a_word_that_is_no_field_and_no_board_have_their_exit_codes(board, capsys):
    port, lines = board
    assert say.main([str(port), "explode"]) == 1
    assert say.main([str(port), "press", "button"]) == 2 and len(lines) == 1
    with socket.create_server(("127.0.0.1", 0)) as door:
        free = door.getsockname()[1]
    assert say.main([str(free), "status"]) == 2
    assert "FIELD=VALUE" in capsys.readouterr().err
