"""One test of a unit, step by step: what counts, what does not, and every time from both sides (P4, P7, P8)."""

from firmware.core.walk import machine as m

SETTLE_MS, RECEIPT_MS, IDLE_MS, LONGEST_MS = 3000, 30000, 900000, 7200000
STEPS = ["pull:button", "pull:cord1", "ask:cord1:reach", "ask:light", "tone", "mains_off", "load", "mains_on", "path:broker1",
         "clock"]


class Engineer:
    """Brings events to a machine at a time that only grows, and notes what it decides."""

    def __init__(self, steps=STEPS, settled=True):
        self.machine = m.Machine(steps, (SETTLE_MS, RECEIPT_MS, IDLE_MS, LONGEST_MS))
        self.now_ms = 0
        self.done = []
        if settled:
            self.at(SETTLE_MS, m.TICK)

    def at(self, now_ms, event, *data):
        assert now_ms >= self.now_ms
        self.now_ms = now_ms
        found = self.machine.handle(event, now_ms, *data)
        self.done += found
        return found

    def do(self, event, *data):
        return self.at(self.now_ms, event, *data)

    def later(self, ms, event=m.TICK, *data):
        return self.at(self.now_ms + ms, event, *data)

    def pull(self, name, latency_ms=40, raises=True):
        self.do(m.PULLED, name, raises)
        if raises:
            self.later(latency_ms, m.RECEIVED, name, latency_ms)
        return self.later(200, m.RELEASED, name)

    def through(self, until):
        """Does every step well before the step `until`."""
        while self.machine.step() != until:
            step = self.machine.step()
            if step.startswith("pull:"):
                self.pull(step[5:])
            elif step.startswith("ask:"):
                self.do(m.ANSWERED, step, "yes")
            else:
                self.do(m.MEASURED, step, "pass", "", None)

    def result(self, step):
        return [one[1:] for one in self.machine.results if one[0] == step][0]


def verbs(actions):
    return [action[0] for action in actions]


def test_all_of_it_done_well_is_a_pass_and_the_end():
    one = Engineer()
    one.through("clock")
    assert one.do(m.MEASURED, "clock", "pass", "2 s off", None)[-1] == ("END", "PASS")
    assert one.machine.state == m.ENDED and one.machine.left() == [] and one.machine.next_due() is None
    assert one.result("pull:button") == ["pass", "", 40] and one.result("clock") == ["pass", "2 s off", None]
    kept = [action[1] for action in one.done if action[0] == "RESULT"]
    assert kept == STEPS, "each result once"


def test_until_it_has_settled_no_pull_is_the_tests():
    one = Engineer(settled=False)
    assert one.machine.waiting() == [] and one.machine.next_due() == SETTLE_MS
    assert one.at(SETTLE_MS - 1, m.TICK) == [] and one.machine.state == m.SETTLING
    assert one.at(SETTLE_MS - 1, m.PULLED, "button", True) == [], "that was a real call"
    assert verbs(one.at(SETTLE_MS, m.TICK)) == ["TELL", "ASK"] and one.machine.state == m.WALKING
    assert one.machine.waiting() == ["button", "cord1"]


def test_pulls_come_in_any_order_and_each_counts_once():
    one = Engineer()
    one.do(m.PULLED, "cord1", True)
    assert one.machine.waiting() == ["button"]
    one.do(m.PULLED, "button", True)
    assert one.machine.waiting() == []
    one.later(50, m.RECEIVED, "button", 50)
    one.later(10, m.RELEASED, "cord1")
    assert "RESULT" not in verbs(one.done)
    one.later(10, m.RELEASED, "button")
    assert one.result("pull:button") == ["pass", "", 50] and one.result("pull:cord1")[0] == "open"
    one.later(10, m.RECEIVED, "cord1", 80)
    assert one.result("pull:cord1") == ["pass", "", 80] and one.machine.waiting() == []
    assert one.do(m.PULLED, "cord1", True) == one.do(m.RELEASED, "cord1") == one.do(m.RECEIVED, "cord1", 1) == []


def test_pulled_alone_released_alone_or_received_alone_is_no_pass():
    for missing in (m.PULLED, m.RELEASED, m.RECEIVED):
        one = Engineer(["pull:cord1"])
        for event, data in ((m.PULLED, ("cord1", True)), (m.RECEIVED, ("cord1", 9)), (m.RELEASED, ("cord1",))):
            if event != missing:
                one.do(event, *data)
        assert one.result("pull:cord1")[0] == "open", missing
        one.later(IDLE_MS)
        assert one.machine.verdict in ("FAIL", "INCOMPLETE"), missing


def test_a_contact_that_raises_no_call_wants_no_receipt():
    one = Engineer(["pull:answer", "clock"])
    one.pull("answer", raises=False)
    assert one.result("pull:answer") == ["pass", "", None]


