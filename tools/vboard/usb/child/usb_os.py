"""`os` of a unit with a flash chip: the interpreter's own, without what only this machine has mounted."""

import os as _os

_OURS = (".vboard", ".usb")


def ilistdir(path=""):
    for entry in _os.ilistdir(path):
        if entry[0] not in _OURS:
            yield entry


def listdir(path=""):
    return [entry[0] for entry in ilistdir(path)]


def __getattr__(name):
    return getattr(_os, name)
