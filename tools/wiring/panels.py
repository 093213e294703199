"""Panels of the drawing, one for each part: how it is wired to its pads. Each draws from 0, 0 and returns the height it needs."""

from tools.wiring import symbols
from tools.wiring.harness import CALLS, GROUPS, ohms
from tools.wiring.svg import INK

WIDE, FULL = 482, 976
_HEAD = 26
_END_X = 870  # of the supervised line: where its end-of-line resistor is
_KIND = {"button": "button, raises a call", "cord": "pull cord, raises a call", "answer": "answer button",
         "pendant": "relay of the pendant receiver, raises a call", "reset": "reset key, ends a received call"}
_PRIVACY = {"low": "closed", "high": "open"}
_BEARERS = {"ethernet": "Ethernet", "wifi": "Wi-Fi", "cellular": "mobile network"}


def head(canvas, wide, high, title, group):
    """Frame and title; drawn first, beneath the rest."""
    colour, tint, _ = GROUPS[group]
    canvas.frame(0, 0, wide, high)
    canvas.box(0, 0, wide, high, "#ffffff", colour, 6, 1.4)
    canvas.box(0, 0, wide, _HEAD - 4, tint, colour, 6, 1.4)
    canvas.text(12, 15.5, title, 12, bold=True)


def _end(canvas, x, y, harness, rail):
    """Wire to a rail, whose tag stands at the right edge."""
    group = harness.group_of_rail(rail)
    left = WIDE - 12 - symbols.RAIL_W
    canvas.line([(x, y), (left, y)], GROUPS[group][0], 2)
    symbols.tag(canvas, left, y, harness, rail, group)


def contacts(canvas, harness):
    """All plain contacts, one below the other."""
    inputs = [one for one in harness.board["inputs"] if one["wiring"] == "contact"]
    if not inputs:
        return 0
    high = _HEAD + 62 * len(inputs) + 42
    head(canvas, WIDE, high, "Contacts", "call" if any(one["kind"] in CALLS for one in inputs) else "key")
    for i, one in enumerate(inputs):
        _contact(canvas.moved(0, _HEAD + 62 * i), harness, one)
    note = "A contact is not supervised: nobody notices a broken wire until the next test."
    if any(one["kind"] == "cord" for one in inputs):
        note = "Cord cable longer than a few metres: 10 kΩ to 3.3 V and 100 nF to ground at the pad. " + note
    canvas.words_below(12, high - 27, note, 10, WIDE - 24)
    return high


def _contact(canvas, harness, one):
    group = "call" if one["kind"] in CALLS else "key"
    wire = harness.of(one["name"])[0]
    canvas.text(12, 17, one["name"], 11, bold=True)
    canvas.text(symbols.TAG_W + 24, 17, harness.product["beside"].get(one["name"]) or _kind(one), 10)
    canvas.line([(12 + symbols.TAG_W, 38), (250, 38)], GROUPS[group][0], 2)
    symbols.tag(canvas, 12, 38, harness, wire.pin, group)
    symbols.contact(canvas, 250, 38, 56)
    _end(canvas, 306, 38, harness, "GND" if one["active"] == "low" else harness.supply("logic"))


def _kind(one):
    if one["kind"] == "privacy":
        return f"privacy switch, stays {_PRIVACY[one['active']]} while privacy is wanted"
    return _KIND[one["kind"]]


def lines(canvas, harness):
    """Supervised lines, over the whole width."""
    y = 0
    for one in harness.board["inputs"]:
        if one["wiring"] == "line":
            _line(canvas.moved(0, y), harness, one)
            y += 322
    return y - 12 if y else 0


