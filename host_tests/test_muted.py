"""The mark outlives a reset, not a power loss, and costs nothing else that lies in RTC memory."""

import machine

from firmware.drivers.rtc_memory import RtcMemory
from firmware.muted import is_muted, mute


def test_the_mark_is_kept_beside_the_counters_and_taken_off_again():
    rtc = machine.RTC()
    rtc.memory(b"")
    assert not is_muted(rtc) and rtc.memory() == b"", "asking changes nothing"
    RtcMemory(rtc).count("watchdog")
    mute(rtc)
    assert is_muted(rtc) and RtcMemory(rtc).counted("watchdog") == 1
    memory = RtcMemory(rtc)
    memory.set_mark()
    assert not is_muted(rtc) and memory.counted("watchdog") == 1
