"""One test of a unit, step by step. Pure. Times are ms since the test began: whole numbers that never wrap.

Rules, of which the table below is the short form:
- SETTLING: it has been announced, and every pull is still a real call: one that began before the announcement was none for the
  test. After `settle_ms` WALKING: now `waiting()` names the inputs whose next pull is the test's.
- An input may be pulled at any time while it waits. Its step passes once it was pulled *and* released *and* the service's receipt
  for that pull came, within `receipt_ms` of the pull; the receipt's latency is kept. No receipt until then: it fails.
- Questions are answered by a human, in any order. A step may be left out with a reason, except by silence.
- What the unit does by itself is begun when every step before it is done, and has a limit of its own: no word is a failure.
- A real call, or speech, pauses the test (PAUSED): what the unit was doing is broken off, no pull is the test's, no step is
  begun; what was pulled before may still be released and received. When it is over the test settles again and goes on.
- A pull that was held until it became a real call (HELD) was none for the test; if it is not released when that call is over, the
  input fails.
- Nothing done for `idle_ms`, or `longest_ms` in all, ends it with what is open left open (P8): never a pass (P7).

Source: P4, P7, P8; docs/testing.md.
"""

from micropython import const

from firmware.core.walk.verdict import verdict

SETTLING = "SETTLING"
WALKING = "WALKING"
PAUSED = "PAUSED"
ENDED = "ENDED"

PULLED = "PULLED"  # the input's pull was sent as a test
RELEASED = "RELEASED"
RECEIVED = "RECEIVED"  # the service's receipt for that pull has come
HELD = "HELD"  # it was held, and has become a real call
ANSWERED = "ANSWERED"  # a human's yes or no
SKIPPED = "SKIPPED"
MEASURED = "MEASURED"  # what the unit did by itself is done
REAL = "REAL"  # a real call is open, or speech is on
OVER = "OVER"  # neither is any more
STOPPED = "STOPPED"
TICK = "TICK"

BY_ITSELF = ("tone", "mains_off", "load", "mains_on", "clock", "storage")  # and `path:...`
_LIMIT_MS = {"tone": 60000, "load": 240000, "clock": 30000, "storage": 30000}  # several times what each takes; a path as `tone`
_BY_HUMAN = ("mains_off", "mains_on")  # the unit only watches: the idle time is their limit
_NO_CALL = const(-1)  # in place of a latency
_AGAIN_MS = const(60000)  # who does not do what was asked is asked again

_TABLE = {
    SETTLING: {RELEASED: "_release", RECEIVED: "_receive", HELD: "_hold", ANSWERED: "_answer", SKIPPED: "_skip", REAL: "_pause",
               STOPPED: "_stop", TICK: "_settle"},
    WALKING: {PULLED: "_pull", RELEASED: "_release", RECEIVED: "_receive", HELD: "_hold", ANSWERED: "_answer", SKIPPED: "_skip",
              MEASURED: "_measure", REAL: "_pause", STOPPED: "_stop", TICK: "_tick"},
    PAUSED: {RELEASED: "_release", RECEIVED: "_receive", HELD: "_hold", ANSWERED: "_refuse", SKIPPED: "_refuse",
             OVER: "_resume", STOPPED: "_stop", TICK: "_tick"},
    ENDED: {},
}
EVENTS = (PULLED, RELEASED, RECEIVED, HELD, ANSWERED, SKIPPED, MEASURED, REAL, OVER, STOPPED, TICK)


