"""What of tests is always there: no real call is ever taken for a test, whatever is loaded and whatever breaks (P4, P7)."""

from firmware.core.walk import machine as m
from host_tests.walk.small_flat import TIMERS, Flat

SETTLE_MS, REAL_MS = TIMERS["test_settle_ms"], TIMERS["test_real_ms"]
INPUTS = ("button", "cord1", "cord2")


class Program:
    """In place of firmware/walk/run.py: the real machine, and nothing kept or told. Breaks where `breaks` says."""

    breaks = ""
    test = "c0ffee01"

    def __init__(self, shell, senses, names, timers, calendar):
        self._break("made")
        limits = timers.test_settle_ms, timers.test_receipt_ms, timers.test_idle_ms, timers.test_longest_ms
        self.machine = m.Machine(["pull:" + sense.name for sense in senses] + ["clock"], limits)

    def _break(self, where):
        if Program.breaks == where:
            raise RuntimeError("broken")

    def begin(self, asked):
        self._break("begun")

    def felt(self, name, sense, at_ms):
        self._break("felt")
        self.machine.handle(name, at_ms, sense.name, *((True,) if name == m.PULLED else ()))

    def told(self, do, step, value, at_ms):
        self._break("told")
        actions = self.machine.handle(m.STOPPED, at_ms) if do == "stop" else self.machine.handle(m.SKIPPED, at_ms, step, value)
        return actions[0][1] if actions[0][0] == "REFUSE" else ""

    def step(self, at_ms, real):
        self._break("step")
        if real != (self.machine.state == m.PAUSED) and self.machine.state != m.ENDED:
            self.machine.handle(m.REAL if real else m.OVER, at_ms)
        self.machine.handle(m.TICK, at_ms)
        return self.machine.state == m.ENDED

    def waiting(self):
        return self.machine.waiting()

    def is_kept(self):
        return False

    def rest_ms(self, at_ms):
        self._break("rest")
        return 1000


def running(**options):
    """A flat in which a test runs and pulls are awaited."""
    Program.breaks = ""
    flat = Flat(Program, **options)
    assert flat.tell("start", test="") == ""
    flat.later(SETTLE_MS + 100)
    assert flat.testing.waiting == [sense.name for sense in flat.senses]
    return flat


def test_the_first_pull_of_an_input_is_a_test_and_the_second_is_real():
    flat = running()
    assert [flat.pull("cord1"), flat.pull("cord1")] == ["test", "activated"]
    assert not flat.calls.open[0].is_test()


def test_before_a_test_has_settled_and_after_it_has_ended_every_pull_is_real():
    Program.breaks = ""
    flat = Flat(Program)
    flat.tell("start", test="")
    flat.later(SETTLE_MS - 100)
    assert flat.pull("cord1") == "activated"
    flat = running()
    flat.tell("stop")
    assert flat.pull("cord1") == "test", "stopped in this very turn of the loop: it still waited"
    flat = running()
    flat.tell("stop")
    flat.later(100)
    assert flat.pull("cord1") == "activated" and not flat.testing.runs


def test_a_real_call_makes_every_further_pull_real_until_it_is_over_and_the_test_has_settled_again():
    flat = running()
    flat.pull("cord1")
    assert flat.pull("cord1") == "activated"
    assert flat.pull("cord2") == "activated", "in the same turn of the loop"
    flat.later(1000)
    assert flat.pull("button") == "activated"
    flat.receipt()
    flat.clear()
    assert flat.calls.open == []
    flat.later(100)
    assert flat.pull("cord2") == "activated", "not yet settled"
    flat.receipt()
    flat.clear()
    flat.later(SETTLE_MS + 200)
    assert flat.pull("cord2") == "test"


def test_a_broken_wire_is_never_a_test_and_pauses_it():
    flat = running()
    assert not flat.testing.takes(flat.senses[1], False) and flat.testing.waiting == []


def test_a_test_pull_that_is_held_is_raised_as_real_after_5_s_and_not_before():
    flat = running()
    flat.pull("cord1")
    flat.later(REAL_MS - 1, REAL_MS)
    assert flat.calls.open[0].is_test()
    flat.later(1)
    assert not flat.calls.open[0].is_test() and flat.calls.open[0].activations == 2
    flat.later(10000)
    assert flat.calls.open[0].activations == 2, "once"
    flat = running()
    flat.pull("cord1")
    flat.later(REAL_MS - 1, REAL_MS)
    flat.release("cord1")
    flat.later(10000)
    assert flat.calls.open[0].activations == 1


def test_two_inputs_that_are_held_are_both_raised_and_also_after_the_test_has_ended():
    flat = running()
    flat.pull("cord1")
    flat.pull("cord2")
    flat.tell("stop")
    flat.later(REAL_MS + 300)
    assert flat.calls.open[0].activations == 4 and not flat.testing.runs


def test_a_held_pull_that_could_not_be_raised_for_want_of_memory_is_raised_at_the_next_look_p1():
    flat = running()
    flat.pull("cord1")
    flat.full = True
    try:
        flat.later(REAL_MS + 100)
    except MemoryError:
        assert flat.testing.waiting == [] and flat.calls.open[0].is_test()
    else:
        raise RuntimeError("nothing was raised")
    flat.later(100)
    assert not flat.calls.open[0].is_test() and flat.calls.open[0].activations == 2
    flat.later(2 * REAL_MS)
    assert flat.calls.open[0].activations == 2


