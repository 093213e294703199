"""A folder for records of test, and keepers that have something in it. Two runs of the tests never share one."""

import os
from binascii import hexlify

from firmware.walk.keeping import Keeper

HERE = "records_test_" + hexlify(os.urandom(4)).decode()
HEADER = {"test": "", "unit": "demo/f12/u1", "board": "B", "board_sha256": "b" * 64, "firmware": "0.1.0",
          "config_sha256": "c" * 64, "prev": "", "engineer": "Ö. Ngineer", "witness": "W", "by": "desk", "started": 1795305600}


def emptied():
    """The directory's name; nothing of an earlier test is there."""
    try:
        names = os.listdir(HERE)
    except OSError:
        return HERE
    for name in names:
        os.remove(HERE + "/" + name)
    os.rmdir(HERE)
    return HERE


def made(number, verdict="PASS", steps=("tone",), results=None, ended_s=1795309200):
    """A keeper that has just finished test `number`."""
    keeper = Keeper(HERE)
    keeper.begin(dict(HEADER, test="%08x" % number), steps)
    for step, result in results or [(step, "pass") for step in steps]:
        keeper.add(step, result)
    assert keeper.finish(verdict, ended_s, "2027-02-20")
    return keeper


def names():
    return sorted(os.listdir(HERE))


def content(name):
    with open(HERE + "/" + name, "rb") as file:
        return file.read()


def put(name, data):
    with open(HERE + "/" + name, "wb") as file:
        file.write(data)


def in_a_folder(test):
    """The test begins without the folder and leaves none behind."""

    def run():
        emptied()
        try:
            test()
        finally:
            emptied()

    return run
