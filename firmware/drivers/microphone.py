"""An I2S microphone (INMP441 and alike), which exists only while it is open: closed, its port is off and samples nothing.

The port is made by `open` and taken down by `close`: without clocks the microphone sleeps and no one can read it (P3). In between
it fills two blocks of 20 ms in turn, in interrupt mode: the handler only hands over the next buffer, and nothing is allocated per
block. While both wait to be taken the sound stays in the DMA's buffers, 48 ms of it: a loop that is late loses nothing.
When may it be open? Only Talk opens it, and only core/speech/microphone.py says so.
"""

from micropython import const

from firmware.core import clock

FRAMES = const(320)  # in a block: 20 ms at 16 kHz
RATE_HZ = const(16000)
BITS = const(32)  # of a slot; the sample is in the upper 24 (INMP441)
IBUF_BYTES = const(8192)  # for machine.I2S(ibuf=...): four DMA blocks of 256 frames, which the ESP32 receives as stereo
_DMA_MS = const(48)  # the ESP32's driver keeps one DMA block less than there are
_STALLED_MS = const(500)  # a block takes 20 ms; a handler that did not come for that long was lost in a full queue


class Port:
    """An I2S port that is made when it is wanted. `i2s`: the class machine.I2S; `wiring`: its arguments after the port."""

    def __init__(self, i2s, port, wiring):
        self._i2s = i2s
        self._port = port
        self._wiring = wiring

    def __call__(self):
        return self._i2s(self._port, **self._wiring)


class Microphone:
    """`make_i2s()`: an open machine.I2S, receiving, BITS, mono, RATE_HZ. `gain_shift`: of the board, 6 dB each. `now()`: ticks.

    Counters, since the start of the unit: `blocks` filled, `overruns` (gaps, as nobody took them in time), `stalls` (an interrupt
    was lost and made good).
    """

    def __init__(self, make_i2s, gain_shift, now):
        self._make_i2s = make_i2s
        self.gain_shift = gain_shift
        self._now = now
        self._blocks = (bytearray(FRAMES * BITS // 8), bytearray(FRAMES * BITS // 8))
        self._got = 0  # blocks filled, modulo 4, written by the handler only: even ones lie in the first buffer
        self._taken = 0  # likewise taken, by the loop only
        self._armed = False  # the port has a buffer to fill
        self._i2s = None
        self._stuck = None  # a port that did not stop
        self._armed_ms = 0
        self.last_ms = 0  # tick of the newest block, or of the opening
        self.blocks = 0
        self.overruns = 0
        self.stalls = 0

    @property
    def is_open(self):
        return self._i2s is not None or self._stuck is not None

    @property
    def stalled(self):
        """True when it is open and no block has come for 500 ms."""
        return self._armed and clock.diff(self._now(), self.last_ms) >= _STALLED_MS

    def open(self):
        """Starts the port. Raises OSError, in words, if it does not start. An open microphone stays open."""
        if self._i2s is not None:
            return
        self.close()
        try:
            i2s = self._make_i2s()
        except (OSError, ValueError) as problem:
            raise OSError("microphone: the I2S port does not start: %r" % (problem,)) from None
        self._got = self._taken = 0
        self.last_ms = self._now()
        self._i2s = i2s
        try:
            i2s.irq(self._filled)
            self._arm()
        except (OSError, ValueError, MemoryError) as problem:
            self.close()
            raise OSError("microphone: the I2S port does not receive: %r" % (problem,)) from None

    def close(self):
        """Stops the port: from here on nothing is sampled. Raises OSError if it does not stop: then it counts as open until a
        further `close` has stopped it; what it still hears is handed to nobody."""
        i2s, self._i2s = self._i2s or self._stuck, None
        self._armed = False
        self._got = self._taken = 0
        self._stuck = i2s
        if i2s is not None:
            i2s.deinit()
            self._stuck = None

    def take(self):
        """The oldest unread block, FRAMES slots of 32 bits, good until the next call; None if there is none."""
        unread = (self._got - self._taken) & 3
        if unread < 2 and self._i2s is not None and not self._armed:
            now_ms = self._now()
            if clock.diff(now_ms, self.last_ms) > _DMA_MS:
                self.overruns += 1
            self.last_ms = now_ms
            self._arm()
        if not unread:
            return None
        block = self._blocks[self._taken & 1]
        self._taken = (self._taken + 1) & 3
        return block

    def tend(self):
        """Asks anew for a block after a stall: its interrupt was lost."""
        if self.stalled and clock.diff(self._now(), self._armed_ms) >= _STALLED_MS:
            self.stalls += 1
            self._arm()

    def _arm(self):
        self._armed_ms = self._now()
        self._armed = True
        self._i2s.readinto(self._blocks[self._got & 1])

    def _filled(self, i2s):
        if i2s is not self._i2s:
            return  # of a port that is closed
        self.blocks += 1
        self.last_ms = self._now()
        self._got = (self._got + 1) & 3
        if (self._got - self._taken) & 3 < 2:
            self._arm()
        else:
            self._armed = False  # both wait to be taken
