"""Makes the media path of each session. A module of its own, as what makes the unit is let go after the start (app.py)."""

import os

import cryptolib

from firmware.shell import now
from firmware.transports.media_path import MediaPath


class Paths:
    """`paths()` is a new, closed MediaPath. `shell`: shell.Shell with its bearer."""

    def __init__(self, shell):
        self._shell = shell

    def __call__(self):
        return MediaPath(_aes_ecb, os.urandom, now, self._shell.bearer.address)


def _aes_ecb(key):
    return cryptolib.aes(key, 1)  # 1: ECB, of which core/media/aes_cm.py makes counter mode; stock builds have no other
