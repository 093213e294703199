"""Names what an onlooker sees: off, steady, or one of the unit's patterns, from the times at which the light changed.

The patterns come from the firmware's own table, so a new one there is known here; the timing seen must fit within a tolerance.
"""

import importlib
from collections import deque

_TOLERANCE_MS = 120  # a busy host delays a change; less than half of the 300 ms between the steps of two patterns
_KEPT = 64


def firmware_lights():
    """{name: (level, ms, level, ms, ...)} of firmware/core/patterns.py; (level, 0) stays for ever."""
    importlib.import_module("tools.vboard.standins")  # puts `micropython` on the path of this Python
    return importlib.import_module("firmware.core.patterns").LIGHTS


class Onlooker:
    """`change(t_ms, level)` as it happens; `name(t_ms)` at any time; `next_ms(t_ms)`: when to look again, or None.

    A name is one of the table's, or `changing` while nobody could tell yet.
    """

    def __init__(self, lights):
        self.constant = {steps[0]: name for name, steps in lights.items() if len(steps) == 2}
        self._cycles = {name: steps for name, steps in lights.items() if len(steps) > 2}
        self._longest = {0: 0, 1: 0}
        for steps in self._cycles.values():
            for level, ms in zip(steps[::2], steps[1::2], strict=True):
                self._longest[level] = max(self._longest[level], ms)
        self.level = 0
        self._since_ms = 0
        self._known = False
        self._phases = deque(maxlen=_KEPT)  # (level, ms) that have ended

    def change(self, t_ms, level):
        if level == self.level:
            return
        self._phases.append((self.level, t_ms - self._since_ms))
        self.level, self._since_ms, self._known = level, t_ms, True

    def _settled_ms(self):
        return self._longest[self.level] + _TOLERANCE_MS

    def name(self, t_ms):
        if not self._known or t_ms - self._since_ms > self._settled_ms():
            return self.constant.get(self.level, "off" if not self.level else "steady")
        for name, steps in self._cycles.items():
            if self._fits(steps, t_ms - self._since_ms):
                return name
        return "changing"

    def next_ms(self, t_ms):
        """Time at which the name may change although the light does not."""
        due_ms = self._since_ms + self._settled_ms() + 1
        return due_ms if self._known and due_ms > t_ms else None

    def _fits(self, steps, running_ms):
        """True if the running phase and one whole cycle before it lie on the pattern, at any rotation."""
        cycle = list(zip(steps[::2], steps[1::2], strict=True))
        seen = list(self._phases)[-len(cycle) :]
        if len(seen) < len(cycle):
            return False
        for turn in range(len(cycle)):
            turned = cycle[turn:] + cycle[:turn]
            fits = all(a[0] == b[0] and abs(a[1] - b[1]) <= _TOLERANCE_MS for a, b in zip(seen, turned, strict=True))
            if fits and turned[0][0] == self.level and running_ms <= turned[0][1] + _TOLERANCE_MS:
                return True
        return False
