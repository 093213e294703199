"""The wear command's figures: the promise of docs/journal.md, reckoned again with the journal as it is."""

import json
import re
import subprocess
import sys

from host_tests.conftest import ROOT
from tools import wear


def test_an_alarm_costs_one_program_of_32_bytes_and_no_erase_whatever_else_goes_on():
    for case in ({}, {"open_activations": 64}, {"restarts_a_day": 10}):
        figures = wear.measure(1500, **case)
        assert (figures["alarm_programs"], figures["alarm_bytes"], figures["alarm_erases"]) == (1, 32, 0)
        assert figures["erases_most"] - figures["erases_least"] <= 1


def test_the_years_quoted_in_the_specification_are_those_of_the_command():
    page = (ROOT / "docs" / "journal.md").read_text()
    figures = wear.measure()
    for events_a_day, years in figures["years"].items():
        assert re.search(rf"\| {events_a_day:,} \| {years:,} \|", page), (
            f"docs/journal.md: {events_a_day} a day is {years:,} years"
        )
    assert f"{figures['all_programs_per_event']} programs" in page


def test_the_command_prints_one_json_object():
    command = [sys.executable, "-m", "tools.wear", "--json", "--events", "300"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert set(json.loads(printed)) == {"cases", "recovery_full_ring_s"}
