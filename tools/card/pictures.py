"""The pictures of a tenant's card, drawn with few, thick lines: whoever reads or sees badly has to know them at a glance.

Each is a function of a canvas whose origin is the lower left corner of a square of SIDE units. The light's pictures are drawn
from `firmware/core/patterns.py`, so what the card shows is what the unit does.
"""

from reportlab.lib import colors

from tools import boards  # noqa: F401 - puts the stand-in for `micropython` on the path, which firmware/core needs

# isort: split
from firmware.core import patterns

SIDE = 100
STRIP_MS = 3000  # of a light's pattern that its strip shows: two rounds of the slowest
RED, DARK = colors.HexColor("#d4141c"), colors.HexColor("#5b1013")
INK, PALE = colors.HexColor("#1a1a1a"), colors.HexColor("#e9e9e9")
_LINE = 4


def lamp_steps(state):
    """[(lit, ms)] of the light in a state of core/patterns, for STRIP_MS; (lit, STRIP_MS) alone if it does not change."""
    steps = patterns.LIGHTS[patterns.STATES[state][0]]
    found, left_ms, at = [], STRIP_MS, 0
    while left_ms > 0:
        lit, ms = bool(steps[at]), steps[at + 1] or left_ms
        found.append((lit, min(ms, left_ms)))
        left_ms -= ms
        at = (at + 2) % len(steps)
    return found


def lamp(canvas, state):
    """The lamp as somebody would draw it: with rays if it is ever lit, and half of them if it also goes out."""
    lit = [one for one, _ in lamp_steps(state)]
    canvas.setLineWidth(_LINE)
    canvas.setStrokeColor(INK)
    canvas.setFillColor(RED if any(lit) else DARK)
    canvas.circle(50, 50, 24, fill=1)
    canvas.setStrokeColor(RED)
    canvas.setDash(() if all(lit) else (5, 5))
    if any(lit):
        for x, y in ((0, 1), (0.71, 0.71), (1, 0), (0.71, -0.71), (0, -1), (-0.71, -0.71), (-1, 0), (-0.71, 0.71)):
            canvas.line(50 + 32 * x, 50 + 32 * y, 50 + 47 * x, 50 + 47 * y)
    canvas.setDash()


def strip(canvas, state, width, height):
    """What the light does in STRIP_MS, from left to right: red is lit."""
    canvas.setLineWidth(0)
    x = 0
    for lit, ms in lamp_steps(state):
        part = width * ms / STRIP_MS
        canvas.setFillColor(RED if lit else PALE)
        canvas.rect(x, 0, part, height, stroke=0, fill=1)
        x += part
    canvas.setLineWidth(1)
    canvas.setStrokeColor(INK)
    canvas.rect(0, 0, width, height, fill=0)


def draw(canvas, name):
    """The picture of that name. Raises KeyError if there is none."""
    picture = PICTURES[name]
    canvas.setLineWidth(_LINE)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    canvas.setStrokeColor(INK)
    canvas.setFillColor(INK)
    picture(canvas)


def _path(canvas, points, fill=0, close=False):
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if close:
        path.close()
    canvas.drawPath(path, stroke=1, fill=fill)


def _unit(canvas, x, y, side):
    """The unit on the wall: case, loudspeaker, light and button."""
    canvas.setFillColor(colors.white)
    canvas.roundRect(x, y, side, side * 1.2, side * 0.1, fill=1)
    canvas.setFillColor(RED)
    canvas.circle(x + side / 2, y + side * 0.36, side * 0.2, fill=1)
    for row in range(3):
        canvas.line(x + side * 0.3, y + side * (0.75 + 0.1 * row), x + side * 0.7, y + side * (0.75 + 0.1 * row))
    canvas.setFillColor(INK)


def _finger(canvas, x, y):
    """A finger that comes from the right and presses at (x, y)."""
    canvas.setFillColor(colors.white)
    canvas.roundRect(x, y - 6, 46, 12, 6, fill=1)
    canvas.roundRect(x + 30, y - 22, 26, 32, 8, fill=1)
    canvas.setFillColor(INK)


def _button(canvas):
    _unit(canvas, 8, 12, 62)
    _finger(canvas, 42, 34)


def _ceiling_cord(canvas, end):
    canvas.roundRect(28, 90, 44, 8, 3, fill=1)
    canvas.setStrokeColor(RED)
    canvas.line(50, 90, 50, end + 16)
    _handle(canvas, end)


def _handle(canvas, y):
    canvas.setStrokeColor(INK)
    canvas.setFillColor(RED)
    _path(canvas, [(50, y + 18), (40, y), (60, y)], fill=1, close=True)
    canvas.setFillColor(INK)


def _cord(canvas):
    _ceiling_cord(canvas, 30)
    _path(canvas, [(74, 44), (74, 18)])
    _path(canvas, [(66, 27), (74, 18), (82, 27)])


def _cord_free(canvas):
    _ceiling_cord(canvas, 10)
    canvas.line(10, 4, 90, 4)


def _pendant(canvas):
    path = canvas.beginPath()
    path.moveTo(22, 96)
    path.curveTo(24, 66, 40, 58, 50, 52)
    path.curveTo(60, 58, 76, 66, 78, 96)
    canvas.drawPath(path)
    canvas.setFillColor(colors.white)
    canvas.roundRect(32, 10, 36, 44, 12, fill=1)
    canvas.setFillColor(RED)
    canvas.circle(50, 32, 11, fill=1)


