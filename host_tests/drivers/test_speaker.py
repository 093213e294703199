"""drivers/speaker.py on the stand-in I2S: tones are measured in the samples that left."""

import struct

import machine

from firmware.core.patterns import TONES_HZ
from firmware.drivers.speaker import BLOCK_FRAMES, IBUF_BYTES, RATE_HZ, SPEECH_FRAMES, Speaker
from firmware.drivers.tones import tone_block


class Bench:
    def __init__(self, volume_pct=80, tones_hz=TONES_HZ):
        self.world = machine.world
        self.amplifier = []  # (blocks written by then, on)
        i2s = machine.I2S(0, sck=machine.Pin(18), ws=machine.Pin(19), sd=machine.Pin(21), mode=machine.I2S.TX, bits=16,
                          format=machine.I2S.MONO, rate=RATE_HZ, ibuf=IBUF_BYTES)
        self.speaker = None
        tones = {hz: tone_block(hz, volume_pct) for hz in tones_hz}
        self.speaker = Speaker(i2s, tones, self.enable, lambda: self.world.now_ms)
        self.sound = self.world.sound(0)

    def enable(self, on):
        self.amplifier.append((self.speaker.blocks if self.speaker else 0, on))

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
        bench.speaker.tone(hz)
        bench.run(36)
        steady = bench.samples(4, 32)
        assert abs(crossings_hz(steady) - hz) < 8, (hz, crossings_hz(steady))


def test_nothing_clicks_at_start_change_and_stop():
    """No step between two samples is larger than within the steady tone, and swelling and fading begin and end at zero."""
    bench = Bench(volume_pct=100)
    bench.speaker.tone(750)
    bench.run(6)
    steady = bench.samples(2, 4)
    largest = max(abs(steady[i] - steady[i - 1]) for i in range(1, len(steady)))
    bench.speaker.tone(375)
    bench.run(6)
    bench.speaker.tone(0)
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
        bench.speaker.tone(500)
        bench.run(6)
        peaks.append(max(bench.samples()))
    assert 1500 < peaks[0] < peaks[1] < peaks[2] and 9 < peaks[2] / peaks[0] < 11


