"""Which attempts are open at the same time (P1, P8): one while nothing waits, a fresh one every moment while an alarm does."""

from firmware.core import clock
from firmware.core.backoff import Backoff
from firmware.transports import bounds, connection
from firmware.transports.dialler import Dialler

PLAIN = {"host": "192.0.2.1", "port": 1883, "server_name": "b", "tls": False}
SECURE = {"host": "192.0.2.2", "port": 8883, "server_name": "b", "tls": True}


class FakeAttempt:
    """Stands still in one stage; `close` reports to the bench as a real one does to the link."""

    def __init__(self, bench, broker):
        self.broker = broker
        self.secure = broker["tls"]
        self.stage = connection.CONNECTING
        self.entered_ms = self.progress_ms = self.born_ms = bench.now_ms
        self.dial_ms = None
        self.reason = None
        self._bench = bench

    def enter(self, stage):
        self.stage = stage
        self.entered_ms = self.progress_ms = self._bench.now_ms
        if self.dial_ms is None:
            self.dial_ms = clock.diff(self._bench.now_ms, self.born_ms)

    def close(self, reason):
        if self.stage != connection.CLOSED:
            self.stage, self.reason = connection.CLOSED, reason
            if self is self._bench.link:
                self._bench.link = None
            if self in self._bench.dialler.attempts:
                self._bench.dialler.failed(self, self._bench.now_ms, self._bench.urgent)


class Bench:
    def __init__(self, brokers=(PLAIN,), begin_ms=0):
        self.now_ms = begin_ms
        self.urgent = False
        self.link = None
        self.made = []
        settings = bounds.complete({})
        self.dialler = Dialler(self._dial, list(brokers), settings, Backoff(100, 30000, lambda n: n - 1), lambda n: 0)

    def _dial(self, broker):
        self.made.append(FakeAttempt(self, broker))
        return self.made[-1]

    def run(self, ms, each=None):
        """Ticks exactly when due, as the link does, for `ms`; `each(bench)` looks at every tick."""
        end_ms = clock.add(self.now_ms, ms)
        while True:
            self.dialler.tick(self.now_ms, self.urgent, self.link)
            if each:
                each(self)
            due_ms = clock.soonest(self.dialler.next_due(self.now_ms, self.urgent), end_ms)
            if clock.reached(due_ms, end_ms):
                self.now_ms = end_ms
                return
            self.now_ms = due_ms if clock.diff(due_ms, self.now_ms) > 0 else clock.add(self.now_ms, 1)


def test_without_alarm_there_is_one_attempt_with_its_whole_time_then_a_pause():
    for begin_ms in (0, 2**30 - 3000):
        bench = Bench(begin_ms=begin_ms)
        bench.run(4999)
        assert len(bench.made) == 1
        assert bench.made[0].stage == connection.CONNECTING
        bench.run(2)
        assert "5000 ms" in bench.made[0].reason
        bench.run(900)
        assert len(bench.made) == 1
        bench.run(200)
        assert len(bench.made) == 2


def test_each_stage_has_its_own_bound():
    for stage, bound_ms in (("resolving", 2000), ("connecting", 5000), ("securing", 8000), ("joining", 5000)):
        bench = Bench()
        bench.run(1)
        bench.made[0].enter(stage)
        bench.run(bound_ms - 1)
        assert bench.made[0].reason is None, stage
        bench.run(1)
        bench.run(1)
        assert stage in bench.made[0].reason


def test_in_a_blackout_with_an_alarm_a_fresh_attempt_starts_every_quarter_second_and_the_oldest_keeps_its_time():
    bench = Bench()
    bench.urgent = True
    most = []
    bench.run(4900, lambda b: most.append(len(b.dialler.attempts)))
    assert max(most) == 3
    assert 18 <= len(bench.made) <= 20
    assert bench.made[0].stage == connection.CONNECTING
    bench.run(60000)
    starts = [attempt.born_ms for attempt in bench.made]
    assert max(starts[i + 1] - starts[i] for i in range(len(starts) - 1)) <= 350


def test_with_tls_two_contexts_at_most_the_stalled_link_included():
    bench = Bench((SECURE,))
    bench.urgent = True
    link = FakeAttempt(bench, SECURE)
    link.stage = connection.UP
    bench.link = link
    bench.run(200)
    assert len(bench.dialler.attempts) == 1
    assert link.stage == connection.UP

    def count(b):
        open_links = 1 if link.stage == connection.UP else 0
        assert len(b.dialler.attempts) + open_links <= 2

    bench.run(3000, count)
    assert link.reason == "stalled"


def test_refusals_with_an_alarm_are_answered_after_100_to_200_ms_not_at_once():
    bench = Bench()
    bench.urgent = True

    def refuse(b):
        for attempt in b.dialler.attempts[:]:
            attempt.close("refused")

    bench.run(5000, refuse)
    assert 24 <= len(bench.made) <= 51


def test_refusals_without_alarm_are_answered_slower_and_slower_and_an_alarm_ends_the_pause():
    bench = Bench()

    def refuse(b):
        for attempt in b.dialler.attempts[:]:
            attempt.close("refused")

    bench.run(60000, refuse)
    assert len(bench.made) <= 8
    bench.urgent = True
    bench.dialler.at_once()
    count = len(bench.made)
    bench.run(1)
    assert len(bench.made) == count + 1


def test_slow_handshake_is_given_four_times_what_tcp_took():
    for dial_ms, patience_ms in ((0, 500), (100, 500), (400, 1600), (1000, 4000)):
        bench = Bench()
        bench.run(dial_ms)
        bench.dialler.tick(bench.now_ms, False, None)
        bench.made[0].enter(connection.JOINING)
        bench.urgent = True
        bench.run(patience_ms - 10)
        assert len(bench.made) == 1, dial_ms
        bench.run(20)
        assert len(bench.made) == 2, dial_ms


def test_brokers_are_taken_in_order_and_from_the_first_after_a_connection():
    bench = Bench((PLAIN, SECURE))

    def refuse(b):
        for attempt in b.dialler.attempts[:]:
            attempt.close("refused")

    bench.run(20000, refuse)
    assert [attempt.broker for attempt in bench.made[:4]] == [PLAIN, SECURE, PLAIN, SECURE]
    bench.dialler.at_once()
    bench.run(1)
    bench.dialler.joined(bench.dialler.attempts[0])
    bench.run(1)
    assert bench.made[-1].broker == PLAIN
    bench.dialler.stop("test")
    bench.dialler.after(PLAIN)
    bench.run(1)
    assert bench.made[-1].broker == SECURE


def test_who_sends_connect_first_ends_the_others_and_who_is_not_needed_goes_unless_it_has_sent_it():
    bench = Bench()
    bench.urgent = True
    bench.run(600)
    first, second, third = bench.dialler.attempts
    second.enter(connection.JOINING)
    bench.dialler.sent_connect(second)
    assert bench.dialler.attempts == [second]
    assert first.stage == third.stage == connection.CLOSED
    bench.dialler.call_off()
    assert bench.dialler.attempts == [second]
    second.stage = connection.SECURING
    bench.dialler.call_off()
    assert bench.dialler.attempts == []


def test_time_in_which_the_loop_stood_still_starts_no_second_attempt():
    bench = Bench()
    bench.urgent = True
    bench.run(1)
    bench.now_ms = clock.add(bench.now_ms, 1500)
    bench.dialler.forgive(1499)
    bench.run(1)
    assert len(bench.made) == 1