def _head(canvas, x, y, size):
    canvas.setFillColor(colors.white)
    canvas.circle(x, y + size * 0.75, size * 0.3, fill=1)
    path = canvas.beginPath()
    path.moveTo(x - size * 0.5, y)
    path.curveTo(x - size * 0.45, y + size * 0.5, x + size * 0.45, y + size * 0.5, x + size * 0.5, y)
    canvas.drawPath(path)
    canvas.setFillColor(INK)


def _bubble(canvas, x, y, width, height):
    canvas.setFillColor(colors.white)
    canvas.roundRect(x, y, width, height, 8, fill=1)
    _path(canvas, [(x + 10, y), (x + 4, y - 12), (x + 24, y)], fill=1)
    canvas.setFillColor(INK)


def _voice(canvas):
    _head(canvas, 32, 8, 54)
    _bubble(canvas, 52, 58, 42, 30)
    for row in range(2):
        canvas.line(60, 68 + 10 * row, 86, 68 + 10 * row)


def _wait(canvas):
    _unit(canvas, 4, 20, 46)
    for radius in (14, 26, 38):
        canvas.arc(54 - radius, 48 - radius, 54 + radius, 48 + radius, -40, 80)


def _cannot_speak(canvas):
    _head(canvas, 30, 8, 50)
    _path(canvas, [(52, 40), (74, 60), (96, 40)])
    _path(canvas, [(58, 44), (58, 12), (90, 12), (90, 44)])
    canvas.setFillColor(RED)
    canvas.rect(69, 12, 11, 18, fill=1)


def _mistake(canvas):
    _head(canvas, 30, 8, 54)
    _bubble(canvas, 52, 54, 44, 38)
    canvas.setStrokeColor(RED)
    _path(canvas, [(62, 74), (71, 64), (87, 84)])


def _any_time(canvas):
    canvas.circle(32, 58, 15)
    for x, y in ((0, 1), (0.71, 0.71), (1, 0), (0.71, -0.71), (0, -1), (-0.71, -0.71), (-1, 0), (-0.71, 0.71)):
        canvas.line(32 + 21 * x, 58 + 21 * y, 32 + 29 * x, 58 + 29 * y)
    path = canvas.beginPath()
    path.moveTo(84, 66)
    path.curveTo(58, 62, 58, 22, 84, 18)
    path.curveTo(72, 30, 72, 54, 84, 66)
    canvas.drawPath(path, fill=1)


def _power(canvas):
    canvas.setFillColor(colors.white)
    canvas.roundRect(12, 24, 66, 40, 6, fill=1)
    canvas.setFillColor(INK)
    canvas.rect(78, 36, 8, 16, fill=1)
    canvas.setFillColor(RED)
    _path(canvas, [(50, 84), (32, 42), (46, 44), (38, 8), (62, 52), (46, 50)], fill=1, close=True)


def _ear(canvas):
    path = canvas.beginPath()
    path.moveTo(30, 58)
    path.curveTo(28, 100, 86, 98, 80, 58)
    path.curveTo(76, 42, 64, 40, 62, 24)
    path.curveTo(58, 6, 40, 8, 38, 22)
    canvas.drawPath(path)
    path = canvas.beginPath()
    path.moveTo(44, 58)
    path.curveTo(46, 82, 70, 80, 66, 60)
    path.curveTo(62, 50, 56, 52, 54, 42)
    canvas.drawPath(path)


def _switch(canvas):
    canvas.roundRect(38, 50, 24, 42, 12)
    canvas.arc(26, 34, 74, 86, 180, 180)
    canvas.line(50, 34, 50, 14)
    canvas.line(34, 12, 66, 12)
    canvas.setStrokeColor(RED)
    canvas.setLineWidth(7)
    canvas.line(14, 10, 88, 92)


def _calendar(canvas):
    canvas.roundRect(12, 12, 76, 70, 6)
    canvas.line(12, 64, 88, 64)
    for x in (32, 68):
        canvas.line(x, 76, x, 92)
    canvas.setFillColor(RED)
    canvas.circle(50, 38, 13, fill=1)


def _fault(canvas):
    canvas.setFillColor(colors.white)
    _path(canvas, [(50, 92), (8, 14), (92, 14)], fill=1, close=True)
    canvas.setLineWidth(8)
    canvas.line(50, 66, 50, 42)
    canvas.setFillColor(INK)
    canvas.circle(50, 27, 3, fill=1)


def _phone(canvas):
    canvas.setLineWidth(14)
    path = canvas.beginPath()
    path.moveTo(24, 76)
    path.curveTo(24, 44, 46, 22, 78, 22)
    canvas.drawPath(path)
    canvas.setLineWidth(20)
    canvas.line(22, 78, 32, 70)
    canvas.line(70, 32, 80, 22)


PICTURES = {
    "button": _button, "cord": _cord, "pendant": _pendant, "wait": _wait, "cannot_speak": _cannot_speak, "mistake": _mistake,
    "any_time": _any_time, "power": _power, "ear": _ear, "voice": _voice, "switch": _switch, "calendar": _calendar,
    "cord_free": _cord_free, "fault": _fault, "phone": _phone,
}  # fmt: skip
