"""Power supply of a virtual board: mains, charger and cell as its board file (`power`) has them, and what they do to the chip.

On mains the charger feeds cell and unit. Without them the unit draws on the cell, by the model of firmware/core/battery_model.py
with clock, power save, amplifier and sound as they are at that moment. The mains pin and the battery's ADC pin see all that. When
the voltage under the radio's peaks falls below what the chip needs, the chip browns out: RAM and RTC memory are lost; without its
load the cell recovers, the chip starts again as from power-on, and browns out again.

`pass_hours` lets time pass for the cell alone. What lasts only moments (amplifier and sound) goes on at its own pace then.
"""

import asyncio
import time

from firmware.core import battery_model
from tools.vboard.cell import CHARGER_MV, KINDS, Cell
from tools.vboard.child import wire
from tools.vboard.errors import BoardError

ADC_KINDS = ("ok", *wire.ADC_FAULTS, "stuck")
BROWN_OUT_MV = 2600  # of the cell: the chip's detector trips at 2.43 V (ESP-IDF's default level), the regulator drops the rest
START_MV = 2700  # and begins again a little above
PEAK_MA = 240  # the radio sends: ESP32 data sheet, 802.11b at 19.5 dBm
_START_S = 0.4  # from the voltage's return to the first instruction: regulator, boot ROM, bootloader
_STEP_S = 0.05
_PM_NONE = 0  # WLAN.PM_NONE: the radio listens all the time


