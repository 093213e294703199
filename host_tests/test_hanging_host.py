"""A test that hangs ends the run within a bound, and the log says which it was and where it stood."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = """
import asyncio
import pytest

async def deaf():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def waits():
    await asyncio.sleep(60)

def test_wrong():
    assert 1 + 1 == 3, "sums"

@pytest.mark.timeout(1)
def test_waiting():
    asyncio.run(waits())

def test_right():
    pass

@pytest.mark.timeout(1)
def test_deaf():
    asyncio.run(deaf())

def test_behind():
    pass
"""


def run(tmp_path, *words):
    """(exit code, what a run of the tests above says)."""
    path = tmp_path / "test_some.py"
    path.write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "-p", "host_tests.conftest"]
    command += ["-p", "no:cacheprovider", "-o", "timeout_tidying=2", path, *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run([str(word) for word in command], cwd=ROOT, timeout=60, text=True, check=False, **pipes)
    return done.returncode, done.stdout


def test_a_test_that_waits_too_long_fails_by_name_and_the_others_go_on(tmp_path):
    code, said = run(tmp_path, "-k", "not deaf")
    assert code == 1 and "2 failed, 2 passed" in said
    assert "::test_wrong: AssertionError: sums" in said.split("FAILURES")[0], "at once"
    assert "::test_waiting: Failed: Timeout (>1.0s)" in said.split("FAILURES")[0]


def test_one_that_cannot_be_ended_ends_the_run_with_the_place_where_it_stands(tmp_path):
    code, said = run(tmp_path)
    assert code == 1 and "in test_deaf" in said and "most recent call first" in said
    assert "::test_wrong: AssertionError: sums" in said, "what failed before is not lost"
