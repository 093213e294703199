"""The console's input while the unit runs: a line at a time, looked at without waiting. Nothing that comes can stop the unit.

    who                   unit <prefix> running
    service CODE [now]    checks the claim code and opens the console (service.py, loaded for this)

Whatever else comes is passed over without an answer: an echo to a noisy line would never end. Control bytes are passed over, also
within a line; a line that is too long is none. While nothing comes nothing is allocated. Source: docs/service-mode.md.
"""

import asyncio

from micropython import const

from firmware.core import clock

_LINE_BYTES = const(48)
_LOOK_BYTES = const(512)  # in one look: the board's driver keeps 260, and a flood must not hold the loop


class Console:
    """`shell`: shell.Shell with all of its parts; `poller`: a select.poll in which `stdin` is registered; `load`: on_demand, or
    what stands for it; `now()`: tick.

    `tries`: wrong codes since the last right one; `due_ms`: no code is looked at before this tick, None: at once.
    """

    def __init__(self, shell, poller, stdin, load, now):
        self.tries = 0
        self.due_ms = None
        self._shell = shell
        self._poller = poller
        self._stdin = stdin
        self._load = load
        self._now = now
        self._line = None  # what has come of a line; None: nothing
        self._byte = bytearray(1)
        self._task = None

    def step(self):
        """About once a second: takes what has come."""
        if clock.reached(self._now(), self.due_ms):
            self.due_ms = None  # left alone for six days it would lie in the future
        if self._task is not None and self._task.done():
            self._task = None
        for _ in range(_LOOK_BYTES):
            waits = False
            for _ in self._poller.ipoll(0):
                waits = True
            try:
                if not (waits and self._stdin.readinto(self._byte)):
                    return
            except OSError:
                return  # a line that hangs up
            byte = self._byte[0]
            if byte == 10 or byte == 13:
                line, self._line = self._line, None
                if line is not None and len(line) <= _LINE_BYTES and self._obey(bytes(line).decode().split()):
                    return  # one answer a look: many would hold the loop for as long as the line takes to send them
            elif 32 <= byte < 127:
                if self._line is None:
                    self._line = bytearray()
                if len(self._line) <= _LINE_BYTES:
                    self._line.append(byte)

    def _obey(self, words):
        """True if the line was one of ours."""
        if words == ["who"]:
            print("unit %s running" % self._shell.uplink.prefix)
        elif len(words) < 2 or words[0] != "service":
            return False
        elif self._task is not None:
            print("service: a code is being looked at")
        elif self.due_ms is not None:
            print("service: wait %d s" % (clock.diff(self.due_ms, self._now()) // 1000 + 1))
        else:
            try:
                service = self._load.service()(self._shell, self, self._now)
                self._task = asyncio.create_task(service.run(words[1], words[2:] == ["now"]))
            except (MemoryError, ImportError) as problem:
                print("service: not now:", repr(problem))
        return True
