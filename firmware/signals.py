"""Light and sounder of the wall unit, led by the pattern player. Source: G2, P2, docs/light.md."""

from firmware.core.patterns import PatternPlayer


class Signals:
    """`light`: drivers.light, `sounder`: drivers.sounder, or None where there is none that works; `now()`: tick."""

    def __init__(self, light, sounder, now):
        self._light = light
        self._sounder = sounder
        self._now = now
        self._player = PatternPlayer(now())
        self._state = "STANDBY"
        self._faulty = False
        self._level = None

    def show(self, state):
        """Shows a call state of core.calls; in stand-by an open fault shows instead: nothing ever masks a call (P4)."""
        self._state = state
        self._player.show("FAULT" if state == "STANDBY" and self._faulty else state, self._now())
        self.step()

    def fault(self, name, is_open, any_open):
        """A fault was opened or closed. It is sounded at once, but not into a call, except `held`: let go of the cord."""
        self._faulty = any_open
        if is_open and (name == "held" or self._state == "STANDBY"):
            self._player.play("HELD" if name == "held" else "FAULT", self._now())
        self.show(self._state)

    def sound(self, shot):
        """Plays a one-shot of core.patterns.SHOTS over the state's own tone."""
        self._player.play(shot, self._now())
        self.step()

    def step(self):
        """Sets light and sounder to what belongs to now; the next time is `next_due()`."""
        now_ms = self._now()
        level = self._player.level(now_ms)
        if level != self._level:
            self._level = level
            if self._light is not None:
                self._light.set(level)
        if self._sounder is not None:
            self._sounder.tone(self._player.hz(now_ms))  # at each step: it also takes up a stream whose interrupt was lost

    def next_due(self):
        return self._player.next_change(self._now())
