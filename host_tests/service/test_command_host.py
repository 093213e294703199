"""`python -m tools.service`: where the claim code comes from, and what is said when something is wrong."""

import io
import os
import subprocess
import sys

import pytest

from tools.service import __main__ as command
from tools.service import claim


def options(*words):
    return command._parser().parse_args(["--port", "x", *words, "enter"])


def test_the_code_comes_from_a_file_from_standard_input_or_from_the_environment(tmp_path, monkeypatch):
    code = claim.new()
    (tmp_path / "code").write_text(f" {code.lower()} \nsomething else\n")
    assert command.code_of(options("--code-file", str(tmp_path / "code"))) == code
    monkeypatch.setattr(sys, "stdin", io.StringIO(code.replace("-", "") + "\n"))
    assert command.code_of(options("--code-file", "-")) == code
    monkeypatch.setenv("CLAIM_CODE", code)
    assert command.code_of(options()) == code
    monkeypatch.delenv("CLAIM_CODE")
    monkeypatch.setattr(command.getpass, "getpass", lambda prompt: code)
    assert command.code_of(options()) == code


def test_no_argument_takes_a_code():
    with pytest.raises(SystemExit) as ended:
        options("--code", claim.new())
    assert ended.value.code == 2


def test_what_is_no_code_is_said_without_repeating_it(tmp_path, capsys):
    (tmp_path / "code").write_text("secret-but-wrong\n")
    assert command.main(["--port", str(tmp_path / "none"), "--code-file", str(tmp_path / "code"), "enter"]) == 1
    said = capsys.readouterr()
    assert "letters and digits" in said.err and "secret" not in said.err + said.out


def test_a_port_that_is_not_there_is_named_with_what_to_do(tmp_path):
    done = subprocess.run([sys.executable, "-m", "tools.service", "--port", str(tmp_path / "none"), "state"],
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 1 and str(tmp_path / "none") in done.stderr and "cable" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_terminal_nobody_is_asked_for_the_code(tmp_path):
    command_line = [sys.executable, "-m", "tools.service", "--port", str(tmp_path / "none"), "enter"]
    bare = {name: value for name, value in os.environ.items() if name != "CLAIM_CODE"}
    done = subprocess.run(command_line, stdin=subprocess.DEVNULL, env=bare, capture_output=True, text=True, timeout=60,
                          check=False)  # fmt: skip
    assert done.returncode == 1 and "--code-file" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_of_what_comes_over_the_line_people_see_what_the_unit_says_to_them(capsys):
    lines = (">>> who", "NameError: name 'who' isn't defined", "service: wait 1 s", "unit ils/v1/a/b/c/ running")
    for words, seen in (((), lines[2:]), (("--verbose",), lines)):
        show = command._listener(command._parser().parse_args(["--port", "none", *words, "state"]))
        for line in lines:
            show(line)
        assert capsys.readouterr().err.splitlines() == [f"  {line}" for line in seen]
    assert command._listener(command._parser().parse_args(["--port", "none", "--quiet", "state"])) is None
