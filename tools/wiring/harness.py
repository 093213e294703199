"""Every wire of a unit, from the board file and its product: which pad goes to which terminal of which part."""

from dataclasses import dataclass, field

from firmware.core import pins
from tools.wiring.product import WiringError

CALLS = ("button", "cord", "pendant")
GROUPS = {  # group: (colour of the wire, its light tint, what it is)
    "v5": ("#b3261e", "#fbe3e1", "5 V, battery"),
    "v3": ("#d9730d", "#fdeedd", "3.3 V"),
    "gnd": ("#222222", "#e4e4e4", "ground"),
    "call": ("#0062b1", "#dcebf9", "raises a call"),
    "key": ("#1590b3", "#def2f8", "other keys"),
    "light": ("#c2185b", "#fbe0ea", "light"),
    "sounder": ("#1b7f4d", "#def3e7", "amplifier"),
    "microphone": ("#6f3fa8", "#ece2f7", "microphone"),
    "power": ("#8a6d00", "#f7f0d2", "mains, battery sense"),
    "reset": ("#6d4c41", "#efe6e2", "reset"),
    "network": ("#51616b", "#e3e8eb", "network"),
    "taken": ("#8b8b8b", "#efefef", "leave alone"),
    "free": ("#9a9a9a", "#ffffff", "free"),
}
_RMII = "RMII data, fixed in the chip"


@dataclass(frozen=True)
class Wire:
    """`pin`: GPIO number, or the name of a rail or pad; `part`, `terminal`: what it goes to; `on_board`: nothing to wire."""

    group: str
    part: str
    terminal: str
    pin: object
    source: str
    verified: str
    remark: str = ""
    on_board: bool = False


