"""The engineer's test while it runs: brings what happens to core/walk/machine.py and carries out what it decides.

Loaded when a test begins (firmware/on_demand.py): it needs no module of firmware/ outside the two walk packages, and is handed
the rest. Everything returns at once. Times are ms since the test began. Source: P7; docs/testing.md.
"""

import os
from binascii import hexlify

from micropython import const

from firmware.core.walk import machine as m
from firmware.core.walk import words
from firmware.core.walk.steps import steps
from firmware.walk.keeping import Keeper
from firmware.walk.measures import Measures
from firmware.walk.shelf import DIRECTORY, PASSED

_TELL_MS = const(200)  # a progress event at most so often
_LONG_MS = const(1500)  # an answer button pressed for so long says no, less yes
_LEFT_BYTES = const(1100)  # of `left` in one event, which has 2,048 in all
_RETRY_MS = const(10000)  # a record that could not be written is tried again
_GIVE_UP_MS = const(60000)  # then it stays what it is on flash: an open test, made a record at the next start
_KINDS = ("button", "cord", "pendant")  # of core.call; that module is in use, and would be here a second time
_MUST_BE_THERE = ("button", "cord")  # not every flat has a pendant
_TEST = const(3)  # index of the cause `test`


class Walk:
    """`shell`, `senses`, `names`, `timers`, `calendar` as testing.Testing has them. `test`: the id."""

    def __init__(self, shell, senses, names, timers, calendar):
        self.test = hexlify(os.urandom(4)).decode()
        self._shell = shell
        self._calendar = calendar
        paths = shell.proofs.paths()
        inputs = _inputs(senses, names)
        self._machine = m.Machine(steps(inputs, paths), (
            timers.test_settle_ms, timers.test_receipt_ms, timers.test_idle_ms, timers.test_longest_ms),
            ["pull:" + name for name, kind, _ in inputs if kind not in _MUST_BE_THERE])
        self._measures = Measures(
            shell, timers, lambda: any(sense.role == "privacy" and not sense.rests() for sense in senses))
        self._keeper = Keeper(DIRECTORY, shell.may_write)
        self._doubted = []  # senses that were let go of, but whose line does not read well
        self._unproven = []  # [input, call, trigger's number, pulled at] until the service's receipt
        self._news = []  # [step, result, detail] that the service has not been told
        self._tell = True
        self._told_ms = -_TELL_MS
        self._prompt = words.BEGINS
        self._down_ms = None  # the answer button is pressed since then
        self._ended_ms = None
        self._kept = False
        self._verbs = {"RESULT": self._result, "BEGIN": self._measures.begin, "BREAK_OFF": self._measures.break_off,
                       "ASK": self._ask, "TELL": self._changed, "END": self._end}

    def begin(self, asked):
        """`asked`: (by, engineer, witness, firmware version, SHA-256 of the board data, of the settings)."""
        shell = self._shell
        by, who, witness, version, board_sha256, config_sha256 = asked
        header = {
            "test": self.test, "unit": "/".join(shell.uplink.prefix.split("/")[2:5]), "board": shell.board_name,
            "firmware": version, "engineer": who, "witness": witness, "by": by, "started": self._unix_s(),
            "board_sha256": board_sha256, "config_sha256": config_sha256}
        self._keeper.begin(header, [one[0] for one in self._machine.results])
        shell.signals.test(True)
        print("test %s: begins; %d steps" % (self.test, len(self._machine.results)))

    # --- what happens

    def felt(self, name, sense, at_ms):
        """PULLED, RELEASED or HELD of an input."""
        if name == m.PULLED and sense.kind_index is not None:
            if not self._find(sense, at_ms):
                return
            self._do(m.PULLED, at_ms, sense.name, True)
            return
        if sense.role == "answer":
            self._answer_button(name, at_ms)
        if name == m.RELEASED and not sense.rests():
            self._doubted.append(sense)  # a wire that breaks ends a pull too: it is none that was let go (P7)
        elif name == m.PULLED:
            self._do(m.PULLED, at_ms, sense.name, False)
        else:
            self._do(name, at_ms, sense.name)

    def told(self, do, step, value, at_ms):
        """A command of the engineer; "" or the reason why it is refused."""
        if do == "stop":
            self._do(m.STOPPED, at_ms)
            return ""
        return self._do(m.ANSWERED if do == "answer" else m.SKIPPED, at_ms, step, value)

    def is_kept(self):
        """True once it has ended and its record is on flash: only its last words are left."""
        return self._kept

    def waiting(self):
        return self._machine.waiting()

    def step(self, at_ms, real):
        """Does what is due. `real`: a real call is open, or speech is on. True once it is all over."""
        if real != (self._machine.state == m.PAUSED) and self._machine.state != m.ENDED:
            self._do(m.REAL if real else m.OVER, at_ms)
        self._look_for_receipts(at_ms)
        for sense in list(self._doubted):
            if sense.rests():
                self._doubted.remove(sense)
                self._do(m.RELEASED, at_ms, sense.name)
        self._speak(real)  # before the unit listens to itself
        measured = self._measures.poll(at_ms)
        if measured is not None:
            self._do(m.MEASURED, at_ms, *measured)
        due_ms = self._machine.next_due()
        if due_ms is not None and at_ms >= due_ms:
            self._do(m.TICK, at_ms)
        if at_ms - self._told_ms >= _TELL_MS and (self._tell or self._news):
            self._report(at_ms)
        return self._is_over(at_ms)

    def rest_ms(self, at_ms):
        """How long nothing will be due."""
        due_ms = self._machine.next_due()
        if self._tell or self._news:
            due_ms = min(due_ms or at_ms, self._told_ms + _TELL_MS)
        if due_ms is None or self._prompt:
            return _TELL_MS
        return max(due_ms - at_ms, 0)

    def _find(self, sense, at_ms):
        """Notes for which activation of which call the receipt is wanted. False: the call does not have it as a test."""
        for call in self._shell.calls.open:
            for trigger in call.triggers:
                if trigger[1] == sense.index and trigger[3] == _TEST:
                    self._unproven.append([sense.name, call, trigger[0], at_ms])
                    return True
        return False

    def _look_for_receipts(self, at_ms):
        for one in list(self._unproven):
            name, call, number, pulled_ms = one
            if call.received >= number:
                self._unproven.remove(one)
                self._do(m.RECEIVED, at_ms, name, at_ms - pulled_ms)
            elif call.state == "CLEARED":
                self._unproven.remove(one)

    def _answer_button(self, name, at_ms):
        """Says yes or no to the question that stands, unless its own pull is being waited for."""
        if name == m.PULLED:
            self._down_ms = at_ms
        elif name == m.RELEASED and self._down_ms is not None:
            step, pressed_ms, self._down_ms = self._machine.step(), at_ms - self._down_ms, None
            if step.startswith("ask:"):
                self._do(m.ANSWERED, at_ms, step, "no" if pressed_ms >= _LONG_MS else "yes")
                self._shell.signals.sound("NOTED")

    # --- what is done

    def _do(self, event, at_ms, *data):
        """"" or the reason of a refusal."""
        reason = ""
        for action in self._machine.handle(event, at_ms, *data):
            if action[0] == "REFUSE":
                reason = action[1]
            elif action[0] != "ACCEPT":
                self._verbs[action[0]](at_ms, *action[1:])
        return reason

    def _result(self, at_ms, step, result, detail, ms):
        self._keeper.add(step, result, detail, ms)
        if step == "ask:light" and result != "skip":
            self._shell.reports.fault("light", "", result == "fail")
        self._news.append([step, result, detail or ("" if ms is None else "%d ms" % ms)])
        print("test %s: %s %s %s%s" % (self.test, step, result, detail, "" if ms is None else "%d ms" % ms))

    def _ask(self, at_ms, step):
        if step == "mains_off":
            self._keeper.mark("load")  # a unit that goes down from here on has a battery that does not carry it
        self._prompt = words.prompt(step)
        print("test %s: %s" % (self.test, words.printed(step)))

    def _changed(self, at_ms):
        self._tell = True

    def _end(self, at_ms, verdict):
        self._ended_ms = at_ms
        self._tell = True
        self._prompt = words.ended(verdict)
        self._shell.signals.test(False)
        self._settled(self._keeper.finish(verdict, self._unix_s(), self._next(verdict)))
        print("test %s: ended, %s" % (self.test, verdict))

    def _next(self, verdict):
        """Day on which the next test is due, "YYYY-MM-DD"; None if nobody knows the date."""
        ended_s = self._unix_s()
        if ended_s is None:
            return None
        return self._calendar.due.after(ended_s) if verdict in PASSED else self._calendar.due.dates()[1]

    def _settled(self, kept):
        """A test counts as passed from when its record is on flash: without one nobody can say so after a reset (P5)."""
        if kept and not self._kept and self._machine.verdict in PASSED:
            self._calendar.passed()
        self._kept = kept

    def _is_over(self, at_ms):
        """Ended, told, spoken, and kept if that is possible."""
        if self._ended_ms is None or self._tell or self._news:
            return False
        late_ms = at_ms - self._ended_ms
        if not self._kept and late_ms % _RETRY_MS < _TELL_MS:
            self._settled(self._keeper.settle())
        return (self._kept and not self._prompt) or late_ms >= _GIVE_UP_MS

    def _report(self, at_ms):
        self._told_ms = at_ms
        self._tell = False
        last = self._news.pop(0) if self._news else None
        state = {m.PAUSED: "paused", m.ENDED: "ended"}.get(self._machine.state, "running")
        if state == "ended" and self._news:
            state = "running"  # the end is told last
        fields = {"test": self.test, "state": state, "step": "", "left": [], "last": last, "verdict": ""}
        if state == "ended":
            fields["verdict"] = self._machine.verdict
        else:
            if self._machine.state != m.SETTLING:  # nothing is to be done yet: a pull would be a real call
                fields["step"] = self._machine.step()
            fields["left"] = _shortened(self._machine.left())
        self._shell.reports.note("test", fields, "test " + (last[0] if last else state))

    def _speak(self, real):
        """Says the newest thing that is to be said, once nobody speaks and no tone plays."""
        shell = self._shell
        if self._prompt and not (real or shell.calls.open or shell.talk.prompting or shell.signals.sounding()):
            shell.talk.prompt(self._prompt)
            self._prompt = ""

    def _unix_s(self):
        return self._shell.wall_clock.now_s() if self._shell.wall_clock.known else None


def _inputs(senses, names):
    """As core.walk.steps wants them, in the board's order; also of an input that could not be made: it is on the record."""
    kinds = {sense.name: _KINDS[sense.kind_index] if sense.kind_index is not None else sense.role for sense in senses}
    return [(name, kinds.get(name, "button"), room) for name, room in names]


def _shortened(left):
    """As many as fit into an event, and how many more there are."""
    size = 0
    for i, name in enumerate(left):
        size += len(name) + 4
        if size > _LEFT_BYTES:
            return left[:i] + ["... %d more" % (len(left) - i)]
    return left
