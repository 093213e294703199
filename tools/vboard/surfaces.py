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
        self._timer = None
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
        self.level = level
        self._onlooker.change(t_ms, level)
        self._board.emit("light", level=level)
        self._look()

    def _look(self):
        """Names the pattern now, and again when it may have become another one without a change."""
        now_ms = self._board.now_ms()
        name = self._onlooker.name(now_ms)
        if name not in (self._named, "changing"):
            self._named = name
            self._board.emit("pattern", pattern=name)
        if self._timer is not None:
            self._timer.cancel()
        due_ms = self._onlooker.next_ms(now_ms)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later((due_ms - now_ms) / 1000, self._look) if due_ms is not None else None
