"""What a board file may say, and what is wrong with one that says something else. Pure; used on the unit and on the host.

A board file (`board_configs/NAME.json`) is data: pins, polarity, wiring. `docs/boards.md` explains each field. Nothing here
raises for what a file contains, except `resolve` when there is nothing to go on with: the unit runs with what is right and
reports the rest as a `settings` fault.
"""

from micropython import const

from firmware.core import board_bearers, board_power, pins
from firmware.core.line import BANDS

VERIFIED = ("proposed", "vendor-code", "schematic", "measured")  # how far a fact has been checked, rising
KINDS = ("button", "cord", "pendant", "reset", "answer", "privacy")
ROLES = ("reset", "answer", "privacy")  # kinds of inputs that raise no call
FIELDS = ("name", "title", "chip", "module", "flash_mb", "inputs", "light", "sounder", "microphone", "power", "reserved",
          "ethernet", "cellular", "bearers", "journal", "facts")
OPTIONAL = ("microphone", "power", "flash_mb", "ethernet", "cellular", "facts")  # a unit that lacks them still raises calls
FLASHES_MB = (4, 8, 16)

_SHORTEST_DEBOUNCE_MS = const(10)  # contacts bounce for up to about 10 ms
_LONGEST_DEBOUNCE_MS = const(200)  # longer, and a quick press is missed
_SMALLEST_GAP_MV = const(150)  # between bands: more than twice the hysteresis of core/line.py
_HIGHEST_MV = const(3300)
_SUPPLY_MV = const(3300)  # of the chip and so of the pull-up resistor
_MOST_INPUTS = const(8)  # docs/protocol.md: an alarm lists at most 8
_HIGHEST_GAIN_SHIFT = const(6)  # 36 dB: with more the microphone's own noise is as loud as a voice

_FACT = ("source", "verified")
_INPUT = ("name", "kind", "wiring", "pin", "active", "pull", "debounce_ms", "line") + _FACT
_LINE = ("bands_mv", "pull_up_ohm", "end_of_line_ohm", "pulled_ohm")


def resolve(boards, name):
    """The whole board `name`: its fields over those of the board that it inherits from, and so on up.

    `boards`: anything that answers `boards[name]` with a board's dict, or raises KeyError. Raises ValueError, in words for the
    installer, for a board that is missing or inherits from itself.
    """
    chain = []
    whole = {}
    while name is not None:
        if name in chain:
            raise ValueError("board_configs/%s.json: inherits from itself by way of %s" % (name, ", ".join(chain)))
        try:
            own = boards[name]
        except KeyError:
            asked_by = "inherits of board_configs/%s.json" % chain[-1] if chain else "board in settings.json"
            raise ValueError("board_configs/%s.json is missing; %s names it" % (name, asked_by)) from None
        chain.append(name)
        for field in own:
            if field != "inherits" and field not in whole:
                whole[field] = own[field]
        name = own.get("inherits")
    return whole


def validate(board):
    """List of problems of a resolved board: field, value, rule and what to do. Empty when the board can be used as it is."""
    return _Check(board).problems


def warnings(board):
    """List of what an installer should look at although it may be right."""
    return _Check(board).warnings


