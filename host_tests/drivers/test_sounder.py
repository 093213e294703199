"""drivers/sounder.py on the stand-in I2S: tones are measured in the samples that left."""

import struct

import machine

from firmware.core.patterns import TONES_HZ
from firmware.drivers.sounder import BLOCK_FRAMES, IBUF_BYTES, RATE_HZ, Sounder
from firmware.drivers.tones import tone_blocks


class Bench:
    def __init__(self, volume_pct=80, tones_hz=TONES_HZ):
        self.world = machine.world
        self.amplifier = []  # (blocks written by then, on)
        i2s = machine.I2S(0, sck=machine.Pin(18), ws=machine.Pin(19), sd=machine.Pin(21), mode=machine.I2S.TX, bits=16,
                          format=machine.I2S.MONO, rate=RATE_HZ, ibuf=IBUF_BYTES)
        self.sounder = None
        tones = {hz: tone_blocks(hz, volume_pct) for hz in tones_hz}
        self.sounder = Sounder(i2s, tones, self.enable, lambda: self.world.now_ms)
        self.sound = self.world.sound(0)

    def enable(self, on):
        self.amplifier.append((self.sounder.blocks if self.sounder else 0, on))

    def run(self, blocks):
        """Time passes, block by block; returns how many the DMA took."""
        taken = 0
        for _ in range(blocks):
            self.world.advance(8)
            taken += self.world.i2s_run(0)
        return taken

    def samples(self, first_block=0, blocks=None):
        """What left the unit; a negative `first_block` counts from the end."""
        start = 2 * BLOCK_FRAMES * first_block
        part = self.sound.samples[start:] if blocks is None else self.sound.samples[start:start + 2 * BLOCK_FRAMES * blocks]
        return struct.unpack("<%dh" % (len(part) // 2), part)


def crossings_hz(samples):
    """Tone by rising zero crossings."""
    count = 0
    for i in range(1, len(samples)):
        count += samples[i - 1] < 0 <= samples[i]
    return count * RATE_HZ / len(samples)


def test_each_tone_has_its_frequency():
    for hz in TONES_HZ:
        machine.world.clear()
        bench = Bench()
        bench.sounder.tone(hz)
        bench.run(36)
        steady = bench.samples(4, 32)
        assert abs(crossings_hz(steady) - hz) < 8, (hz, crossings_hz(steady))


def test_nothing_clicks_at_start_change_and_stop():
    """No step between two samples is larger than within the steady tone, and swelling and fading begin and end at zero."""
    bench = Bench(volume_pct=100)
    bench.sounder.tone(750)
    bench.run(6)
    steady = bench.samples(2, 4)
    largest = max(abs(steady[i] - steady[i - 1]) for i in range(1, len(steady)))
    bench.sounder.tone(375)
    bench.run(6)
    bench.sounder.tone(0)
    bench.run(12)
    all_samples = bench.samples()
    for i in range(1, len(all_samples)):
        assert abs(all_samples[i] - all_samples[i - 1]) <= largest, i
    assert all_samples[BLOCK_FRAMES] == 0 and all_samples[-1] == 0
    assert max(all_samples) <= 32767 and max(all_samples) > 15000


def test_volume_scales_the_tone_and_is_never_silence():
    peaks = []
    for volume_pct in (10, 50, 100):
        machine.world.clear()
        bench = Bench(volume_pct)
        bench.sounder.tone(500)
        bench.run(6)
        peaks.append(max(bench.samples()))
    assert 1500 < peaks[0] < peaks[1] < peaks[2] and 9 < peaks[2] / peaks[0] < 11


def test_the_amplifier_is_on_before_the_tone_and_off_after_the_silence():
    bench = Bench()
    assert bench.amplifier == [(0, False)]
    bench.sounder.tone(500)
    assert bench.amplifier[1:] == [(0, True)]
    bench.run(5)
    assert max(bench.samples(0, 1)) == 0  # one silent block first
    bench.sounder.tone(0)
    taken = bench.run(50)
    assert bench.amplifier[2:] == [(bench.sounder.blocks, False)]
    silent = bench.samples(-IBUF_BYTES // (2 * BLOCK_FRAMES))
    assert max(silent) == 0 and min(silent) == 0  # all that is still in the DMA
    assert taken < 12 and bench.run(50) == 0  # and then the stream stops: no current, no interrupts


def test_a_tone_of_zero_at_rest_starts_nothing():
    bench = Bench()
    bench.sounder.tone(0)
    assert bench.sounder.blocks == 0 and bench.run(3) == 0


def test_a_new_tone_while_the_last_one_fades_is_sounded():
    bench = Bench()
    bench.sounder.tone(500)
    bench.run(5)
    bench.sounder.tone(0)
    bench.run(2)
    bench.sounder.tone(750)
    bench.run(40)
    assert abs(crossings_hz(bench.samples(-32)) - 750) < 8
    assert [on for _, on in bench.amplifier] == [False, True]


def test_a_lost_interrupt_is_made_good_at_the_next_step_of_the_pattern():
    """The scheduler's queue was full when the DMA asked for more; without this the unit is mute until the next reset."""
    bench = Bench()
    bench.sounder.tone(500)
    bench.run(3)
    bench.sound.waiting_bytes = 0  # taken, but nobody was told
    assert bench.run(70) == 0
    bench.sounder.tone(500)
    assert bench.sounder.stalls == 1
    assert bench.run(4) == 4


def test_a_step_soon_after_the_last_block_does_not_restart_the_stream():
    bench = Bench()
    bench.sounder.tone(500)
    bench.run(3)
    before = bench.sounder.blocks
    bench.sounder.tone(500)
    bench.sounder.tone(0)
    assert bench.sounder.blocks == before and bench.sounder.stalls == 0


def test_a_tone_that_was_not_prepared_raises():
    bench = Bench()
    try:
        bench.sounder.tone(3100)
    except ValueError as error:
        assert "3100" in str(error) and "375" in str(error)
    else:
        assert False, "an unprepared tone was taken"


def test_a_block_allocates_nothing():
    try:
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return

    class Quiet:
        def irq(self, handler):
            self.handler = handler

        def write(self, block):
            return None

    i2s = Quiet()
    one = Sounder(i2s, {500: tone_blocks(500, 80)}, None, lambda: 5)
    one.tone(500)
    for wanted in (500, 0, 500):
        one.tone(wanted)
        heap_lock()
        try:
            for _ in range(9):
                i2s.handler(i2s)
        finally:
            heap_unlock()
    assert one.blocks > 18
