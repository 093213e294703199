""""I'm OK": brings presses and the calendar to core/speech/wellbeing.py and tells the service what it says.

Before the service has told the time nobody knows which day it is, and nothing is told. Source: G11; docs/settings.md, `speech`.
"""

from micropython import const

from firmware.core import clock

_LOOK_MS = const(60000)  # the window is given in minutes


class Daily:
    """`wellbeing`: core.speech.wellbeing.Wellbeing, or None where it is not wanted; `wall_clock`: drivers.wall_clock;
    `note(name, fields)`: reports; `sound(shot)`; `now()`: tick."""

    def __init__(self, wellbeing, wall_clock, note, sound, now):
        self._wellbeing = wellbeing
        self._wall_clock = wall_clock
        self._note = note
        self._sound = sound
        self._now = now
        self._due = now()

    def pressed(self):
        """The answer button. Sounds if it was taken as the day's "I'm OK"."""
        if self._wellbeing is None or not self._wall_clock.known:
            return
        told = self._wellbeing.pressed(self._wall_clock.now_s())
        if told is not None:
            self._note("ok", told)
            self._sound("NOTED")

    def tick(self):
        """Once a second is often enough; looks once a minute."""
        if self._wellbeing is None or not self._wall_clock.known or not clock.reached(self._now(), self._due):
            return
        self._due = clock.add(self._now(), _LOOK_MS)
        told = self._wellbeing.tick(self._wall_clock.now_s())
        if told is not None:
            self._note("ok", told)
