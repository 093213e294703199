"""Makes the parts of a unit from its board data: the only place that names hardware. No policy.

A part that cannot be made costs itself and is reported; the others are made all the same (P8).
"""

import machine

from firmware.core.call import KINDS
from firmware.core.contact import Contact
from firmware.core.line import Line
from firmware.core.patterns import TONES_HZ
from firmware.core.power import Power as PowerRules
from firmware.core.power_hours import Hours
from firmware.drivers import speaker
from firmware.drivers.battery import BatteryAdc
from firmware.drivers.contact import ContactPin
from firmware.drivers.journal import Journal, JournalError
from firmware.drivers.light import Light
from firmware.drivers.line import LineAdc
from firmware.drivers.mains import MainsPin
from firmware.drivers.tones import tone_block
from firmware.power import Power
from firmware.senses import Sense

ROLES = ("reset", "answer", "privacy")  # of core.board, which is let go of before this is loaded
ATTENS_DB = (0, 2.5, 6, 11)  # of core.board_power, likewise; in the order of machine.ADC.ATTN_0DB ... ATTN_11DB
_WRONG = (LookupError, ValueError, TypeError, AttributeError, OSError)  # whatever a board file says; not MemoryError
_RESET_CAUSES = {1: "power_on", 2: "hard", 3: "watchdog", 4: "deep_sleep", 5: "soft"}  # machine.PWRON_RESET ... SOFT_RESET


def reset_cause():
    """Why the chip started, by the protocol's name."""
    return _RESET_CAUSES.get(machine.reset_cause(), "unknown")


def _pull(word):
    return {"none": None, "up": machine.Pin.PULL_UP, "down": machine.Pin.PULL_DOWN}[word]


def _name(data):
    """Of an input of the board file; "" for none."""
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def _file_journal(entropy):
    from firmware.drivers.file_journal import FileJournal  # here, because few boards lack the partition

    print("journal: no partition of its own; calls are kept as files")
    return FileJournal("calls", entropy)


