"""Programs that some tests talk to and that pip cannot bring.

A user's machine without one skips those tests with a clear word; under CI=true a missing peer is a failure, because
there a skip would hide that nothing was tested.
"""

import os
import shutil

import pytest

from tools.brokers import BrokerError, program

_DEBIAN = {"mosquitto": "mosquitto", "valgrind": "valgrind", "node": "nodejs", "npm": "npm", "baresip": "baresip",
           "sipp": "sip-tester", "chromium": "chromium", "espeak-ng": "espeak-ng"}


def need(name):
    """The path of the program `name`; skips the test (fails it under CI=true) when it is not installed."""
    path = _find(name)
    if path:
        return path
    words = f"{name} is not installed" + (f": sudo apt-get install {_DEBIAN[name]}" if name in _DEBIAN else "")
    if os.environ.get("CI") == "true":
        pytest.fail(words, pytrace=False)
    pytest.skip(words)


def _find(name):
    if name not in ("nats", "mosquitto"):
        return shutil.which(name)
    try:
        return program(name)
    except BrokerError:
        return None
