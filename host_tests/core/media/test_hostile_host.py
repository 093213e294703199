"""Whatever comes in: the judges of packets never raise, and what is refused changes nothing."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.media import digits, glued, jitter, rtcp, rtp

SSRC = b"\xca\xfe\x01\x23"


def heard(secured):
    source = rtp.Source(secured)
    for number in (98, 99, 100):
        data = struct.pack(">BBHI4s", 0x80, 8, number, 0, SSRC)
        source.inspect(data, 12)
        if source.belongs(data, 0) == rtp.OK:
            source.take(data, 0)
    return source


def state_of(source):
    return (bytes(source._ssrc), source.known, bytes(source._window._seen), source._heard_ms, source.base, source.highest,
            source.cycles, source.received)  # fmt: skip


packets = st.one_of(
    st.binary(max_size=80),
    st.builds(lambda first, second, number, rest: bytes((first, second)) + number.to_bytes(2, "big") + bytes(4) + SSRC + rest,
              st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=60)),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(packets, st.booleans(), st.integers(0, 99))
def test_judging_any_bytes_never_raises_and_refusing_changes_nothing(data, secured, now_ms):
    source = heard(secured)
    before = state_of(source)
    buffer = bytearray(data) + bytearray(80)
    reason = source.inspect(buffer, len(data))
    assert 0 <= reason < len(rtp.REASONS)
    if reason == rtp.OK:
        assert source.header <= len(data) and -1 <= source.payload_size(buffer, len(data)) <= len(data) - source.header
        reason = source.belongs(buffer, now_ms)
        assert state_of(source) == before
        if reason == rtp.OK:
            source.take(buffer, now_ms)
            assert source.received in (before[-1] + 1, 1)
    assert reason == rtp.OK or state_of(source) == before


@settings(max_examples=300, deadline=None)
@given(st.lists(packets, min_size=1, max_size=5))
def test_any_run_of_datagrams_is_taken_apart_to_its_end(parts):
    run = b"".join(parts)
    at = steps = 0
    while at < len(run):
        to = glued.next_start(run, at, len(run), SSRC)
        assert at < to <= len(run)
        at, steps = to, steps + 1
    assert steps <= len(run)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.sampled_from((b"", b"\x80\xc8\x00\x06", b"\x81\xc9\x00\x07", b"\x9f\xc8\x00\x03")))
def test_reading_any_report_never_raises(noise, start):
    reporter, stream = rtcp.Reporter(b"unit", 0), rtp.Stream(lambda n: bytes(n), 8)
    data = start + noise
    assert reporter.read(data, len(data), stream, 5) in (True, False)
    assert reporter.taken + reporter.refused == 1
    assert reporter.far_lost_pct is None or 0 <= reporter.far_lost_pct <= 100
    source = heard(True)
    for now_ms in (10, 100_000):
        assert reporter.write(stream, source, 65535, now_ms, True) % 4 == 0


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=6)), max_size=20))
def test_any_events_give_digits_at_most_once_each(events):
    heard_digits = digits.Digits()
    taken = 0
    for high, low, payload in events:
        taken += heard_digits.packet(high, low, payload, 0, len(payload))
    got = []
    while (digit := heard_digits.next()) is not None:
        got.append(digit)
    assert len(got) == taken <= min(8, len(events))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535), st.sampled_from((80, 160, 240, 320)),
                          st.integers(0, (1 << 30) - 1), st.integers(0, 3)), max_size=60))  # fmt: skip
def test_any_timestamps_and_clocks_leave_the_jitter_buffer_working(steps):
    buffer, codes, data = jitter.JitterBuffer(), bytearray(160), bytearray(320)
    for high, low, size, now_ms, frames in steps:
        buffer.put(high, low, data, 0, size, now_ms)
        for _ in range(frames):
            assert buffer.frame(codes) in (jitter.GOOD, jitter.CONCEAL, jitter.NOTHING)
    buffer.restart()
    for i in range(10):
        assert buffer.put(7, i * 160, data, 0, 160, i * 20)
    assert jitter.GOOD in [buffer.frame(codes) for _ in range(6)]
