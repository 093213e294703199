"""The supply of the unit: reads its senses, carries out what core/power.py decides, and gives calls and speech full power.

One object, no task: the shell's heart calls `step`, everything returns at once. Whatever is shed comes back the moment a call is
open or people speak, whatever the battery says (P4). Source: D6, G8; docs/power.md.
"""

import machine
from micropython import const

from firmware.core import cell, clock
from firmware.core.power import MAINS_GONE, MAINS_SEEN, READ, TICK

_CALM_HZ = const(80000000)  # the least with which the ESP32's radio works
_DYING = const(4)
_LAST_WORDS_MS = const(10000)  # so long the radio stays on in the last state: the report of it gets out
_SETTLE_MS = const(10000)  # charger off: five times what its capacitor and the divider take
_PACE_EVERY_MS = const(60000)  # between two tries of a calm change of the link's pace
_HEALTH_TIMES = const(3)  # routine report on battery: half an hour by default


class Power:
    """`core`: core.power.Power; `shell`: shell.Shell with all of its parts; `mains`: drivers.mains or None; `adc`:
    drivers.battery or None; `battery`: the board file's object or None; `charger(level)`: 1 switches it off, or None; `timers`:
    core.timers.Timers; `now()`: tick."""

    def __init__(self, core, shell, mains, adc, battery, charger, timers, now):
        self.core = core
        self.may_write = core.may_write
        self._shell = shell
        self._mains = mains
        self._adc = adc
        self._battery = battery
        self._charger = charger
        self._probe_ms = timers.battery_probe_ms
        self._now = now
        self._hz = machine.freq()
        self._mhz_is_calm = False
        self._loaded = False  # a load test asks for full power
        self._full = False
        self._calm = False  # pace of the link and of reports
        self._unsaid = None  # prompt that waits for the end of a call
        self._read_due = None if battery is None else now()
        self._rest_due = None
        self._pace_due = None
        self._probe_due = None if charger is None else clock.add(now(), self._probe_ms)
        self._probing = False

    # --- what others ask

    @property
    def state(self):
        return self.core.state

    @property
    def on_battery(self):
        return self.core.depth > 0

    def health(self):
        """The health report's fields `mains` and `battery`."""
        core = self.core
        return {"mains": None if self._mains is None else core.mains.on, "battery": dict(self._told(), by=core.hours.by)}

    def measure(self):
        """(mV, "") of the cell now, or (None, why)."""
        return cell.judge(None if self._adc is None else self._adc.burst(), self._battery)

    def load(self, on):
        """Full power as in a call, for the load test; the tone is the caller's."""
        self._loaded = on
        self._serve()

    def tested(self, works):
        """What a load test came to: opens or closes the fault `worn`."""
        self._obey(self.core.watch.tell("worn", not works))

    def died(self):
        """The start before this one ended without the last state saved. With mains now, and a battery on the board, it did not
        carry the unit when they failed."""
        if self._battery is not None and self._mains is not None and self._mains.there():
            self._obey(self.core.watch.tell("missing", True))

    # --- what is due

    def step(self):
        """Looks at the senses and does what is due. Allocates nothing while nothing is."""
        now_ms = self._now()
        core = self.core
        if self._mains is not None and core.mains.sample(self._mains.there(), now_ms):
            self._end_probe()
            self._obey(core.handle(MAINS_GONE if core.mains.on else MAINS_SEEN, now_ms))
            if self._read_due is not None:
                self._read_due = now_ms
        if clock.reached(now_ms, self._read_due):
            mv, why = self.measure()
            self._obey(core.handle(READ, now_ms, mv, why))
            self._read_due = clock.add(now_ms, core.every_ms())
        if clock.reached(now_ms, core.next_due()):
            self._obey(core.handle(TICK, now_ms))
        self._serve()
        self._later(now_ms)

    def next_due(self):
        return clock.soonest(self.core.next_due(), self._read_due)

    def _serve(self):
        """Full power while a call is open or people speak, and what the state allows else."""
        shell = self._shell
        full = self._loaded or shell.talk.active or len(shell.calls.open) > 0
        if full != self._full:
            self._full = full
            self._apply()
        if self._unsaid is not None and not full:
            shot, self._unsaid = self._unsaid, None
            shell.signals.sound(shot)

    def _later(self, now_ms):
        """What waits for its time: the radio's rest, the link's pace, the charger."""
        if self._full:
            self._end_probe()
            return
        if clock.reached(now_ms, self._rest_due):
            self._rest_due = None
            self._shell.bearer.rest(True)
        if clock.reached(now_ms, self._pace_due):
            self._pace_due = None if self._shell.link.pace(self._calm) else clock.add(now_ms, _PACE_EVERY_MS)
        if clock.reached(now_ms, self._probe_due):
            self._probe(now_ms)

    def _probe(self, now_ms):
        """With the charger off, is there a cell? On mains only: without them the unit would not run if there were none."""
        if self._probing:
            mv, why = self.measure()
            self._end_probe()
            self._obey(self.core.watch.probed(mv, why))
        elif self.core.mains.on:
            self._probing = True
            self._charger(1)
            self._probe_due = clock.add(now_ms, _SETTLE_MS)
        else:
            self._probe_due = clock.add(now_ms, self._probe_ms)

    def _end_probe(self):
        if self._probing:
            self._probing = False
            self._charger(0)
            self._probe_due = clock.add(self._now(), self._probe_ms)

    # --- what the machine decides

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
            elif verb == "REPORT_MAINS":
                reports.note("mains", {"on": action[1], "for_s": action[2], "edges": action[3]}, "mains")
                self._set_pace(not action[1])
            elif verb == "REPORT_BATTERY":
                reports.note("battery", self._told(), "battery")
            else:
                self._shell.keeper.save()

    def _told(self):
        core = self.core
        return {"state": core.state, "mv": core.mv, "why": core.why, "hours": core.hours.value}

    def _apply(self):
        """Sets clock and radio to what state and calls want."""
        depth, full = self.core.depth, self._full
        calm = depth > 0 and not full
        if calm != self._mhz_is_calm:
            self._mhz_is_calm = calm
            machine.freq(_CALM_HZ if calm else self._hz)
        bearer = self._shell.bearer
        if depth == _DYING and not full:
            if self._rest_due is None and not bearer.resting:
                self._rest_due = clock.add(self._now(), _LAST_WORDS_MS)
        else:
            self._rest_due = None
            bearer.rest(False)
        bearer.pace(full, calm)

    def _set_pace(self, calm):
        """The link's keep-alive and the routine report, once a mains failure is reported: a street does not dial at once."""
        self._calm = calm
        self._shell.reports.stretch = _HEALTH_TIMES if calm else 1
        self._pace_due = self._now()