def _line(canvas, harness, one):
    colour = GROUPS["call"][0]
    line = one["line"]
    title = f"{one['name']}: supervised line for pull cords (raises a call); it ends in the last ceiling switch"
    head(canvas, FULL, 310, title, "call")
    top, bottom = 112, 196
    canvas.text(14, 44, "In the unit", 11, bold=True)
    canvas.box(10, 50, 372, 164, "none", "#9a9a9a", 5, 1.2, "5 4")
    logic = harness.supply("logic")
    v3 = harness.group_of_rail(logic)
    symbols.tag(canvas, 18, 66, harness, logic, v3)
    canvas.line([(18 + symbols.RAIL_W, 66), (200, 66)], GROUPS[v3][0], 2)
    symbols.resistor(canvas, 200, 66, top - 66, True, _ohm(line["pull_up_ohm"]))
    symbols.tag(canvas, 18, top, harness, one["pin"], "call")
    canvas.line([(18 + symbols.TAG_W, top), (_END_X, top)], colour, 2)
    symbols.tag(canvas, 18, bottom, harness, "GND", "gnd")
    canvas.line([(18 + symbols.RAIL_W, bottom), (_END_X, bottom)], GROUPS["gnd"][0], 2)
    symbols.capacitor(canvas, 300, top, bottom - top, "100 nF")
    canvas.dot(200, top)
    canvas.dot(300, top)
    canvas.dot(300, bottom)
    _cable(canvas, top, bottom, colour)
    _switch(canvas, 560, top, bottom, line, "Each further cord", None)
    _switch(canvas, 740, top, bottom, line, "Last cord on the line", line["end_of_line_ohm"])
    _voltages(canvas.moved(0, 226), line)


def _cable(canvas, top, bottom, colour):
    for y, shade in ((top, colour), (bottom, GROUPS["gnd"][0])):
        canvas.dot(382, y, 4, "#ffffff", shade)
    canvas.box(412, top - 14, 108, bottom - top + 28, "#f5f7f8", "#9a9a9a", 14)
    canvas.line([(412, top), (520, top)], colour, 2)
    canvas.line([(412, bottom), (520, bottom)], GROUPS["gnd"][0], 2)
    canvas.text(466, (top + bottom) / 2 - 2, "cable, one", 10.5, anchor="middle")
    canvas.text(466, (top + bottom) / 2 + 12, "twisted pair", 10.5, anchor="middle")


def _switch(canvas, x, top, bottom, line, title, end_ohm):
    """A ceiling switch between the two wires; the last one has the end-of-line resistor across it."""
    wide = 220 if end_ohm else 150
    canvas.text(x, 44, title, 11, bold=True)
    canvas.box(x - 6, 50, wide, 164, "none", "#9a9a9a", 5, 1.2, "5 4")
    canvas.text(x + 4, 70, "ceiling switch", 10)
    pull = x + 34
    canvas.dot(pull, top)
    canvas.dot(pull, bottom)
    symbols.contact(canvas, pull, top, 40, True)
    symbols.resistor(canvas, pull, top + 40, bottom - top - 40, True, _ohm(line["pulled_ohm"]))
    canvas.text(pull + 9, top + 24, "pulled", 10)
    if end_ohm:
        end = _END_X
        canvas.dot(end, top)
        canvas.dot(end, bottom)
        symbols.resistor(canvas, end, top, bottom - top, True, _ohm(end_ohm))
        canvas.text(end + 9, top + 24, "end of line", 10, GROUPS["call"][0], True)
        canvas.text(x + 4, 84, "both resistors in here, not in the unit", 10)


def _voltages(canvas, line):
    """What a meter shows: at the pad with all wired, and across the cable with the unit off and the cable taken off."""
    up, end, pulled = line["pull_up_ohm"], line["end_of_line_ohm"], line["pulled_ohm"]
    both = end * pulled / (end + pulled)
    rows = (("at rest", end, "normal"), ("pulled", both, "pulled"), ("cable broken", None, "open"), ("cable shorted", 0, "short"))
    canvas.text(14, 12, "What a meter shows", 11, bold=True)
    canvas.text(14, 30, "volts, pad to ground", 10)
    canvas.text(14, 46, "the unit takes for it", 10)
    canvas.text(14, 62, "ohms, cable taken off", 10)
    for i, (title, ohm, band) in enumerate(rows):
        x = 190 + i * 196
        volts = 3.3 if ohm is None else 3.3 * ohm / (ohm + up)
        low, high = line["bands_mv"][band]
        canvas.text(x, 12, title, 11, bold=True)
        canvas.text(x, 30, f"{volts:.2f} V", 10.5)
        canvas.text(x, 46, f"{low / 1000:.2f} to {high / 1000:.2f} V", 10)
        canvas.text(x, 62, "open" if ohm is None else f"{ohm / 1000:.2g} kΩ" if ohm else "0 Ω", 10.5)