def test_a_receipt_counts_until_30_s_after_the_pull_and_not_a_millisecond_longer():
    one = Engineer()
    one.do(m.PULLED, "cord1", True)
    one.do(m.RELEASED, "cord1")
    assert one.machine.next_due() == SETTLE_MS + RECEIPT_MS
    assert one.later(RECEIPT_MS - 1) == []
    one.do(m.RECEIVED, "cord1", RECEIPT_MS - 1)
    assert one.result("pull:cord1") == ["pass", "", RECEIPT_MS - 1]
    one = Engineer()
    one.do(m.PULLED, "cord1", True)
    one.later(RECEIPT_MS)
    assert one.result("pull:cord1") == ["fail", "no receipt", None]
    one = Engineer()
    one.do(m.PULLED, "cord1", True)
    one.later(RECEIPT_MS, m.RECEIVED, "cord1", RECEIPT_MS)
    one.do(m.RELEASED, "cord1")
    assert one.result("pull:cord1") == ["fail", "receipt late", RECEIPT_MS]


def test_a_receipt_is_also_missed_while_a_real_call_is_open():
    for state in (m.PAUSED, m.SETTLING):
        one = Engineer()
        one.do(m.PULLED, "cord1", True)
        one.later(RECEIPT_MS - 100, m.REAL)
        if state == m.SETTLING:
            one.do(m.OVER)
        assert one.machine.state == state
        one.later(100)
        assert one.result("pull:cord1") == ["fail", "no receipt", None]


def test_questions_are_answered_by_yes_or_no_in_any_order_and_nothing_else():
    one = Engineer()
    assert one.do(m.ANSWERED, "ask:light", "no")[0] == ("ACCEPT",)
    assert one.result("ask:light") == ["fail", "no", None]
    assert one.do(m.ANSWERED, "ask:cord1:reach", "yes")[0] == ("ACCEPT",)
    assert one.result("ask:cord1:reach") == ["pass", "yes", None]
    for step in ("ask:light", "ask:cord9:reach", "tone", "pull:cord1", ""):
        assert one.do(m.ANSWERED, step, "yes") == [("REFUSE", "no_step")]
    one = Engineer()
    for value in ("", "Yes", "maybe", "1"):
        assert one.do(m.ANSWERED, "ask:light", value) == [("REFUSE", "field")]


def test_a_step_is_left_out_only_with_a_reason():
    one = Engineer()
    for why in ("", "   "):
        assert one.do(m.SKIPPED, "pull:cord1", why) == [("REFUSE", "field")]
    assert one.do(m.SKIPPED, "pull:cord1", "locked room")[0] == ("ACCEPT",)
    assert one.result("pull:cord1") == ["skip", "locked room", None] and one.machine.waiting() == ["button"]
    assert one.do(m.SKIPPED, "pull:cord1", "again") == [("REFUSE", "no_step")]


def test_a_pull_that_goes_on_may_be_left_out_and_counts_no_more():
    one = Engineer(["pull:cord1", "clock"])
    one.do(m.PULLED, "cord1", True)
    one.do(m.SKIPPED, "pull:cord1", "stuck")
    one.do(m.RECEIVED, "cord1", 5)
    one.do(m.RELEASED, "cord1")
    assert one.result("pull:cord1") == ["skip", "stuck", None]


def test_what_the_unit_does_by_itself_is_begun_in_turn_when_all_before_is_done():
    one = Engineer()
    one.through("tone")
    assert one.done[-2:] == [("ASK", "tone"), ("BEGIN", "tone")]
    assert "BEGIN" not in verbs(one.done[:-1])
    assert one.do(m.MEASURED, "load", "pass", "", None) == [], "not the one that was begun"
    assert ("BEGIN", "mains_off") in one.do(m.MEASURED, "tone", "fail", "-9 dB", None)
    assert one.do(m.MEASURED, "tone", "pass", "", None) == [], "once"
    assert one.result("tone") == ["fail", "-9 dB", None]


def test_what_is_begun_has_a_limit_and_the_mains_wait_for_the_engineer():
    for step, limit_ms in (("tone", 60000), ("load", 240000), ("path:broker1", 60000), ("clock", 30000)):
        one = Engineer()
        one.through(step)
        assert "BREAK_OFF" not in verbs(one.later(limit_ms - 1))
        found = one.later(1)
        assert found[0] == ("BREAK_OFF", step) and one.result(step) == ["fail", "no end", None]
    for step in ("mains_off", "mains_on"):
        one = Engineer()
        one.through(step)
        one.later(IDLE_MS - 1)
        assert one.machine.step() == step
        one.later(1)
        assert one.machine.verdict == "INCOMPLETE"


def test_a_step_that_is_being_done_may_be_left_out():
    one = Engineer()
    one.through("load")
    found = one.do(m.SKIPPED, "load", "no battery here")
    assert found[:2] == [("ACCEPT",), ("BREAK_OFF", "load")] and found[-1] == ("BEGIN", "mains_on")


