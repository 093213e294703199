"""Set-up says in plain words why it cannot go on, and does nothing twice."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import set_up

ROOT = Path(set_up.ROOT)
GOOD = ("Linux", "x86_64", ("glibc", "2.36"), (3, 11, 7))


def test_what_it_cannot_run_on_is_named():
    for place, value, words in (
        (0, "Darwin", "this is Darwin"),
        (1, "aarch64", "on aarch64"),
        (2, ("", ""), "another one"),
        (2, ("glibc", "2.27"), "glibc 2.27"),
        (3, (3, 9, 18), "Python 3.9 cannot be used"),
        (3, (3, 15, 0), "Python 3.15 cannot be used"),
    ):
        case = list(GOOD)
        case[place] = value
        with pytest.raises(set_up.SetUpError, match=re.escape(words)):
            set_up.check_machine(*case)


def test_every_python_that_we_promise_passes():
    for minor in range(10, 15):
        set_up.check_machine("Linux", "x86_64", ("glibc", "2.28"), (3, minor, 0))


def test_the_venv_is_ready_only_with_the_fingerprint_of_these_requirements(tmp_path, monkeypatch):
    monkeypatch.setattr(set_up, "VENV", str(tmp_path))
    monkeypatch.setattr(set_up, "_SENTINEL", str(tmp_path / ".ready"))
    assert not set_up.is_ready()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    (tmp_path / ".ready").write_text(set_up.fingerprint() + "\n")
    assert set_up.is_ready()
    changed = tmp_path / "requirements.txt"
    changed.write_text("other==1\n")
    monkeypatch.setattr(set_up, "_REQUIREMENTS", str(changed))
    assert not set_up.is_ready()


def test_a_failing_pip_is_shown_in_its_own_words(tmp_path, monkeypatch):
    bad = tmp_path / "requirements.txt"
    bad.write_text(f"{tmp_path}/no-such-package\n")
    monkeypatch.setattr(set_up, "_REQUIREMENTS", str(bad))
    monkeypatch.setattr(set_up, "venv_python", lambda: sys.executable)
    with pytest.raises(set_up.SetUpError, match="no-such-package"):
        set_up.install()


def test_the_lock_has_a_hash_for_each_package_and_names_no_host():
    text = (ROOT / "requirements.txt").read_text()
    packages = re.findall(r"^([a-z][a-z0-9-]*)==[^ ]+ \\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(packages) == text.count("==") >= 30
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    wanted = re.findall(r"^[a-z][a-z0-9-]*", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    assert set(wanted) <= set(packages)


def test_what_comes_as_source_is_set_apart_with_its_hashes_and_nothing_is_lost():
    text = (ROOT / "requirements.txt").read_text()
    ready, source = set_up.apart(text, set_up.FROM_SOURCE)
    assert re.fullmatch(r"esptool==[^ ]+ \\\n +--hash=sha256:[0-9a-f]{64}\n", source)
    assert "esptool==" not in ready and "setuptools==" in ready, "its builder has a hash of its own"
    assert sorted((ready + source).splitlines()) == sorted(text.splitlines())


def test_make_help_lists_every_target():
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1).split()
    for target in phony:
        assert re.search(rf"^  {target} +\S", said, re.MULTILINE), target
