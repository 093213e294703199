"""Does the battery carry the unit, also at full power? With the mains out: a minute at rest, then ten seconds of load. Pure.

Rules
- The minute (`load_rest_ms`) counts from the first reading on battery without a gap: the surface charge of a cell just taken off
  its charger is gone by then. The last three readings of it are the voltage at rest.
- Then full power (radio awake, a tone) for 10 s (`load_ms`), and three readings at least. The lowest of the medians of three
  readings in a row counts: one wild reading decides nothing.
- FAIL below 3.50 V, or if the load takes more than 0.25 V. Below 3.35 V it is broken off at once: the unit would go down.
- Three readings in a row without a value are a FAIL: "no value because ...". Nothing passes that was not measured (P7).
- Mains that come back meanwhile begin it anew. On a board that cannot tell whether they are out it is left out, with that reason.

Source: FACTS, power: load test. Times are ms of a clock that does not wrap within the test.
"""

from micropython import const

_LEAST_MV = const(3500)
_DROP_MV = const(250)
_OFF_MV = const(3350)
_READINGS = const(3)

EVERY_MS = const(1000)  # between two readings


class LoadTest:
    """`rest_ms`, `load_ms`: how long each lasts. `found`: None while it runs, then (result, detail, ms of load or None) as
    core/walk/machine.py takes it."""

    def __init__(self, rest_ms, load_ms):
        self.found = None
        self._rest_ms = rest_ms
        self._load_ms = load_ms
        self._rest_due = None
        self._load_due = None
        self._last_mv = []  # the newest readings
        self._rest_mv = None
        self._lowest_mv = None
        self._without = 0

    def read(self, on_mains, mv, why, at_ms):
        """One reading; `on_mains`: True, False, or None if the board cannot tell. Returns True to load the battery from now on,
        False to stop that, None for no change."""
        if self.found is not None:
            return None
        if on_mains is None:
            return self._end("skip", "the board cannot tell that mains are out", None)
        if on_mains:
            return self._anew()
        if mv is None:
            self._without += 1
            return self._end("fail", "no value because %s" % why, None) if self._without >= _READINGS else None
        self._without = 0
        self._last_mv = self._last_mv[1 - _READINGS:] + [mv]
        if self._load_due is not None:
            return self._loaded(at_ms)
        if self._rest_due is None:
            self._rest_due = at_ms + self._rest_ms
        if at_ms < self._rest_due or len(self._last_mv) < _READINGS:
            return None
        self._rest_mv = self._median()
        self._last_mv = []
        self._load_due = at_ms + self._load_ms
        return True

    def stop(self):
        """Broken off, for a call say: begins anew with the next reading. Returns as `read`."""
        return None if self.found is not None else self._anew()

    def _loaded(self, at_ms):
        if len(self._last_mv) == _READINGS:
            mv = self._median()
            self._lowest_mv = mv if self._lowest_mv is None else min(mv, self._lowest_mv)
        if self._lowest_mv is None or (at_ms < self._load_due and self._lowest_mv >= _OFF_MV):
            return None
        drop_mv = self._rest_mv - self._lowest_mv
        good = self._lowest_mv >= _LEAST_MV and drop_mv <= _DROP_MV
        detail = "%d mV, under load %d mV" % (self._rest_mv, self._lowest_mv)
        return self._end("pass" if good else "fail", detail, self._load_ms - max(self._load_due - at_ms, 0))

    def _median(self):
        return sorted(self._last_mv)[_READINGS // 2]

    def _anew(self):
        was_loaded = self._load_due is not None
        self._rest_due = self._load_due = self._lowest_mv = None
        self._last_mv = []
        self._without = 0
        return False if was_loaded else None

    def _end(self, result, detail, ms):
        was_loaded = self._load_due is not None
        self.found = (result, detail, ms)
        return False if was_loaded else None