def test_a_real_call_pauses_and_nothing_is_begun_asked_or_awaited_until_it_is_over_p7():
    one = Engineer()
    one.through("load")
    assert one.do(m.REAL) == [("BREAK_OFF", "load"), ("TELL",)]
    assert one.machine.waiting() == []
    for event, data in ((m.ANSWERED, ("ask:light", "yes")), (m.SKIPPED, ("load", "why"))):
        assert one.do(event, *data) == [("REFUSE", "busy")]
    assert one.do(m.MEASURED, "load", "pass", "", None) == []
    assert one.later(IDLE_MS * 2) == [], "a call may last"
    assert one.do(m.OVER) == [("TELL",)] and one.machine.state == m.SETTLING and one.machine.waiting() == []
    assert one.later(SETTLE_MS - 1) == []
    assert one.later(1) == [("TELL",), ("ASK", "load"), ("BEGIN", "load")], "it goes on where it was"


def test_what_was_pulled_before_a_real_call_is_released_and_received_in_it():
    one = Engineer()
    one.do(m.PULLED, "cord1", True)
    one.do(m.REAL)
    one.later(20, m.RECEIVED, "cord1", 20)
    one.later(20, m.RELEASED, "cord1")
    assert one.result("pull:cord1") == ["pass", "", 20] and one.machine.state == m.PAUSED


def test_a_pull_that_was_held_waits_anew_once_released_and_fails_if_it_is_held_on():
    one = Engineer()
    one.do(m.PULLED, "cord1", True)
    one.do(m.RECEIVED, "cord1", 20)
    one.do(m.HELD, "cord1")
    one.do(m.REAL)
    one.later(100, m.RELEASED, "cord1")
    assert one.result("pull:cord1")[0] == "open", "what became a real call is none for the test"
    one.do(m.OVER)
    one.later(SETTLE_MS)
    assert one.machine.waiting() == ["button", "cord1"]
    one.do(m.PULLED, "cord1", True)
    one.do(m.HELD, "cord1")
    one.do(m.REAL)
    one.later(60000, m.OVER)
    assert one.result("pull:cord1") == ["fail", "not released", None]
    assert one.do(m.RELEASED, "cord1") == [] == one.do(m.HELD, "cord1")


def test_the_engineer_who_walks_away_leaves_an_incomplete_test_p7():
    one = Engineer()
    one.pull("button")
    done_ms = one.now_ms
    one.at(done_ms + IDLE_MS - 1, m.TICK)
    assert one.machine.state == m.WALKING
    assert one.at(done_ms + IDLE_MS, m.TICK)[-1] == ("END", "INCOMPLETE")


def test_whatever_is_done_starts_the_idle_time_anew():
    for act in (lambda one: one.do(m.PULLED, "cord1", True), lambda one: one.do(m.ANSWERED, "ask:light", "yes"),
                lambda one: one.do(m.SKIPPED, "clock", "why"), lambda one: (one.do(m.REAL), one.do(m.OVER))):
        one = Engineer()
        one.later(IDLE_MS - 1)
        act(one)
        one.later(SETTLE_MS)
        assert one.machine.state == m.WALKING


def test_no_test_lasts_longer_than_two_hours_whatever_happens():
    for events in ((), (m.REAL,), (m.REAL, m.OVER)):
        one = Engineer()
        busy_ms = IDLE_MS // 2
        for _ in range(LONGEST_MS // busy_ms - 1):
            one.later(busy_ms, m.REAL)
            one.do(m.OVER)
            one.do(m.TICK)
        for event in events:
            one.at(LONGEST_MS - 1, event)
        one.at(LONGEST_MS - 1, m.TICK)
        assert one.machine.state != m.ENDED
        one.at(LONGEST_MS, m.TICK)
        assert one.machine.state == m.ENDED and one.machine.verdict == "INCOMPLETE"


def test_it_ends_at_once_when_stopped_in_every_state():
    for events in ((), (m.REAL,), (m.REAL, m.OVER)):
        one = Engineer()
        one.through("load")
        for event in events:
            one.do(event)
        found = one.do(m.STOPPED)
        assert found[-1] == ("END", "INCOMPLETE") and one.machine.state == m.ENDED
        assert (("BREAK_OFF", "load") in found) == (events == ())


def test_after_the_end_nothing_counts():
    one = Engineer()
    one.do(m.STOPPED)
    for event, data in ((m.PULLED, ("cord1", True)), (m.TICK, ()), (m.REAL, ()), (m.MEASURED, ("tone", "pass", "", None))):
        assert one.later(1, event, *data) == []
    assert one.do(m.ANSWERED, "ask:light", "yes") == one.do(m.SKIPPED, "tone", "why") == [("REFUSE", "no_test")]
    assert one.machine.verdict == "INCOMPLETE"


def test_who_does_not_do_what_was_asked_is_asked_again_every_minute():
    one = Engineer()
    assert one.later(59999) == []
    assert one.later(1) == [("ASK", "pull:button")]
    assert one.later(59999) == [] and one.later(1) == [("ASK", "pull:button")]


def test_an_unknown_event_raises_in_every_state():
    for events in ((), (m.REAL,), (m.STOPPED,)):
        one = Engineer()
        for event in events:
            one.do(event)
        try:
            one.do("DANCED")
        except ValueError as problem:
            assert "DANCED" in str(problem)
        else:
            raise AssertionError("taken")