def light(canvas, harness):
    high = _HEAD + 62
    head(canvas, WIDE, high, "Red light", "light")
    fact = harness.board["light"]
    y, on_high = _HEAD + 32, fact["active"] == "high"
    canvas.line([(12 + symbols.TAG_W, y), (190, y)], GROUPS["light"][0], 2)
    symbols.tag(canvas, 12, y, harness, fact["pin"], "light")
    symbols.resistor(canvas, 190, y, 48, label="220 Ω")
    symbols.led(canvas, 238, y, "#d40000", leftwards=not on_high)
    _end(canvas, 282, y, harness, "GND" if on_high else harness.supply("logic"))
    canvas.text(252, y + 24, "red LED, 6 mA" if on_high else "red LED, cathode to the resistor", 10)
    return high


def amplifier(canvas, harness):
    wires = {wire.terminal: wire for wire in harness.of("amplifier")}
    terminals = [name for name in ("VIN", "GND", "SD", "DIN", "BCLK", "LRC") if name in wires] + ["GAIN"]
    pitch = 30
    high = _HEAD + pitch * len(terminals) + 22
    head(canvas, WIDE, high, "Amplifier and loudspeaker", "sounder")
    at = symbols.module(canvas, 250, _HEAD + 24, 152, terminals, pitch, "MAX98357A", "module")
    for name, wire in wires.items():
        _to_module(canvas, harness, wire, at[name], 250)
    canvas.text(238, at["GAIN"] + 4, "GAIN stays open: 9 dB", 10, anchor="end")
    symbols.capacitor(canvas, 224, at["VIN"], pitch)
    canvas.text(210, at["VIN"] + pitch / 2 + 4, "220 µF", 10, anchor="end")
    canvas.dot(224, at["VIN"])
    canvas.dot(224, at["GND"])
    if "SD" in at:
        symbols.resistor(canvas, 224, at["GND"], pitch, True)
        canvas.text(210, at["GND"] + pitch / 2 + 4, "100 kΩ", 10, anchor="end")
        canvas.dot(224, at["SD"])
    y = _HEAD + 74
    canvas.line([(402, y - 7), (426, y - 7)])
    canvas.line([(402, y + 7), (426, y + 7)])
    symbols.loudspeaker(canvas, 426, y)
    canvas.text(448, y + 42, "8 Ω, 1 W", 10, anchor="middle")
    return high


def _to_module(canvas, harness, wire, y, right):
    rail = not isinstance(wire.pin, int)
    group = harness.group_of_rail(wire.pin) if rail else wire.group
    wide = symbols.RAIL_W if rail else symbols.TAG_W
    canvas.line([(12 + wide, y), (right + 9, y)], GROUPS[group][0], 2)
    canvas.dot(right + 9, y, 3.4, "#ffffff", INK)
    symbols.tag(canvas, 12, y, harness, wire.pin, group)


def microphone(canvas, harness):
    wires = {wire.terminal: wire for wire in harness.of("microphone")}
    if not wires:
        return 0
    terminals = ["VDD", "GND", "L/R", "SCK", "WS", "SD"]
    pitch = 30
    high = _HEAD + pitch * len(terminals) + 22
    head(canvas, WIDE, high, "Microphone", "microphone")
    at = symbols.module(canvas, 262, _HEAD + 24, 128, terminals, pitch, "INMP441", "module")
    for name, wire in wires.items():
        if name != "L/R":
            _to_module(canvas, harness, wire, at[name], 262)
    canvas.line([(236, at["GND"]), (236, at["L/R"]), (271, at["L/R"])], GROUPS["gnd"][0], 2)
    canvas.dot(236, at["GND"])
    canvas.dot(271, at["L/R"], 3.4, "#ffffff", INK)
    for i, words in enumerate(("wires", "below", "10 cm")):
        canvas.text(436, _HEAD + 76 + 14 * i, words, 10, anchor="middle")
    return high


def senses(canvas, harness):
    """Mains and battery: dividers to wire, or a word that the board has them."""
    wired = [wire for wire in harness.wires if wire.group == "power"]
    if not wired:
        return 0
    heights = [40 if wire.on_board else 118 for wire in wired]
    high = _HEAD + sum(heights) + 6
    head(canvas, WIDE, high, "Sense of mains and battery", "power")
    y = _HEAD
    for wire, one in zip(wired, heights, strict=True):
        if wire.on_board:
            canvas.text(12, y + 14, wire.part, 11, bold=True)
            own = wire.remark.replace("Ohm", "Ω")
            canvas.text(12, y + 30, f"GPIO {wire.pin}, on the board: {own}. Nothing to wire.", 10)
        else:
            _divider(canvas.moved(0, y), harness, wire)
        y += one
    return high


