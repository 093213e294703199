"""The proof of each path to the service: a message that the service itself answers, over every configured broker in turn.

Rules.
- A path is a broker of the settings: `broker1` is the first. Proven is it when the event `proof` that went out on it was answered
  with its own id while that very connection was up; a broker that takes everything while nobody stands behind it is found so.
- To get to another broker a second connection is dialled beside the link, which serves until that one is up; after the proofs
  the link goes back to the broker it came from, if it works. At no time is the unit without a link for longer than that.
- Calm: never while a call or speech is on. One that begins ends the proof at once: the way back is dialled in the same turn, and
  the alarm goes out on whatever is up. The path in hand is not judged then.
- What was found is told when the link is back where it came from.
- Every step has a bound: 30 s to get to a broker (the dialler's own bounds are 20 s), 10 s for the answer.

Source: P5, P8; docs/faults.md.
"""

from micropython import const

from firmware.core import clock

_GO_MS = const(30000)
_ANSWER_MS = const(10000)
_LATE_MS = const(6000)  # an attempt that has sent its CONNECT cannot be called off; it is up or gone within 5 s
_DETAIL = const(64)  # characters, docs/protocol.md

IDLE = "IDLE"
GOING = "GOING"
ASKING = "ASKING"
RETURNING = "RETURNING"


class Proofs:
    """`paths`: names of all paths, by index of broker; `link`: transports.link.Link; `reports`: note, fault; `busy()`: a call or
    speech is on; `digits(n)`: n random bytes as hex digits; `now()`: tick.

    `result`: (path, ok, detail) of the path that was asked for last, None while it is being proven or when it was broken off.
    """

    def __init__(self, paths, link, reports, busy, digits, now):
        self._paths = paths
        self._link = link
        self._reports = reports
        self._busy = busy
        self._digits = digits
        self._now = now
        self.state = IDLE
        self.result = None
        self._left = []  # indices of paths still to be proven
        self._results = []  # that are still to be told
        self._index = 0
        self._home = 0
        self._id = ""
        self._connects = 0
        self._due_ms = None
        self._begun_ms = 0
        self._calm_ms = 0

    def prove(self, path=None):
        """Begins to prove a path, or all of them. False if that cannot be now: another proof runs, a call or speech
        is on, the unit is off line, or there is no such path."""
        names = self._paths
        if self.state != IDLE or self._busy() or self._link.path is None or (path is not None and path not in names):
            return False
        self._left = list(range(len(names))) if path is None else [names.index(path)]
        self._home = self._link.path
        self._next()
        return True

    def answered(self, proof_id):
        """The service's answer to the proof of that id."""
        if self.state != ASKING or proof_id != self._id:
            return
        if self._link.path != self._index or self._link.counters["connects"] != self._connects:
            return  # it came another way than it went
        self._judge(True, "%d ms" % clock.diff(self._now(), self._begun_ms))

    def poll(self):
        """About once a second, and at each activation."""
        if self.state == IDLE:
            return
        if self.state == RETURNING:
            self._go_home()
        elif self._busy():
            self._break_off()
        elif self.state == GOING:
            self._go_on()
        elif clock.reached(self._now(), self._due_ms):
            self._link.confirm("proof")
            self._judge(False, "no answer from the service")
        elif self._link.path == self._index and self._link.counters["connects"] != self._connects:
            self._ask_on()  # the link was made anew, for the pace of the battery say; the answer to the first would not count

    def _next(self):
        self.result = None
        if not self._left:
            self._return()
            return
        self._index = self._left.pop(0)
        if self._link.path == self._index:
            self._ask()
            return
        self.state = GOING
        self._due_ms = clock.add(self._now(), _GO_MS)
        if not self._link.go_over(self._index):
            self._judge(False, "off line")

    def _go_on(self):
        if self._link.path == self._index:
            self._ask()
        elif not self._link.going_over or clock.reached(self._now(), self._due_ms):
            self._link.stay()
            self._judge(False, self._link.last_error or "not reached")

    def _ask(self):
        self.state = ASKING
        self._due_ms = clock.add(self._now(), _ANSWER_MS)
        self._ask_on()

    def _ask_on(self):
        self._id = self._digits(4)
        self._connects = self._link.counters["connects"]
        self._begun_ms = self._now()
        self._reports.note("proof", {"id": self._id, "path": self._paths[self._index]}, "proof")

    def _judge(self, ok, detail):
        result = (self._paths[self._index], ok, detail[:_DETAIL])
        self._results.append(result)
        self._next()
        self.result = result

    def _rest(self):
        """Back: now it is told, for behind a broker that is found wanting nobody would hear it."""
        self.state = IDLE
        while self._results:
            path, ok, detail = self._results.pop(0)
            self._reports.note("proven", {"what": "path:" + path, "ok": ok, "detail": detail}, "proven " + path)
            self._reports.fault("path", path, not ok)

    def _break_off(self):
        self._left = []
        self.result = None
        self._link.confirm("proof")
        self._link.stay()
        self._return(_LATE_MS)

    def _return(self, watch_ms=0):
        """Back to the broker that it came from. `watch_ms`: so long one that was dialled before may be up yet."""
        self._id = ""
        self.state = RETURNING
        self._calm_ms = clock.add(self._now(), watch_ms)
        self._due_ms = clock.add(self._now(), _GO_MS)
        self._go_home()

    def _go_home(self):
        link = self._link
        if clock.reached(self._now(), self._due_ms):
            link.stay()
            self._rest()
        elif link.path not in (None, self._home):
            if not link.going_over:
                link.go_over(self._home)
        elif clock.reached(self._now(), self._calm_ms):
            self._rest()
