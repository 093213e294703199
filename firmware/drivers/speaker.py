"""One stream through an I2S amplifier (MAX98357A and alike): tones, prompts and speech, without work per sample.

The I2S object runs in interrupt mode: `write` hands over one block and the handler is called when the DMA has taken it. In the
handler nothing is allocated, and next to nothing computed: it chooses which block comes next.

- A tone wins over everything, at once. Every tone is a multiple of 125 Hz, so a block of 128 frames holds whole waves and the
  same block is written again and again. It comes from drivers/tones.py, made once. A tone begins with a block that swells and
  ends with one that fades: both are made of that block when they are wanted, in native code, in one buffer for all tones. The DMA
  has taken what was in it before: the handler would not have been called.
- Speech and prompts come through a ring of four blocks of 20 ms: three wait, one is with the DMA. The ring goes on while a tone
  sounds, unheard: speech that waited would be late for the rest of the session. When it is empty the DMA still has 48 ms to
  play, and silence after that; the next block that is queued goes on.

An amplifier is switched on one silent block before a sound and off after silence has passed through the DMA's buffers, so that
neither is heard and stand-by costs no current (FACTS, power).
"""

import micropython
from micropython import const

from firmware.core import clock

RATE_HZ = const(16000)  # FACTS (I2S): 16 kHz and decimate
BLOCK_FRAMES = const(128)  # of a tone: 8 ms, half a DMA block of MicroPython's on the ESP32: a swelling that nobody hears
SPEECH_FRAMES = const(320)  # of speech: 20 ms, one RTP packet
IBUF_BYTES = const(2048)  # for machine.I2S(ibuf=...): four DMA blocks of 16-bit mono; two are the least that works
_FLUSH_BLOCKS = const(9)  # silent blocks before the amplifier goes off: the eight in the DMA and the one in hand
_DMA_MS = const(48)  # the ESP32's driver keeps one DMA block less than there are
_STALLED_MS = const(500)  # a block takes 8 or 20 ms; a handler that did not come for that long was lost in a full queue
_RING = const(3)  # mask of an index into the ring of four


@micropython.viper
def shape(steady: ptr16, block: ptr16, n: int, fades: int):
    """Fills `block` with the n = BLOCK_FRAMES samples of `steady`, from nothing to full size, or with `fades` the other way."""
    i = 0
    while i < n:
        sample = (steady[i] ^ 0x8000) - 0x8000
        block[i] = sample * (n - i if fades else i) >> 7
        i += 1


