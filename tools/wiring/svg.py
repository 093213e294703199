"""A drawing as SVG text: lines, boxes, dots, words. It measures its words, to be laid out and checked for overlaps."""

from xml.sax.saxutils import escape

FONT = "DejaVu Sans, Verdana, Arial, sans-serif"
INK = "#222222"
_WIDTHS = {  # advance in hundredths of the size: DejaVu Sans, the widest of the fonts above
    27: "'", 28: "ijl", 29: "IJ", 32: " ,.", 34: "/:;\\|", 35: "f", 36: "-", 39: "()[]t", 40: "!", 41: "r", 46: '"', 50: "*_`",
    52: "sz", 53: "?", 55: "c", 56: "L", 58: "Fk", 59: "vxy", 60: "P", 61: "TYao", 62: "e", 63: "ESbdghnpqu",
    64: "$0123456789{}µ", 66: "K", 68: "AV", 69: "BRXZ", 70: "C", 73: "U", 75: "HN", 76: "Ω", 77: "DG", 78: "&", 79: "OQ",
    82: "w", 84: "#+<=>^~", 86: "M", 95: "%", 97: "m", 99: "W", 100: "@",
}
_WIDTH_OF = {char: width for width, chars in _WIDTHS.items() for char in chars}
_BOLD = 1.13  # DejaVu Sans Bold over plain, on the average


def width_of(text, size, bold=False):
    """Width in pixels. Raises KeyError for a character that is not in the table: a drawing has no surprises."""
    return sum(_WIDTH_OF[char] for char in text) / 100 * size * (_BOLD if bold else 1)


def wrap(text, size, room):
    """Lines of at most `room` pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class Canvas:
    """`items`: SVG elements; `words`: [(x0, y0, x1, y1, text)] of all that is written; `frames`: [(x0, y0, x1, y1)] of the
    panels, out of which no word may stick."""

    def __init__(self):
        self.items = []
        self.words = []
        self.frames = []
        self._at = (0, 0)

    def moved(self, x, y):
        """The same drawing with its origin at x, y."""
        other = Canvas()
        other.items, other.words, other.frames = self.items, self.words, self.frames
        other._at = (self._at[0] + x, self._at[1] + y)
        return other

    def frame(self, x, y, w, h):
        x, y = x + self._at[0], y + self._at[1]
        self.frames.append((x, y, x + w, y + h))

    def line(self, points, colour=INK, width=1.6, dash=None):
        path = " ".join(f"{_n(x + self._at[0])},{_n(y + self._at[1])}" for x, y in points)
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.items.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"'
                          f' stroke-linejoin="round" stroke-linecap="round"{extra}/>')

    def box(self, x, y, w, h, fill="none", stroke=INK, radius=0, width=1.2, dash=None):
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.items.append(f'<rect x="{_n(x + self._at[0])}" y="{_n(y + self._at[1])}" width="{_n(w)}" height="{_n(h)}"'
                          f' rx="{_n(radius)}" fill="{fill}" stroke="{stroke}" stroke-width="{_n(width)}"{extra}/>')

    def dot(self, x, y, r=3, fill=INK, stroke="none"):
        self.items.append(f'<circle cx="{_n(x + self._at[0])}" cy="{_n(y + self._at[1])}" r="{_n(r)}" fill="{fill}"'
                          f' stroke="{stroke}" stroke-width="1.4"/>')

    def text(self, x, y, text, size=11, colour=INK, bold=False, anchor="start", turned=False):
        """`y`: the baseline. Turned text runs upwards and is not measured."""
        wide = width_of(text, size, bold)
        x, y = x + self._at[0], y + self._at[1]
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        if not turned:
            self.words.append((left, y - size * 0.78, left + wide, y + size * 0.22, text))
        self.items.append(f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{colour}"'
                          + (' font-weight="bold"' if bold else "") + (f' text-anchor="{anchor}"' if anchor != "start" else "")
                          + (f' transform="rotate(-90 {_n(x)} {_n(y)})"' if turned else "") + f">{escape(text)}</text>")
        return wide

    def words_below(self, x, y, text, size, room, colour=INK):
        """Wrapped text; returns the y below its last line."""
        for line in wrap(text, size, room):
            self.text(x, y, line, size, colour)
            y += size * 1.36
        return y

    def finished(self, width, height, title):
        size = f'width="{_n(width)}" height="{_n(height)}"'
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" {size} font-family="{FONT}"'
                f' role="img">\n<title>{escape(title)}</title>\n')
        ground = f'<rect {size} fill="#ffffff"/>\n'
        return head + ground + "\n".join(self.items) + "\n</svg>\n"


def overlaps(words, slack=0.5):
    """Pairs of texts that lie over each other; `slack` in pixels is let pass."""
    found = []
    for i, (x0, y0, x1, y1, text) in enumerate(words):
        for ax0, ay0, ax1, ay1, other in words[i + 1:]:
            if min(x1, ax1) - max(x0, ax0) > slack and min(y1, ay1) - max(y0, ay0) > slack:
                found.append((text, other))
    return found


def stick_out(words, frames):
    """Texts that begin in a frame and do not end in it."""
    found = []
    for x0, y0, x1, y1, text in words:
        for left, top, right, bottom in frames:
            if left <= x0 < right and top <= y0 < bottom and (x1 > right or y1 > bottom):
                found.append(text)
            if left < x1 <= right and top <= y0 < bottom and x0 < left:
                found.append(text)
    return found


def _n(value):
    """A number as short as it can be: 12, 12.5."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
