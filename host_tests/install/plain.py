"""A scheme directory without broker and boards, for tests of what needs neither."""

from tools import pki
from tools.install import init, scheme
from tools.install.flats import Flat
from tools.install.store import Store

WIFI = ("house", "a-password-of-the-house")
INPUTS = {"button": "hall", "cord1": "bathroom", "cord2": "bedroom", "pendant": "pendant"}


def made(tmp_path, **fields):
    one = init.make(tmp_path / "scheme", "house", "Elm House", [("127.0.0.1", 8883, pki.SERVER_NAME)], WIFI, **fields)
    scheme.prepare(one)
    return one


def flat(name="f1", unit="u1", **fields):
    return Flat(name, unit, "ESP32_GENERIC", "en", **{"inputs": dict(INPUTS), "chip": "esp32", **fields})


def store(tmp_path):
    return Store(made(tmp_path))
