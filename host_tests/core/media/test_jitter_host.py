"""The jitter buffer on long simulated lines; more packets than the board's heap holds at once."""

from host_tests.core.media.network import Chance, listen, numbers, speech


def test_20_ms_of_mean_jitter_and_3_percent_loss_cost_us_2_percent_at_most():
    """The bench's figure: packets that arrived and were not played, late or left out, of all that arrived."""
    for seed in range(1, 7):
        packets = speech(60, Chance(seed), 0.03, 20.0)
        heard, buffer = listen(packets, 60500)
        played = len(set(numbers(heard)))
        lost_by_us = len(packets) - played
        assert lost_by_us <= 0.02 * len(packets), (seed, lost_by_us, len(packets))
        assert lost_by_us <= buffer.late + buffer.early + buffer.dropped_frames
        assert len(numbers(heard)) == played, "something was played twice"


def test_frames_are_never_played_in_the_wrong_order():
    for seed in range(1, 6):
        heard, buffer = listen(speech(30, Chance(seed), 0.1, 35.0), 30500)
        order = numbers(heard)
        assert order == sorted(set(order)) or buffer.anchored > 1, seed


def test_the_delay_grows_with_jitter_stays_below_six_frames_and_comes_back():
    chance = Chance(3)
    rough = speech(20, chance, 0.0, 25.0)
    calm = [(20000 + i * 20.0, 1000 + i, 160000 + i * 160) for i in range(50 * 90)]
    _, buffer = listen(rough, 19500)
    assert 80 <= buffer.delay_ms() <= 120
    heard, _ = listen(calm, 20000 + 89000, buffer, phase_ms=20007)
    assert buffer.delay_ms() <= 60
    wait_ms = [ms - (20000 + (number - 1000) * 20) for ms, number, _ in heard if number is not None][-1]
    assert wait_ms <= 80, wait_ms


def test_the_jitter_is_estimated_as_the_standard_does():
    _, buffer = listen(speech(20, Chance(5), 0.0, 20.0), 20000)
    assert 12 <= buffer.jitter_ms() <= 32  # mean of |difference of two exponentials of mean 20|: 20
    _, buffer = listen(speech(5, Chance(5)), 5000)
    assert buffer.jitter_ms() == 0
