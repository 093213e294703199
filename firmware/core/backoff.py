"""When to dial again after a refusal: soon while an alarm waits, slowly otherwise, never in step with the neighbours.

A street of flats loses its broker at the same moment. Without jitter all would come back at the same moment too; with a
20 ms retry, fastest in a bench, they would keep the broker down.
"""

from micropython import const

_URGENT_TRIES = const(300)  # at 100-200 ms, about 45 s: blackouts shorter than that end within one step
_URGENT_SLOW = const(4)  # then four times slower, for as long as the alarm waits
_FIRST_MS = const(1000)  # routine: first step; a broker restart takes about this long


class Backoff:
    """`urgent_ms`: an urgent step is this to twice this. `longest_ms`: bound of a routine step. `rand(n)`: 0 ... n-1."""

    def __init__(self, urgent_ms, longest_ms, rand):
        if not 0 < urgent_ms <= longest_ms:
            raise ValueError("backoff: urgent_ms %d must be above 0 and at most longest_ms %d" % (urgent_ms, longest_ms))
        self._urgent_ms = urgent_ms
        self._longest_ms = longest_ms
        self._rand = rand
        self.reset()

    def reset(self):
        """A connection is up: start from the shortest steps again."""
        self._step_ms = min(_FIRST_MS, self._longest_ms)
        self._urgent_tries = 0

    def next_ms(self, urgent):
        """ms to wait before the next dial. Urgent: 100-200 ms at defaults; routine: half to all of 1, 2, 4 ... s."""
        if urgent:
            self._urgent_tries += 1
            base_ms = self._urgent_ms if self._urgent_tries <= _URGENT_TRIES else self._urgent_ms * _URGENT_SLOW
            return base_ms + self._rand(base_ms)
        step_ms = self._step_ms
        self._step_ms = min(step_ms * 2, self._longest_ms)
        return step_ms // 2 + self._rand(step_ms // 2 + 1)
