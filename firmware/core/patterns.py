"""What the unit shows and sounds: one table of states, and a player that says what is due at a tick.

Rules
- The light flashes only once the service's own receipt has arrived (P2). So a fault never touches the light: somebody on the
  bathroom floor who sees a blink would take it for "received". Faults are sounded.
- Light and sound say the same (P2): each state has both, except that the sound is quiet while a person speaks.
- Never more than three flashes in any one second: WCAG 2.2, success criterion 2.3.1 (photosensitive epilepsy).
- Tones lie between 375 and 750 Hz. A low tone rich in harmonics woke 92 % of hard-of-hearing sleepers, the usual 3,100 Hz beep
  57 % (Bruck and Thomas, "Waking effectiveness of alarms for adults who are hard of hearing", 2007: 520 Hz square wave); ages
  that live in these flats lose the high notes first. All are multiples of 62.5 Hz: whole waves in a 256-frame block at
  16 kHz, so the sounder repeats a block without a click and without arithmetic (drivers/sounder.py).

docs/light.md is generated from this file: `python tools/patterns.py --docs`.
"""

from micropython import const

from firmware.core import clock

LOW_HZ = const(375)  # "not well": faults, held, still trying
BASE_HZ = const(500)  # nearest to 520 Hz on the 62.5 Hz grid
HIGH_HZ = const(625)
TOP_HZ = const(750)
TONES_HZ = (LOW_HZ, BASE_HZ, HIGH_HZ, TOP_HZ)

# Light: name -> (level, ms, level, ms, ...); (level, 0) stays for ever.
LIGHTS = {
    "off": (0, 0),
    "steady": (1, 0),
    "flashing": (1, 500, 0, 500),  # 1 Hz: G2 "flashes"; half on, half off is the hardest to mistake for steady or off
    "double": (1, 200, 0, 200, 1, 200, 0, 900),  # two quick, a pause: two flashes in 1.5 s, well under 3 a second
    "winking": (1, 1800, 0, 200),  # mostly lit, so nobody takes a test for "received"
}

# Tone loops: name -> (hz, ms, hz, ms, ...); (0, 0) is silence.
LOOPS = {
    "silent": (0, 0),
    "calling": (0, 1750, BASE_HZ, 250),  # a beep every 2 s: heard, not yet received; leaves room to speak
    "fault": (0, 299000, LOW_HZ, 200, 0, 200, LOW_HZ, 200, 0, 400),  # every 5 min: noticed the same day, bearable at night
    "test": (0, 4700, HIGH_HZ, 100, 0, 100, HIGH_HZ, 100),  # every 5 s: whoever tests hears that the test still runs
}

# One-shots, played once over the loop: name -> (steps, when it is played). The call (core/call.py) asks for the first five.
SHOTS = {
    "ACTIVATED": ((BASE_HZ, 250), "at once on every activation"),
    "RECEIVED": ((BASE_HZ, 150, HIGH_HZ, 150, TOP_HZ, 300), "at the receipt, then every 30 s until answered; rising: good news"),
    "STILL_TRYING": ((BASE_HZ, 200, 0, 150, LOW_HZ, 200, 0, 150, LOW_HZ, 200), "20 s without receipt, then every 30 s; sinking"),
    "ANSWERED": ((TOP_HZ, 150, 0, 100, TOP_HZ, 300), "a person has taken the call"),
    "CLEARED": ((TOP_HZ, 150, HIGH_HZ, 150, BASE_HZ, 300), "the call is over; RECEIVED backwards"),
    "HELD": ((LOW_HZ, 150, 0, 100, LOW_HZ, 150, 0, 100, LOW_HZ, 150, 0, 100, LOW_HZ, 150), "held for 60 s; four low beeps"),
    "FAULT": ((LOW_HZ, 200, 0, 200, LOW_HZ, 200), "a fault has been found"),
    "TEST": ((LOW_HZ, 100, BASE_HZ, 100, HIGH_HZ, 100, TOP_HZ, 100), "a test begins; every tone once"),
}

