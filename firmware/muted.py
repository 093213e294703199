"""The mark that this start is to leave speech out, for app.py, which lets go of this after each use. RTC memory keeps it over a
reset and loses it with the power."""

from firmware.drivers.rtc_memory import MUTE, RtcMemory


def is_muted(rtc):
    """`rtc`: machine.RTC."""
    return RtcMemory(rtc).mark() == MUTE


def mute(rtc):
    RtcMemory(rtc).set_mark(MUTE)
