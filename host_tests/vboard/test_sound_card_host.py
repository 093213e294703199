"""The sound card's clock: absolute times, gentle catching up, what was lost and what was not; no child, no waiting."""

import array
import struct
import types

import pytest

from tools.vboard import sound_card
from tools.vboard.acoustics import Sink
from tools.vboard.child import wire
from tools.vboard.sound_card import SoundCard

_AMPLIFIER = {"enable": {"pin": 22, "active": "high"}}
_BLOCK_S = 0.016


class Bench:
    """A card at a time of its own; `told`: what the child was told, `events`: pitches."""

    def __init__(self, monkeypatch, facts=None):
        self.now_s = 1000.0
        monkeypatch.setattr(sound_card, "time", types.SimpleNamespace(monotonic=lambda: self.now_s))
        self.told = []
        self.events = []
        self.card = SoundCard(facts, self.tell, lambda call, hz: call(hz), self.events.append)

    def tell(self, *frame):
        self.told.append(frame)

    def open(self, index, receives, bits=16, channels=1, rate_hz=16000, ibuf=2048, session=7):
        self.card.take(wire.SOUND_OPEN, index, rate_hz, struct.pack(wire.SOUND_FACTS, bits, channels, ibuf, receives, session))

    def write(self, data, index=0):
        self.card.take(wire.SOUND_DATA, index, 7, data)

    def ask(self, size, index=1):
        self.card.take(wire.SOUND_ASK, index, size, b"")

    def pass_s(self, seconds, step=None):
        """Time passes; the card runs when it asks to, and `step()` after it."""
        end_s = self.now_s + seconds + 1e-6
        while self.card.due_s() is not None and self.card.due_s() <= end_s:
            self.now_s = max(self.now_s, self.card.due_s())
            self.card.run(self.now_s)
            if step:
                step()
        self.now_s = end_s

    def listen(self):
        heard = bytearray()
        self.card.sinks.append(Sink(heard.extend, self.card.now_place()))
        return heard


@pytest.fixture
def bench(monkeypatch):
    return Bench(monkeypatch)


def test_blocks_come_at_absolute_times_however_late_each_one_was(bench):
    bench.open(0, False)
    for n in range(1, 10001):
        assert abs(bench.card.due_s() - (1000.0 + n * _BLOCK_S)) < 1e-6
        bench.now_s = bench.card.due_s() + 0.003 * (n % 5)  # up to 12 ms late
        bench.card.run(bench.now_s)


def test_a_clock_that_was_held_up_catches_up_in_steps_in_which_the_unit_can_answer(bench):
    heard = bench.listen()
    bench.open(0, False)
    bench.now_s += 0.160
    times = []
    while bench.now_s < 1000.4:
        bench.now_s = max(bench.now_s, bench.card.due_s())
        times.append(bench.now_s)
        bench.card.run(bench.now_s)
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert all(abs(gap - 0.004) < 1e-6 for gap in gaps[:12]), gaps  # 13 blocks in 48 ms, and it is on time again
    assert all(abs(gap - _BLOCK_S) < 1e-6 for gap in gaps[13:]), gaps
    assert len(heard) == 512 * len(times) == 512 * 25


def test_a_host_that_slept_does_not_run_after_the_lost_time(bench):
    bench.open(0, False)
    bench.now_s += 3600
    bench.card.run(bench.now_s)
    assert bench.now_s < bench.card.due_s() <= bench.now_s + _BLOCK_S + 0.001


def test_two_ports_keep_their_own_times(bench):
    bench.open(0, False)
    bench.now_s += 0.007
    bench.open(1, True, ibuf=8192)
    assert abs(bench.card.due_s() - 1000.016) < 1e-6
    bench.card.run(1000.016)
    assert abs(bench.card.due_s() - 1000.023) < 1e-6


def test_what_is_asked_for_comes_when_it_is_there_with_the_port_s_session(bench):
    bench.open(1, True, ibuf=8192)
    bench.card.room.source.play(array.array("h", range(1, 1001)), loops=False)
    bench.ask(640)
    bench.pass_s(0.017)
    assert bench.told == []
    bench.pass_s(0.016)
    assert bench.told == [(wire.SOUND_DONE, 1, 7, struct.pack("<320h", *range(1, 321)))]


def test_32_bits_are_left_justified_and_the_right_slot_is_silent(bench):
    bench.open(1, True, bits=32, channels=2, ibuf=8192)
    bench.card.room.source.play(array.array("h", [1, -2, 32767]), loops=False)
    bench.ask(24)
    bench.pass_s(0.017)
    assert bench.told[0][3] == struct.pack("<6i", 1 << 16, 0, -2 << 16, 0, 32767 << 16, 0)


