"""Soon while an alarm waits, slowly otherwise, never in step (P1, P8)."""

from firmware.core.backoff import Backoff


def _least(n):
    return 0


def _most(n):
    return n - 1


def test_urgent_steps_lie_between_100_and_200_ms():
    for rand, wanted_ms in ((_least, 100), (_most, 199)):
        backoff = Backoff(100, 30000, rand)
        assert [backoff.next_ms(True) for _ in range(200)] == [wanted_ms] * 200


def test_urgent_steps_grow_after_a_long_time_but_stay_below_a_second():
    backoff = Backoff(100, 30000, _most)
    steps = [backoff.next_ms(True) for _ in range(2000)]
    assert sum(steps[:300]) > 45000
    assert steps[-1] == 799
    assert max(steps) < 1000


def test_routine_steps_double_up_to_the_longest():
    for rand, wanted in ((_most, [1000, 2000, 4000, 8000, 16000, 30000, 30000]), (_least, [500, 1000, 2000, 4000, 8000, 15000])):
        backoff = Backoff(100, 30000, rand)
        assert [backoff.next_ms(False) for _ in wanted] == wanted


def test_a_connection_starts_everything_over():
    backoff = Backoff(100, 30000, _most)
    for _ in range(9):
        backoff.next_ms(False)
    for _ in range(400):
        backoff.next_ms(True)
    backoff.reset()
    assert backoff.next_ms(False) == 1000
    assert backoff.next_ms(True) == 199


def test_two_units_do_not_come_back_together():
    """Two generators, two rhythms: the same code with different randomness must not give the same steps."""
    seeds = [7, 11]

    def stepper(i):
        def rand(n):
            seeds[i] = (seeds[i] * 1103515245 + 12345) & 0x3FFFFFFF
            return seeds[i] % n

        return rand

    first, second = Backoff(100, 30000, stepper(0)), Backoff(100, 30000, stepper(1))
    pairs = [(first.next_ms(True), second.next_ms(True)) for _ in range(50)]
    assert sum(1 for a, b in pairs if a == b) < 10


def test_bounds_in_the_wrong_order_are_refused():
    for urgent_ms, longest_ms in ((0, 30000), (200, 100)):
        try:
            Backoff(urgent_ms, longest_ms, _least)
        except ValueError as error:
            assert "urgent_ms" in str(error)
        else:
            raise AssertionError("accepted %d, %d" % (urgent_ms, longest_ms))
