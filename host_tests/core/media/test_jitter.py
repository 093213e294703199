"""The jitter buffer on simulated networks: what is played, in which order, how late, and what is lost by us."""

import gc

from firmware.core.media import jitter
from host_tests.core.media.network import Chance, listen, numbers, speech

TOP = 0xFFFFFFFF


def test_an_even_stream_is_played_whole_after_three_frames():
    heard, buffer = listen(speech(10, Chance(1)), 10000)
    assert numbers(heard)[:400] == list(range(400))
    first = [ms for ms, number, _ in heard if number == 0][0]
    assert first == 7 + 60
    assert buffer.late == buffer.concealed == buffer.dropped_frames == buffer.stretched == 0


def test_a_timestamp_may_wrap_anywhere():
    for start in (TOP - 159, TOP - 1000, 0xFFFF - 300, 0x7FFFFFFF - 500, 65536 - 160):
        heard, buffer = listen(speech(2, Chance(1), start=start), 2100)
        assert numbers(heard) == list(range(100)), start
        assert buffer.anchored == 1 and buffer.late == 0


def test_after_a_hold_no_speech_is_lost_later_than_200_ms():
    """Held for 0.1 to 10 s; then timestamps go on, or jump by the time, or all comes at once."""
    for hold_ms in (100, 200, 300, 1000, 10000):
        for jump, burst in ((False, False), (True, False), (True, True)):
            before = [(i * 20.0, i, i * 160) for i in range(100)]
            back_ms = 2000 + hold_ms
            skipped = hold_ms // 20 if jump else 0
            after = [(back_ms + i * 20.0, 100 + skipped + i, (100 + skipped + i) * 160) for i in range(200)]
            held = [(float(back_ms), 100 + i, (100 + i) * 160) for i in range(skipped)] if burst else []
            heard, _ = listen(before + held + after, back_ms + 4200)
            safe = 100 + skipped + 10
            wanted = list(range(safe, 100 + skipped + 200))
            got = [number for number in numbers(heard) if number >= safe]
            assert got == wanted, (hold_ms, jump, burst, wanted[:3], got[:3], len(got))
            when = [ms for ms, number, _ in heard if number == safe][0]
            assert when - (back_ms + 200) <= 220, (hold_ms, jump, burst, when)


def test_a_line_that_falls_silent_freezes_after_200_ms():
    heard, buffer = listen(speech(1, Chance(1)), 3000)
    results = [result for ms, _, result in heard if ms > 1060]
    assert results[:9] == [jitter.CONCEAL] * 9
    assert set(results[10:]) == {jitter.NOTHING}
    assert buffer.concealed <= 10


def test_three_late_packets_in_a_row_anchor_anew_and_two_do_not():
    buffer, codes, data = jitter.JitterBuffer(), bytearray(160), bytearray(160)
    for i in range(40):
        buffer.put(0, 30000 + i * 160, data, 0, 160, i * 20)
        buffer.frame(codes)
    for _ in range(2):
        assert not buffer.put(0, 1000, data, 0, 160, 800)
    assert buffer.put(0, 30000 + 40 * 160, data, 0, 160, 800)
    for i in range(2):
        assert not buffer.put(0, 1000 + 160 * i, data, 0, 160, 800)
    assert buffer.anchored == 1 and buffer.late == 4
    assert buffer.put(0, 1320, data, 0, 160, 800)
    assert buffer.anchored == 2


def test_packets_too_far_ahead_wait_for_a_third_one():
    buffer, codes, data = jitter.JitterBuffer(), bytearray(160), bytearray(160)
    for i in range(40):
        buffer.put(0, i * 160, data, 0, 160, i * 20)
        buffer.frame(codes)
    assert not buffer.put(9, 0, data, 0, 160, 800)
    assert buffer.put(0, 40 * 160, data, 0, 160, 800)
    assert not buffer.put(0x7000, 0, data, 0, 160, 820)
    assert not buffer.put(0x7000, 160, data, 0, 160, 840)
    assert buffer.put(0x7000, 320, data, 0, 160, 860)
    assert (buffer.early, buffer.anchored) == (3, 2)


def test_another_source_starts_clean():
    buffer, codes, data = jitter.JitterBuffer(), bytearray(160), bytearray(b"\x11" * 160)
    for i in range(10):
        buffer.put(0, i * 160, data, 0, 160, i * 20)
    buffer.restart()
    assert buffer.frame(codes) == jitter.NOTHING
    assert buffer.put(77, 0, bytearray(b"\x22" * 160), 0, 160, 200)
    results = [buffer.frame(codes) for _ in range(4)]
    assert results == [jitter.NOTHING] * 3 + [jitter.GOOD]
    assert codes == b"\x22" * 160


def test_packets_of_10_30_and_40_ms_are_played_too():
    for size in (80, 240, 320):
        buffer, codes, out = jitter.JitterBuffer(), bytearray(160), b""
        whole = bytes((i * 7) & 0xFF for i in range(9600))
        at = 0
        for tick in range(70):
            while at <= tick * 160 and at < len(whole):
                buffer.put(0, at, whole, at, size, tick * 20)
                at += size
            if buffer.frame(codes) == jitter.GOOD:
                out += bytes(codes)
        assert out == whole, size


def test_random_timestamps_never_break_it():
    for seed in range(1, 6):
        chance, buffer, codes, data = Chance(seed), jitter.JitterBuffer(), bytearray(160), bytearray(400)
        for step in range(3000):
            near = chance.fraction() < 0.7
            high = 5 if near else int(chance.fraction() * 65536)
            low = int(chance.fraction() * (4000 if near else 65536))
            buffer.put(high, low, data, 0, (80, 160, 240, 320)[step % 4], step * 20)
            assert buffer.frame(codes) in (jitter.GOOD, jitter.CONCEAL, jitter.NOTHING)


def test_no_frame_costs_memory():
    if not hasattr(gc, "mem_alloc"):
        return
    chance, buffer, codes, data = Chance(1), jitter.JitterBuffer(), bytearray(160), bytearray(160)
    plan = bytes(int(chance.fraction() * 250) for _ in range(2000))
    for count in (3, 2000):
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for i in range(count):
            if plan[i] > 20:
                buffer.put(0x7FFF + (i * 160 >> 16), i * 160 & 0xFFFF, data, 0, 160, i * 20)
            buffer.frame(codes)
        used = gc.mem_alloc() - before
        gc.enable()
        buffer.restart()
    assert used == 0, used