class Supply:
    """Loop-bound. `board`: a VirtualBoard, for its `emit`, `chip` and `wiring`; `facts`: the board file's `power`, or None.

    `mains`: they are on. `cell`: None on a board without a battery, where the mains are all there is.
    """

    def __init__(self, board, facts):
        facts = facts or {}
        self._board = board
        self._mains_pin = facts.get("mains")
        self._battery = facts.get("battery")
        self._loads = battery_model.loads_of(facts.get("loads_ma"))
        self.mains = True
        self.cell = Cell(self._battery["capacity_mah"] or battery_model.CAPACITY_MAH) if self._battery else None
        self.charger = True
        self.adc_fault = "ok"
        self.factor = 1.0  # so many times faster does the cell's time go
        self.brown_outs = 0
        self._charger_on = True  # as the unit's own pin has it
        self._waiting = False  # for voltage, after a brown-out or in want of a cell
        self._good_s = None  # since when there has been enough of it
        self._at_s = time.monotonic()
        self._told_uv = self._told_pct = None
        self._task = self._starting = None

    # What the world does.

    def start(self):
        if self.cell is not None:
            self._at_s = time.monotonic()
            self._task = asyncio.ensure_future(self._run())

    async def stop(self):
        tasks = [task for task in (self._task, self._starting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def switch_mains(self, on):
        if on != self.mains:
            self._turn(on)
            self._board.emit("mains", on=on)
        await self._follow()

    async def flicker(self, edges, over_s):
        """The mains go off and on: `edges` changes, spread over `over_s`."""
        self._need_battery()
        self._board.emit("flicker", edges=edges, over_s=over_s)
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for edge in range(edges):
            await asyncio.sleep(max(0.0, begun_s + edge * over_s / edges - loop.time()))
            self._turn(not self.mains)
            await self._follow()
        await asyncio.sleep(max(0.0, begun_s + over_s - loop.time()))

    def cut(self):
        """Mains and cell are both taken away."""
        self._waiting = False

    async def connect(self):
        """And both are there again, in the state in which they are."""
        if self._carries(START_MV):
            await self._board.chip.power_on()
        else:
            self._waiting, self._good_s = True, None

    def set_charge(self, charge_pct):
        self._need_battery()
        self._pass()
        self.cell.charge_pct = float(charge_pct)
        self.tell()

    async def pass_hours(self, hours, in_s):
        """So many hours pass for the cell alone, in `in_s` seconds of everybody else's time."""
        self._need_battery()
        self._pass()
        self.factor = hours * 3600 / in_s
        try:
            await asyncio.sleep(in_s)
        finally:
            self._pass()
            self.factor = 1.0
            self.tell()

    def set_cell(self, kind):
        self._need_battery()
        if kind not in KINDS:
            raise BoardError(f"fault cell: one of {', '.join(KINDS)} wanted")
        self._pass()
        self.cell.kind = kind
        self.tell()

    def set_charger(self, kind):
        self._need_battery()
        if kind not in ("ok", "off"):
            raise BoardError("fault charger: ok or off wanted")
        self._pass()
        self.charger = kind == "ok"
        self.tell()

    def set_adc(self, kind):
        self._need_battery()
        if kind not in ADC_KINDS:
            raise BoardError(f"fault adc of the battery: one of {', '.join(ADC_KINDS)} wanted")
        self.adc_fault = kind
        self._told_uv = None if kind != "stuck" else self._told_uv
        self.tell()

    def heal(self):
        """Ends the faults of cell, charger and converter."""
        if self.cell is not None:
            self.set_cell("ok")
            self.set_charger("ok")
            self.set_adc("ok")

    def _need_battery(self):
        if self.cell is None:
            raise BoardError("this board file has no battery (`power.battery`)")

    def _turn(self, on):
        self._pass()
        self.mains = on
        self._tell_mains()
        self.tell()

    async def _follow(self):
        """Does the chip still have power, or again?"""
        chip = self._board.chip
        if self.cell is not None and not self.cell.missing:
            self._look()
        elif not self.mains:
            self._waiting, self._good_s = chip.powered or self._waiting, None
            await chip.power_off()
        elif self._waiting or self.cell is None:
            self._waiting = False
            await chip.power_on()

    # What the unit does.

    def output(self, pin, level):
        """A pin that the unit drives: the charger's, if the board has one."""
        disable = (self._battery or {}).get("charger_disable")
        if disable and pin == disable["pin"]:
            self._pass()
            self._charger_on = level != (1 if disable["active"] == "high" else 0)
            self.tell()

    # What the pins see.

    def settle(self):
        """The child is new: it is told everything."""
        self._told_uv = None
        self._tell_mains()
        self.tell()

    def _tell_mains(self):
        if self._mains_pin:
            active = 1 if self._mains_pin["active"] == "high" else 0
            self._board.chip.tell(wire.LEVEL, self._mains_pin["pin"], active if self.mains else 1 - active)

    def tell(self):
        """The voltage at the converter's pin, if it is another one than last time."""
        if self._battery is None:
            return
        uv = wire.ADC_FAULTS.get(self.adc_fault)
        if uv is None:
            uv = round(self.mv() * 1_000_000 // self._battery["ratio_ppm"]) * 1000
        if uv != self._told_uv and (self.adc_fault != "stuck" or self._told_uv is None):
            self._told_uv = uv
            self._board.chip.tell(wire.MILLIVOLTS, self._battery["pin"], uv)
        percent = int(self.cell.charge_pct)
        if percent != self._told_pct:
            self._told_pct = percent
            self._board.emit("battery", charge_pct=max(0, percent), mv=round(self.mv()))

    def mv(self):
        """At the cell's terminals, under the load or charge of this moment."""
        if self.cell.missing:
            return CHARGER_MV if self._charges() else 0  # nothing holds the charger's output down
        if self._charges():
            return self.cell.mv(-self.cell.charge_ma() or -0.001)
        return self.cell.mv(0 if self.mains else self.load_ma())

    def load_ma(self):
        """What the unit draws now, 0 while it has no power."""
        return sum(self._loads_now())

    def _loads_now(self):
        """(what lasts, what comes and goes) in mA."""
        chip = self._board.chip
        if not chip.powered:
            return 0, 0
        bearer = "wifi" if chip.radio else ""
        asleep = chip.power_save != _PM_NONE
        lasting = battery_model.load_ma(bearer, asleep, chip.mhz, False, False, self._loads)
        sounds, amplifier = chip.sound.sounds, chip.sound.amplifier
        passing = battery_model.load_ma(bearer, asleep, chip.mhz, amplifier, sounds, self._loads) - lasting
        return lasting + self._board.bearers.extra_ma(self._loads), passing

    def _peak_ma(self):
        """The highest that the chip draws for milliseconds: while its radio sends, if that is on."""
        radio_ma = self._loads["wifi_save" if self._board.chip.power_save != _PM_NONE else "wifi_awake"]
        return self.load_ma() + (PEAK_MA - radio_ma if self._board.chip.radio else 0)

    def _charges(self):
        return self.mains and self.charger and self._charger_on

    # Time.

    async def _run(self):
        while True:
            self._pass()
            self.tell()
            self._look()
            await asyncio.sleep(_STEP_S)

    def _pass(self):
        """The time since the last look goes by for the cell."""
        if self.cell is None:
            return
        now_s = time.monotonic()
        passed_s, self._at_s = now_s - self._at_s, now_s
        if self.cell.missing:
            return
        if self._charges():
            self.cell.give(-self.cell.charge_ma(), passed_s * self.factor)
        elif not self.mains:
            lasting_ma, passing_ma = self._loads_now()
            self.cell.give(lasting_ma, passed_s * self.factor)
            self.cell.give(passing_ma, passed_s)

    def _carries(self, least_mv, ma=0):
        """Is there enough for the chip while it draws `ma`?"""
        return self.mains or self.cell is None or (not self.cell.missing and self.cell.mv(ma) >= least_mv)

    def _look(self):
        chip = self._board.chip
        if chip.powered:
            if not self._carries(BROWN_OUT_MV, self._peak_ma()):
                self._brown_out()
        elif self._waiting:
            self._await_voltage()

    def _brown_out(self):
        self.brown_outs += 1
        self._waiting, self._good_s = True, None
        peak_ma = self._peak_ma()
        mv = 0 if self.cell.missing else self.cell.mv(peak_ma)
        self._board.emit("brown_out", mv=round(mv), load_ma=round(peak_ma))
        self._board.chip.lose_power()

    def _await_voltage(self):
        if not self._carries(START_MV):
            self._good_s = None
            return
        now_s = time.monotonic()
        self._good_s = self._good_s or now_s
        if now_s - self._good_s >= _START_S:
            self._waiting, self._good_s = False, None
            self._starting = asyncio.ensure_future(self._start_again())

    async def _start_again(self):
        try:
            await self._board.chip.power_on()
        except BoardError as error:
            self._board.emit("mark", text=f"no start after the brown-out: {error}")

    def status(self):
        """Its fields of the board's status."""
        cell = self.cell
        return {
            "mains": self.mains,
            "battery": "none" if cell is None else cell.kind,
            "battery_mv": None if cell is None else round(self.mv()),
            "charge_pct": None if cell is None or cell.missing else max(0, round(cell.charge_pct, 1)),
            "charging": cell is not None and not cell.missing and self._charges() and cell.charge_ma() > 0,
            "load_ma": round(self.load_ma()),
            "brown_outs": self.brown_outs,
        }
