"""What the unit shows and sounds: one table of states, and a player that says what is due at a tick.

Rules
- The light flashes only once the service's own receipt has arrived (P2). So a fault never touches the light: somebody on the
  bathroom floor who sees a blink would take it for "received". Faults are sounded.
- Light and sound say the same (P2): each state has both, except that the sound is quiet while a person speaks.
- Never more than three flashes in any one second: WCAG 2.2, success criterion 2.3.1 (photosensitive epilepsy).
- Tones lie between 375 and 750 Hz. A low tone rich in harmonics woke 92 % of hard-of-hearing sleepers, the usual 3,100 Hz beep
  57 % (Bruck and Thomas, "Waking effectiveness of alarms for adults who are hard of hearing", 2007: 520 Hz square wave); ages
  that live in these flats lose the high notes first. All are multiples of 125 Hz: whole waves in a 128-frame block at
  16 kHz, so the speaker repeats a block without a click and without arithmetic (drivers/speaker.py).

docs/light.md is generated from this file by `make docs`.
"""

from micropython import const

from firmware.core import clock

LOW_HZ = const(375)  # "not well": faults, held, still trying
BASE_HZ = const(500)  # nearest to 520 Hz on the 125 Hz grid
HIGH_HZ = const(625)
TOP_HZ = const(750)
TONES_HZ = (LOW_HZ, BASE_HZ, HIGH_HZ, TOP_HZ)

# Light: name -> (level, ms, level, ms, ...); (level, 0) stays for ever.
LIGHTS = {
    "off": (0, 0),
    "steady": (1, 0),
    "flashing": (0, 500, 1, 500),  # 1 Hz: G2 "flashes"; half and half is the hardest to mistake. Dark first: it is steady before
    "double": (1, 200, 0, 200, 1, 200, 0, 900),  # two quick, a pause: two flashes in 1.5 s, well under 3 a second
    "winking": (1, 1800, 0, 200),  # mostly lit, so nobody takes a test for "received"
}

# Tone loops: name -> (hz, ms, hz, ms, ...); (0, 0) is silence.
LOOPS = {
    "silent": (0, 0),
    "calling": (0, 1750, BASE_HZ, 250),  # a beep every 2 s: heard, not yet received; leaves room to speak
    "fault": (0, 299000, LOW_HZ, 200, 0, 200, LOW_HZ, 200, 0, 400),  # every 5 min: noticed the same day, bearable at night
    "holding": (0, 9800, HIGH_HZ, 200),  # every 10 s: the line is there, nobody listens
    "test": (0, 4700, HIGH_HZ, 100, 0, 100, HIGH_HZ, 100),  # every 5 s: whoever tests hears that the test still runs
}

# One-shots, played once over the loop. The call (core/call.py) asks for the first five, a speech session for ANNOUNCE and on.
# When each is played: tools/patterns.py.
SHOTS = {
    "ACTIVATED": (BASE_HZ, 250),
    "RECEIVED": (BASE_HZ, 150, HIGH_HZ, 150, TOP_HZ, 300),  # rising: good news
    "STILL_TRYING": (BASE_HZ, 200, 0, 150, LOW_HZ, 200, 0, 150, LOW_HZ, 200),  # sinking: nobody has it yet
    "ANSWERED": (TOP_HZ, 150, 0, 100, TOP_HZ, 300),
    "CLEARED": (TOP_HZ, 150, HIGH_HZ, 150, BASE_HZ, 300),  # RECEIVED backwards: over
    "HELD": (LOW_HZ, 150, 0, 100, LOW_HZ, 150, 0, 100, LOW_HZ, 150, 0, 100, LOW_HZ, 150),  # four low beeps: let go
    "FAULT": (LOW_HZ, 200, 0, 200, LOW_HZ, 200),
    "TEST": (LOW_HZ, 100, BASE_HZ, 100, HIGH_HZ, 100, TOP_HZ, 100),  # every tone once
    "ANNOUNCE": (HIGH_HZ, 300, 0, 200, HIGH_HZ, 300, 0, 200, HIGH_HZ, 300),  # somebody wants to speak with the flat
    "RING": (TOP_HZ, 400, 0, 200, TOP_HZ, 400),  # press to answer
    "OPENED": (HIGH_HZ, 100, TOP_HZ, 150),  # the microphone opens: you are heard now (P3). Short, for the other end may speak
    "ENDING_SOON": (BASE_HZ, 100, 0, 100, BASE_HZ, 100),
    "LOST": (LOW_HZ, 200, 0, 100, LOW_HZ, 400),  # nothing has come from the other end for a while
    "ENDED": (TOP_HZ, 100, BASE_HZ, 250),  # OPENED backwards: the microphone is closed
    "NOTED": (BASE_HZ, 100, TOP_HZ, 200),  # "I'm OK" was taken
    "MEASURE": (TOP_HZ, 1200),  # the unit listens to itself; whole waves in 20 ms (core/media/tone_meter.py)
    "MAINS_FAILED": (BASE_HZ, 200, LOW_HZ, 400),
    "MAINS_BACK": (LOW_HZ, 200, BASE_HZ, 400),  # MAINS_FAILED backwards
    "SERVICE": (TOP_HZ, 200, HIGH_HZ, 200, BASE_HZ, 200, LOW_HZ, 600),  # all the way down: from now on it does not call
    "LOW_BATTERY": (LOW_HZ, 300, 0, 300, LOW_HZ, 300, 0, 300, LOW_HZ, 300),
}

