"""Runs in MicroPython: cuts the power at every write and erase that keeping records of test makes on a real littlefs.

A life is three tests, of which one is stored, in a file system of its own in memory. It is lived once for each block operation
and each way in which that one can be torn; then the unit starts, and again with a cut at each operation of that start. What is
then on flash is held against what the life was told. Prints `CUTS <states> <broken>`; the first broken promise is shown.
Arguments: name of a bug of `BUGS`, or `none`; the greatest number of second cuts for each first.
"""

import json
import os
import sys

import vfs

from firmware.walk.keeping import Keeper
from firmware.walk.shelf import Shelf

BLOCK = 512
BLOCKS = 48
BLANK = b"\xff" * BLOCK
ROOT = "/cut"
HEADER = {"test": "", "unit": "demo/f12/u1", "board": "B", "board_sha256": "b" * 64, "firmware": "0.1.0",
          "config_sha256": "c" * 64, "prev": "", "engineer": "E", "witness": "W", "by": "desk", "started": 1795305600}
STEPS = ("pull:button", "ask:light", "tone")
TORN = ("nothing", "half", "all")


_EIO = -5


class Flash:
    """Erased bytes are 0xFF. `cut_at`: number of the operation at which the power goes, None: it stays. From then on nothing is
    done and everything fails: `dead`."""

    def __init__(self, image=None):
        self.image = bytearray(image) if image else bytearray(b"\xff" * (BLOCK * BLOCKS))
        self.operations = 0
        self.cut_at = None
        self.torn = "nothing"
        self.dead = False

    def readblocks(self, block, buf, offset=0):
        if self.dead:
            return _EIO
        at = block * BLOCK + offset
        buf[:] = self.image[at:at + len(buf)]
        return None

    def writeblocks(self, block, buf, offset):
        return self._change(block * BLOCK + offset, buf)

    def ioctl(self, op, arg):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            return self._change(arg * BLOCK, BLANK) or 0
        return None

    def _change(self, at, data):
        if self.dead:
            return _EIO
        self.operations += 1
        if self.operations - 1 == self.cut_at:
            self.dead = True
            length = {"nothing": 0, "half": len(data) // 2, "all": len(data)}[self.torn]
            self.image[at:at + length] = data[:length]
            return _EIO
        self.image[at:at + len(data)] = data
        return None


class Told:
    """What the unit was told so far: tests by id, in order."""

    def __init__(self):
        self.tests = []  # [id, results that were said to be kept, "beginning" "open" "ending" "kept", verdict, stored]

    def last(self):
        return self.tests[-1]


def live(directory, told, keeper_class):
    """Three tests: passed and stored; failed; one that is never ended."""
    for number, verdict in ((1, "PASS"), (2, "FAIL"), (3, None)):
        keeper = keeper_class(directory)
        test = "%08x" % number
        told.tests.append([test, [], "beginning", verdict, False])
        must(keeper.begin(dict(HEADER, test=test), STEPS))
        told.last()[2] = "open"
        for step in STEPS[:2] if verdict is None else STEPS:
            result = "fail" if verdict == "FAIL" and step == "tone" else "pass"
            must(keeper.add(step, result))
            told.last()[1].append([step, result])
        if verdict is None:
            return
        told.last()[2] = "ending"
        must(keeper.finish(verdict, number, None))
        told.last()[2] = "kept"
        if verdict == "PASS":
            told.last()[4] = "perhaps"
            must(Shelf(directory).stored(test))
            told.last()[4] = True


def must(done):
    if not done:
        raise Broken("the file system refused")


class Broken(Exception):
    pass


def check(told):
    """Raises Broken if what is on flash is not what was told."""
    found = []
    for name in sorted(os.listdir(ROOT + "/tests")):
        if name.split(".")[-1] not in ("rec", "ok"):
            raise Broken("left over: " + name)
        with open(ROOT + "/tests/" + name) as file:
            lines = [json.loads(line) for line in file.read().split("\n")[:-1]]
        found.append((name, lines))
    ids = [lines[0]["test"] for _, lines in found]
    if len(set(ids)) != len(ids):
        raise Broken("twice: %r" % ids)
    before = "0" * 64
    for name, lines in found:
        if lines[0]["prev"] != before:
            raise Broken("the chain breaks at " + name)
        before = name[14:78]
    for test, results, state, verdict, stored in told.tests:
        if test not in ids:
            if state != "beginning":
                raise Broken("lost: %s, %s" % (test, state))
            continue
        name, lines = found[ids.index(test)]
        kept = [line[:2] for line in lines[1:-1] if line[1] != "open"]
        said = lines[-1]["verdict"]
        if kept[:len(results)] != results or len(kept) > len(results) + 1:
            raise Broken("results of %s: %r, told %r" % (test, kept, results))
        if state == "kept" and said != verdict or state == "ending" and said not in (verdict, "INCOMPLETE"):
            raise Broken("verdict of %s: %s, told %s (%s)" % (test, said, verdict, state))
        if state in ("beginning", "open") and said != "INCOMPLETE":
            raise Broken("verdict of %s, which was never ended: %s" % (test, said))
        if stored is not "perhaps" and name.endswith(".ok") != stored:  # noqa: F632 - one object
            raise Broken("stored: %s, told %r" % (name, stored))


def mounted(flash, fresh=False):
    if fresh:
        vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), ROOT)


