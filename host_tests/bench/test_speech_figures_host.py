"""What the bench reads from callgrind's parts, and its estimate for the board; the room of the voice switch's figure."""

from pathlib import Path

import pytest

from tools.bench.figures import codec


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
