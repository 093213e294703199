"""What the flat knows when a call to it was not answered, so that a decision to enter can be defended. Pure.

Ages are kept in whole seconds beyond the ticks' half period: `advance` at least once a day; every other call does so too.
Source: G11; docs/protocol.md, event `no_answer`.
"""

from micropython import const

from firmware.core import clock

_LONGEST_S = const(1 << 29)  # 17 years: no unit is up so long; the number stays small


class _Age:
    """Seconds since something was last seen; `whole_s` None: never since the start."""

    def __init__(self):
        self.whole_s = None
        self._tick_ms = 0

    def see(self, now_ms):
        self.whole_s = 0
        self._tick_ms = now_ms

    def advance(self, now_ms):
        if self.whole_s is None:
            return
        passed_s = max(clock.diff(now_ms, self._tick_ms), 0) // 1000
        self.whole_s = min(self.whole_s + passed_s, _LONGEST_S)
        self._tick_ms = clock.add(self._tick_ms, passed_s * 1000)


class Evidence:
    """`announced`: the announcement of this call was sounded to its end."""

    def __init__(self):
        self._activity = _Age()
        self._path = _Age()
        self.begin()

    def begin(self):
        """A call to the flat begins."""
        self._rings = 0
        self._prompts = 0
        self.announced = False

    def rang(self):
        self._rings += 1

    def prompted(self):
        self._prompts += 1

    def activity(self, now_ms):
        """Somebody used an input: button, cord, switch, door contact."""
        self._activity.see(now_ms)

    def path_proven(self, now_ms):
        """Speech was heard both ways: microphone, loudspeaker and network work."""
        self._path.see(now_ms)

    def advance(self, now_ms):
        self._activity.advance(now_ms)
        self._path.advance(now_ms)

    def fields(self, now_ms, privacy):
        """The object `evidence` of the event `no_answer`."""
        self.advance(now_ms)
        return {
            "rings": self._rings,
            "prompts": self._prompts,
            "announced": self.announced,
            "last_activity_s": self._activity.whole_s,
            "audio_path_proven_s": self._path.whole_s,
            "privacy": privacy,
        }