def cut(flash, do):
    """Mounts, does, unmounts; True if the power went."""
    try:
        mounted(flash)
        try:
            do()
        finally:
            vfs.umount(ROOT)
    except (OSError, Broken):
        if not flash.dead:
            raise
    return flash.dead


def start(flash):
    """The unit starts: True if the power went again."""
    def do():
        keeper = Keeper(ROOT + "/tests")
        keeper.resume()
        wrong = [one for one in keeper.problems if one != ("open.txt", "cut")]
        if wrong:
            raise Broken("problems: %r" % wrong)

    return cut(flash, do)


def ended(flash, told):
    """The start without a cut, and one more, which must change nothing."""
    def do():
        keeper = Keeper(ROOT + "/tests")
        keeper.resume()
        names = os.listdir(ROOT + "/tests") if told.tests and "tests" in os.listdir(ROOT) else None
        if names is not None:
            check(told)
        elif len(told.tests) > 1 or told.tests and told.tests[0][2] != "beginning":
            raise Broken("everything is lost")
        if Keeper(ROOT + "/tests").resume() is not None:
            raise Broken("a second start found something to close")

    cut(Flash(flash.image), do)


def sweep(keeper_class, most_seconds):
    blank = Flash()
    mounted(blank, True)
    vfs.umount(ROOT)
    states = 0
    number = 0
    while True:
        for torn in TORN:
            flash, told = Flash(blank.image), Told()
            flash.cut_at, flash.torn = number, torn
            gone = cut(flash, lambda told=told: live(ROOT + "/tests", told, keeper_class))
            where = "operation %d, %s" % (number, torn)
            states += 1
            guarded(where, ended, flash, told)
            if not gone:
                return states
            states += again(flash.image, told, where, most_seconds)
        number += 1


def again(image, told, where, most):
    """Cuts at each operation of the start too."""
    states = 0
    for number in range(most):
        flash = Flash(image)
        flash.cut_at, flash.torn = number, TORN[number % 3]
        gone = guarded(where, start, flash)
        if not gone:
            return states
        states += 1
        guarded("%s; then operation %d of the start" % (where, number), ended, flash, told)
    return states


def guarded(where, do, *arguments):
    try:
        return do(*arguments)
    except Broken as broken:
        raise Broken("%s (%s)" % (broken, where)) from None


# --- builds with a bug, which the sweep must find


class NamesFirst(Keeper):
    """Removes the open test before the record has its name."""

    def take(self, name, test, wanted):
        self.remove("open.txt")
        super().take(name, test, wanted)


class WritesInPlace(Keeper):
    """Begins a test in the file itself."""

    def write(self, name, texts, how=None):
        if how is None and name == "open.txt":
            try:
                os.mkdir(self.path(""))
            except OSError:
                pass
            for text in texts:
                with open(self.path(name), "ab") as file:
                    file.write(text.encode())
            return True
        return super().write(name, texts, how)


class ForgetsTheOpenOne(Keeper):
    """Keeps results in memory until the end."""

    def add(self, step, result, detail="", ms=None):
        self.held = getattr(self, "held", []) + [(step, result, detail, ms)]
        return True

    def finish(self, *ending):
        for one in self.held:
            super().add(*one)
        return super().finish(*ending)


BUGS = {"none": Keeper, "names_first": NamesFirst, "writes_in_place": WritesInPlace, "forgets": ForgetsTheOpenOne}


def main():
    states = 0
    try:
        states = sweep(BUGS[sys.argv[1]], int(sys.argv[2]))
        print("CUTS", states, 0)
    except Broken as broken:
        print(broken)
        print("CUTS", states, 1)


main()
