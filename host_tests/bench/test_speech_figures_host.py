"""What the bench reads from callgrind's parts, and its estimate for the board; the room of the voice switch's figure."""

import array
import math
from pathlib import Path

import pytest

from host_tests.peers import need
from tools.bench import room
from tools.bench.figures import codec, voice_switch


def test_a_part_s_total_is_read_and_its_absence_seen():
    assert codec.total_of("part: 3\ntotals: 12345\n") == 12345
    with pytest.raises(ValueError, match="no total"):
        codec.total_of("summary: 5\n")


def test_parts_are_ordered_by_number_not_by_letters():
    files = [Path(f"out.{number}") for number in (10, 9, 1, 100, 2)]
    assert [file.name for file in codec.in_order(files)] == ["out.1", "out.2", "out.9", "out.10", "out.100"]


def test_each_second_of_the_last_parts_is_a_step_less_what_an_empty_one_takes():
    totals = [999, 888, 70, 100, 71, 1100, 72, 5100, 33]
    assert codec.per_step(["nothing", "one", "two"], totals, 10) == {"one": 100, "two": 500}
    with pytest.raises(ValueError, match="parts"):
        codec.per_step(["nothing", "one", "two"], [1, 2, 3], 10)


def test_the_estimate_is_a_share_of_the_cycles_of_20_ms():
    assert codec.percent(4_800_000 / codec._CYCLES_PER_INSTRUCTION) == pytest.approx(100)
    assert 1.5 < codec._CYCLES_PER_INSTRUCTION < 3


def record(*frames):
    """Frames of (part, said, heard, gain, echo)."""
    return list(frames)


def test_suppression_is_the_echo_s_energy_over_what_is_sent_of_it():
    half = record(("operator", 0, 100.0, 0.1, True), ("operator", 0, 100.0, 1.0, False), ("tenant", 9, 100.0, 1.0, True))
    assert voice_switch.suppression_db(half) == pytest.approx(20)


def test_a_false_frame_is_an_open_microphone_in_an_echo():
    frames = [("operator", 0, 1.0, gain, True) for gain in (0.0, 0.4, 0.5, 1.0)] + [("operator", 0, 1.0, 1.0, False)]
    assert voice_switch.false_pct(frames) == 50


def test_opening_time_counts_from_the_first_sound_of_each_answer():
    loud = 2 * voice_switch._SAID
    frames = record(
        ("rest", 0, 0, 0, False),
        ("tenant", 0, 0, 0.0, False),
        ("tenant", loud, 0, 0.0, False),
        ("tenant", loud, 0, 0.1, False),
        ("tenant", loud, 0, 1.0, False),
        ("tenant", loud, 0, 0.0, False),
        ("rest", 0, 0, 0, False),
        ("tenant", loud, 0, 1.0, False),
    )
    assert voice_switch.openings_ms(frames) == [40, 0]
    assert voice_switch.openings_ms(frames[:3]) == [float("inf")], "an answer that is never heard is no good figure"


def test_what_is_kept_of_the_talk_is_its_energy_after_the_switch():
    frames = record(("tenant", 30.0, 0, 1.0, False), ("tenant", 10.0, 0, 0.0, False), ("both", 10.0, 0, 0.5, True))
    assert voice_switch.kept_pct(frames, "tenant") == 75
    assert voice_switch.kept_pct(frames, "both") == 25


def test_the_room_gives_back_what_is_played_late_and_at_the_size_asked_for():
    quiet = room.Room(-20, 0.0)
    click = bytearray(2 * room.FRAME)
    click[0:2] = (10000).to_bytes(2, "little")
    heard = []
    for number in range(8):
        heard += array.array("h", bytes(quiet.hear([0.0] * room.FRAME)))
        quiet.play(click if number == 0 else bytes(2 * room.FRAME))
    assert not any(heard[: room.FRAME * (1 + room.LATE_FRAMES)])
    direct = heard[room.FRAME * (1 + room.LATE_FRAMES) :]
    assert max(direct) == 1000, "the direct sound, 20 dB below"
    assert sum(sample != 0 for sample in direct) > 10, "and reflections"


def test_resampling_to_8_khz_keeps_a_tone_and_drops_what_would_fold():
    for hz, least, most in ((500, 9000, 11000), (3000, 8000, 11000), (6000, 0, 300)):
        tone = [10000 * math.sin(2 * math.pi * hz * i / 22050) for i in range(4000)]
        made = room.at_8_khz(tone, 22050)[100:-100]
        assert least <= max(made) <= most, hz


@pytest.mark.parametrize("text", ["Are you all right?"])
def test_a_text_is_read_aloud(text, tmp_path):
    samples = room.spoken(text, "en-gb", tmp_path / "x.wav", need("espeak-ng"))
    assert 0.5 < len(samples) / room.RATE_HZ < 4 and room.mean_size(samples) > 300
    heard = voice_switch.trimmed(samples)
    assert len(heard) < len(samples) and abs(heard[0]) > voice_switch._TRIM