class Speaker:
    """`i2s`: machine.I2S, transmitting, 16 bits, mono, RATE_HZ, ibuf IBUF_BYTES. `tones`: {Hz: block of drivers.tones}.

    `enable(on)`: switches the amplifier, or None. `now()`: ticks. Counters: `blocks` written, `underruns` (holes in
    a stream), `stalls` (an interrupt was lost and made good), `write_errors`.
    """

    def __init__(self, i2s, tones, enable, now):
        self._i2s = i2s
        self._enable = enable
        self._now = now
        self._silence = bytearray(2 * BLOCK_FRAMES)
        self._shaped = bytearray(2 * BLOCK_FRAMES)  # swells or fades
        self._ring = []
        for _ in range(_RING + 1):
            self._ring.append(bytearray(2 * SPEECH_FRAMES))
        self._in = 0  # written by the loop only
        self._out = 0  # written by the handler only
        self._streaming = False
        self._put = False  # the stream has had its first block: from now on a pause is an underrun
        self._starved = False  # the stream has nothing to play: no block is with the DMA and no interrupt will come
        self._starved_ms = 0
        self._waves = tones
        self._playing = None  # block of the tone that sounds
        self._wanted = None  # block of the tone that shall sound
        self._passed = 0  # frames of a tone since the ring went on
        self._quiet = 0  # silent blocks written in a row
        self._running = False
        self._fed_ms = now()
        self.blocks = 0
        self.underruns = 0
        self.stalls = 0
        self.write_errors = 0
        if enable:
            enable(False)
        i2s.irq(self._next)

    def tone(self, hz):
        """Sounds `hz` from now on, 0 for silence. Raises ValueError for a tone that was not prepared.

        Also takes up again a stream whose interrupt was lost; so call it at every step of a pattern.
        """
        if hz and hz not in self._waves:
            raise ValueError("speaker: %r Hz was not prepared; there are %r" % (hz, sorted(self._waves)))
        self._wanted = self._waves[hz] if hz else None
        if hz and not self._running:
            self._start()
        elif hz and self._starved:
            self._go_on()
        else:
            self.tend()

    @property
    def sounding(self):
        """True while a tone sounds or shall sound."""
        return self._wanted is not None or self._playing is not None

    def begin(self):
        """A stream begins, if none has: until `end` the amplifier stays on, and the ring is asked for a block every 20 ms."""
        if self._streaming:
            return
        self._put = False
        self._streaming = True
        if not self._running:
            self._start()

    def end(self):
        """No more comes; what waits in the ring is played."""
        self._streaming = False
        if self._starved:
            self._go_on()

    def queued(self):
        """Blocks that wait in the ring, 0 ... 3."""
        return (self._in - self._out) & _RING

    def free(self):
        """The buffer (2 x SPEECH_FRAMES bytes, 16-bit little-endian mono) to be filled next, or None when all are taken."""
        return self._ring[self._in] if (self._in - self._out) & _RING < _RING else None

    def queue(self):
        """Hands over what `free` gave. Nothing is copied, nothing allocated."""
        self._in = (self._in + 1) & _RING
        if self._starved:
            if self._put and clock.diff(self._now(), self._starved_ms) > _DMA_MS:
                self.underruns += 1
            self._go_on()
        self._put = True

    def tend(self):
        """Takes up again a stream whose interrupt was lost or whose write failed."""
        if self._running and not self._starved and clock.diff(self._now(), self._fed_ms) >= _STALLED_MS:
            self.stalls += 1
            self._start()

    def _start(self):
        self._running = True
        self._starved = False
        self._playing = None
        self._quiet = 0
        if self._enable:
            self._enable(True)
        self._write(self._silence)

    def _go_on(self):
        self._starved = False
        self._next(self._i2s)

    def _write(self, block):
        self._fed_ms = self._now()
        self.blocks += 1
        try:
            self._i2s.write(block)
        except OSError:  # no interrupt will come: `tend` starts again
            self.write_errors += 1

    def _next(self, i2s):
        """The DMA has taken a block: hands over the next one, or stops after enough silence."""
        if not self._running:
            return
        if self._playing is not None or self._wanted is not None:
            self._next_of_tone()
        elif self._in != self._out:
            self._quiet = 0
            block = self._ring[self._out]
            self._out = (self._out + 1) & _RING
            self._write(block)
        elif self._streaming:
            self._quiet = 0
            self._starved_ms = self._now()
            self._starved = True
        elif self._quiet < _FLUSH_BLOCKS:
            self._quiet += 1
            self._write(self._silence)
        else:
            self._running = False
            if self._enable:
                self._enable(False)

    def _next_of_tone(self):
        self._quiet = 0
        self._passed += BLOCK_FRAMES
        if self._passed >= SPEECH_FRAMES:
            self._passed -= SPEECH_FRAMES
            if self._in != self._out:
                self._out = (self._out + 1) & _RING
        playing, wanted = self._playing, self._wanted
        if playing is wanted:
            self._write(playing)
        elif playing is not None:
            self._playing = None
            shape(playing, self._shaped, BLOCK_FRAMES, 1)
            self._write(self._shaped)
        else:
            self._playing = wanted
            shape(wanted, self._shaped, BLOCK_FRAMES, 0)
            self._write(self._shaped)
