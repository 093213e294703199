"""`time` as the ESP32 has it: ticks that wrap at 2**30, an epoch of 2000, sleeps during which interrupts are handled.

Put in place after asyncio was loaded, which keeps the interpreter's own ticks: asyncio only ever compares its own.
"""

import select
import time as _real

import calendar2000

_MASK = (1 << 30) - 1  # MICROPY_PY_TIME_TICKS_PERIOD of a 32-bit port
_HALF = 1 << 29

_ms = _real.ticks_ms
_us = _real.ticks_us
_offset_ms = 0
_world = None
_poller = select.poll()
_byte = bytearray(1)


def set_up(world, settings):
    global _offset_ms, _world
    _offset_ms = settings["ticks_start"] - settings["power_ms"]
    _world = world
    world.rtc_offset_s = settings["rtc_offset_s"]
    _poller.register(world.bell, select.POLLIN)


def ticks_ms():
    return (_ms() + _offset_ms) & _MASK


def ticks_us():
    return (_us() + _offset_ms * 1000) & _MASK


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return (ticks + delta) & _MASK


def ticks_diff(later, earlier):
    return ((later - earlier + _HALF) & _MASK) - _HALF


def sleep_ms(ms):
    """Waits; interrupt handlers run meanwhile, as they do in the board's delay."""
    end_ms = _ms() + ms
    while True:
        left_ms = end_ms - _ms()
        if left_ms <= 0:
            return
        for _ in _poller.ipoll(left_ms):
            _world.answer_bell(_byte)


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


sleep_us = _real.sleep_us


def time():
    """Seconds since 2000-01-01, of the board's clock."""
    return _world.rtc_offset_s + _ms() // 1000


def time_ns():
    return _world.rtc_offset_s * 1_000_000_000 + _ms() * 1_000_000


def gmtime(total_s=None):
    return calendar2000.fields(time() if total_s is None else int(total_s))


localtime = gmtime


def mktime(fields):
    return calendar2000.seconds(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5])