# State -> (light, loop). A call that is RAISED is shown as CALLING.
STATES = {
    "STANDBY": ("off", "silent"),
    "CALLING": ("steady", "calling"),
    "RECEIVED": ("flashing", "silent"),  # quiet, for a voice will come
    "ANSWERED": ("double", "silent"),  # quiet for speech
    "ANNOUNCING": ("winking", "silent"),  # not yet the light of an open microphone
    "SPEAKING": ("double", "silent"),  # as ANSWERED: a person is there. Lit for as long as a microphone is open (P3)
    "ON_HOLD": ("double", "holding"),
    "FAULT": ("off", "fault"),  # dark: a blink would say received
    "TEST": ("winking", "test"),
}


class _Track:
    """Steps (value, ms, ...) from a start tick, looped or once. Nothing is allocated per question."""

    def __init__(self):
        self._steps = (0, 0)
        self._loops = False
        self._period_ms = 0
        self._start_ms = 0
        self._i = 0
        self._gone_ms = 0
        self.playing = False

    def start(self, steps, loops, now_ms):
        self._steps = steps
        self._loops = loops
        self._start_ms = now_ms
        self._period_ms = 0
        for i in range(1, len(steps), 2):
            self._period_ms += steps[i]
        self.playing = True

    def _seek(self, now_ms):
        """Sets _i (index of the step) and _gone_ms (within it). Moves the start on, so that a loop may outrun half the ticks."""
        gone_ms = clock.diff(now_ms, self._start_ms)
        if gone_ms < 0:
            gone_ms = 0  # asked about the past: the first step
        if self._loops and gone_ms >= self._period_ms:
            self._start_ms = clock.add(self._start_ms, gone_ms // self._period_ms * self._period_ms)
            gone_ms %= self._period_ms
        i = 0
        while i < len(self._steps) and gone_ms >= self._steps[i + 1]:
            gone_ms -= self._steps[i + 1]
            i += 2
        self._i = i
        self._gone_ms = gone_ms

    def value(self, now_ms):
        if not self.playing:
            return 0
        if not self._period_ms:
            return self._steps[0]
        self._seek(now_ms)
        if self._i < len(self._steps):
            return self._steps[self._i]
        self.playing = False
        return 0

    def due(self, now_ms):
        """Tick of the next change, None if there is none."""
        if not self.playing or not self._period_ms:
            return None
        self._seek(now_ms)
        return clock.add(now_ms, self._steps[self._i + 1] - self._gone_ms) if self._i < len(self._steps) else now_ms


class PatternPlayer:
    """Says which light and which tone belong to a tick, for the state shown and the one-shots played.

    Pure: the shell asks `level(now)` and `hz(now)`, sets light and sounder, and sleeps until `next_change(now)`. When a one-shot
    is due is decided elsewhere (core/call.py). `state`: the state shown.
    """

    def __init__(self, now_ms):
        self.state = None
        self._light = _Track()
        self._loop = _Track()
        self._shot = _Track()
        self._waiting = None  # one-shot that follows the one that plays
        self.quiet = False  # True while people speak: loops are silent then, one-shots are not
        self.show("STANDBY", now_ms)

    def show(self, state, now_ms):
        """Shows a state of STATES from now on; True if it was not shown already (else nothing restarts).

        Raises ValueError for an unknown state.
        """
        if state not in STATES:
            raise ValueError("patterns: unknown state %r" % (state,))
        if state == self.state:
            return False
        light, loop = STATES[state]
        self.state = state
        self._light.start(LIGHTS[light], True, now_ms)
        self._loop.start(LOOPS[loop], True, now_ms)
        return True

    def play(self, shot, now_ms):
        """Plays a one-shot of SHOTS, after the one that plays now; of those that wait the newest is kept. Unknown: ValueError.

        OPENED waits for none and breaks off what plays: the microphone is on from now on, and no other tone may hide that (P3).
        """
        if shot not in SHOTS:
            raise ValueError("patterns: unknown one-shot %r" % (shot,))
        self._advance(now_ms)
        if self._shot.playing and shot != "OPENED":
            self._waiting = shot
        else:
            self._shot.start(SHOTS[shot], False, now_ms)

    def sounding(self, now_ms):
        """True while a one-shot plays."""
        self._advance(now_ms)
        return self._shot.playing

    def level(self, now_ms):
        """0 or 1 for the light."""
        return self._light.value(now_ms)

    def hz(self, now_ms):
        """Tone in Hz, 0 for silence. A one-shot silences the loop under it."""
        self._advance(now_ms)
        if self._shot.playing:
            return self._shot.value(now_ms)
        return 0 if self.quiet else self._loop.value(now_ms)

    def next_change(self, now_ms):
        """Tick at which level or hz may change next; None if never."""
        self._advance(now_ms)
        due_ms = clock.soonest(self._light.due(now_ms), self._loop.due(now_ms))
        return clock.soonest(due_ms, self._shot.due(now_ms))

    def _advance(self, now_ms):
        self._shot.value(now_ms)  # notices its end
        if self._waiting and not self._shot.playing:
            shot, self._waiting = self._waiting, None
            self._shot.start(SHOTS[shot], False, now_ms)
