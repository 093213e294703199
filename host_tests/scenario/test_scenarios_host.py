"""Every scenario file, on the real firmware, desk and broker over TLS: as source and as .mpy; some on mosquitto too."""

import asyncio

import pytest

from host_tests.peers import need
from tools.brokers import BrokerError, program
from tools.scenario import script
from tools.scenario.__main__ import ROOTS, perform_all

_ON_MOSQUITTO_TOO = ("button", "broker_down_in_call", "power_cut", "half_open", "receipt_withheld")


def _jobs():
    jobs = [(name, root, "nats") for root in ROOTS for name in script.names()]
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
