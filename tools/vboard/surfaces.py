"""What a person sees of the unit: the red light."""

import asyncio

from tools.vboard.sight import Onlooker


class Lamp:
    """The red light of the board file. Emits `light` with `level` at each change and with `pattern` when its name changes."""

    def __init__(self, board, lights):
        facts = board.facts["light"]
        self._board = board
        self._pin = facts["pin"]
        self._lit = 1 if facts["active"] == "high" else 0
        self._onlooker = Onlooker(lights)
        self._timer = self._due_ms = None
        self._named = "off"
        self.level = 0

    def output(self, pin, level, t_ms):
        """A pin is driven to `level`, or let go (-1): the light is then dark. `t_ms`: when that was."""
        if pin == self._pin:
            self._set(1 if level == self._lit else 0, t_ms)

    def dark(self):
        self._set(0, self._board.now_ms())

    def name(self, t_ms):
        return self._onlooker.name(t_ms)

    def next_ms(self, t_ms):
        return self._onlooker.next_ms(t_ms)

    def _set(self, level, t_ms):
        if level == self.level:
            return
        if self._due_ms is not None and self._due_ms < t_ms:
            self._look(self._due_ms)  # this look was missed, because the loop was held up: what an onlooker saw before the change
        self.level = level
        self._onlooker.change(t_ms, level)
        self._board.emit("light", level=level, t_ms=t_ms)
        self._look(t_ms)

    def _look(self, t_ms):
        """Names the pattern as it is seen at `t_ms`, and again when it may have become another one without a change."""
        name = self._onlooker.name(t_ms)
        if name not in (self._named, "changing"):
            self._named = name
            self._board.emit("pattern", pattern=name, t_ms=t_ms)
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due_ms = None, self._onlooker.next_ms(t_ms)
        if self._due_ms is not None:
            wait_s = max(0, self._due_ms - self._board.now_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._look, self._due_ms)