def _divider(canvas, harness, wire):
    what = wire.part.split()[0]
    upper, lower = ("22 kΩ", "33 kΩ") if what == "mains" else ("100 kΩ", "100 kΩ")
    rail = harness.supply(what)
    group = harness.group_of_rail(rail)
    canvas.text(12, 14, wire.part, 11, bold=True)
    where = "before the diode or switch that joins both" if what == "mains" else "at the cell's plus, always joined"
    canvas.text(150, 14, where, 10)
    canvas.line([(12 + symbols.RAIL_W, 38), (190, 38)], GROUPS[group][0], 2)
    symbols.tag(canvas, 12, 38, harness, rail, group)
    symbols.resistor(canvas, 190, 38, 48, label=upper)
    node, right = 262, WIDE - 12 - symbols.TAG_W
    canvas.line([(238, 38), (right, 38)], GROUPS["power"][0], 2)
    symbols.tag(canvas, right, 38, harness, wire.pin, "power")
    symbols.resistor(canvas, node, 38, 54, True, lower, True)
    symbols.capacitor(canvas, node + 40, 38, 54, "100 nF")
    canvas.dot(node, 38)
    canvas.dot(node + 40, 38)
    canvas.line([(12 + symbols.RAIL_W, 92), (node + 40, 92)], GROUPS["gnd"][0], 2)
    canvas.dot(node, 92)
    symbols.tag(canvas, 12, 92, harness, "GND", "gnd")


def supervisor(canvas, harness):
    """For an ESP32-S3, which can stay halted after brown-outs."""
    if harness.board["chip"] != "esp32s3":
        return 0
    high = _HEAD + 138
    head(canvas, WIDE, high, "Voltage supervisor: an ESP32-S3 can stay halted after brown-outs", "reset")
    at = symbols.module(canvas, 262, _HEAD + 24, 190, ["VDD", "GND", "RESET"], 30, "2.9 V", "open drain")
    for name, rail in (("VDD", harness.supply("logic")), ("GND", "GND"), ("RESET", harness.supply("reset"))):
        group = "reset" if name == "RESET" else harness.group_of_rail(rail)
        canvas.line([(12 + symbols.RAIL_W, at[name]), (271, at[name])], GROUPS[group][0], 2)
        canvas.dot(271, at[name], 3.4, "#ffffff", INK)
        symbols.tag(canvas, 12, at[name], harness, rail, group)
    symbols.capacitor(canvas, 236, at["VDD"], 30)
    canvas.text(222, at["VDD"] + 19, "100 nF", 10, anchor="end")
    canvas.dot(236, at["VDD"])
    canvas.dot(236, at["GND"])
    canvas.text(12, high - 10, "Proposed: 2.9 V, output open drain, for instance a TLV803S.", 10)
    return high


def words(canvas, title, group, texts):
    """A panel of sentences."""
    probe = type(canvas)()
    y = _HEAD + 14
    for text in texts:
        y = probe.words_below(24, y, text, 10.5, WIDE - 36) + 3
    high = y - 4
    head(canvas, WIDE, high, title, group)
    y = _HEAD + 14
    for text in texts:
        canvas.dot(15, y - 4, 2.4, GROUPS[group][0])
        y = canvas.words_below(24, y, text, 10.5, WIDE - 36) + 3
    return high


def supply(canvas, harness):
    return words(canvas, "Supply", "v5", harness.product["supply"])


def network(canvas, harness):
    order = ", then ".join(_BEARERS[one] for one in harness.board["bearers"])
    texts = [f"In this order: {order}."] if len(harness.board["bearers"]) > 1 else []
    taken = {part: ", ".join(f"{wire.pin} {wire.terminal}" for wire in harness.of(part)) for part in ("Ethernet", "modem")}
    texts += harness.product["network"]
    texts += [f"{part}, GPIO: {pins}. Nothing else goes on these." for part, pins in taken.items() if pins]
    return words(canvas, "Ways to the network", "network", texts)


def _ohm(value):
    return ohms(value, "Ω")
