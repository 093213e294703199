"""What the bench reads from recordings of speech, from a unit's ticker and heap lines, and from clicks: with known answers."""

import pytest

from tools.bench import hearing
from tools.bench.figures import speech_delay, speech_heap, speech_hostile, speech_ticker
from tools.bench.probe import ProbeError


def test_the_size_of_a_tone_is_found_and_its_neighbour_is_not():
    for rate_hz in (8000, 16000):
        found = hearing.sizes(hearing.tone(700, 0.5, 1000, rate_hz), rate_hz, 700)
        assert len(found) == 50 and all(abs(size - 1000) < 2 for size in found)
        assert max(hearing.sizes(hearing.tone(1100, 0.5, 1000, rate_hz), rate_hz, 700)) < 2


def test_silences_are_counted_one_by_one_and_the_longest_is_found():
    samples = hearing.tone(700, 0.5, 1000)
    for first_ms, length_ms in ((100, 20), (300, 70)):
        for place in range(first_ms * 16, (first_ms + length_ms) * 16):
            samples[place] = 0
    found = hearing.sizes(samples, 16000, 700)
    assert hearing.silences_ms(found) == [20, 70] and hearing.longest_ms(found) == 70
    assert hearing.silences_ms(hearing.sizes(samples[:1600], 16000, 700)) == []


def test_a_silence_at_the_end_and_a_recording_of_nothing_count_too():
    samples = hearing.tone(700, 0.1, 1000) + [0] * 800
    assert hearing.silences_ms(hearing.sizes(samples, 16000, 700)) == [50]
    assert hearing.silences_ms(hearing.sizes([0] * 1600, 16000, 700)) == [100]


def test_a_faded_concealment_is_no_silence_but_a_tenth_of_the_tone_is():
    assert hearing.silences_ms([1000, 1000, 300, 1000, 100, 1000]) == [10]
    assert hearing.silences_ms([100, 100], usual=1000) == [20]


def test_a_click_is_found_once_and_the_next_one_after_quiet():
    samples = [0] * 50 + [900] * 5 + [0] * 3 + [-900] * 5 + [0] * 100 + [900]
    assert hearing.onsets(samples, 500, 20) == [50, 163]


def test_delays_go_from_each_click_to_the_next_hearing_and_none_at_all_is_an_error():
    found = speech_delay.delays_ms([1.0, 1.4, 1.8], [1.15, 1.55])
    assert [round(delay) for delay in found] == [150, 150]
    with pytest.raises(ProbeError):
        speech_delay.delays_ms([1.0], [0.5])


def test_the_tickers_lines_are_added_up_and_the_99th_of_a_hundred_is_told():
    lines = ("bench-ticker 0:97 4:2 18:1", "link: up")
    log = [{"event": "light"}, *({"event": "console", "text": text} for text in lines)]
    seconds = speech_ticker.seconds_of(log)
    assert seconds == [{0: 97, 4: 2, 18: 1}]
    assert speech_ticker.p99(seconds[0]) == 1.25
    with pytest.raises(ValueError):
        speech_ticker.p99({})


def test_a_line_about_the_heap_is_read_as_bytes_a_second_and_nothing_else_is():
    found = speech_heap.reading("bench-heap 50000 270000 3000 2000 Talk.step=64 Speech.tick=1000")
    assert found == {"free": 50000, "used": 270000, "all": 1500, "Talk.step": 32, "Speech.tick": 500}
    with pytest.raises(ValueError):
        speech_heap.reading("bench-heap 1 2")


class Network:
    last = {"down": bytes(range(182))}


def test_hostile_packets_are_of_the_kind_that_they_are_called():
    forger, lawful = speech_hostile.Forger(Network), Network.last["down"]
    assert [len(forger.make("truncated", i)) for i in (0, 1, 181, 182)] == [0, 1, 181, 0]
    assert forger.make("replayed", 5) == lawful
    forged = forger.make("forged", 2)
    assert len(forged) == 182 and forged[4:12] == lawful[4:12] and forged[12:] != lawful[12:]
    assert int.from_bytes(forged[2:4], "big") - int.from_bytes(lawful[2:4], "big") == 3
    assert {len(forger.make("random", i)) for i in range(240)} == set(range(1, 241))
    assert forger.mixed(1) == lawful


def test_only_silences_that_nothing_bears_count_as_lost():
    quiet = {"usual": 1000, "flat": [1000] * 5 + [0] * 6 + [1000] + [0] * 7, "far": [500] * 20 + [0] * 10}
    assert speech_hostile.lost_ms(quiet) == 70 + 100
