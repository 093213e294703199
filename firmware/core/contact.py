"""One contact (button, cord, pendant receiver, reset key): from closures and openings to activations.

Rules
- A contact that stays closed for `debounce_ms` without a gap is an activation, raised once (P4).
- A press that began and ended before anybody could look (PULSED: its possible length reached `debounce_ms`) is an activation
  too: the loop was blocked or starved, and a call that is made is worse lost than doubted (P1).
- A shorter closure is noise. A gap starts the debounce anew, so mains hum on a long wire (10 ms closed, 10 ms open) never
  counts, whenever the samples fall.
- Closed for `held_ms`: HELD, once. Nothing is raised again until it has been open for `debounce_ms`; then REARMED.
- A contact that is closed at the very start (stuck, or the tenant held the cord through a power cut) is treated like any other
  closure: raised once, then HELD. The alternative, to wait for a release first, would leave somebody who pulls during the start
  without help. A stuck cord therefore raises one call per start of the unit.
- One contact knows nothing of another, so none can mask another.

Source: P1, P4, D9; DESIGN timers (debounce 30-50 ms, held 60 s).
"""

from micropython import const

from firmware.core import clock

RESTING = "RESTING"  # open, armed
CLOSING = "CLOSING"  # closed, debounce runs
ACTIVE = "ACTIVE"  # raised, still closed
OPENING = "OPENING"  # raised, open, debounce of the release runs
STUCK = "STUCK"  # held fault raised, still closed
FREEING = "FREEING"  # held fault raised, open, debounce of the release runs

CLOSED = "CLOSED"  # sampled: closed now
OPENED = "OPENED"  # sampled: open now, or it was open for a moment since the last sample
PULSED = "PULSED"  # closed and open again since the last sample, for debounce_ms or (as far as anyone knows) longer
TICK = "TICK"

HELD_MS = const(60000)  # DESIGN timers: nobody holds a cord for a minute; furniture does

_NOTHING = ()
_ACTIVATED = (("ACTIVATED", "activated"),)
_PRESSED = (("ACTIVATED", "activated"), ("RELEASED",))
_RELEASED = (("RELEASED",),)
_HELD = (("HELD",),)
_REARMED = (("REARMED",),)

_TABLE = {
    RESTING: {CLOSED: "_close", OPENED: "_stay", PULSED: "_press", TICK: "_stay"},
    CLOSING: {CLOSED: "_stay", OPENED: "_rest", PULSED: "_press", TICK: "_raise"},
    ACTIVE: {CLOSED: "_stay", OPENED: "_open", PULSED: "_open", TICK: "_hold"},
    OPENING: {CLOSED: "_close_again", OPENED: "_stay", PULSED: "_press_again", TICK: "_release"},
    STUCK: {CLOSED: "_stay", OPENED: "_open", PULSED: "_open", TICK: "_stay"},
    FREEING: {CLOSED: "_stick_again", OPENED: "_stay", PULSED: "_press_again", TICK: "_rearm"},
}


class Contact:
    """Debouncer of one contact. Actions, each a tuple:

    ("ACTIVATED", "activated")  raise a call with this cause, once per closure
    ("RELEASED",)               open again, armed
    ("HELD",)                   closed for `held_ms`: open the `held` fault
    ("REARMED",)                open again after HELD, armed: close the `held` fault

    `debounce_ms`: 10 ... 200, from the board file. `held_ms`: from the settings. Every event has its place in every state, so
    nothing is ever ignored; an unknown event raises ValueError.
    """

    def __init__(self, debounce_ms, held_ms=HELD_MS):
        self.state = RESTING
        self._debounce_ms = debounce_ms
        self._held_ms = held_ms
        self._due = None  # end of the debounce that runs
        self._held_due = None

    def handle(self, event, now_ms):
        """Takes one event; returns a tuple of actions (often the same empty one: nothing is allocated in stand-by)."""
        row = _TABLE[self.state]
        if event not in row:
            raise ValueError("contact: unknown event %r" % (event,))
        return getattr(self, row[event])(now_ms)

    def sample(self, closed, pulse_ms, now_ms):
        """One look at the contact: a short way to the events.

        `closed`: bool, level now. `pulse_ms`: None if it has not opened since the last look; else how long the longest closure
        that has ended since then may have lasted (drivers/contact.py). Returns actions.
        """
        actions = _NOTHING
        if self.state == RESTING and not closed and pulse_ms is None:
            return actions  # nothing was and nothing is: the short way of stand-by allocates nothing
        if pulse_ms is not None:
            actions = self.handle(PULSED if pulse_ms >= self._debounce_ms else OPENED, now_ms)
        level_actions = self.handle(CLOSED if closed else OPENED, now_ms)
        due_actions = self.handle(TICK, now_ms)
        if level_actions or due_actions:
            actions = actions + level_actions + due_actions
        return actions

    def next_due(self):
        """Tick at which TICK (or better a fresh sample) is wanted; None while nothing is pending."""
        return clock.soonest(self._due, self._held_due)

    def _stay(self, now_ms):
        return _NOTHING

    def _go(self, state, due_ms):
        self.state = state
        self._due = due_ms

    def _close(self, now_ms):
        self._go(CLOSING, clock.add(now_ms, self._debounce_ms))
        return _NOTHING

    def _rest(self, now_ms):
        self._go(RESTING, None)
        return _NOTHING

    def _press(self, now_ms):
        self._go(RESTING, None)
        return _PRESSED

    def _raise(self, now_ms):
        if not clock.reached(now_ms, self._due):
            return _NOTHING
        self._go(ACTIVE, None)
        self._held_due = clock.add(now_ms, self._held_ms)
        return _ACTIVATED

    def _open(self, now_ms):
        self._go(OPENING if self.state == ACTIVE else FREEING, clock.add(now_ms, self._debounce_ms))
        return _NOTHING

    def _close_again(self, now_ms):
        """A gap shorter than the debounce is a worn contact, not a second activation."""
        if clock.reached(now_ms, self._due):
            return self._release(now_ms) + self._close(now_ms)
        self._go(ACTIVE, None)
        return _NOTHING

    def _press_again(self, now_ms):
        """Pressed again while the release was being debounced: a new activation only if the gap was long enough."""
        if clock.reached(now_ms, self._due):
            done = self._release(now_ms) if self.state == OPENING else self._rearm(now_ms)
            return done + self._press(now_ms)
        self._due = clock.add(now_ms, self._debounce_ms)
        return _NOTHING

    def _release(self, now_ms):
        if clock.reached(now_ms, self._due):
            self._go(RESTING, None)
            self._held_due = None
            return _RELEASED
        return self._hold(now_ms)  # an unsteady release must not put the held fault off for ever

    def _hold(self, now_ms):
        if not clock.reached(now_ms, self._held_due):
            return _NOTHING
        self._held_due = None
        self.state = FREEING if self.state == OPENING else STUCK
        return _HELD

    def _stick_again(self, now_ms):
        if clock.reached(now_ms, self._due):
            return self._rearm(now_ms) + self._close(now_ms)
        self._go(STUCK, None)
        return _NOTHING

    def _rearm(self, now_ms):
        if not clock.reached(now_ms, self._due):
            return _NOTHING
        self._go(RESTING, None)
        return _REARMED