def test_a_program_that_breaks_leaves_no_load_on_the_battery_and_its_rest_is_guarded_as_well():
    flat = running()
    Program.breaks = "rest"
    assert flat.testing.next_due() is not None and not flat.testing.runs
    assert flat.done[-3:] == [("load", False), ("shows test", False), ("test", "ended")]
    flat = running()
    Program.breaks = "step"
    flat.later(100)
    assert ("load", False) in flat.done and not flat.testing.runs


def test_whatever_breaks_in_the_program_ends_the_test_and_every_pull_is_real():
    for where in ("felt", "step", "told"):
        flat = running()
        Program.breaks = where
        assert flat.pull("cord1") == "test"
        if where == "told":
            assert flat.tell("stop") == "no_test"
        flat.later(100)
        assert not flat.testing.runs and flat.testing.waiting == [] and ("test", "ended") in flat.done, where
        assert flat.pull("cord2") == "activated", where
        flat.later(REAL_MS + 200)
        assert [trigger[1] for trigger in flat.calls.open[0].triggers].count(1) == 2, "and the one that is held as well"


def test_a_program_that_cannot_be_loaded_made_or_begun_is_refused_as_memory_and_changes_nothing():
    for program in (MemoryError(), ImportError("none"), "made", "begun"):
        Program.breaks = program if isinstance(program, str) else ""
        flat = Flat(Program if isinstance(program, str) else program)
        assert flat.tell("start", test="") == "memory" and not flat.testing.runs
        assert flat.pull("cord1") == "activated"


def test_a_test_begins_only_when_no_call_and_no_speech_is_on_and_none_runs():
    Program.breaks = ""
    flat = Flat(Program)
    flat.pull("cord1")
    assert flat.tell("start", test="") == "busy"
    flat = Flat(Program)
    flat.speaking = True
    assert flat.tell("start", test="") == "busy"
    flat = running()
    assert flat.tell("start", test="") == "running"
    assert flat.tell("skip", "clock", "why", test="00000000") == "no_test" and flat.tell("dance") == "field"
    flat.tell("stop")
    flat.later(100)
    assert flat.tell("skip", "clock", "why") == "no_test"


def test_speech_pauses_a_test_as_a_call_does():
    flat = running()
    flat.speaking = True
    flat.later(100)
    assert flat.testing.waiting == [] and flat.pull("cord1") == "activated"


def test_a_press_of_a_contact_that_raises_no_call_is_the_tests_alone_only_on_the_answer_button_without_speech():
    flat = running(inputs=("button", "answer", "reset"))
    assert flat.pull("answer") is True and flat.pull("reset") is False
    flat.speaking = True
    assert flat.pull("answer") is False
    flat = Flat(Program, inputs=("button", "answer"))
    assert flat.pull("answer") is False, "no test runs"


def pressed(flat, name="answer", lengths=(250, 250, 2200, 250)):
    flat.later(3500, 50)
    for ms in lengths:
        flat.pull(name)
        flat.later(ms, 50)
        flat.release(name)
        flat.later(400, 50)
    flat.later(3000, 50)


def test_the_pattern_on_the_answer_button_or_else_on_the_reset_contact_begins_a_test():
    Program.breaks = ""
    for inputs, name, begins in ((("button", "answer"), "answer", True), (("button", "reset"), "reset", True),
                                 (("button", "answer", "reset"), "reset", False), (("button", "privacy"), "privacy", False)):
        flat = Flat(Program, inputs=inputs)
        assert (flat.testing.pattern_of is None) == ("privacy" in inputs)
        pressed(flat, name)
        assert flat.testing.runs == begins, inputs


def test_a_test_that_was_asked_for_at_the_start_waits_for_the_link_and_for_a_minute_at_most():
    Program.breaks = ""
    flat = Flat(Program)
    flat.link.online = False
    flat.testing.request = ("E. Ngineer", "")
    flat.later(59900)
    assert not flat.testing.runs
    flat.later(200)
    assert flat.testing.runs
    flat = Flat(Program)
    flat.testing.request = ("E. Ngineer", "")
    flat.later(100)
    assert flat.testing.runs
    flat = Flat(Program)
    flat.testing.request = ("E. Ngineer", "")
    flat.pull("cord1")
    flat.later(100)
    assert not flat.testing.runs and flat.testing.request is None and ("sound", "FAULT") in flat.done


def test_a_sender_that_breaks_is_let_go_of_for_an_hour_and_not_asked_at_each_turn():
    flat = Flat(Program)
    flat.testing.unsent = True
    flat.later(1000)
    assert len(flat.sends) == 9, "loaded in the first turn"
    flat.sender_breaks = True
    flat.later(1000)
    assert len(flat.sends) == 10
    flat.sender_breaks = False
    flat.later(3598000, 1000)
    assert len(flat.sends) == 10
    flat.later(3000, 1000)
    assert len(flat.sends) == 11, "after an hour it is loaded again"
