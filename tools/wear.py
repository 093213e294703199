"""How the alarm journal wears its flash: runs the real journal over the flash model and counts. `python -m tools.wear [--json]`

An event is a call: one activation and its clear, with housekeeping after each. Years are those until every sector has seen
100,000 erases (the usual rating of SPI NOR flash), as the ring wears all sectors alike.
"""

import argparse
import json
import time

from tools.vboard.standins import nor  # first: brings `micropython` for the firmware

# isort: split
from firmware.drivers.journal import Journal

SECTORS = 16
SECTOR_BYTES = 4096
CYCLES = 100_000
EVENTS_A_DAY = (50, 1000)
_DAYS_A_YEAR = 365.25


def measure(events=10_000, open_activations=0, restarts_a_day=0, events_a_day=50):
    """Counts over `events` calls while `open_activations` others stay open. A dict of figures for each event and in years."""
    flash = nor.NorFlash(SECTORS, SECTOR_BYTES)
    journal = _opened(flash)
    for number in range(open_activations):
        journal.trigger(1 + number // 64, 1 + number % 64, 0, 0, 0)
    flash.zero_counters()
    alarm = {"programs": 0, "bytes": 0, "erases": 0}
    every = events_a_day // restarts_a_day if restarts_a_day else events + 1
    for number in range(events):
        if number % every == every - 1:
            journal = _opened(flash)
        call_n = journal.next_call_n()
        _count(flash, alarm, journal.trigger, call_n, 1, 0, 0, 0)
        journal.cleared(call_n)
        while journal.idle():
            pass
    if journal.late_erases or journal.faults:
        raise RuntimeError(f"the run was not a healthy one: {journal.late_erases} late erases, {journal.faults}")
    erases_for_each = max(flash.erases_of) * SECTORS / events
    return {
        "events": events,
        "open_activations": open_activations,
        "restarts_a_day": restarts_a_day,
        "alarm_programs": alarm["programs"] / events,
        "alarm_bytes": alarm["bytes"] / events,
        "alarm_erases": alarm["erases"] / events,
        "all_programs_per_event": round(flash.programs / events, 3),
        "all_bytes_per_event": round(flash.program_bytes / events, 1),
        "all_erases_per_event": round(flash.erases / events, 5),
        "erases_least": min(flash.erases_of),
        "erases_most": max(flash.erases_of),
        "years": {day: round(SECTORS * CYCLES / (erases_for_each * day * _DAYS_A_YEAR)) for day in EVENTS_A_DAY},
    }


def measure_recovery(restarts=5):
    """Seconds on this machine to open a journal whose every sector is full of records; the best of a few."""
    flash = nor.NorFlash(SECTORS, SECTOR_BYTES)
    journal = _opened(flash)
    while flash.erases < SECTORS + 4:
        journal.cleared(journal.next_call_n())
        journal.idle()
    best_s = None
    for _ in range(restarts):
        started_s = time.perf_counter()
        _opened(flash)
        spent_s = time.perf_counter() - started_s
        best_s = spent_s if best_s is None else min(best_s, spent_s)
    return best_s


def _opened(flash):
    journal = Journal(flash, lambda count: bytes(range(count)))
    journal.open()
    while journal.idle():
        pass
    return journal


def _count(flash, totals, do, *arguments):
    before = flash.programs, flash.program_bytes, flash.erases
    do(*arguments)
    for name, was, now in zip(totals, before, (flash.programs, flash.program_bytes, flash.erases), strict=True):
        totals[name] += now - was


def main():
    parser = argparse.ArgumentParser(prog="python -m tools.wear", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--events", type=int, default=10_000, help="calls to run through (default 10000, about 10 laps)")
    options = parser.parse_args()
    cases = {
        "plain": measure(options.events),
        "a call of 64 activations left open": measure(options.events, open_activations=64),
        "a restart every 5 events": measure(options.events, restarts_a_day=10),
    }
    recovery_s = measure_recovery()
    if options.json:
        print(json.dumps({"cases": cases, "recovery_full_ring_s": round(recovery_s, 4)}))
        return
    for name, figures in cases.items():
        print(f"{name}:")
        print("  one alarm: {alarm_programs:g} programs, {alarm_bytes:g} bytes, {alarm_erases:g} erases".format(**figures))
        print(
            "  one event with clear and housekeeping: {all_programs_per_event} programs, {all_bytes_per_event} bytes, "
            "{all_erases_per_event} erases; sectors erased {erases_least} to {erases_most} times".format(**figures)
        )
        for day, years in figures["years"].items():
            print(f"  {day} events a day: {years:,} years to {CYCLES:,} erases of each of {SECTORS} sectors")
    print(f"recovery of a full ring on this machine: {recovery_s * 1000:.1f} ms")


if __name__ == "__main__":
    main()
