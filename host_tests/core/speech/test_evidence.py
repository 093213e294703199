"""What is known when a call to the flat was not answered (G11)."""

from firmware.core import clock
from firmware.core.speech.evidence import Evidence

START = clock.PERIOD_MS - 5000


def test_it_counts_rings_and_prompts_of_one_call_only():
    one = Evidence()
    one.begin()
    one.rang()
    one.rang()
    one.prompted()
    one.announced = True
    assert one.fields(START, True) == {"rings": 2, "prompts": 1, "announced": True, "last_activity_s": None,
                                       "audio_path_proven_s": None, "privacy": True}
    one.begin()
    assert one.fields(START, False)["rings"] == 0 and one.fields(START, False)["announced"] is False


def test_ages_are_in_whole_seconds_and_none_before_the_first_time():
    one = Evidence()
    one.activity(START)
    one.path_proven(clock.add(START, 2500))
    fields = one.fields(clock.add(START, 61999), False)
    assert fields["last_activity_s"] == 61 and fields["audio_path_proven_s"] == 59
    fields = one.fields(clock.add(START, 62000), False)
    assert fields["last_activity_s"] == 62, "what was cut off is not lost"


def test_an_age_grows_beyond_the_period_of_the_ticks_if_it_is_advanced():
    one = Evidence()
    one.activity(START)
    tick = START
    for _ in range(30):
        tick = clock.add(tick, 86400000)
        one.advance(tick)
    assert one.fields(tick, False)["last_activity_s"] == 30 * 86400
