"""One supervised cord line: an end-of-line resistor read by an ADC tells normal, pulled, open and short apart.

Rules
- A reading belongs to the band of the board file that it lies in; a band that was entered is left only beyond its edge by
  `_HYSTERESIS_MV`. A reading between the bands, outside 0 ... 3,600 mV, scattered or missing has *no value because ...*: it is
  neither fine nor pulled.
- `pulled` goes through the same debouncer as a contact (core/contact.py): once, then held, re-arms on release. A lone pulled
  reading after which nobody could look for the length of the debounce counts: nobody can say that it was a glitch.
- A bad reading puts the line in doubt, which `_SURE_MS` of good readings end. Bad for `fault_ms`, or still (or again) bad when
  the doubt is that old, is a fault, so that neither a flutter nor a change of kind puts it off. It is named after the newest
  bad reading: `line_open`, `line_short`, or `input` for no value.
- `line_break_raises`: an open or shorted line also activates, once per break, with the cause `line_open` or `line_short`.
- A fault closes only after `mended_ms` of normal readings without a gap (P5); a pull meanwhile is raised at once (P4).

Source: D5, P4, P5; DESIGN timers (line fault 2 s, reported within 10 s); HTM 08-03 (heard: a cable break raises a call).
"""

from micropython import const

from firmware.core import clock
from firmware.core.contact import CLOSED, CLOSING, HELD_MS, OPENED, PULSED, RESTING, TICK, Contact

SOUND = "SOUND"
DOUBTED = "DOUBTED"  # bad readings, not yet long enough for a fault
BROKEN = "BROKEN"  # fault open
MENDING = "MENDING"  # fault open, normal readings again

READ_NORMAL = "READ_NORMAL"
READ_PULLED = "READ_PULLED"
READ_BAD = "READ_BAD"

FAULT_MS = const(2000)  # DESIGN timers
MENDED_MS = const(10000)  # chosen: whoever pushes a wire back under its screw moves it for seconds; 10 s is past that
SAMPLE_MS = const(20)  # chosen: three samples span the 40 ms debounce; a pull of 100 ms is seen although ADCs have no IRQ
_SURE_MS = const(1000)  # chosen: half of the fault time, so that one spike is forgotten and a flutter is not
_HYSTERESIS_MV = const(60)  # chosen: above the ESP32's ADC noise after a median of 5, below half of the smallest gap allowed
_SCATTER_MV = const(400)  # chosen: five readings within a millisecond differ by less than 50 mV; a loose ADC wire jumps by volts
_HIGHEST_MV = const(3600)  # absolute maximum supply of the chip; more is not a reading
BANDS = ("short", "pulled", "normal", "open")  # by rising voltage
FAULT_NAMES = {"open": "line_open", "short": "line_short", "unreadable": "input"}

_NOTHING = ()

_TABLE = {
    SOUND: {READ_NORMAL: "_stay", READ_PULLED: "_stay", READ_BAD: "_doubt", TICK: "_stay"},
    DOUBTED: {READ_NORMAL: "_reassure", READ_PULLED: "_reassure", READ_BAD: "_doubt_more", TICK: "_judge"},
    BROKEN: {READ_NORMAL: "_mend", READ_PULLED: "_stay", READ_BAD: "_rename", TICK: "_stay"},
    MENDING: {READ_NORMAL: "_stay", READ_PULLED: "_break_again", READ_BAD: "_break_again", TICK: "_close_fault"},
}


