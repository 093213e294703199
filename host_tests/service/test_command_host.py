"""`python -m tools.service`: where the claim code comes from, and what is said when something is wrong."""

import io
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
