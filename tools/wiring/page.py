"""A board's page, docs/boards/NAME.md: parts, every wire with its source, the cord line, notes."""

from firmware.core import board as rules
from tools.wiring.harness import ohms
from tools.wiring.parts import bill

_NAMES = {"ethernet": "Ethernet", "wifi": "Wi-Fi", "cellular": "the mobile network"}
_S3 = ("An ESP32-S3 can stay halted after a row of brown-outs, and the watchdog does not help then. Where nobody can get at the "
       "unit within hours, wire the supervisor of the drawing: it holds the chip's EN low below 2.9 V and starts it cleanly "
       "(proposed; tried by nobody).")
_NO_LINE = """## Cord line

This board has no pin left for a supervised line. Cords are plain contacts, all in parallel across the same two wires: a wire that
is off looks like a cord at rest, and nobody notices until the next test. Where that will not do, take a board with a supervised
line."""
_CHECK = """## Before it goes on the wall

- `python -m tools.boards {name}` says whether the board file can be used as it is.
- With the supply off: no short between 3.3 V and ground.{line}
- With the supply on: the cell's voltage by a meter against the `mv` of the unit's health report; the difference is `trim_mv`.
- Then the walk test ([testing.md](../testing.md)): each cord pulled, released and received."""


def page(harness):
    """Text of the page."""
    supervised = [one for one in harness.board["inputs"] if one["wiring"] == "line"]
    sections = [_top(harness), _parts(harness), _wires(harness), _on_board(harness)]
    sections += [_line(harness, one) for one in supervised] or [_NO_LINE]
    sections += [_supply(harness), _network(harness), _notes(harness)]
    line = " The cord line gives the ohms of the table at rest, and with each cord pulled." if supervised else ""
    sections += [_CHECK.format(name=harness.name, line=line), _facts(harness)]
    return "\n\n".join(section for section in sections if section) + "\n"


def _table(head, rows):
    text = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(text + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows])


def _top(harness):
    facts = [wire.verified for wire in harness.wires if wire.group != "rail"]
    marks = ", ".join(f"{facts.count(mark)} `{mark}`" for mark in reversed(rules.VERIFIED) if mark in facts)
    warn = "" if "measured" in facts else " **Nobody has measured any of it on a board yet.**"
    return (f"# {harness.name}\n\n<!-- Made by `python -m tools.wiring --write` from board_configs/{harness.name}.json and "
            f"tools/wiring/products/. Change those, not this. -->\n\n{harness.board['title']}.\n\n"
            f"Pins by how far they were checked: {marks} ([what that means](../boards.md)).{warn}\n\n"
            f"![Wiring of {harness.name}]({harness.name}.svg)")


def _parts(harness):
    return "## Bill of materials\n\nFor one unit.\n\n" + _table(("number", "part", "for"), bill(harness))


def _wires(harness):
    rows = []
    for wire in harness.wires:
        if not wire.on_board:
            chip = f"GPIO {wire.pin}" if isinstance(wire.pin, int) else wire.pin
            goes = f"{wire.part}: {wire.terminal}" + (f" ({wire.remark})" if wire.remark else "")
            rows.append((goes, chip, harness.place(wire.pin), wire.verified, wire.source))
    return ("## Wiring\n\nEvery wire that is to be made. Any ground pad will do.\n\n"
            + _table(("part: terminal", "chip", "pad", "verified", "source"), rows))


def _on_board(harness):
    """What has its wires on the board, a row for each part."""
    parts = {}
    for wire in harness.wires:
        if wire.on_board:
            parts.setdefault((wire.part, wire.verified, wire.source), []).append(wire)
    rows = []
    for (part, verified, source), wires in parts.items():
        uses = [f"{wire.pin} {wire.remark if wire.group == 'power' else wire.terminal}" for wire in wires]
        rows.append((part, ", ".join(uses), verified, source))
    return rows and ("## On the board already\n\nNothing to wire, and nothing else may go to these pins.\n\n"
                     + _table(("part", "GPIO", "verified", "source"), rows))


def _line(harness, one):
    line = one["line"]
    up, end, pulled = (ohms(line[name]) for name in ("pull_up_ohm", "end_of_line_ohm", "pulled_ohm"))
    count = pulled_at_once(line)
    together = "Two cords" if count == 1 else f"More than {count} cords"
    return f"""## Cord line `{one['name']}`, with end-of-line resistor

- In the unit: {up} from {harness.place(one['pin'])} (GPIO {one['pin']}) to 3.3 V, 100 nF from it to ground.
- One twisted pair from the unit to the first ceiling switch and on to the next; all cords lie across the same two wires.
- In each ceiling switch: {pulled} in series with the contact.
- In the **last** ceiling switch alone: {end} across the two wires. In the unit it would supervise nothing.
- {together} pulled at the same time read as a fault; the call is up already by then.

""" + _table(("condition", "ohms of the cable, taken off the unit", "volts at the pad", "the unit takes for it", "what follows"),
             _conditions(line))


def _conditions(line):
    up, end, pulled = line["pull_up_ohm"], line["end_of_line_ohm"], line["pulled_ohm"]
    both = end * pulled / (end + pulled)
    rows = []
    for title, ohm, band, follows in (("at rest", end, "normal", "nothing"), ("pulled", both, "pulled", "a call"),
                                      ("cable broken", None, "open", "after 2 s fault `line_open`, and a call"),
                                      ("cable shorted", 0, "short", "after 2 s fault `line_short`, and a call")):
        volts = 3.3 if ohm is None else 3.3 * ohm / (ohm + up)
        low, high = line["bands_mv"][band]
        meter = "open" if ohm is None else ohms(round(ohm, -2)) if ohm else "0 Ohm"
        rows.append((title, meter, f"{volts:.2f} V", f"{low / 1000:.2f} to {high / 1000:.2f} V", follows))
    return rows


def pulled_at_once(line):
    """How many cords pulled together still lie in the band."""
    count = 0
    while True:
        ohm = 1 / (1 / line["end_of_line_ohm"] + (count + 1) / line["pulled_ohm"])
        if 3300 * ohm / (ohm + line["pull_up_ohm"]) < line["bands_mv"]["pulled"][0]:
            return count
        count += 1


def _supply(harness):
    return "## Supply\n\n" + "\n".join(f"- {text}" for text in harness.product["supply"])


def _network(harness):
    order = ", then ".join(_NAMES[one] for one in harness.board["bearers"])
    texts = [f"In this order: {order}." if "," in order else f"By {order} alone.", *harness.product["network"]]
    return "## Ways to the network\n\n" + "\n".join(f"- {text}" for text in texts)


def _notes(harness):
    texts = [f"{note['text']} ({note['verified']}: {note['source']})" for note in harness.product["notes"]]
    texts += [_S3] if harness.board["chip"] == "esp32s3" else []
    texts += [f"To look at: {text}." for text in rules.warnings(harness.board)]
    return "## Notes\n\n" + "\n".join(f"- {text}" for text in texts)


def _facts(harness):
    board = harness.board
    values = {"flash_mb": f"{board['flash_mb']} MB", "bearers": ", ".join(board["bearers"])}
    rows = [(f"`{name}`", values.get(name, board[name]), fact["verified"], fact["source"])
            for name, fact in board["facts"].items()]
    rows += [(f"pads of {one['name']}", f"{len(one['pins'])} pads", one["verified"], one["source"])
             for one in harness.product["connectors"]]
    return "## Further facts\n\n" + _table(("fact", "value", "verified", "source"), rows)
