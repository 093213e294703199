"""An I2S microphone (INMP441 and alike), which exists only while it is open: closed, its port is off and samples nothing.

The port is made by `open` and taken down by `close`: without clocks the microphone sleeps and no one can read it (P3). In between
it fills two blocks of 20 ms in turn, in interrupt mode: the handler only hands over the next buffer, and nothing is allocated per
block. When may it be open? Only Talk opens it, and only core/speech/microphone.py says so.
"""

from micropython import const

from firmware.core import clock

FRAMES = const(320)  # in a block: 20 ms at 16 kHz
RATE_HZ = const(16000)
BITS = const(32)  # of a slot; the sample is in the upper 24 (INMP441)
IBUF_BYTES = const(8192)  # for machine.I2S(ibuf=...): four DMA blocks of 256 frames, which the ESP32 receives as stereo
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

    Counters, since the start of the unit: `blocks` filled, `overruns` (blocks that nobody took in time), `stalls` (an interrupt
    was lost and made good).
    """

    def __init__(self, make_i2s, gain_shift, now):
        self._make_i2s = make_i2s
        self.gain_shift = gain_shift
        self._now = now
        self._blocks = (bytearray(FRAMES * BITS // 8), bytearray(FRAMES * BITS // 8))
        self._filling = 0
        self._unread = None
        self._i2s = None
        self._armed_ms = 0
        self.last_ms = 0  # tick of the newest block, or of the opening
        self.blocks = 0
        self.overruns = 0
        self.stalls = 0

    @property
    def is_open(self):
        return self._i2s is not None

    @property
    def stalled(self):
        """True when it is open and no block has come for 500 ms."""
        return self._i2s is not None and clock.diff(self._now(), self.last_ms) >= _STALLED_MS

    def open(self):
        """Starts the port. Raises OSError, in words, if it does not start. An open microphone stays open."""
        if self._i2s is not None:
            return
        try:
            i2s = self._make_i2s()
        except (OSError, ValueError) as problem:
            raise OSError("microphone: the I2S port does not start: %r" % (problem,)) from None
        self._unread = None
        self.last_ms = self._now()
        self._i2s = i2s
        try:
            i2s.irq(self._filled)
            self._arm()
        except OSError as problem:
            self.close()
            raise OSError("microphone: the I2S port does not receive: %r" % (problem,)) from None

    def close(self):
        """Stops the port: from here on nothing is sampled."""
        i2s, self._i2s = self._i2s, None
        self._unread = None
        if i2s is not None:
            i2s.deinit()

    def take(self):
        """The newest unread block, FRAMES slots of 32 bits, good for 20 ms; None if there is none."""
        block, self._unread = self._unread, None
        return block

    def tend(self):
        """Asks anew for a block after a stall: its interrupt was lost."""
        if self.stalled and clock.diff(self._now(), self._armed_ms) >= _STALLED_MS:
            self.stalls += 1
            self._arm()

    def _arm(self):
        self._armed_ms = self._now()
        self._i2s.readinto(self._blocks[self._filling])

    def _filled(self, i2s):
        if i2s is not self._i2s:
            return  # of a port that is closed
        if self._unread is not None:
            self.overruns += 1
        self.blocks += 1
        self.last_ms = self._now()
        self._unread = self._blocks[self._filling]
        self._filling = 1 - self._filling
        self._arm()