class Builder:
    """`board`: resolved board data; `settings`: core.settings.usable; `timers`: core.timers.Timers; `now()`: tick.

    `problems`: list of (fault name, input name, text) of what could not be made.
    """

    def __init__(self, board, settings, timers, now):
        self._board = board
        self._settings = settings
        self._timers = timers
        self._now = now
        self.problems = []
        self._has_both = False

    def inputs(self, wake, busy_ms):
        """(contacts, lines): lists of senses.Sense. `wake`, `busy_ms` as in drivers.contact."""
        contacts, lines = [], []
        for index, data in enumerate(self._inputs()):
            if not self._is_fitted(data):
                continue
            try:
                if data["wiring"] == "line":
                    lines.append(self._line(index, data))
                else:
                    contacts.append(self._contact(index, data, wake, busy_ms))
            except _WRONG as problem:
                name = _name(data)
                self.problems.append(("input", name, "inputs[%d] %s cannot be used: %r" % (index, name, problem)))
        return contacts, lines

    def _inputs(self):
        found = self._board.get("inputs")
        return found if isinstance(found, list) else ()

    def _is_fitted(self, data):
        return self._settings["inputs"].get(_name(data), data) is not None

    def names(self, fitted=False):
        """List of (name, location) by input index, as core.uplink wants it; `fitted`: only of what is fitted in this flat."""
        rooms = self._settings["inputs"]
        names = []
        for data in self._inputs():
            name = _name(data)
            if not fitted or self._is_fitted(data):
                names.append((name, rooms[name]["location"] if rooms.get(name) else ""))
        return names

    def _contact(self, index, data, wake, busy_ms):
        pin = machine.Pin(data["pin"], machine.Pin.IN, _pull(data["pull"]))
        driver = ContactPin(pin, data["active"], wake, self._now, busy_ms)
        judge = Contact(data["debounce_ms"] | 0, self._timers.held_ms)  # what is no number shows here, not with the first press
        if data["kind"] in ROLES:
            return Sense(index, None, data["name"], driver, judge, data["kind"])
        return Sense(index, KINDS.index(data["kind"]), data["name"], driver, judge)

    def _line(self, index, data):
        adc = machine.ADC(machine.Pin(data["pin"]), atten=machine.ADC.ATTN_11DB)
        judge = Line(data["line"]["bands_mv"], data["debounce_ms"] | 0, self._settings["line_break_raises"], self._timers.held_ms,
                     self._timers.line_fault_ms)
        return Sense(index, KINDS.index(data["kind"]), data["name"], LineAdc(adc), judge)

    def light(self):
        """The light, or None if it cannot be used: the call goes out and is heard all the same."""
        try:
            data = self._board["light"]
            return Light(machine.Pin(data["pin"], machine.Pin.OUT, value=0 if data["active"] == "high" else 1), data["active"])
        except _WRONG as problem:
            self.problems.append(("settings", "light", "light cannot be used: %r" % (problem,)))
            return None

    def speaker(self):
        """The speaker, or None on a board without one or with one that does not start."""
        data = self._board.get("sounder")
        if data is None:
            return None
        try:
            i2s = machine.I2S(data["id"], sck=machine.Pin(data["bclk"]), ws=machine.Pin(data["ws"]), sd=machine.Pin(data["din"]),
                              mode=machine.I2S.TX, bits=16, format=machine.I2S.MONO, rate=speaker.RATE_HZ,
                              ibuf=speaker.IBUF_BYTES)
            tones = {hz: tone_block(hz, self._settings["volume_pct"]) for hz in TONES_HZ}
            return speaker.Speaker(i2s, tones, self._amplifier(data["enable"]), self._now)
        except _WRONG as problem:
            self.problems.append(("settings", "sounder", "sounder cannot be used: %r" % (problem,)))
            return None

    def power(self, shell, rand):
        """What watches the supply, or None on a board with neither sense. `shell`: as in firmware/power.py."""
        facts = self._board.get("power")
        if not isinstance(facts, dict) or not (facts.get("mains") or facts.get("battery")):
            return None
        from firmware.core import power_figures as figures  # here, so that they can be let go (app.py)

        battery = facts.get("battery") if isinstance(facts.get("battery"), dict) else None
        mains, adc, charger = self._supply(facts.get("mains"), battery)
        self._has_both = bool(mains and battery and mains.there())
        loads_ma = facts.get("loads_ma")
        hours = Hours(*figures.of_hours(battery, loads_ma if isinstance(loads_ma, dict) else None))
        core = PowerRules(figures.limits_mv(battery), mains is not None, hours, self._timers, rand)
        calibration = None
        if battery is not None:  # not all of it: it would stay in the heap
            calibration = {"ratio_ppm": battery.get("ratio_ppm"), "trim_mv": battery.get("trim_mv")}
        power = Power(core, shell, mains, adc, calibration, self._now)
        if charger is not None:
            from firmware.probing import Probing  # here, because hardly a board has that

            power.probing = Probing(charger, power, self._timers.battery_probe_ms, self._now)
        return power

    def died(self, power):
        """The start before this one ended without the last state saved. With mains now, and a battery on the board, it did not
        carry the unit when they failed. `power`: what `power` gave."""
        if power is not None and self._has_both:
            power.tested(False, "missing")

    def _supply(self, mains, battery):
        """(mains sense, battery's ADC, switch of the charger): each None if there is none or it cannot be used."""
        senses = [None, None, None]
        for index, make, data in ((0, self._mains, mains), (1, self._battery, battery),
                                  (2, self._switch, battery and battery.get("charger_disable"))):
            try:
                senses[index] = make(data) if data else None
            except _WRONG as problem:
                self.problems.append(("settings", "power", "supply cannot be read: %r" % (problem,)))
        return senses

    def _mains(self, data):
        return MainsPin(machine.Pin(data["pin"], machine.Pin.IN, _pull(data["pull"])), data["active"])

    def _battery(self, data):
        return BatteryAdc(machine.ADC(machine.Pin(data["pin"]), atten=ATTENS_DB.index(data["atten_db"])))

    def _switch(self, data):
        """A pin at rest."""
        return Light(machine.Pin(data["pin"], machine.Pin.OUT, value=0 if data["active"] == "high" else 1), data["active"]).set

    def microphone(self):
        """The microphone, closed; None on a board without one. Whether its port starts is seen when it is opened."""
        data = self._board.get("microphone")
        if data is None:
            return None
        from firmware.drivers import microphone  # here, because a unit without speech has no room for it

        try:
            wiring = {"sck": machine.Pin(data["sck"]), "ws": machine.Pin(data["ws"]), "sd": machine.Pin(data["sd"]),
                      "mode": machine.I2S.RX, "bits": microphone.BITS, "format": machine.I2S.MONO,
                      "rate": microphone.RATE_HZ, "ibuf": microphone.IBUF_BYTES}
            port = microphone.Port(machine.I2S, data["id"], wiring)
            return microphone.Microphone(port, data["gain_shift"], self._now)
        except _WRONG as problem:
            self.problems.append(("settings", "microphone", "microphone cannot be used: %r" % (problem,)))
            return None

    def _amplifier(self, data):
        """What switches the amplifier, or None if it is always on. An output with a polarity, like the light."""
        return None if data is None else Light(machine.Pin(data["pin"], machine.Pin.OUT), data["active"]).set

    def journal(self, entropy):
        """(journal, open calls); (None, []) if nothing of it can be used. Without a partition for it calls are kept as files."""
        import esp32

        try:
            found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=self._board.get("journal", "journal"))
            journal = Journal(found[0], entropy) if found else _file_journal(entropy)
            return journal, journal.open()
        except (JournalError, OSError) as problem:
            self.problems.append(("storage", "", "journal: %s; calls go out, but do not outlive a power cut" % problem))
            return None, []
