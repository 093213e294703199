"""Puts the repository root and the stand-ins first on the path, gives each test a new world, and bounds each of them for certain.

pytest-timeout fails a test that takes too long (`timeout` in pyproject.toml). That is an exception in the test, and what tidies
up after it may hang as well; a minute later the whole run then ends, with the stacks of all threads.
"""

import faulthandler
import os
import pathlib
import signal
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.vboard.standins import machine  # noqa: E402 - the path comes first

_STDERR = pytest.StashKey()
_SAID = 300  # characters of why a test failed; the whole comes at the end


def pytest_addoption(parser):
    parser.addini("timeout_tidying", "seconds for what runs after a test that took too long; then the run ends", default="60")


def pytest_configure(config):
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` hands it down; some tests press Ctrl-C
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        config.stash[_STDERR] = os.fdopen(os.dup(2), "w")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    marker = item.get_closest_marker("timeout")
    bound_s = float(marker.args[0] if marker else item.config.getini("timeout"))
    bound_s += float(item.config.getini("timeout_tidying"))
    faulthandler.dump_traceback_later(bound_s, exit=True, file=item.config.stash[_STDERR])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


class _AtOnce:
    """Names a failed test when it fails: whoever reads the log of a run that was ended knows it too."""

    def __init__(self, terminal):
        self._terminal = terminal

    def pytest_runtest_logreport(self, report):
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = (crash.message if crash else str(report.longrepr)).strip().split("\n")[0]
            self._terminal.ensure_newline()
            self._terminal.write_line(f"FAILED ({report.when}) {report.nodeid}: {why[:_SAID]}", flush=True)


def pytest_sessionstart(session):
    session.config.pluginmanager.register(_AtOnce(session.config.pluginmanager.getplugin("terminalreporter")))


@pytest.fixture(autouse=True)
def _new_world():
    machine.world.clear()
    yield
