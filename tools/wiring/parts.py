"""What to buy for one unit on one board: (count, what, for what)."""

from tools.wiring.harness import ohms

_CONTACTS = {
    "button": "push-button, makes, for the wall", "cord": "ceiling pull switch, makes", "answer": "push-button, makes",
    "pendant": "pendant receiver with a relay that makes", "privacy": "switch that stays", "reset": "key switch, makes",
}
_EACH_CORD = "one a cord"


def bill(harness):
    """Rows in the order in which one wires."""
    board = harness.board
    rows = [(1, harness.product["product"], "the unit")]
    capacity = _capacity(board)
    rows += [(part["count"], part["what"].format(capacity_mah=capacity), part["for"]) for part in harness.product["parts"]]
    for one in board["inputs"]:
        rows += _line(one) if one["wiring"] == "line" else _contact(one)
    rows += [(1, "red LED, bright at 6 mA", "light"), (1, "resistor 220 Ohm", "light, in series")]
    rows += _sound(board)
    rows += _senses(harness)
    if board["chip"] == "esp32s3":
        rows += [(1, "voltage supervisor 2.9 V, open drain, for instance TLV803S", "starts the chip again after brown-outs"),
                 (1, "capacitor 100 nF", "supervisor, across VDD and GND")]
    return rows


def _capacity(board):
    battery = (board.get("power") or {}).get("battery") or {}
    return f"{battery.get('capacity_mah') or 2000:,}"


def _contact(one):
    rows = [(_EACH_CORD if one["kind"] == "cord" else 1, _CONTACTS[one["kind"]], one["name"])]
    if one["kind"] == "cord":
        rows += [(1, "resistor 10 kOhm", f"{one['name']}: pad to 3.3 V, for cables of more than a few metres"),
                 (1, "capacitor 100 nF", f"{one['name']}: pad to ground, likewise")]
    return rows


def _line(one):
    line, name = one["line"], one["name"]
    return [(_EACH_CORD, "ceiling pull switch, makes", name),
            (_EACH_CORD, f"resistor {ohms(line['pulled_ohm'])}, 1 %", f"{name}: in series with the contact, in each switch"),
            (1, f"resistor {ohms(line['end_of_line_ohm'])}, 1 %", f"{name}: end of line, across the wires in the last switch"),
            (1, f"resistor {ohms(line['pull_up_ohm'])}, 1 %", f"{name}: in the unit, pad to 3.3 V"),
            (1, "capacitor 100 nF", f"{name}: in the unit, pad to ground")]


def _sound(board):
    rows = []
    if board.get("sounder"):
        rows += [(1, "MAX98357A module", "amplifier"), (1, "loudspeaker 8 Ohm, 1 W", "tones, messages, speech"),
                 (1, "capacitor 220 uF, 10 V", "amplifier, across VIN and GND")]
        if board["sounder"]["enable"]:
            rows.append((1, "resistor 100 kOhm", "amplifier, SD to ground"))
    if board.get("microphone"):
        rows.append((1, "INMP441 module", "microphone"))
    return rows


def _senses(harness):
    rows = []
    for wire in harness.wires:
        if wire.group == "power" and not wire.on_board:
            upper, lower = ("22 kOhm", "33 kOhm") if wire.part.startswith("mains") else ("100 kOhm", "100 kOhm")
            rows += [(1, f"resistor {upper}, 1 %", f"{wire.part}: from {harness.supply(wire.part.split()[0])} to the pad"),
                     (1, f"resistor {lower}, 1 %", f"{wire.part}: pad to ground"),
                     (1, "capacitor 100 nF", f"{wire.part}: pad to ground")]
    return rows
