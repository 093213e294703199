"""Tones through an I2S amplifier (MAX98357A and alike), without clicks and without work per sample.

The I2S object runs in interrupt mode: `write` hands over one block of 128 frames and the handler is called when the DMA has
taken it. Every tone is a multiple of 125 Hz, so one block holds whole waves and the same block is written again and again; a
tone begins with a block that swells and ends with one that fades. All blocks come from drivers/tones.py, made once: per tone
3 x 256 bytes. In the handler nothing is allocated or computed.

An amplifier is switched on one silent block before a tone and off after silence has passed through the DMA's buffers, so that
neither is heard and stand-by costs no current (FACTS, power).
"""

from micropython import const

from firmware.core import clock

RATE_HZ = const(16000)  # FACTS (I2S): 16 kHz and decimate
BLOCK_FRAMES = const(128)  # 8 ms, half a DMA block of MicroPython's on the ESP32: long enough for a swelling that nobody hears
IBUF_BYTES = const(2048)  # for machine.I2S(ibuf=...): four DMA blocks of 16-bit mono; two are the least that works
_FLUSH_BLOCKS = const(9)  # silent blocks before the amplifier goes off: the eight in the DMA and the one in hand
_STALLED_MS = const(500)  # a block takes 8 ms; a handler that did not come for that long was lost in a full queue


class Sounder:
    """`i2s`: machine.I2S, transmitting, 16 bits, mono, RATE_HZ, ibuf IBUF_BYTES. `tones`: {Hz: blocks of drivers.tones}.

    `enable(on)`: switches the amplifier, or None. `now()`: ticks. `blocks`: written so far.
    """

    def __init__(self, i2s, tones, enable, now):
        self._i2s = i2s
        self._enable = enable
        self._now = now
        self._silence = bytearray(2 * BLOCK_FRAMES)
        self._waves = tones
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
