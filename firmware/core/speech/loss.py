"""How long nothing has been heard of the far end, and what is due because of it. Pure.

Four steps, each once per silence: `report` (2 s), `tone` (5 s), `reoffer` (15 s), `end` (30 s). Media that is heard starts the
count anew. Source: DESIGN timers, "no media".
"""

from firmware.core import clock

REPORT = "report"
TONE = "tone"
REOFFER = "reoffer"
END = "end"
_STEPS = (REPORT, TONE, REOFFER, END)


class MediaLoss:
    """`timers`: core.timers.Timers. Stopped until `start`."""

    def __init__(self, timers):
        # Settings may put a step behind the end: then it comes with it. Made once, as the heart asks 100 times a second.
        self._end_ms = timers.loss_end_ms
        end_ms = self._end_ms
        self._steps_ms = (min(timers.loss_report_ms, end_ms), min(timers.loss_tone_ms, end_ms),
                          min(timers.loss_reoffer_ms, end_ms), end_ms)
        self._heard_ms = None  # tick of the last sign of media, or of the start; None: nobody is waited for
        self._done = 0  # steps of this silence that were taken

    def start(self, now_ms):
        """Media is awaited from now on."""
        self._heard_ms = now_ms
        self._done = 0

    def stop(self):
        """None is awaited: held, or over."""
        self._heard_ms = None

    def heard(self, now_ms):
        """Media came. The length of the silence in ms if it had been reported, else None."""
        if self._heard_ms is None:
            return None
        silent_ms = self.silent_ms(now_ms) if self._done else None
        self.start(now_ms)
        return silent_ms

    def silent_ms(self, now_ms):
        """ms since the last sign of media; 0 while stopped."""
        return 0 if self._heard_ms is None else clock.diff(now_ms, self._heard_ms)

    def next_due(self):
        """Tick of the next step, or None. Allocates nothing."""
        if self._heard_ms is None or self._done >= len(_STEPS):
            return None
        return clock.add(self._heard_ms, self._steps_ms[self._done])

    def end_due(self):
        """Tick at which this silence ends the speech, or None while stopped."""
        return None if self._heard_ms is None else clock.add(self._heard_ms, self._end_ms)

    def take(self, now_ms):
        """The step that is due now, once, or None. To be asked until it is None: a late tick may find several."""
        if not clock.reached(now_ms, self.next_due()):
            return None
        self._done += 1
        return _STEPS[self._done - 1]