@dataclass
class Harness:
    """`board`: resolved board file; `product`: as product.load gives it. `wires` in the order of the page."""

    board: dict
    product: dict
    wires: list = field(default_factory=list)

    def __post_init__(self):
        self._places = {}
        for connector in self.product["connectors"]:
            for number, pin in enumerate(connector["pins"], 1):
                self._places.setdefault(pin, []).append((connector, number))
        self._wire_inputs()
        self._wire_part("light", {"LED": "pin"}, self.board["light"], "light")
        self._wire_sound()
        self._wire_power()
        self._wire_network()
        self._wire_supervisor()
        for one in self.board["reserved"]:
            self._add("taken", "the board itself", one["use"], one["pin"], one, on_board=True)
        self._complain()

    # --- what the drawing and the page ask

    @property
    def name(self):
        return self.board["name"]

    def of(self, part):
        return [wire for wire in self.wires if wire.part == part]

    def at(self, pin):
        """Wires at a pin or rail."""
        return [wire for wire in self.wires if wire.pin == pin]

    def place(self, pin):
        """Pad of a pin in words: "EXT2-9", or what is printed beside it, "pad 17", "SCK"; its own name if it is on none."""
        if pin not in self._places:
            return "on the board" if isinstance(pin, int) else str(pin)
        connector, number = self._places[pin][0]
        if connector.get("numbered", True):
            return f"{connector['name']}-{number}"
        printed = connector["printed"].get(str(pin), str(pin))
        return f"pad {printed}" if printed.isdigit() else printed

    def led_out(self, pin):
        return pin in self._places

    def supply(self, use):
        """Rail for `use`: logic, amplifier, reset, mains, battery."""
        return self.product["rails"][use]

    def group_of_rail(self, rail):
        return "gnd" if rail == "GND" else "v3" if rail == self.supply("logic") else "v5"

    def use_of(self, pin):
        """(group, words) for the drawing of the board: what this pad is for."""
        found = self.at(pin)
        if pin == "GND":
            return "gnd", "ground of all parts"
        if found:
            group = self.group_of_rail(pin) if found[0].group == "rail" else found[0].group
            parts = list(dict.fromkeys(wire.part for wire in found))
            words = ", ".join(parts) if len(found) > 1 or not isinstance(pin, int) else f"{found[0].part}: {found[0].terminal}"
            return group, words
        if not isinstance(pin, int):
            return "taken", "leave free"
        rules = pins.CHIPS[self.board["chip"]]
        refused = {**rules["refuse"], **rules["modules"][self.board["module"]]}
        if pin in refused:
            words = refused[pin]
            return "taken", "console, USB" if "console" in words else "flash of the module" if "flash chip" in words else "PSRAM"
        return "free", "free (strapping)" if pin in rules["warn"] else "free"

    # --- how the wires come about

    def _add(self, group, part, terminal, pin, fact, remark="", on_board=False):
        self.wires.append(Wire(group, part, terminal, pin, fact["source"], fact["verified"], remark, on_board))

    def _ground_and_supply(self, part, terminals):
        """Rails of a part. Source: the pads, as the connector says; that a part goes there is proposed."""
        for terminal, rail in terminals.items():
            self._add("rail", part, terminal, rail, {"source": "docs/boards.md, wiring", "verified": "proposed"})

    def _wire_inputs(self):
        for one in self.board["inputs"]:
            group = "call" if one["kind"] in CALLS else "key"
            if one["wiring"] == "line":
                remark = f"{ohms(one['line']['pull_up_ohm'])} to 3.3 V and 100 nF to ground at the unit; ends in the last switch"
                self._add(group, one["name"], "line", one["pin"], one, remark)
                self._ground_and_supply(one["name"], {"pull-up": self.supply("logic"), "return": "GND"})
                continue
            beside = self.product["beside"].get(one["name"])
            pull = {"up": "pull-up in the chip", "down": "pull-down in the chip", "none": "pull resistor outside"}[one["pull"]]
            self._add(group, one["name"], "contact", one["pin"], one, f"{pull}; {beside}" if beside else pull)
            self._ground_and_supply(one["name"], {"return": "GND" if one["active"] == "low" else self.supply("logic")})

    def _wire_part(self, part, terminals, fact, group):
        for terminal, name in terminals.items():
            self._add(group, part, terminal, fact[name], fact)

    def _wire_sound(self):
        self._ground_and_supply("light", {"-": "GND" if self.board["light"]["active"] == "high" else self.supply("logic")})
        sounder, microphone = self.board.get("sounder"), self.board.get("microphone")
        if sounder:
            self._ground_and_supply("amplifier", {"VIN": self.supply("amplifier"), "GND": "GND"})
            if sounder["enable"]:
                self._add("sounder", "amplifier", "SD", sounder["enable"]["pin"], sounder, "100 kOhm to ground")
            self._wire_part("amplifier", {"DIN": "din", "BCLK": "bclk", "LRC": "ws"}, sounder, "sounder")
        if microphone:
            self._ground_and_supply("microphone", {"VDD": self.supply("logic"), "GND": "GND", "L/R": "GND"})
            self._wire_part("microphone", {"SCK": "sck", "WS": "ws", "SD": "sd"}, microphone, "microphone")

    def _wire_power(self):
        power = self.board.get("power") or {}
        for sense in ("mains", "battery"):
            fact = power.get(sense)
            if not fact:
                continue
            own = self.product["on_board"].get(f"power.{sense}")
            self._add("power", f"{sense} sense", "on the board" if own else "divider", fact["pin"], fact, own or "", bool(own))
            if not own:
                if sense not in self.product["rails"]:
                    raise WiringError(f"{self.name}: rails.{sense} missing in its product; where is the {sense} sense wired to?")
                self._ground_and_supply(f"{sense} sense", {"from": self.supply(sense), "return": "GND"})

    def _wire_network(self):
        ethernet, cellular = self.board.get("ethernet"), self.board.get("cellular")
        if ethernet:
            for name in ("mdc", "mdio", "power", "ref_clk"):
                if ethernet[name] is not None:
                    self._add("network", "Ethernet", name.upper(), ethernet[name], ethernet, on_board=True)
            fixed = pins.CHIPS[self.board["chip"]]["rmii"]["fixed"]
            for pin, name in sorted(fixed.items()):
                self._add("network", "Ethernet", name, pin, ethernet, _RMII, True)
        if cellular:
            for name in ("tx", "rx", "pwrkey", "dtr", "ri", "flight", "status"):
                if cellular[name] is not None:
                    self._add("network", "modem", name.upper(), cellular[name], cellular, on_board=True)

    def _wire_supervisor(self):
        if self.board["chip"] == "esp32s3":
            self._ground_and_supply("supervisor", {"VDD": self.supply("logic"), "GND": "GND"})
            fact = {"source": "docs/boards.md, wiring", "verified": "proposed"}
            self._add("reset", "supervisor", "RESET", self.supply("reset"), fact, "2.9 V, open drain")

    def _complain(self):
        for wire in self.wires:
            if isinstance(wire.pin, int) and not wire.on_board and not self.led_out(wire.pin):
                raise WiringError(f"{self.name}: {wire.part} {wire.terminal} wants GPIO {wire.pin}, which is on no connector of "
                                  f"{self.product['product']}; choose another pin in its board file")


def ohms(value, unit="Ohm"):
    """4700 as "4.7 kOhm"."""
    return f"{value / 1000:g} k{unit}" if value >= 1000 else f"{value} {unit}"
