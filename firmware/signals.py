"""Light, tones and spoken messages of the wall unit, led by the pattern player. Source: G2, P2, P3, docs/light.md."""

from firmware.core.patterns import PatternPlayer

# One-shot -> the message that is spoken after it; a language that lacks it leaves the tone alone. tools/prompts has the texts.
PROMPTS = {"RECEIVED": "received", "STILL_TRYING": "still_trying", "ANSWERED": "answered", "CLEARED": "cleared", "HELD": "held",
           "FAULT": "fault", "TEST": "test", "NOTED": "noted", "MAINS_FAILED": "mains_failed", "MAINS_BACK": "mains_back",
           "LOW_BATTERY": "low_battery", "SERVICE": "service"}
_SPEAKING = ("SPEAKING", "ON_HOLD")


class Signals:
    """`light`: drivers.light, `speaker`: drivers.speaker, or None where there is none that works; `now()`: tick.

    `voice`: talk.Talk, `prompt(name)` speaks a message if there is such a file, else does nothing; None on a unit without.
    """

    def __init__(self, light, speaker, now, voice=None):
        self._light = light
        self._speaker = speaker
        self._now = now
        self._voice = voice
        self._player = PatternPlayer(now())
        self._state = "STANDBY"
        self._speech = None
        self._faulty = False
        self._tests = False
        self._level = None

    def can_show(self):
        """True if somebody in the flat can notice that the unit listens (P3): it has a light or a loudspeaker."""
        return self._light is not None or self._speaker is not None

    def show(self, state):
        """Shows a call state of core.calls. In stand-by the speech session shows, and else an open fault: nothing ever masks a
        call (P4)."""
        self._state = state
        if state == "STANDBY":
            state = self._speech or ("TEST" if self._tests else "FAULT" if self._faulty else state)
        self._player.show(state, self._now())
        self.step()

    def speech(self, state):
        """Shows a speech session: ANNOUNCING, SPEAKING, ON_HOLD, or None for none. An open call's own state goes before it."""
        self._speech = state
        self.show(self._state)

    def test(self, on):
        """Shows that a test runs: behind a call and speech, before a fault."""
        self._tests = on
        self.show(self._state)

    def announce(self, kind):
        """Somebody wants to speak with the flat: tone, and who it is in words. `kind`: as in an offer."""
        self.sound("ANNOUNCE")
        if self._voice:
            self._voice.prompt("announce_" + kind)

    def fault(self, name, is_open, any_open, by_night=False):
        """A fault was opened or closed. It is sounded at once, but not into a call, except `held`: let go of the cord.
        `by_night`: a low tone, and nothing is spoken; but `held` is meant for a hand that is there."""
        self.faulty(any_open)
        if is_open and (name == "held" or self._state == "STANDBY"):
            if by_night and name != "held":
                self._player.play("FAULT", self._now())
                self.step()
            else:
                self.sound("HELD" if name == "held" else "FAULT")

    def faulty(self, any_open):
        """Shows that a fault is open, or none any more, without a sound."""
        self._faulty = any_open
        self.show(self._state)

    def sound(self, shot):
        """Plays a one-shot of core.patterns.SHOTS over the state's tone, and speaks its message unless people are speaking."""
        self._player.play(shot, self._now())
        if self._voice and shot in PROMPTS and self._speech not in _SPEAKING:
            self._voice.prompt(PROMPTS[shot])
        self.step()

    def sounding(self):
        """True while a one-shot plays: a spoken message waits for its end."""
        return self._player.sounding(self._now())

    def step(self):
        """Sets light and loudspeaker to what belongs to now; the next time is `next_due()`."""
        now_ms = self._now()
        self._player.quiet = self._speech == "SPEAKING" or (self._voice is not None and self._voice.prompting)
        level = self._player.level(now_ms)
        if level != self._level:
            self._level = level
            if self._light is not None:
                self._light.set(level)
        if self._speaker is not None:
            self._speaker.tone(self._player.hz(now_ms))  # at each step: it also takes up a stream whose interrupt was lost

    def next_due(self):
        return self._player.next_change(self._now())
