"""Restart storms: a unit that starts again and again goes on with less, and later tries in full again. Pure.

Rules:
- A start is calm once it has lasted `calm_s`. STORM starts in a row before this one, none of which was calm, are a storm: this
  start is reduced (calls only; speech, the largest program and the greatest load, is left out).
- How many there were is known from two sides, and the higher counts: the journal's number of this start against the number of the
  last calm one, which a file keeps (through brown-outs, which clear the RTC memory); and a counter in RTC memory (where there is
  no journal, or the file cannot be written).
- The way out (P8): a reduced start that has lasted `full_again_s` ends in a restart in full, but not while a call is open. If
  that storms again it is reduced again, after STORM more starts.

Source: P8, D8; FACTS (brown-out loops).
"""

from micropython import const

STORM = const(5)

CALM = "CALM"
FULL_AGAIN = "FULL_AGAIN"


def quick_starts(boot, calm_boot, counted):
    """Starts in a row before this one that were not calm. `boot`: the journal's number of this start, 0 without journal;
    `calm_boot`: that of the newest calm one, None if that is not known; `counted`: by the counter in RTC memory."""
    by_journal = boot - 1 - calm_boot if calm_boot is not None and 0 <= calm_boot < boot else 0
    return max(by_journal, counted)


class Restarts:
    """`quick`: of quick_starts. `reduced`: this start is to be reduced."""

    def __init__(self, quick, calm_ms, full_again_ms):
        self.reduced = quick >= STORM
        self._calm_s = calm_ms // 1000  # and no way out before it, as the next start would count this one
        self._full_again_s = full_again_ms // 1000
        self._calm = False

    def tick(self, uptime_s, idle):
        """What has become due: CALM once, FULL_AGAIN, or None. `idle`: no call is open and nobody speaks."""
        if not self._calm and uptime_s >= self._calm_s:
            self._calm = True
            return CALM
        if self.reduced and self._calm and idle and uptime_s >= self._full_again_s:
            return FULL_AGAIN
        return None
