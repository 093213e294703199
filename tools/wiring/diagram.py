"""The whole drawing: title, the board with its pads, what the colours mean, and a panel for each part."""

from tools.wiring import panels
from tools.wiring.harness import GROUPS
from tools.wiring.svg import INK, Canvas, width_of

WIDTH = 1000
_MARGIN, _GAP = 12, 12
_ROW = 22
_BOARD_X, _BOARD_W = 392, 216
_VERIFIED = {"measured": "measured", "schematic": "read in circuit diagrams", "vendor-code": "read in makers' sources",
             "proposed": "proposed, tried by nobody"}


def draw(harness):
    """(SVG text, the Canvas that it was drawn on) of a board."""
    canvas = Canvas()
    y = _title(canvas, harness)
    y = _board(canvas.moved(0, y), harness) + y + 14
    y = _legend(canvas.moved(0, y), harness) + y + 12
    y = _panels(canvas, harness, y)
    canvas.text(_MARGIN, y + 12, f"Made from board_configs/{harness.name}.json by python -m tools.wiring", 9.5, "#6a6a6a")
    canvas.frame(0, 0, WIDTH, y + 24)
    return canvas.finished(WIDTH, y + 24, f"Wiring of {harness.name}"), canvas


def _title(canvas, harness):
    canvas.text(_MARGIN, 30, harness.name, 20, bold=True)
    canvas.text(_MARGIN, 50, harness.product["product"], 12)
    count = {}
    for wire in harness.wires:
        if wire.group != "rail":
            count[wire.verified] = count.get(wire.verified, 0) + 1
    told = "; ".join(f"{count[mark]} {words}" for mark, words in _VERIFIED.items() if mark in count)
    canvas.text(_MARGIN, 67, f"Pins: {told}.", 10.5, "#555555")
    return 82


def _rows(connector):
    """[(row, number, pin)] from the top."""
    numbered = list(enumerate(connector["pins"], 1))
    if connector.get("last_first"):
        numbered.reverse()
    return [(connector["first_row"] + i, number, pin) for i, (number, pin) in enumerate(numbered)]


def _board(canvas, harness):
    connectors = harness.product["connectors"]
    rows = max(row for connector in connectors for row, _, _ in _rows(connector)) + 1
    high = rows * _ROW + 34
    canvas.box(_BOARD_X, 0, _BOARD_W, high, "#e9eef0", "#51616b", 10, 2)
    down = high / 2 + width_of(harness.name, 10.5, True) / 2
    canvas.text(_BOARD_X + _BOARD_W / 2 + 4, down, harness.name, 10.5, "#51616b", True, turned=True)
    for connector in connectors:
        _connector(canvas, harness, connector)
    canvas.text(WIDTH / 2, high + 17, harness.product["faces"] + ".", 10, "#555555", anchor="middle")
    return high + 20


def _connector(canvas, harness, connector):
    left = connector["side"] == "left"
    edge = _BOARD_X if left else _BOARD_X + _BOARD_W
    inner = 1 if left else -1
    if connector.get("numbered", True):
        canvas.text(edge + inner * 12, 16, connector["name"], 11, bold=True, anchor="start" if left else "end")
    for row, number, pin in _rows(connector):
        y = 34 + row * _ROW
        group, words = harness.use_of(pin)
        colour = GROUPS[group][0]
        quiet = group in ("free", "taken")
        canvas.dot(edge + inner * 16, y, 8.5, "#ffffff" if quiet else colour, colour)
        if connector.get("numbered", True):
            canvas.text(edge + inner * 16, y + 3.5, str(number), 9.5, "#555555" if quiet else "#ffffff", not quiet, "middle")
        printed = connector["printed"].get(str(pin), str(pin))
        canvas.text(edge + inner * 30, y + 4, printed, 10.5, anchor="start" if left else "end")
        _pill(canvas, edge, -inner, y, pin, group, words)


def _pill(canvas, edge, outward, y, pin, group, words):
    colour, tint, _ = GROUPS[group]
    quiet, wide = group in ("free", "taken"), 68
    x = edge + outward * 12 - (wide if outward < 0 else 0)
    canvas.line([(edge, y), (edge + outward * 12, y)], colour, 1 if quiet else 2.2)
    canvas.box(x, y - 9, wide, 18, tint, colour, 4, 1 if quiet else 1.6, "3 3" if group == "taken" else None)
    name = f"GPIO {pin}" if isinstance(pin, int) else pin
    canvas.text(x + wide / 2, y + 4, name, 10.5, "#666666" if quiet else INK, not quiet, "middle")
    anchor = "start" if outward > 0 else "end"
    canvas.text(edge + outward * (wide + 20), y + 4, words, 11, "#777777" if quiet else INK, anchor=anchor)


def _legend(canvas, harness):
    shown = {harness.use_of(pin)[0] for connector in harness.product["connectors"] for pin in connector["pins"]}
    shown |= {wire.group for wire in harness.wires}
    entries = [(group, GROUPS[group]) for group in GROUPS if group in shown]
    sizes = [26 + width_of(words, 10) + 11 for _, (_, _, words) in entries]
    x, y = _MARGIN, 8
    for (group, (colour, tint, words)), size in zip(entries, sizes, strict=True):
        if x + size > WIDTH - _MARGIN:
            x, y = _MARGIN, y + 20
        fill, dash = tint if group in ("free", "taken") else colour, "3 3" if group == "taken" else None
        canvas.box(x, y - 8, 20, 14, fill, colour, 3, 1.2, dash)
        canvas.text(x + 26, y + 4, words, 10)
        x += size
    return y + 8


def _panels(canvas, harness, y):
    """Wide ones first, then two columns, always into the shorter one."""
    high = panels.lines(canvas.moved(_MARGIN, y), harness)
    y += high + _GAP if high else 0
    columns = [y, y]
    for panel in (panels.contacts, panels.amplifier, panels.microphone, panels.senses, panels.light, panels.supply,
                  panels.network, panels.supervisor):
        which = 0 if columns[0] <= columns[1] else 1
        high = panel(canvas.moved(_MARGIN + which * (panels.WIDE + _GAP), columns[which]), harness)
        columns[which] += high + _GAP if high else 0
    return max(columns)
