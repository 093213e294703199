"""How long the asyncio loop has not been at rest, measured at the only place where it rests: its poller.

The rejected alternative, a timer that stamps the time, fills the 8 places of the scheduler's queue within 80 ms of a blocking
call, and the interrupt of a pressed button is then lost.
"""

from firmware.core import clock


class Busy:
    """Stands in front of the loop's poller: `asyncio.core._io_queue.poller = Busy(asyncio.core._io_queue.poller, now)`.

    `now()`: ticks. Passes everything on unchanged and allocates nothing of its own.
    """

    def __init__(self, poller, now):
        self._poller = poller
        self._now = now
        self._since_ms = now()
        self._resting = False
        self.register = poller.register
        self.modify = poller.modify
        self.unregister = poller.unregister

    def ipoll(self, timeout_ms):
        """Rests for up to `timeout_ms` (-1: until something happens)."""
        self._resting = True
        try:
            return self._poller.ipoll(timeout_ms)
        finally:
            self._since_ms = self._now()
            self._resting = False

    def busy_ms(self):
        """0 while the loop rests (interrupts run at once), else ms since it last rested."""
        return 0 if self._resting else clock.diff(self._now(), self._since_ms)
