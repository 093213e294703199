"""Tones through an I2S amplifier (MAX98357A and alike), without clicks and without work per sample.

The I2S object runs in interrupt mode: `write` hands over one block of 256 frames and the handler is called when the DMA has
taken it. Every tone is a multiple of 62.5 Hz, so one block holds whole waves and the same block is written again and again; a
tone begins with a block that swells and ends with one that fades. All blocks are computed once, at construction: per tone 3 x 512
bytes. In the handler nothing is allocated or computed.

An amplifier is switched on one silent block before a tone and off after silence has passed through the DMA's buffers, so that
neither is heard and stand-by costs no current (FACTS, power).
"""

import struct

from micropython import const

from firmware.core import clock

RATE_HZ = const(16000)  # 256-frame blocks of 16 ms; FACTS (I2S): 16 kHz and decimate
BLOCK_FRAMES = const(256)  # MicroPython's DMA blocks on the ESP32
IBUF_BYTES = const(2048)  # for machine.I2S(ibuf=...): four blocks of 16-bit mono; two are the least that works
_FLUSH_BLOCKS = const(5)  # silent blocks before the amplifier goes off: the four in the DMA and the one in hand
_STALLED_MS = const(500)  # a block takes 16 ms; a handler that did not come for that long was lost in a full queue
_FULL = const(20000)  # peak of 32,767 at 100 %: leaves room for the harmonics

# Quarter of a sine in 1/1000, 16 steps of 90/16 degrees and the end. A table, because floats in a loop take 20 ms a tone.
_SINE = (0, 98, 195, 290, 383, 471, 556, 634, 707, 773, 831, 882, 924, 957, 981, 995, 1000)


def _sine(turn_256):
    """Sine in 1/1000 of an angle in 1/256 turns, linear between the table's points."""
    turn_256 &= 255
    if turn_256 >= 128:
        return -_sine(turn_256 - 128)
    if turn_256 > 64:
        turn_256 = 128 - turn_256
    low = _SINE[turn_256 >> 2]
    return low if turn_256 == 64 else low + (_SINE[(turn_256 >> 2) + 1] - low) * (turn_256 & 3) // 4


def wave(turn_256):
    """One sample in 1/1000: first, third and fifth harmonic of a square, which is what woke sleepers best (core/patterns.py)."""
    return _sine(turn_256) + _sine(3 * turn_256) // 3 + _sine(5 * turn_256) // 5


class Sounder:
    """`i2s`: machine.I2S, transmitting, 16 bits, mono, RATE_HZ, ibuf IBUF_BYTES. `tones_hz`: multiples of 62.5 (given rounded).

    `enable(on)`: switches the amplifier, or None. `volume_pct`: 10 ... 100. `now()`: ticks. `blocks`: written so far.
    """

    def __init__(self, i2s, tones_hz, volume_pct, enable, now):
        self._i2s = i2s
        self._enable = enable
        self._now = now
        self._silence = bytearray(2 * BLOCK_FRAMES)
        self._waves = {hz: tone_blocks(hz, volume_pct) for hz in tones_hz}
        self._hz = 0  # wanted
        self._playing = None  # blocks of the tone that sounds
        self._wanted = None  # blocks of the tone that shall sound
        self._quiet = 0  # silent blocks written in a row
        self._running = False
        self._fed_ms = now()
        self.blocks = 0
        self.stalls = 0
        if enable:
            enable(False)
        i2s.irq(self._next)

    def tone(self, hz):
        """Sounds `hz` from now on, 0 for silence. Raises ValueError for a tone that was not prepared.

        Also takes up again a stream whose interrupt was lost; so call it at every step of a pattern.
        """
        if hz and hz not in self._waves:
            raise ValueError("sounder: %r Hz was not prepared; there are %r" % (hz, sorted(self._waves)))
        self._hz = hz
        self._wanted = self._waves[hz] if hz else None
        if self._running:
            if clock.diff(self._now(), self._fed_ms) < _STALLED_MS:
                return
            self.stalls += 1
        elif not hz:
            return
        self._start()

    def _start(self):
        self._running = True
        self._playing = None
        self._quiet = 0
        if self._enable:
            self._enable(True)
        self._write(self._silence)

    def _write(self, block):
        self._fed_ms = self._now()
        self.blocks += 1
        self._i2s.write(block)

    def _next(self, i2s):
        """The DMA has taken a block: hands over the next one, or stops after enough silence."""
        if not self._running:
            return
        if self._playing is not self._wanted:
            if self._playing:
                self._write(self._playing[2])
                self._playing = None
            else:
                self._playing = self._wanted
                self._quiet = 0
                self._write(self._playing[0])
        elif self._playing:
            self._write(self._playing[1])
        elif self._quiet < _FLUSH_BLOCKS:
            self._quiet += 1
            self._write(self._silence)
        else:
            self._running = False
            if self._enable:
                self._enable(False)


def tone_blocks(hz, volume_pct):
    """(swelling, steady, fading) block of one tone, 16-bit little-endian mono."""
    waves = (hz * BLOCK_FRAMES + RATE_HZ // 2) // RATE_HZ  # whole waves in a block
    made = tuple(bytearray(2 * BLOCK_FRAMES) for _ in range(3))
    for i in range(BLOCK_FRAMES):
        sample = wave(i * waves) * (_FULL * volume_pct // 100) // 1000
        struct.pack_into("<h", made[0], 2 * i, sample * i // BLOCK_FRAMES)
        struct.pack_into("<h", made[1], 2 * i, sample)
        struct.pack_into("<h", made[2], 2 * i, sample * (BLOCK_FRAMES - i) // BLOCK_FRAMES)
    return made