# State -> (light, loop, what it means). Calls: RAISED is shown as CALLING.
STATES = {
    "STANDBY": ("off", "silent", "all is well; nothing to say"),
    "CALLING": ("steady", "calling", "pressed or pulled, on its way, not yet received"),
    "RECEIVED": ("flashing", "silent", "the service has your call; wait for a voice"),
    "ANSWERED": ("double", "silent", "a person has taken your call; quiet, so that you can hear them"),
    "FAULT": ("off", "fault", "the unit needs repair; the light stays dark, for a blink would say received"),
    "TEST": ("winking", "test", "somebody tests the unit; a real call takes over at once"),
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
        self.show("STANDBY", now_ms)

    def show(self, state, now_ms):
        """Shows a state of STATES from now on; True if it was not shown already (else nothing restarts).

        Raises ValueError for an unknown state.
        """
        if state not in STATES:
            raise ValueError("patterns: unknown state %r" % (state,))
        if state == self.state:
            return False
        light, loop, _ = STATES[state]
        self.state = state
        self._light.start(LIGHTS[light], True, now_ms)
        self._loop.start(LOOPS[loop], True, now_ms)
        return True

    def play(self, shot, now_ms):
        """Plays a one-shot of SHOTS, after the one that plays now; of those that wait the newest is kept. Unknown: ValueError."""
        if shot not in SHOTS:
            raise ValueError("patterns: unknown one-shot %r" % (shot,))
        self._advance(now_ms)
        if self._shot.playing:
            self._waiting = shot
        else:
            self._shot.start(SHOTS[shot][0], False, now_ms)

    def level(self, now_ms):
        """0 or 1 for the light."""
        return self._light.value(now_ms)

    def hz(self, now_ms):
        """Tone in Hz, 0 for silence. A one-shot silences the loop under it."""
        self._advance(now_ms)
        return self._shot.value(now_ms) if self._shot.playing else self._loop.value(now_ms)

    def next_change(self, now_ms):
        """Tick at which level or hz may change next; None if never."""
        self._advance(now_ms)
        due_ms = clock.soonest(self._light.due(now_ms), self._loop.due(now_ms))
        return clock.soonest(due_ms, self._shot.due(now_ms))

    def _advance(self, now_ms):
        self._shot.value(now_ms)  # notices its end
        if self._waiting and not self._shot.playing:
            shot, self._waiting = self._waiting, None
            self._shot.start(SHOTS[shot][0], False, now_ms)


_TOLERANCE_MS = const(80)  # chosen: above the shell's lateness (25 ms target) twice over and a busy host, below half of 200 ms
_STEADY_MS = const(1960)  # longest lit step of a pattern (winking, 1,800) + 2 x tolerance
_DARK_MS = const(1060)  # longest dark step (double, 900) + 2 x tolerance


def classify(edges, now_ms):
    """Name in LIGHTS of the pattern that the edges show, or None while they do not tell yet.

    `edges`: list of (tick_ms, level), oldest first, the first one being the level from the start; level 0 or 1. For the virtual
    board and for tests: reads what an eye would. "off" and "steady" are told once the light has not changed for longer than
    in any other pattern, the others by two whole steps in a row and a running one that still fits.
    """
    if not edges:
        return None
    since_ms, level = edges[-1]
    running_ms = clock.diff(now_ms, since_ms)
    if running_ms > (_STEADY_MS if level else _DARK_MS):
        return "steady" if level else "off"
    if len(edges) < 4:  # the first edge's beginning may have been before we looked
        return None
    steps = [(edges[-3][1], clock.diff(edges[-2][0], edges[-3][0])), (edges[-2][1], clock.diff(since_ms, edges[-2][0]))]
    for name in LIGHTS:
        if _fits(LIGHTS[name], steps, level, running_ms):
            return name
    return None


def _fits(pattern, steps, level, running_ms):
    count = len(pattern) // 2
    for first in range(count if count > 1 else 0):
        fits = True
        for i in range(2):
            at = (first + i) % count * 2
            fits = fits and pattern[at] == steps[i][0] and abs(pattern[at + 1] - steps[i][1]) <= _TOLERANCE_MS
        at = (first + 2) % count * 2
        if fits and pattern[at] == level and running_ms <= pattern[at + 1] + _TOLERANCE_MS:
            return True
    return False
