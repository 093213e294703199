"""The timeout follows the network (P8: a dead link costs an alarm little, a slow one is not knocked over)."""

from firmware.core.round_trip import RoundTrip


def _steady(rtt_ms, samples=40, floor_ms=500, ceiling_ms=4000):
    trip = RoundTrip(floor_ms, ceiling_ms, 1000)
    for _ in range(samples):
        trip.sample(rtt_ms)
    return trip


def test_nothing_known_gives_the_initial_timeout():
    trip = RoundTrip(500, 4000, 1000)
    assert trip.timeout_ms() == 1000
    assert trip.mean_ms() is None


def test_fast_network_gives_the_floor_and_slow_one_the_ceiling():
    for rtt_ms, wanted_ms in ((0, 500), (1, 500), (200, 500), (9000, 4000)):
        assert _steady(rtt_ms).timeout_ms() == wanted_ms, rtt_ms


def test_steady_network_is_given_little_more_than_its_mean():
    trip = _steady(1200)
    assert trip.mean_ms() == 1200
    assert 1200 <= trip.timeout_ms() < 1300


def test_unsteady_network_is_given_more_than_its_worst_answer():
    trip = RoundTrip(100, 4000, 1000)
    for i in range(60):
        trip.sample(300 if i % 2 else 700)
    assert 700 < trip.timeout_ms() < 1600


def test_first_sample_counts_three_times():
    trip = RoundTrip(100, 4000, 1000)
    trip.sample(400)
    assert trip.timeout_ms() == 1200


def test_each_race_doubles_the_timeout_up_to_16_times_and_an_answer_ends_that():
    for end in ("settle", "sample"):
        trip = _steady(10)
        for wanted_ms in (1000, 2000, 4000, 8000, 8000):
            trip.back_off()
            assert trip.timeout_ms() == wanted_ms
        trip.settle() if end == "settle" else trip.sample(10)
        assert trip.timeout_ms() == 500


def test_mean_returns_after_one_outlier():
    trip = _steady(20, floor_ms=50)
    trip.sample(3000)
    assert trip.timeout_ms() > 1000
    for _ in range(60):
        trip.sample(20)
    assert trip.timeout_ms() < 70


def test_bounds_in_the_wrong_order_are_refused():
    for floor_ms, ceiling_ms in ((0, 100), (500, 400), (-1, 5)):
        try:
            RoundTrip(floor_ms, ceiling_ms, 1000)
        except ValueError as error:
            assert "floor_ms" in str(error)
        else:
            raise AssertionError("accepted %d, %d" % (floor_ms, ceiling_ms))
