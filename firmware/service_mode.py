"""What app.py asks first: does this start lead to the prompt, or does the unit run? And the time limit of service mode.

- A unit is blank while it has neither claim nor settings: it leaves to the prompt, for it holds no secret and guards nothing. A
  file that is there and cannot be read is there: damage opens nothing.
- In service mode for one life: the mark in RTC memory that the running unit has set after the right code is taken off here, so
  that the next start, whatever causes it, is that of a running unit.
- Where one start after the other hangs until the watchdog bites, each third one ends here, and main.py listens for the code.
- Service mode ends by the hardware watchdog, set to 15 min. It cannot be switched off, and a soft reset (mpremote begins with
  one) does not stop it, as it stops every Timer. Source: docs/service-mode.md.

app.py lets go of this; `renew` is for the prompt.
"""

import os

import machine
from micropython import const

from firmware.core import claim
from firmware.drivers.rtc_memory import RtcMemory

LIMIT_MS = const(900000)  # 15 min from the last renewal: a flat is never longer without its unit because a laptop was unplugged
_IDENTITY = claim.FILES + ("settings.json", "settings.bak.json")
_BOOT = "boot.py"
_NO_FILE = const(2)  # ENOENT
_MOST_BYTES = const(512)  # of a claim; 150 as they are written
_THIRD = const(3)  # of starts in a row that were not calm: listening costs a call 3 s, so not after each bite


def leaves():
    """True if the unit is to be left to the prompt. Raises OSError for a start that is only to listen for the code."""
    if is_blank():
        print("blank unit: waiting for its identity")
        return True
    memory = RtcMemory(machine.RTC())
    if memory.mark() == claim.OPEN:
        memory.set_mark(claim.SERVED)
        renew()
        print("service: the console is open for %d min; this unit does not call" % (LIMIT_MS // 60000))
        print("service: renew: from firmware.service_mode import renew; renew()   leave: import machine; machine.reset()")
        return True
    if machine.reset_cause() == machine.WDT_RESET and memory.counted("quick") % _THIRD == _THIRD - 1:
        memory.count("quick")  # this is a start too, so that the next one goes on
        memory.count("watchdog")
        raise OSError("the starts of this unit hang")
    _shut_boot()
    _keep_claim()
    return False


def renew():
    """From now on 15 min again. Before the time is over the watchdog is fed; no call of this can make it longer."""
    machine.WDT(timeout=LIMIT_MS).feed()


def is_blank():
    """Nothing of an identity is there. What cannot be looked at is there."""
    for name in _IDENTITY:
        try:
            os.stat(name)
            return False
        except OSError as problem:
            if not problem.args or problem.args[0] != _NO_FILE:
                return False
    return True


def _shut_boot():
    """Without a boot.py, MicroPython has no moment before main.py in which a Ctrl-C would lead to the prompt, and no WebREPL. It
    makes one itself when it makes its file system."""
    try:
        os.remove(_BOOT)
        print("service: boot.py removed, it would open the console")
    except OSError:
        return  # there is none, as a rule


def _keep_claim():
    """A copy of the good claim, so that a damaged file does not shut the engineer out."""
    name, copy = claim.FILES
    given = _read(name)
    if given == _read(copy):
        return
    try:
        claim.parse(given)
        with open(copy + ".new", "wb") as file:
            file.write(given)
        os.rename(copy + ".new", copy)
    except ValueError as problem:
        print("service: %s: %s; put it back" % (name, problem))
    except OSError as problem:
        print("service: %s could not be written (%s)" % (copy, problem))


def _read(name):
    """b"" for a file that is not there."""
    try:
        with open(name, "rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return b""