class _Check:
    def __init__(self, board):
        self.problems = []
        self.warnings = []
        self._used = {}  # pin -> field that uses it
        if not isinstance(board, dict):
            self.problems.append("board: an object wanted, this is %r" % (board,))
            return
        self._board = board
        self.known("", board, FIELDS, OPTIONAL)
        self.chip = board.get("chip")
        self._module = board.get("module")
        bearers = board.get("bearers")
        self._wifi = isinstance(bearers, list) and "wifi" in bearers
        self._chip_known = self._check_chip()
        self._check_words()
        if self._chip_known:  # before the others: what is soldered has the pin, and who else wants it is told so
            board_bearers.check(self, board)
        self._check_inputs(board.get("inputs"))
        self._check_light(board.get("light"))
        self._check_sounder(board.get("sounder"))
        self._check_microphone(board.get("microphone"), board.get("sounder"))
        board_power.check(self, board.get("power"))
        self._check_reserved(board.get("reserved"))

    def say(self, field, text):
        self.problems.append("%s: %s" % (field, text))

    def known(self, where, part, fields, optional=()):
        """Complains of fields that are missing or that nobody knows (typing mistakes); True if `part` is an object."""
        if not isinstance(part, dict):
            self.say(where or "board", "%r: an object wanted" % (part,))
            return False
        dot = where + "." if where else ""
        for field in fields:
            if field not in part and field not in optional:
                self.say(dot + field, "missing; add it (docs/boards.md says what it means)")
        for field in sorted(part):
            if field not in fields:
                self.say(dot + field, "unknown field; known: %s" % ", ".join(fields))
        return True

    def choice(self, field, value, choices):
        if value not in choices:
            self.say(field, "%r: one of %s wanted" % (value, ", ".join(str(one) for one in choices)))
            return False
        return True

    def fact(self, where, part):
        if not isinstance(part.get("source"), str) or not part.get("source"):
            self.say(where + ".source", "%r: text wanted that says where this is written" % (part.get("source"),))
        self.choice(where + ".verified", part.get("verified"), VERIFIED)

    def pin(self, field, pin, use, pull="none"):
        if type(pin) is not int:
            self.say(field, "%r: a GPIO number wanted" % (pin,))
            return
        self.claim(field, pin)
        if use is None or not self._chip_known:
            return
        problems, advice = pins.check(self.chip, self._module, pin, use, pull, self._wifi)
        for text in problems:
            self.say(field, text)
        for text in advice:
            self.warnings.append("%s: %s" % (field, text))

    def claim(self, field, pin):
        if pin in self._used:
            self.say(field, "GPIO %d is used by %s already; each pin can have one use" % (pin, self._used[pin]))
        self._used[pin] = field

    def _check_chip(self):
        if not self.choice("chip", self.chip, sorted(pins.CHIPS)):
            return False
        return self.choice("module", self._module, sorted(pins.CHIPS[self.chip]["modules"]))

    def _check_words(self):
        for field in ("name", "title", "journal"):
            value = self._board.get(field)
            if field in self._board and (not isinstance(value, str) or not value):
                self.say(field, "%r: text wanted" % (value,))
        if "flash_mb" in self._board:
            self.choice("flash_mb", self._board["flash_mb"], FLASHES_MB)
        facts = self._board.get("facts")
        if facts is not None and self.known("facts", facts, FIELDS, FIELDS):
            for field in sorted(facts):
                if self.known("facts." + field, facts[field], _FACT):
                    self.fact("facts." + field, facts[field])

    def _check_inputs(self, inputs):
        if not isinstance(inputs, list) or not 1 <= len(inputs) <= _MOST_INPUTS:
            self.say("inputs", "a list of 1 to %d inputs wanted" % _MOST_INPUTS)
            return
        names = []
        switches = []
        for i, one in enumerate(inputs):
            where = "inputs[%d]" % i
            if self.known(where, one, _INPUT):
                self._check_input(where, one)
                if one.get("name") in names:
                    self.say(where + ".name", "%r is used twice; each input needs its own" % (one.get("name"),))
                names.append(one.get("name"))
                if one.get("kind") == "privacy":
                    switches.append(where)
        if len(switches) > 1:
            self.say(switches[1] + ".kind", "a second privacy switch; one says for the whole flat whether it may be called")

    def _check_input(self, where, one):
        name = one.get("name")
        if not isinstance(name, str) or not 1 <= len(name) <= 24:
            self.say(where + ".name", "%r: text of 1 to 24 characters wanted" % (name,))
        self.choice(where + ".kind", one.get("kind"), KINDS)
        self.choice(where + ".active", one.get("active"), ("low", "high"))
        self.choice(where + ".pull", one.get("pull"), ("none", "up", "down"))
        debounce_ms = one.get("debounce_ms")
        if type(debounce_ms) is not int or not _SHORTEST_DEBOUNCE_MS <= debounce_ms <= _LONGEST_DEBOUNCE_MS:
            self.say(where + ".debounce_ms", "%r: whole ms in %d ... %d wanted, usually 30"
                      % (debounce_ms, _SHORTEST_DEBOUNCE_MS, _LONGEST_DEBOUNCE_MS))
        line = one.get("wiring") == "line"
        if self.choice(where + ".wiring", one.get("wiring"), ("contact", "line")):
            self.pin(where + ".pin", one.get("pin"), "adc" if line else "in", one.get("pull"))
        if line and one.get("kind") in ROLES:
            self.say(where + ".wiring", '"contact" wanted for kind %s: a line raises a call when it breaks' % one.get("kind"))
        if line:
            self._check_line(where + ".line", one.get("line"), one.get("pull"))
        elif one.get("line") is not None:
            self.say(where + ".line", 'null wanted for "wiring": "contact"')
        self.fact(where, one)

    def _check_line(self, where, line, pull):
        before = len(self.problems)
        if pull != "none":
            self.say(where, 'a supervised line has its own pull-up resistor; write "pull": "none"')
        if not self.known(where, line, _LINE):
            return
        for field in _LINE[1:]:
            if type(line.get(field)) is not int or line.get(field) <= 0:
                self.say("%s.%s" % (where, field), "%r: a resistance in ohm above 0 wanted" % (line.get(field),))
        where += ".bands_mv"
        bands = line.get("bands_mv")
        if not self.known(where, bands, BANDS):
            return
        above_mv = -_SMALLEST_GAP_MV
        for name in BANDS:
            if name in bands:
                above_mv = self._check_band("%s.%s" % (where, name), bands[name], above_mv)
        if len(self.problems) == before:
            self._check_divider(where, line)

    def _check_band(self, where, band, above_mv):
        """Complains of one band; returns its upper edge for the next one."""
        if not isinstance(band, list) or len(band) != 2 or type(band[0]) is not int or type(band[1]) is not int:
            self.say(where, "%r: [lowest, highest] in whole mV wanted" % (band,))
            return above_mv
        if not 0 <= band[0] < band[1] <= _HIGHEST_MV:
            self.say(where, "%r: 0 <= lowest < highest <= %d mV wanted" % (band, _HIGHEST_MV))
        if band[0] < above_mv + _SMALLEST_GAP_MV:
            self.say(where, "%r begins less than %d mV above the band before it; bands rise in the order %s with gaps"
                      % (band, _SMALLEST_GAP_MV, ", ".join(BANDS)))
        return band[1]

    def _check_divider(self, where, line):
        """The resistors and the bands must speak of the same line: pulled puts its resistor beside the one at the end."""
        up_ohm, end_ohm, pulled_ohm = line["pull_up_ohm"], line["end_of_line_ohm"], line["pulled_ohm"]
        for name, ohm in (("normal", end_ohm), ("pulled", end_ohm * pulled_ohm // (end_ohm + pulled_ohm))):
            mv = _SUPPLY_MV * ohm // (ohm + up_ohm)
            low_mv, high_mv = line["bands_mv"][name]
            if not low_mv <= mv <= high_mv:
                self.say("%s.%s" % (where, name), "the resistors give %d mV, outside %d ... %d; correct one or the other"
                          % (mv, low_mv, high_mv))

    def _check_light(self, light):
        if self.known("light", light, ("pin", "active") + _FACT):
            self.choice("light.active", light.get("active"), ("low", "high"))
            self.pin("light.pin", light.get("pin"), "out")
            self.fact("light", light)

    def _check_sounder(self, sounder):
        if sounder is None:
            self.warnings.append("sounder: none; who cannot see the light will not know that the call was heard (P2)")
            return
        if not self.known("sounder", sounder, ("kind", "id", "bclk", "ws", "din", "enable") + _FACT):
            return
        self._check_i2s("sounder", sounder, ("bclk", "ws", "din"))
        enable = sounder.get("enable")
        if enable is not None and self.known("sounder.enable", enable, ("pin", "active")):
            self.choice("sounder.enable.active", enable.get("active"), ("low", "high"))
            self.pin("sounder.enable.pin", enable.get("pin"), "out")
        self.fact("sounder", sounder)

    def _check_i2s(self, where, port, outputs):
        self.choice(where + ".kind", port.get("kind"), ("i2s",))
        if type(port.get("id")) is not int or port.get("id") not in (0, 1):
            self.say(where + ".id", "%r: I2S port 0 or 1 wanted" % (port.get("id"),))
        for field in outputs:
            self.pin("%s.%s" % (where, field), port.get(field), "out")

    def _check_microphone(self, microphone, sounder):
        if microphone is None:
            self.warnings.append("microphone: none; calls go out, but nobody can hear the flat")
            return
        if not self.known("microphone", microphone, ("kind", "id", "sck", "ws", "sd", "gain_shift") + _FACT):
            return
        self._check_i2s("microphone", microphone, ("sck", "ws"))
        self.pin("microphone.sd", microphone.get("sd"), "data")
        shift = microphone.get("gain_shift")
        if type(shift) is not int or not 0 <= shift <= _HIGHEST_GAIN_SHIFT:
            self.say("microphone.gain_shift", "%r: 0 ... %d wanted, each 6 dB; 4 for an INMP441" % (shift, _HIGHEST_GAIN_SHIFT))
        if not isinstance(sounder, dict):
            self.say("microphone", "needs a sounder: without its tone somebody could listen unnoticed (P3)")
        elif sounder.get("id") == microphone.get("id"):
            self.say("microphone.id", "port %r is the sounder's; each I2S port goes one way" % (microphone.get("id"),))
        self.fact("microphone", microphone)

    def _check_reserved(self, reserved):
        if not isinstance(reserved, list):
            self.say("reserved", "%r: a list wanted, which may be empty" % (reserved,))
            return
        for i, one in enumerate(reserved):
            where = "reserved[%d]" % i
            if self.known(where, one, ("pin", "use") + _FACT):
                self.pin(where + ".pin", one.get("pin"), None)
                self.fact(where, one)
