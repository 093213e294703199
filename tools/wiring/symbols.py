"""Symbols of the drawing: resistor, capacitor, contact, LED, tags of pads. Each has two ends that the caller joins with lines."""

from tools.wiring.harness import GROUPS
from tools.wiring.svg import INK, width_of

TAG_W, TAG_H = 136, 20
RAIL_W = 108


def tag(canvas, x, y, harness, pin, group):
    """A pad as a tag with its middle at height y, from x on: place in the wire's colour, then the GPIO. Returns its width."""
    colour, tint, _ = GROUPS[group]
    gpio = isinstance(pin, int)
    wide = TAG_W if gpio else RAIL_W
    place, name = harness.place(pin), f"GPIO {pin}" if gpio else str(pin)
    if not harness.led_out(pin) and not gpio:
        canvas.box(x, y - TAG_H / 2, wide, TAG_H, colour, colour, 4)
        canvas.text(x + wide / 2, y + 4, name, 10.5, "#ffffff", True, "middle")
        return wide
    split = wide - (64 if gpio else 48)
    canvas.box(x, y - TAG_H / 2, wide, TAG_H, tint, colour, 4)
    canvas.box(x, y - TAG_H / 2, split, TAG_H, colour, colour, 4)
    canvas.text(x + split / 2, y + 4, place, 10.5, "#ffffff", True, "middle")
    canvas.text(x + split + (wide - split) / 2, y + 4, name, 10, INK, False, "middle")
    return wide


def resistor(canvas, x, y, length=44, upright=False, label="", label_left=False):
    """From x, y on to the right or, upright, downwards; its value beside it."""
    body, thick = length * 0.6, 9
    gap = (length - body) / 2
    if upright:
        canvas.line([(x, y), (x, y + gap)])
        canvas.box(x - thick / 2, y + gap, thick, body, "#ffffff")
        canvas.line([(x, y + gap + body), (x, y + length)])
        canvas.text(x - 9 if label_left else x + 9, y + length / 2 + 4, label, 10.5, anchor="end" if label_left else "start")
        return
    canvas.line([(x, y), (x + gap, y)])
    canvas.box(x + gap, y - thick / 2, body, thick, "#ffffff")
    canvas.line([(x + gap + body, y), (x + length, y)])
    canvas.text(x + length / 2, y - 9, label, 10.5, anchor="middle")


def capacitor(canvas, x, y, length=44, label="", label_left=False):
    """Upright, from x, y downwards."""
    middle = y + length / 2
    canvas.line([(x, y), (x, middle - 3)])
    canvas.line([(x - 9, middle - 3), (x + 9, middle - 3)], width=2.4)
    canvas.line([(x - 9, middle + 3), (x + 9, middle + 3)], width=2.4)
    canvas.line([(x, middle + 3), (x, y + length)])
    if label:
        canvas.text(x - 13 if label_left else x + 13, middle + 4, label, 10.5, anchor="end" if label_left else "start")


def contact(canvas, x, y, length=48, upright=False):
    """An open contact that makes when it is pressed or pulled."""
    a, b = length * 0.3, length * 0.7
    if upright:
        canvas.line([(x, y), (x, y + a)])
        canvas.line([(x, y + b), (x, y + length)])
        canvas.line([(x, y + b), (x - 11, y + a + 2)], width=2.2)
        canvas.dot(x, y + a, 2.6, "#ffffff", INK)
        canvas.dot(x, y + b, 2.6, "#ffffff", INK)
        return
    canvas.line([(x, y), (x + a, y)])
    canvas.line([(x + b, y), (x + length, y)])
    canvas.line([(x + a, y), (x + b - 2, y - 11)], width=2.2)
    canvas.dot(x + a, y, 2.6, "#ffffff", INK)
    canvas.dot(x + b, y, 2.6, "#ffffff", INK)


def led(canvas, x, y, colour, length=44, leftwards=False):
    """From x, y on to the right; current flows that way, or `leftwards`."""

    def at(along):
        return x + (length - along if leftwards else along)

    canvas.line([(at(0), y), (at(14), y)])
    canvas.line([(at(14), y - 9), (at(14), y + 9), (at(30), y), (at(14), y - 9)], colour, 2)
    canvas.line([(at(30), y - 9), (at(30), y + 9)], colour, 2.4)
    for shift in (0, 7):
        canvas.line([(at(20 + shift), y - 12), (at(26 + shift), y - 19)], colour, 1.4)
        canvas.line([(at(22.5 + shift), y - 19), (at(26 + shift), y - 19), (at(26 + shift), y - 15.5)], colour, 1.4)
    canvas.line([(at(30), y), (at(length), y)])


def loudspeaker(canvas, x, y):
    canvas.box(x, y - 10, 10, 20, "#ffffff")
    canvas.line([(x + 10, y - 10), (x + 26, y - 22), (x + 26, y + 22), (x + 10, y + 10)])


def module(canvas, x, y, wide, terminals, pitch, title, below):
    """A small board with its terminals on the left side, the first at height y. Returns {terminal: height}."""
    high = pitch * (len(terminals) - 1) + 34
    canvas.box(x, y - 17, wide, high, "#f5f7f8", INK, 5, 1.4)
    found = {}
    for i, terminal in enumerate(terminals):
        canvas.dot(x + 9, y + i * pitch, 3.4, "#ffffff", INK)
        canvas.text(x + 18, y + i * pitch + 4, terminal, 10.5, bold=True)
        found[terminal] = y + i * pitch
    middle = x + 9 + (wide + max(width_of(terminal, 10.5, True) for terminal in terminals)) / 2
    canvas.text(middle, y - 17 + high / 2, title, 11, bold=True, anchor="middle")
    canvas.text(middle, y - 17 + high / 2 + 15, below, 9.5, anchor="middle")
    return found