def test_the_amplifier_is_on_before_the_tone_and_off_after_the_silence():
    bench = Bench()
    assert bench.amplifier == [(0, False)]
    bench.speaker.tone(500)
    assert bench.amplifier[1:] == [(0, True)]
    bench.run(5)
    assert max(bench.samples(0, 1)) == 0  # one silent block first
    bench.speaker.tone(0)
    taken = bench.run(50)
    assert bench.amplifier[2:] == [(bench.speaker.blocks, False)]
    silent = bench.samples(-IBUF_BYTES // (2 * BLOCK_FRAMES))
    assert max(silent) == 0 and min(silent) == 0  # all that is still in the DMA
    assert taken < 12 and bench.run(50) == 0  # and then the stream stops: no current, no interrupts


def test_a_tone_of_zero_at_rest_starts_nothing():
    bench = Bench()
    bench.speaker.tone(0)
    assert bench.speaker.blocks == 0 and bench.run(3) == 0


def test_a_new_tone_while_the_last_one_fades_is_sounded():
    bench = Bench()
    bench.speaker.tone(500)
    bench.run(5)
    bench.speaker.tone(0)
    bench.run(2)
    bench.speaker.tone(750)
    bench.run(40)
    assert abs(crossings_hz(bench.samples(-32)) - 750) < 8
    assert [on for _, on in bench.amplifier] == [False, True]


def test_a_lost_interrupt_is_made_good_at_the_next_step_of_the_pattern():
    """The scheduler's queue was full when the DMA asked for more; without this the unit is mute until the next reset."""
    bench = Bench()
    bench.speaker.tone(500)
    bench.run(3)
    bench.sound.waiting_bytes = 0  # taken, but nobody was told
    assert bench.run(70) == 0
    bench.speaker.tone(500)
    assert bench.speaker.stalls == 1
    assert bench.run(4) == 4


def test_a_step_soon_after_the_last_block_does_not_restart_the_stream():
    bench = Bench()
    bench.speaker.tone(500)
    bench.run(3)
    before = bench.speaker.blocks
    bench.speaker.tone(500)
    bench.speaker.tone(0)
    assert bench.speaker.blocks == before and bench.speaker.stalls == 0


def test_a_tone_that_was_not_prepared_raises():
    bench = Bench()
    try:
        bench.speaker.tone(3100)
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
    one = Speaker(i2s, {500: tone_block(500, 80)}, None, lambda: 5)
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


def speak(bench, level, blocks=1):
    """Puts blocks of a constant sample into the ring; how many it took."""
    for i in range(blocks):
        block = bench.speaker.free()
        if block is None:
            return i
        for n in range(0, 2 * SPEECH_FRAMES, 2):
            struct.pack_into("<h", block, n, level)
        bench.speaker.queue()
    return blocks


def heard(bench):
    """What left the unit, as [(sample, how often in a row)]."""
    runs = []
    for sample in bench.samples():
        if runs and runs[-1][0] == sample:
            runs[-1][1] += 1
        else:
            runs.append([sample, 1])
    return [tuple(run) for run in runs]


def test_blocks_of_speech_leave_in_order_and_whole():
    bench = Bench()
    bench.speaker.begin()
    assert speak(bench, 7) == 1 and bench.speaker.queued() == 1
    bench.run(1)
    for level in range(8, 20):
        assert speak(bench, level) == 1
        bench.run(1)
    assert heard(bench) == [(0, BLOCK_FRAMES)] + [(level, SPEECH_FRAMES) for level in range(7, 20)]
    assert bench.speaker.underruns == 0


def test_the_ring_takes_three_and_leaves_the_one_alone_that_the_dma_has():
    bench = Bench()
    bench.speaker.begin()
    assert speak(bench, 1, 9) == 3 and bench.speaker.free() is None
    bench.run(1)  # the first is with the DMA now
    assert speak(bench, 4, 9) == 1
    bench.run(5)
    assert heard(bench)[1:3] == [(1, 3 * SPEECH_FRAMES), (4, SPEECH_FRAMES)]


def test_an_empty_ring_is_an_underrun_only_when_the_dma_has_run_dry_too():
    bench = Bench()
    bench.speaker.begin()
    assert bench.run(3) == 1, "nothing to play: no interrupts"
    bench.world.advance(2000)
    bench.speaker.tend()
    speak(bench, 5)
    assert bench.speaker.underruns == 0 and bench.speaker.stalls == 0, "nobody had spoken yet"
    bench.run(1)
    for pause_ms, underruns in ((48, 0), (49, 1)):
        bench.world.advance(pause_ms)
        speak(bench, 6)
        assert bench.speaker.underruns == underruns
        assert bench.run(2) == 1
    assert heard(bench)[1:] == [(5, SPEECH_FRAMES), (6, 2 * SPEECH_FRAMES)]


def test_a_tone_is_heard_at_once_also_where_a_stream_has_nothing_to_play():
    bench = Bench()
    bench.speaker.begin()
    bench.run(2)
    bench.speaker.tone(500)
    bench.run(3)
    assert max(bench.samples(-1)) > 5000
    bench.speaker.tone(0)
    bench.run(3)
    speak(bench, 9)
    bench.run(1)
    assert heard(bench)[-1] == (9, SPEECH_FRAMES)


def test_the_amplifier_stays_on_for_the_stream_and_goes_off_after_its_last_block():
    bench = Bench()
    bench.speaker.begin()
    bench.run(20)
    assert [on for _, on in bench.amplifier] == [False, True]
    speak(bench, 9, 2)
    bench.speaker.end()
    bench.run(50)
    bench.speaker.tend()
    assert [on for _, on in bench.amplifier] == [False, True, False]
    assert heard(bench)[-2:] == [(9, 2 * SPEECH_FRAMES), (0, 9 * BLOCK_FRAMES)]
    assert bench.run(20) == 0 and bench.speaker.queued() == 0


def test_a_stream_that_ends_while_it_has_nothing_to_play_lets_the_amplifier_go_off():
    bench = Bench()
    bench.speaker.begin()
    speak(bench, 9)
    assert bench.run(9) == 2
    bench.speaker.end()
    bench.run(50)
    assert [on for _, on in bench.amplifier] == [False, True, False]


def test_a_tone_wins_over_speech_at_once_and_speech_goes_on_after_it_without_lagging_behind():
    bench = Bench()
    bench.speaker.begin()
    speak(bench, 1, 3)
    bench.run(1)
    bench.speaker.tone(500)
    assert bench.speaker.sounding
    bench.run(1)
    tone = bench.samples(-1)
    assert max(tone) > 5000, "the block after the one in hand is the tone's"
    bench.run(9)  # 80 ms of tone: what waited has gone by, and the ring has room for what is said now
    assert bench.speaker.queued() == 0 and speak(bench, 2) == 1
    bench.speaker.tone(0)
    bench.run(1)
    assert not bench.speaker.sounding and abs(bench.samples(-1)[-1]) < 200
    bench.run(1)
    assert heard(bench)[-1] == (2, SPEECH_FRAMES) and bench.speaker.underruns == 0


def test_a_lost_interrupt_of_a_stream_and_a_refused_write_are_made_good():
    bench = Bench()
    bench.speaker.begin()
    speak(bench, 3, 3)
    bench.sound.waiting_bytes = 0  # taken, but nobody was told
    bench.world.advance(600)
    bench.speaker.tend()
    assert bench.speaker.stalls == 1 and bench.run(9) == 4 and bench.speaker.queued() == 0

    class Broken:
        def irq(self, handler):
            self.handler = handler

        def write(self, block):
            raise OSError(5)

    one = Speaker(Broken(), {}, None, lambda: bench.world.now_ms)
    one.begin()
    bench.world.advance(600)
    one.tend()
    assert (one.write_errors, one.stalls) == (2, 1)


def test_speech_allocates_nothing():
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
    one = Speaker(i2s, {500: tone_block(500, 80)}, None, lambda: 5)
    one.begin()
    heap_lock()
    try:
        for i in range(40):
            if one.free() is not None and i % 5:
                one.queue()
            one.tend()
            one.tone(500 if 10 < i < 20 else 0)
            if i % 3:
                i2s.handler(i2s)
    finally:
        heap_unlock()
    assert one.blocks > 20
