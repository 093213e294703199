"""One contact on a GPIO: the level now, and what the interrupt saw since the last look.

No policy: it measures, core/contact.py decides. On the ESP32 a pin interrupt runs its handler between two bytecodes, at once
while the loop sleeps, but only afterwards while a C call (flash erase, TLS handshake) blocks. So the handler alone cannot tell a
5 ms glitch from a 50 ms press that came and went during a block: `busy_ms` (drivers/busy.py) says for how long the loop has not
been at rest, and a closure may have lasted that much longer than it looks.

Source: D9; FACTS (queue of scheduled handlers is 8 deep: a ninth is lost; level and safety scan catch what lasts).
"""

from firmware.core import clock


class ContactPin:
    """`pin`: machine.Pin set up as input. `active`: "low" or "high", level of a closed contact.

    `wake()`: called from the interrupt, must not allocate (set of a ThreadSafeFlag). `now()`: ticks. `busy_ms()`: how long the
    loop has been busy without going to rest, 0 while it rests. Nothing is allocated per interrupt.
    """

    def __init__(self, pin, active, wake, now, busy_ms):
        self._pin = pin
        self._closed_level = 1 if active == "high" else 0
        self._wake = wake
        self._now = now
        self._busy_ms = busy_ms
        self._closed_at = None  # tick, as early as it may have been
        self._pulse_ms = None
        self.edges = 0  # interrupts so far, for the health report
        self._pin.irq(self._edge, self._pin.IRQ_RISING | self._pin.IRQ_FALLING)

    def closed(self):
        """True while the contact is closed. To be asked after `take_pulse_ms`, so that no opening falls between the two."""
        return self._pin.value() == self._closed_level

    def take_pulse_ms(self):
        """How long the longest closure that ended since the last call may have lasted, in ms; None if none ended."""
        pulse_ms = self._pulse_ms
        self._pulse_ms = None
        if not self.closed():
            self._closed_at = None  # an opening whose interrupt comes late is none that anybody missed
        return pulse_ms

    def _edge(self, pin):
        self.edges = (self.edges + 1) & 0x3FFFFFFF
        now_ms = self._now()
        if pin.value() == self._closed_level:
            if self._closed_at is None:
                self._closed_at = clock.add(now_ms, -self._busy_ms())
        else:
            began_ms = self._closed_at
            if began_ms is None:  # closed and opened before this handler could run
                began_ms = clock.add(now_ms, -self._busy_ms())
            self._closed_at = None
            lasted_ms = clock.diff(now_ms, began_ms)
            if self._pulse_ms is None or lasted_ms > self._pulse_ms:
                self._pulse_ms = lasted_ms
        self._wake()
