"""One contact on a GPIO: the level now, and what the interrupt saw since the last look.

No policy: it measures, core/contact.py decides. On the ESP32 a pin interrupt runs its handler between two bytecodes, at once
while the loop sleeps, but only afterwards while a C call (flash erase, TLS handshake) blocks. So the handler alone cannot tell a
5 ms glitch from a 50 ms press that came and went during a block: `busy_ms` (drivers/busy.py) says for how long the loop has not
been at rest, and a closure may have lasted that much longer than it looks.

Source: D9; FACTS (queue of scheduled handlers is 8 deep: a ninth is lost; level and safety scan catch what lasts).
"""

from micropython import const

from firmware.core import clock

_COUNT = const(0x3FFFFFFF)  # counters stay small integers, which cost no memory in an interrupt


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
        # The interrupt may come between any two steps of the loop. So each field has one writer: the interrupt these,
        self._closed_at = None  # tick, as early as it may have been
        self._closure = 0  # number of that closure
        self._opening = 0  # number of the last opening
        self._pulse_ms = None  # longest since the last one taken
        self.edges = 0  # interrupts so far, for the health report
        # and the loop these.
        self._ended = 0  # closure that the loop has seen open
        self._taken = 0  # opening that the loop has taken note of
        self._pin.irq(self._edge, self._pin.IRQ_RISING | self._pin.IRQ_FALLING)

    def closed(self):
        """True while the contact is closed. To be asked after `take_pulse_ms`, so that no opening falls between the two."""
        return self._pin.value() == self._closed_level

    def take_pulse_ms(self):
        """How long the longest closure that ended since the last call may have lasted, in ms; None if none ended."""
        closure = self._closure
        if not self.closed():
            self._ended = closure  # an opening whose interrupt comes late is none that anybody missed
        while True:
            opening = self._opening
            pulse_ms = self._pulse_ms
            if opening == self._opening:
                break
        if opening == self._taken:
            return None
        self._taken = opening
        return pulse_ms

    def _edge(self, pin):
        self.edges = (self.edges + 1) & _COUNT
        now_ms = self._now()
        known = self._closed_at is not None and self._closure != self._ended
        if pin.value() == self._closed_level:
            if not known:
                self._closed_at = clock.add(now_ms, -self._busy_ms())
                self._closure = (self._closure + 1) & _COUNT
        else:
            # Not known: closed and opened before this handler could run.
            began_ms = self._closed_at if known else clock.add(now_ms, -self._busy_ms())
            self._closed_at = None
            lasted_ms = clock.diff(now_ms, began_ms)
            if self._opening == self._taken or lasted_ms > self._pulse_ms:
                self._pulse_ms = lasted_ms
            self._opening = (self._opening + 1) & _COUNT
        self._wake()
