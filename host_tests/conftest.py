"""Puts the repository root and the stand-ins first on the path, and gives each test a new world."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.vboard.standins import machine  # noqa: E402 - the path comes first


@pytest.fixture(autouse=True)
def _new_world():
    machine.world.clear()
    yield
