"""FAULT INJECTION, for scenarios and tests only. Works only with `"fault_injection": true` in the configuration.

Each mode holds a number: 0 off, n > 0 for the next n messages, -1 until switched off; `delay_ms` holds a time.
"""

import os
import signal

MODES = {
    "withhold_receipts": "receipts are not sent",
    "drop_up": "messages from units are lost before the desk sees them",
    "drop_down": "messages to units are lost",
    "wrong_seal": "messages to units carry a seal of another key",
    "wrong_call": "receipts name another call",
    "replay_down": "each message to a unit is sent twice, byte for byte",
    "crash_after_store": "the desk kills itself (SIGKILL) after storing an alarm and before its receipt",
    "delay_ms": "messages to units leave so many ms late",
}
COUNT_MAX = 1_000_000
DELAY_MS_MAX = 600_000


class Injection:
    def __init__(self, allowed):
        self.allowed = allowed
        self.modes = dict.fromkeys(MODES, 0)

    def set(self, mode, value):
        """Raises ValueError with clear words for an unknown mode or a value out of range."""
        if mode not in MODES:
            raise ValueError(f"no mode {mode!r}; known are {', '.join(MODES)}")
        low, high = (0, DELAY_MS_MAX) if mode == "delay_ms" else (-1, COUNT_MAX)
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"value: an integer from {low} to {high} wanted for {mode}")
        self.modes[mode] = value

    def take(self, mode):
        """True if the next message is to suffer from `mode`; counts it."""
        left = self.modes[mode]
        if left > 0:
            self.modes[mode] = left - 1
        return left != 0

    def crash_if_asked(self):
        if self.take("crash_after_store"):
            os.kill(os.getpid(), signal.SIGKILL)
