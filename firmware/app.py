"""Starts the unit: reads what it was given, builds it, runs it.

The order saves heap: what only the start needs is loaded first and let go before the rest comes. Source: FACTS (heap).
"""

import asyncio
import gc
import os
import sys

import machine
from micropython import const

_WATCHDOG_MS = const(20000)  # far above the longest lawful block (TLS handshake, about 1 s), below what a caller bears
_GC_BYTES = const(20000)  # FACTS: with this the largest free block stayed at 91 % over a simulated year, by default at 8.5 %
_RESERVE_BYTES = const(20000)  # for a TLS connection, a session and the garbage between two collections


def run():
    """Runs the unit until its end, which only a fault can bring; the caller restarts the board then. True, at once: this start is
    to be left to the prompt.

    Raises OSError if there is no board data at all: without it nobody knows which pin the button is on.
    """
    if _leaves():
        return True
    gc.threshold(_GC_BYTES)
    watchdog = machine.WDT(timeout=_WATCHDOG_MS)
    # no name for what was read: it would stay for as long as the unit runs
    asyncio.run(_made(watchdog, machine.RTC()).supervise())
    return False


def _leaves():
    from firmware.service_mode import leaves

    leaves_now = leaves()
    _let_go()
    return leaves_now


def _made(watchdog, rtc):
    """The unit. If it does not fit into memory it starts once more without speech: it calls all the same (P8). With the next
    power-on it is tried again: the mark lies in RTC memory, which a reset keeps and a power-on clears."""
    speaks = _speaks(rtc)
    try:
        shell = _shell(_read(), watchdog, rtc, speaks)
        if gc.mem_free() >= _RESERVE_BYTES or not speaks:
            return shell
    except MemoryError:
        if not speaks:
            raise
    shell = None
    _let_go()
    print("speech does not fit into memory: starting without it")
    _mute(rtc)
    return machine.reset()  # does not come back


def _speaks(rtc):
    from firmware.muted import is_muted

    speaks = not is_muted(rtc)
    _let_go()
    return speaks


def _mute(rtc):
    from firmware.muted import mute

    mute(rtc)


def _read():
    from firmware.stored import Stored

    stored = Stored(os.urandom)
    if stored.board is None:
        raise OSError("no board data: " + "; ".join(stored.problems))
    _let_go()
    return stored


def _shell(stored, watchdog, rtc, speaks):
    from firmware.assembly import assemble

    shell = assemble(stored, watchdog, rtc, speaks)
    _forget()
    _let_go()
    return shell


def _forget():
    from firmware.forgotten import forget

    forget()


def _let_go():
    """Empties the table of modules of our own: what runs holds what it needs, the rest leaves the heap. An import from now on
    would make a module a second time, so there is none after the start (host_tests/test_app_host.py)."""
    kept = {name: sys.modules[name] for name in sys.modules if name.split(".")[0] != "firmware"}
    sys.modules.clear()  # not entry by entry: the table would keep its size
    sys.modules.update(kept)
    gc.collect()
