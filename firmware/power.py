"""The supply of the unit: reads its senses, carries out what core/power.py decides, and gives calls and speech full power.

One object, no task: the shell's heart calls `step`, everything returns at once. Whatever is shed comes back the moment a call is
open or people speak, whatever the battery says (P4). Source: D6, G8; docs/power.md.
"""

import machine
from micropython import const

from firmware.core import clock
from firmware.core.cell import judge
from firmware.core.power import MAINS_GONE, MAINS_SEEN, READ, TICK

_CALM_HZ = const(80000000)  # the least with which the ESP32's radio works
_DYING = const(4)
_LAST_WORDS_MS = const(10000)  # so long the radio stays on in the last state: the report of it gets out
_PACE_FIRST_MS = const(2000)  # after the report of the mains, which has gone out by then: the link changes its pace when idle
_PACE_EVERY_MS = const(15000)  # between two tries of that
_HEALTH_TIMES = const(3)  # routine report on battery: half an hour by default


class Power:
    """`core`: core.power.Power; `shell`: shell.Shell with all of its parts; `mains`: drivers.mains or None; `adc`:
    drivers.battery or None; `calibration`: for core.cell.judge, None without a battery; `now()`: tick.

    `core.state` and `core.depth` say how things stand; `may_write()`: the gate of every write to flash; `probing`:
    probing.Probing on a board whose charger can be switched off, put in by build.py.
    """

    def __init__(self, core, shell, mains, adc, calibration, now):
        self.core = core
        self.may_write = core.may_write
        self.probing = None
        self._shell = shell
        self._mains = mains
        self._adc = adc
        self._calibration = calibration
        self._now = now
        self._hz = machine.freq()
        self._loaded = False  # a load test asks for full power
        self._full = False
        self._calm = False  # pace of the link
        self._unsaid = None  # shot that waits for the end of a call
        self._read_due = None if calibration is None else now()
        self._rest_due = None
        self._pace_due = None

    # --- what others ask

    def health(self):
        """The health report's fields `mains` and `battery`."""
        core = self.core
        return {"mains": None if self._mains is None else core.mains.on, "battery": {
            "state": core.state.lower(), "mv": core.mv, "why": core.why, "hours": core.hours.value, "by": core.hours.by}}

    def measure(self):
        """(mV, "") of the cell now, or (None, why)."""
        return judge(None if self._adc is None else self._adc.burst(), self._calibration)

    def load(self, on):
        """Full power as in a call, for the load test; the tone is the caller's."""
        self._loaded = on
        self._serve()

    def tested(self, works, part="worn"):
        """What a test of the battery came to: opens or closes that fault. `part`: `worn` of the load test, `missing`."""
        self._obey(self.core.watch.tell(part, not works))

    # --- what is due

    def step(self):
        """Looks at the senses and does what is due. Allocates nothing while nothing is."""
        now_ms = self._now()
        core = self.core
        if self._mains is not None and core.mains.sample(self._mains.there(), now_ms):
            self._obey(core.handle(MAINS_GONE if core.mains.on else MAINS_SEEN, now_ms))
            self._shell.recorder.note("mains", 1 if core.mains.on else 0)
            if self._read_due is not None:
                self._read_due = now_ms
        if clock.reached(now_ms, self._read_due):
            mv, why = self.measure()
            self._obey(core.handle(READ, now_ms, mv, why))
            self._read_due = clock.add(now_ms, core.every_ms())
        if clock.reached(now_ms, core.mains.next_due()):
            self._obey(core.handle(TICK, now_ms))
        self._serve()
        if self.probing is not None:
            self.probing.step(self._full or not core.mains.on)

    def next_due(self):
        return clock.soonest(self.core.mains.next_due(), self._read_due)

    def _serve(self):
        """Full power while a call is open or people speak; else what waited for its end, and for its time."""
        shell = self._shell
        full = self._loaded or shell.talk.active or len(shell.calls.open) > 0
        if full != self._full:
            self._full = full
            self._apply()
        if full:
            return
        if self._unsaid is not None:
            shot, self._unsaid = self._unsaid, None
            shell.signals.sound(shot)
        now_ms = self._now()
        if clock.reached(now_ms, self._rest_due):
            self._rest_due = None
            shell.bearer.rest(True)
        if clock.reached(now_ms, self._pace_due):
            self._pace_due = None if shell.link.pace(self._calm) else clock.add(now_ms, _PACE_EVERY_MS)

    def _obey(self, actions):
        reports = self._shell.reports
        for action in actions:
            verb = action[0]
            if verb == "FAULT":
                reports.fault(*action[1:])
            elif verb == "SAY":
                self._unsaid = action[1].upper()
            elif verb == "SHED":
                self._apply()
                self._shell.recorder.note("power", action[1])
            elif verb == "REPORT_MAINS":
                on = action[1]
                reports.note("mains", {"on": on, "for_s": action[2], "edges": action[3]}, "mains")
                # The pace of link and reports follows the report: a street does not dial anew at once when its mains fail.
                self._calm = not on
                reports.stretch = 1 if on else _HEALTH_TIMES
                self._pace_due = clock.add(self._now(), _PACE_FIRST_MS)
            elif verb == "REPORT_BATTERY":
                told = self.health()["battery"]
                del told["by"]
                reports.note("battery", told, "battery")
            else:
                self._shell.keeper.save()

    def _apply(self):
        """Sets clock and radio to what state and calls want."""
        depth, full = self.core.depth, self._full
        calm = depth > 0 and not full
        bearer = self._shell.bearer
        if depth == _DYING and not full:
            if self._rest_due is None and not bearer.resting:
                self._rest_due = clock.add(self._now(), _LAST_WORDS_MS)
        else:
            self._rest_due = None
            bearer.rest(False)
        bearer.pace(full, calm)
        hz = _CALM_HZ if calm else self._hz
        if machine.freq() != hz:
            machine.freq(hz)  # last: a clock that refuses costs no call its radio