def test_a_port_of_another_rate_hears_and_is_heard_at_the_right_speed(bench):
    heard = bench.listen()
    bench.open(0, False, rate_hz=8000)
    bench.write(struct.pack("<256h", *range(256)))
    bench.pass_s(0.032 * 6)
    played = array.array("h", bytes(heard))
    begin = played.index(1) - 2
    assert list(played[begin : begin + 200]) == [n // 2 for n in range(200)]
    assert abs(len(played) - 16000 * 0.192) <= 2


def test_only_with_the_amplifier_on_is_anything_heard(monkeypatch):
    bench = Bench(monkeypatch, _AMPLIFIER)
    bench.open(0, False)
    heard = bench.listen()
    loud = struct.pack("<256h", *([20000] * 16 + [-20000] * 16) * 8)
    step = lambda: bench.write(loud)  # noqa: E731
    bench.pass_s(0.5, step)
    assert not any(heard) and bench.events == [] and len(heard) > 14000
    bench.card.take(wire.OUT, 22, 1, b"")
    bench.pass_s(0.5, step)
    assert any(heard) and bench.events == [500]
    bench.card.stop()
    assert bench.events == [500, 0] and bench.card.due_s() is None


def test_a_short_hole_is_an_underrun_and_a_long_one_the_end_of_a_stream(bench):
    bench.open(0, False)
    block = bytes(range(256)) * 2
    for hole_s, counted in ((0.1, 1), (0.2, 2), (0.8, 2)):
        bench.pass_s(0.3, lambda: bench.write(block))
        bench.pass_s(hole_s)
        bench.pass_s(0.2, lambda: bench.write(block))
        assert bench.card.underruns == counted, hole_s


def test_a_dead_speaker_is_heard_by_nobody_and_draws_its_current_all_the_same(monkeypatch):
    bench = Bench(monkeypatch, _AMPLIFIER)
    bench.card.take(wire.OUT, 22, 1, b"")
    bench.open(0, False)
    heard = bench.listen()
    wave = struct.pack("<16h", *[8000] * 8, *[-8000] * 8) * 16
    bench.card.kill_speaker(True)
    bench.pass_s(0.4, lambda: bench.write(wave))
    assert heard and not any(heard) and bench.events == []
    assert bench.card.sounds and bench.card.amplifier
    bench.card.kill_speaker(False)
    bench.pass_s(0.4, lambda: bench.write(wave))
    assert any(heard) and bench.events == [1000]


def test_a_hole_with_the_amplifier_off_is_a_pause(monkeypatch):
    bench = Bench(monkeypatch, _AMPLIFIER)
    bench.card.take(wire.OUT, 22, 1, b"")
    bench.open(0, False)
    block = bytes(range(256)) * 2
    bench.pass_s(0.3, lambda: bench.write(block))
    bench.card.take(wire.OUT, 22, 0, b"")
    bench.pass_s(0.1)
    bench.card.take(wire.OUT, 22, 1, b"")
    bench.pass_s(0.2, lambda: bench.write(block))
    assert bench.card.underruns == 0


def test_a_stalled_sound_takes_nothing_and_tells_nothing(bench):
    bench.open(0, False)
    bench.card.stalled = True
    bench.write(bytes(512))
    bench.pass_s(1.0)
    assert bench.told == []
    bench.card.stalled = False
    bench.pass_s(0.1)
    assert bench.told == [(wire.SOUND_DONE, 0, 7, b"")]


def test_blocks_that_nobody_reads_are_counted_as_lost(bench):
    bench.open(1, True, ibuf=8192)
    bench.pass_s(0.3205)
    assert bench.card.lost_blocks == 20 - 3


def test_each_fault_of_the_microphone_sounds_like_it(bench):
    for fault, wanted in (("silent", {0}), ("stuck", {-1 << 8}), ("noise", None), ("ok", {5 << 16})):
        bench.told.clear()
        bench.open(1, True, bits=32, ibuf=8192)
        bench.card.room.source.play(array.array("h", [5]), loops=True)
        bench.card.microphone_fault = fault
        bench.ask(1024)
        bench.pass_s(0.02)
        slots = set(struct.unpack("<256i", bench.told[0][3]))
        assert slots == wanted if wanted else len(slots) > 200, fault
    for fault, blocks in (("stall", 0), ("gap", 12)):
        bench.open(1, True, ibuf=40960)
        bench.card.microphone_fault = fault
        bench.told.clear()
        for _ in range(16):
            bench.ask(512)
        bench.pass_s(0.2565)
        assert len(bench.told) == blocks, fault


def test_a_closed_port_is_not_served_any_more(bench):
    bench.open(1, True)
    bench.ask(512)
    bench.card.take(wire.SOUND_CLOSE, 1, 0, b"")
    bench.ask(512)
    bench.pass_s(1.0)
    assert bench.told == [] and bench.card.due_s() is None
