"""Labels as PDF: one for a label printer (62 x 29 mm unless told otherwise), or a sheet of A4 with many.

What is on it: a QR code with unit id and claim code, and both in plain letters with scheme, flat and board address. The claim
code opens the unit's console to an engineer who stands in front of it, so the label goes inside the housing. No key and no
password.
The same labels give the same bytes.
"""

import io
from dataclasses import dataclass

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from tools.records import letters

SIZE_MM = (62.0, 29.0)
_MARGIN_MM = 1.5
_QUIET = 4  # modules around the code, as ISO/IEC 18004 wants them; on white paper the label's own edge is part of it
_SHEET = (3, 8)  # columns and rows of A4
_SIZES_PT = (11, 10, 9, 8, 7, 6, 5)  # the largest that fits; below 5 pt nobody reads it
_CUT = 0.6  # grey of the lines on a sheet


@dataclass(frozen=True)
class Label:
    """What one label says. `claim`: with hyphens, as an engineer types it."""

    scheme: str
    flat: str
    unit: str
    claim: str
    mac: str
    board: str


def content(label):
    """The text of the QR code: `ILS1 <unit> <claim>`; letters, digits and blanks only, so that any reader shows it whole."""
    return f"ILS1 {label.unit} {label.claim}"


def single(labels, size_mm=SIZE_MM):
    """PDF with a page for each label. Raises ValueError if the size is too small to read."""
    return _pdf([[(label, 0, 0)] for label in labels], size_mm, size_mm, edges=False)


def sheet(labels, size_mm=None):
    """PDF of A4 pages with labels in 3 columns and 8 rows, thin lines between them to cut along."""
    columns, rows = _SHEET
    page_mm = (A4[0] / mm, A4[1] / mm)
    size_mm = size_mm or (page_mm[0] / columns, page_mm[1] / rows)
    columns, rows = int(page_mm[0] / size_mm[0] + 0.001), int(page_mm[1] / size_mm[1] + 0.001)
    if not columns or not rows:
        raise ValueError("a label larger than the sheet")
    left, top = (page_mm[0] - columns * size_mm[0]) / 2, (page_mm[1] - rows * size_mm[1]) / 2
    placed = []
    for i, label in enumerate(labels):
        n = i % (columns * rows)
        x, y = left + n % columns * size_mm[0], page_mm[1] - top - (n // columns + 1) * size_mm[1]
        if n == 0:
            placed.append([])
        placed[-1].append((label, x, y))
    return _pdf(placed, page_mm, size_mm, edges=True)


def _pdf(pages, page_mm, size_mm, edges):
    if size_mm[0] < 40 or size_mm[1] < 20:
        raise ValueError(f"{size_mm[0]:g} x {size_mm[1]:g} mm is too small to read: 40 x 20 mm at least")
    letters.register()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(page_mm[0] * mm, page_mm[1] * mm), invariant=1)
    canvas.setTitle("Labels of units")
    for page in pages:
        for label, x_mm, y_mm in page:
            _draw(canvas, label, x_mm * mm, y_mm * mm, size_mm[0] * mm, size_mm[1] * mm, edges)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas, label, x, y, width, height, edges):
    if edges:
        canvas.setStrokeGray(_CUT)
        canvas.setLineWidth(0.25)
        canvas.rect(x, y, width, height)
    margin = (_MARGIN_MM + (2 if edges else 0)) * mm
    side = min(height - 2 * margin, width * 0.45)
    _code(canvas, segno.make(content(label), error="m", micro=False).matrix, x + margin, y + (height - side) / 2, side)
    left = x + margin + side + 1 * mm
    room = x + width - margin - left
    lines = [
        (letters.BOLD, f"Flat {label.flat}", 1.25), (letters.PLAIN, label.scheme, 0.8), (letters.BOLD, f"Unit {label.unit}", 1.0),
        (letters.WIDE, label.claim, 1.0), (letters.PLAIN, label.mac, 0.75), (letters.PLAIN, label.board, 0.7),
    ]  # fmt: skip
    size = _fitting(lines, room, height - 2 * margin)
    total = sum(size * scale * 1.22 for *_, scale in lines)
    top = y + height / 2 + total / 2
    canvas.setFillGray(0)
    for font, text, scale in lines:
        top -= size * scale * 1.22
        canvas.setFont(font, _shrunk(font, text, size * scale, room))
        canvas.drawString(left, top + size * scale * 0.25, _shown(font, text))


def _code(canvas, matrix, x, y, side):
    """Runs of dark modules as rectangles: sharp at any resolution."""
    step = side / (len(matrix) + 2 * _QUIET)
    canvas.setFillGray(0)
    for row, modules in enumerate(matrix):
        bottom = y + side - (row + 1 + _QUIET) * step
        start = None
        for column, dark in enumerate([*modules, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                canvas.rect(x + (start + _QUIET) * step, bottom, (column - start) * step, step, stroke=0, fill=1)
                start = None


def _fitting(lines, room, height):
    for size in _SIZES_PT:
        tall = sum(size * scale * 1.22 for *_, scale in lines) <= height
        if tall and all(pdfmetrics.stringWidth(_shown(font, text), font, size * scale) <= room for font, text, scale in lines):
            return size
    return _SIZES_PT[-1]


def _shrunk(font, text, size, room):
    """A long name is printed smaller rather than over the edge."""
    width = pdfmetrics.stringWidth(_shown(font, text), font, size)
    return size if width <= room else size * room / width


def _shown(font, text):
    """A letter that the font lacks is shown as a question mark; ids are plain letters always."""
    known = pdfmetrics.getFont(font).face.charToGlyph
    return "".join(char if ord(char) in known else "?" for char in text)