class Machine:
    """`steps`: list of names (steps.py); `limits`: (settle_ms, receipt_ms, idle_ms, longest_ms); `spared`: steps that may be
    left out.

    Attributes to read: `state`; `results`: list of [step, result, detail, ms or None], in order, result `open` until it is done;
    `verdict`: "" until it has ended.
    """

    def __init__(self, steps, limits, spared=()):
        self.state = SETTLING
        self.results = [[step, "open", "", None] for step in steps]
        self.verdict = ""
        self._spared = spared
        self._settle_ms, self._receipt_ms, self._idle_ms, self._longest_ms = limits
        self._settled_ms = self._settle_ms
        self._idle_due = self._idle_ms
        self._pulls = {}  # input: [pulled at, released, latency or None]; "" in place of the time: it was held
        self._doing = ""  # the step that the unit is at by itself
        self._doing_due = None
        self._asked = ""  # the step that was last said
        self._asked_due = 0  # when to say it once more

    def handle(self, event, now_ms, *data):
        """Returns a list of actions:

        ("RESULT", step, result, detail, ms)  to be kept, and told
        ("BEGIN", step), ("BREAK_OFF", step)  of what the unit does by itself; its outcome is the event MEASURED
        ("ASK", step)                         say what is to be done
        ("ACCEPT",), ("REFUSE", reason)       to who has sent ANSWERED or SKIPPED
        ("TELL",)                             the state has changed
        ("END", verdict)                      the last one

        Data by event: PULLED (input, True if it raises a call, whose receipt is waited for), RELEASED, HELD (input), RECEIVED
        (input, latency in ms), ANSWERED (step, "yes" or "no"), SKIPPED (step, why), MEASURED (step, result, detail, ms or None).
        What comes after the end, or out of place, changes nothing. Raises ValueError for an unknown event.
        """
        if event not in EVENTS:
            raise ValueError("test: unknown event %r" % (event,))
        method = _TABLE[self.state].get(event)
        if method is None:
            return [("REFUSE", "no_test")] if event in (ANSWERED, SKIPPED) else []
        return getattr(self, method)(now_ms, *data)

    def left(self):
        """Names of the steps that are open, in order."""
        return [one[0] for one in self.results if one[1] == "open"]

    def step(self):
        """What is to be done now; "" when nothing is left."""
        for one in self.results:
            if one[1] == "open":
                return one[0]
        return ""

    def waiting(self):
        """Inputs whose next pull is the test's."""
        if self.state != WALKING:
            return []
        return [name[5:] for name in self.left() if name.startswith("pull:") and name[5:] not in self._pulls]

    def next_due(self):
        """When TICK is wanted; None once it has ended."""
        if self.state == ENDED:
            return None
        due_ms = self._longest_ms
        if self.state == SETTLING:
            due_ms = min(due_ms, self._settled_ms)
        elif self.state == WALKING:
            due_ms = min(due_ms, self._idle_due, self._asked_due)
            if self._doing_due is not None:
                due_ms = min(due_ms, self._doing_due)
        for pull in self._pulls.values():
            if pull[0] is not None and pull[2] is None:
                due_ms = min(due_ms, pull[0] + self._receipt_ms)
        return due_ms

    # --- pulls

    def _pull(self, now_ms, name, raises):
        if name in self._pulls or not self._is_open("pull:" + name):
            return []
        self._pulls[name] = [now_ms, False, None if raises else _NO_CALL]
        self._idle_due = now_ms + self._idle_ms
        return [("TELL",)]

    def _release(self, now_ms, name):
        pull = self._pulls.get(name)
        if pull is None or pull[1]:
            return []
        if pull[0] is None:
            del self._pulls[name]  # it was held: nothing of it counts, it waits anew
            return [("TELL",)]
        pull[1] = True
        return self._judge(now_ms, name, pull)

    def _receive(self, now_ms, name, latency_ms):
        pull = self._pulls.get(name)
        if pull is None or pull[0] is None or pull[2] is not None:
            return []
        pull[2] = latency_ms
        return self._judge(now_ms, name, pull)

    def _judge(self, now_ms, name, pull):
        if not pull[1] or pull[2] is None:
            return []
        del self._pulls[name]
        self._idle_due = now_ms + self._idle_ms
        if pull[2] >= self._receipt_ms:
            return self._done(now_ms, "pull:" + name, "fail", "receipt late", pull[2])
        return self._done(now_ms, "pull:" + name, "pass", "", None if pull[2] == _NO_CALL else pull[2])

    def _hold(self, now_ms, name):
        pull = self._pulls.get(name)
        if pull is not None and not pull[1]:
            pull[0] = None
        return []

    # --- what humans say

    def _answer(self, now_ms, step, value):
        if not step.startswith("ask:") or not self._is_open(step):
            return [("REFUSE", "no_step")]
        if value not in ("yes", "no"):
            return [("REFUSE", "field")]
        self._idle_due = now_ms + self._idle_ms
        return [("ACCEPT",)] + self._done(now_ms, step, "pass" if value == "yes" else "fail", value, None)

    def _skip(self, now_ms, step, why):
        if not self._is_open(step):
            return [("REFUSE", "no_step")]
        if not why.strip():
            return [("REFUSE", "field")]
        self._idle_due = now_ms + self._idle_ms
        self._pulls.pop(step[5:], None)
        return [("ACCEPT",)] + self._break_off(step) + self._done(now_ms, step, "skip", why, None)

    def _refuse(self, now_ms, *data):
        return [("REFUSE", "busy")]

    # --- what the unit does

    def _measure(self, now_ms, step, result, detail, ms):
        if step != self._doing:
            return []
        self._doing, self._doing_due = "", None
        self._idle_due = now_ms + self._idle_ms
        return self._done(now_ms, step, result, detail, ms)

    def _begin(self, now_ms):
        """Begins what comes next, if the unit does it by itself; and says it."""
        step = self.step()
        if not step:
            return self._end()
        if self._asked == step:
            return []
        actions = self._ask(now_ms, step)
        if step in BY_ITSELF or step.startswith("path:"):
            self._doing = step
            self._doing_due = None if step in _BY_HUMAN else now_ms + _LIMIT_MS.get(step, _LIMIT_MS["tone"])
            actions.append(("BEGIN", step))
        return actions

    def _ask(self, now_ms, step):
        self._asked = step
        self._asked_due = now_ms + _AGAIN_MS
        return [("ASK", step)]

    def _break_off(self, step=None):
        """Ends what the unit is at; with a `step` only if it is that."""
        doing = self._doing
        if not doing or step not in (None, doing):
            return []
        self._doing, self._doing_due = "", None
        return [("BREAK_OFF", doing)]

    # --- the course of it

    def _settle(self, now_ms):
        if now_ms >= self._longest_ms:
            return self._end()
        if now_ms < self._settled_ms:
            return self._late(now_ms)
        self.state = WALKING
        self._idle_due = now_ms + self._idle_ms
        return [("TELL",)] + self._begin(now_ms)

    def _tick(self, now_ms):
        if now_ms >= self._longest_ms or (self.state == WALKING and now_ms >= self._idle_due):
            return self._end()
        actions = self._late(now_ms)
        if self.state != WALKING:
            return actions
        if self._doing_due is not None and now_ms >= self._doing_due:
            step = self._doing
            return actions + self._break_off() + self._done(now_ms, step, "fail", "no end", None)
        if now_ms >= self._asked_due and not actions:
            return self._ask(now_ms, self.step())
        return actions

    def _late(self, now_ms):
        """Fails what has waited for its receipt for too long, also while paused."""
        actions = []
        for name in list(self._pulls):
            pull = self._pulls[name]
            if pull[0] is not None and pull[2] is None and now_ms >= pull[0] + self._receipt_ms:
                del self._pulls[name]
                actions += self._done(now_ms, "pull:" + name, "fail", "no receipt", None)
        return actions

    def _pause(self, now_ms):
        self.state = PAUSED
        self._asked = ""
        return self._break_off() + [("TELL",)]

    def _resume(self, now_ms):
        """The call is over. What is still held does not let go of itself."""
        self.state = SETTLING
        self._settled_ms = now_ms + self._settle_ms
        actions = [("TELL",)]
        for name in list(self._pulls):
            if self._pulls[name][0] is None:
                del self._pulls[name]
                actions += self._done(now_ms, "pull:" + name, "fail", "not released", None)
        return actions

    def _stop(self, now_ms):
        return self._end()

    def _end(self):
        actions = self._break_off()
        self.state = ENDED
        self.verdict = verdict(self.results, self._spared)
        return actions + [("END", self.verdict)]

    def _done(self, now_ms, step, result, detail, ms):
        """A step has its result; while walking the next one is begun, or it is over."""
        for one in self.results:
            if one[0] == step:
                one[1], one[2], one[3] = result, detail, ms
        actions = [("RESULT", step, result, detail, ms), ("TELL",)]
        if self.state == WALKING:
            actions += self._begin(now_ms)
        return actions

    def _is_open(self, step):
        return any(one[0] == step and one[1] == "open" for one in self.results)
