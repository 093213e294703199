"""Power cuts at every flash operation of the alarm journal: see `python -m host_tests.powercut --help` and docs/journal.md."""

import sys

if sys.implementation.name == "cpython":
    from tools.vboard import standins as standins  # gives `micropython` to the firmware