class Line:
    """Classifier of one line. Actions: those of Contact, and

    ("ACTIVATED", "line_open" | "line_short")  raise a call with this cause
    ("OPEN_FAULT", name, why)                  name: `line_open`, `line_short` or `input`; why: text for the log
    ("CLOSE_FAULT", name)

    `bands_mv`: {"short": [low, high], "pulled": .., "normal": .., "open": ..} in mV, from the board file (validated there).
    `condition`: newest of `short pulled normal open unreadable`; `why`: reason while unreadable, else "".
    """

    def __init__(self, bands_mv, debounce_ms, line_break_raises=True, held_ms=HELD_MS, fault_ms=FAULT_MS, mended_ms=MENDED_MS):
        self.state = SOUND
        self.fault = None  # name of the open fault
        self.condition = "normal"
        self.why = ""
        self.contact = Contact(debounce_ms, held_ms)
        self._bands_mv = []
        for name in BANDS:
            self._bands_mv.append((name, bands_mv[name][0], bands_mv[name][1]))
        self._calm_low_mv, self._calm_high_mv = bands_mv["normal"]
        self._debounce_ms = debounce_ms
        self._raises = line_break_raises
        self._raised = False  # this break has raised its call
        self._fault_ms = fault_ms
        self._mended_ms = mended_ms
        self._bad = None  # newest bad condition
        self._due = None  # doubt becomes a fault, or a mended line is believed
        self._good_due = None  # doubt is forgotten
        self._read_ms = None  # tick of the last reading

    def read(self, mv, scatter_mv, why, now_ms):
        """One reading. `mv`: integer, or None with the reason in `why`. `scatter_mv`: between the readings behind it.

        Returns actions.
        """
        if self._calm(mv, scatter_mv):
            self._read_ms = now_ms
            return _NOTHING
        self.condition, self.why = self._classify(mv, scatter_mv, why)
        actions = self._feed_contact(now_ms)
        self._read_ms = now_ms
        if self.condition == "normal":
            event = READ_NORMAL
        elif self.condition == "pulled":
            event = READ_PULLED
        else:
            event = READ_BAD
        read_actions = self.handle(event, now_ms)
        due_actions = self.handle(TICK, now_ms)
        if read_actions or due_actions:
            actions = actions + read_actions + due_actions
        return actions

    def _calm(self, mv, scatter_mv):
        """True if this reading changes nothing: all is well, and was. A short way, 50 times a second, that allocates nothing."""
        if self.state != SOUND or self.contact.state != RESTING or self.condition != "normal" or mv is None:
            return False
        return scatter_mv <= _SCATTER_MV and self._calm_low_mv <= mv <= self._calm_high_mv

    def handle(self, event, now_ms):
        """Takes one event of the supervision; returns a tuple of actions. Unknown events raise ValueError."""
        row = _TABLE[self.state]
        if event not in row:
            raise ValueError("line: unknown event %r" % (event,))
        return getattr(self, row[event])(now_ms)

    def next_due(self):
        """Tick of the next wanted reading; None before the first one (read at once then)."""
        return None if self._read_ms is None else clock.add(self._read_ms, SAMPLE_MS)

    def _classify(self, mv, scatter_mv, why):
        if mv is None:
            return "unreadable", why or "no reading"
        if scatter_mv > _SCATTER_MV:
            return "unreadable", "readings differ by %d mV" % scatter_mv
        if not 0 <= mv <= _HIGHEST_MV:
            return "unreadable", "%d mV is no possible reading" % mv
        found = "unreadable"
        for name, low_mv, high_mv in self._bands_mv:
            if name == self.condition and low_mv - _HYSTERESIS_MV <= mv <= high_mv + _HYSTERESIS_MV:
                return name, ""
            if low_mv <= mv <= high_mv:
                found = name
        return found, "" if found != "unreadable" else "%d mV lies between the bands" % mv

    def _feed_contact(self, now_ms):
        """A reading without a value stops a debounce but releases nothing: it says neither closed nor open."""
        contact = self.contact
        if self.condition == "pulled":
            event = CLOSED
        elif contact.state == CLOSING and clock.diff(now_ms, self._read_ms) >= self._debounce_ms:
            event = PULSED
        elif self.condition == "unreadable" and contact.state != CLOSING:
            event = TICK
        else:
            event = OPENED
        actions = contact.handle(event, now_ms)
        return actions if event == TICK else actions + contact.handle(TICK, now_ms)

    def _stay(self, now_ms):
        return _NOTHING

    def _doubt(self, now_ms):
        self.state = DOUBTED
        self._due = clock.add(now_ms, self._fault_ms)
        return self._doubt_more(now_ms)

    def _doubt_more(self, now_ms):
        self._bad = self.condition
        self._good_due = None
        return _NOTHING

    def _reassure(self, now_ms):
        if self._good_due is None:
            self._good_due = clock.add(now_ms, _SURE_MS)
        return _NOTHING

    def _judge(self, now_ms):
        if self._good_due is not None:  # good just now: a flutter is judged at its next bad reading
            if clock.reached(now_ms, self._good_due):
                self.state = SOUND
                self._due = None
            return _NOTHING
        if not clock.reached(now_ms, self._due):
            return _NOTHING
        self.state = BROKEN
        return self._open_fault()

    def _open_fault(self):
        self.fault = FAULT_NAMES[self._bad]
        actions = (("OPEN_FAULT", self.fault, self.why or "line reads %s" % self._bad),)
        if self._raises and not self._raised and self.fault != "input":
            self._raised = True
            actions += (("ACTIVATED", self.fault),)
        return actions

    def _rename(self, now_ms):
        """The line broke in another way. Named anew only after fault_ms of that, so that a loose wire does not chatter."""
        if FAULT_NAMES[self.condition] == self.fault:
            self._due = None
        elif self._due is None or self._bad != self.condition:
            self._bad = self.condition
            self._due = clock.add(now_ms, self._fault_ms)
        elif clock.reached(now_ms, self._due):
            self._due = None
            return (("CLOSE_FAULT", self.fault),) + self._open_fault()
        return _NOTHING

    def _mend(self, now_ms):
        self.state = MENDING
        self._due = clock.add(now_ms, self._mended_ms)
        return _NOTHING

    def _break_again(self, now_ms):
        self.state = BROKEN
        self._due = None
        return _NOTHING

    def _close_fault(self, now_ms):
        if not clock.reached(now_ms, self._due):
            return _NOTHING
        name = self.fault
        self.state = SOUND
        self.fault = self._due = None
        self._raised = False
        return (("CLOSE_FAULT", name),)
