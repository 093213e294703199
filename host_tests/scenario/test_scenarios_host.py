"""Every scenario on the real firmware from its image, with desk and broker over TLS; some from source and on mosquitto."""

import asyncio
import subprocess
import sys

import pytest

from host_tests.peers import need
from tools.brokers import BrokerError, program
from tools.scenario import page, script
from tools.scenario.__main__ import perform_all

_ON_MOSQUITTO_TOO = ("talk", "button", "broker_down_in_call", "power_cut", "half_open", "receipt_withheld")


def _jobs():
    """All as they are installed; some from source, on the other broker. `make scenarios` plays all of both forms."""
    jobs = [(name, "rom", "nats") for name in script.names()]
    return jobs + [(name, "source", "mosquitto") for name in _ON_MOSQUITTO_TOO]


def _installed(broker):
    try:
        return bool(program(broker))
    except BrokerError:
        return False


@pytest.fixture(scope="module")
def results():
    """All of them, several at a time: they mostly wait."""
    runnable = [(script.find(name), root, broker) for name, root, broker in _jobs() if _installed(broker)]
    return asyncio.run(perform_all(runnable, print))


@pytest.mark.parametrize(("name", "root", "broker"), _jobs())
def test_the_scenario_goes_as_it_is_written(name, root, broker, request):
    need(broker)
    why = request.getfixturevalue("results")[name, root, broker]
    assert why is None, why


def test_a_scenario_that_fails_says_where_and_ends_with_code_1(tmp_path):
    need("nats")
    path = tmp_path / "wrong.txt"
    path.write_text("Nobody presses anything.\nexpect unit online within 30\nexpect light flashing within 0.5\n")
    command = [sys.executable, "-m", "tools.scenario", str(path)]
    done = subprocess.run(command, cwd=page.PATH.parent.parent, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 1, done
    assert "wrong.txt:3: expected `light flashing within 0.5`: not so within 0.5 s" in done.stdout
    assert "seen instead: light off" in done.stdout


def test_the_page_of_the_scenarios_is_in_step():
    assert page.check() == 0
