"""Listens for the claim code when the application has ended: a unit that cannot run can be opened all the same.

Loaded by main.py after an exception, just before the board starts anew. It opens nothing itself: the right code sets the mark
by which the next start leaves to the prompt (service_mode.py). One code is checked in each of these lives, so that a unit that
starts over and over takes one every few seconds; 60 bits outlast that. Source: P8, docs/service-mode.md.
"""

import select
import sys
import time

import machine
from micropython import const

from firmware.core import claim
from firmware.drivers.rtc_memory import RtcMemory

_LISTEN_MS = const(3000)  # a start takes some seconds anyway, and is not to be put off much longer
_LOOK_MS = const(20)
_LINE_BYTES = const(48)
_SAID_MS = const(200)  # the caller restarts the chip at once, and with it goes what still stands in the serial port's buffer
_ROUNDS = const(100)
_MOST_BYTES = const(512)  # of a claim


def listen(stdin=None):
    """Waits 3 s for the line `service CODE`. `stdin`: what is read and polled, else the console."""
    print("service: this unit does not run; it listens for `service CODE` and then starts anew")
    stdin = stdin or sys.stdin
    line = _line(stdin, time.ticks_add(time.ticks_ms(), _LISTEN_MS))
    words = line.split()
    if len(words) < 2 or words[0] != "service":
        return
    if _fits(words[1]):
        RtcMemory(machine.RTC()).set_mark(claim.OPEN)
        print("service: opened")
    else:
        print("service: wrong code")
    time.sleep_ms(_SAID_MS)


def _line(stdin, end_ms):
    """The first line that begins with `service`, "" if none comes in time."""
    poller = select.poll()
    poller.register(stdin, select.POLLIN)
    found, one = bytearray(), bytearray(1)
    while time.ticks_diff(end_ms, time.ticks_ms()) > 0:
        if not poller.poll(0) or not stdin.readinto(one):
            time.sleep_ms(_LOOK_MS)
        elif one[0] not in (10, 13):
            if 32 <= one[0] < 127 and len(found) < _LINE_BYTES:
                found.append(one[0])
        else:
            line = bytes(found).decode()
            found = bytearray()
            if line.startswith("service"):
                return line
    return ""


def _fits(code):
    for name in claim.FILES:
        try:
            with open(name, "rb") as file:
                check = claim.Check(claim.parse(file.read(_MOST_BYTES)), claim.plain(code))
        except (OSError, ValueError):
            continue
        found = None
        while found is None:
            found = check.step(_ROUNDS)
        return found
    return False
