"""Draws a Card as a PDF of A4 pages: a picture at the left, large print beside it. The same card gives the same bytes."""

import io
import re

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from tools.records import letters

from . import pictures

TEXT_PT = 20  # large print begins at 16 (UK Association for Accessible Formats); people read this from a wall
_LEADING = 1.25
_MARGIN = 18 * mm
_PICTURE = 25 * mm
_GAP = 8 * mm  # between picture and text
_BETWEEN = 4.5 * mm  # two lines
_STRIP = 4 * mm
_BAND = 22 * mm
_FOOT = 16 * mm
_INK = colors.HexColor("#1a1a1a")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


def pdf(card):
    """The bytes of the PDF."""
    letters.register()
    return _Pages(card).build()


def marked_up(text):
    """A card's text for a Paragraph: escaped, with what stands between `**` bold."""
    if "\n" in text:
        return "<br/>".join(marked_up(line) for line in text.split("\n"))
    parts = _BOLD.split(text)
    parts = [letters.marked_up(part) for part in parts]
    return "".join(f"<b>{part}</b>" if index % 2 else part for index, part in enumerate(parts))


class _Pages:
    def __init__(self, card):
        self._card, self._out = card, io.BytesIO()
        self._canvas = Canvas(self._out, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(f"{card.title}: {card.scheme}, {card.flat}")
        self._page = 0
        self._style = self._make("text", TEXT_PT)
        self._heading = self._make("heading", TEXT_PT + 4, letters.BOLD)

    @staticmethod
    def _make(name, size, font=letters.PLAIN):
        return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * _LEADING, textColor=_INK)

    def build(self):
        card = self._card
        self._begin()
        self._block(card.headings[0], [(self._drawn(line.picture), line.text) for line in card.help])
        self._new()
        self._block(card.headings[1], [(self._lamp(state), f"{seen}\n{meaning}") for state, seen, meaning in card.lights])
        self._new()
        self._block(card.headings[2], [(self._drawn(line.picture), line.text) for line in card.more])
        self._canvas.showPage()
        self._canvas.save()
        return self._out.getvalue()

    def _begin(self):
        self._page += 1
        canvas, (width, height) = self._canvas, A4
        canvas.setFillColor(_INK)
        canvas.rect(0, height - _BAND, width, _BAND, stroke=0, fill=1)
        self._shown(self._card.title, 30, letters.BOLD, _MARGIN, height - _BAND + 7.5 * mm, colors.white)
        self._shown(f"{self._card.scheme}, {self._card.flat}", 16, letters.PLAIN, _MARGIN, 8 * mm, _INK)
        self._shown(str(self._page), 16, letters.PLAIN, width - _MARGIN - 6 * mm, 8 * mm, _INK)
        self._y = height - _BAND - 6 * mm

    def _shown(self, text, size, font, x, y, color):
        """One line, smaller if it would be too wide."""
        style = ParagraphStyle("line", fontName=font, fontSize=size, leading=size * _LEADING, textColor=color)
        width = A4[0] - _MARGIN - x
        while True:
            paragraph = Paragraph(letters.marked_up(text), style)
            _, high = paragraph.wrap(width, A4[1])
            if high <= style.leading or style.fontSize < 10:
                break
            style = ParagraphStyle("line", parent=style, fontSize=style.fontSize - 1, leading=(style.fontSize - 1) * _LEADING)
        paragraph.drawOn(self._canvas, x, y - style.fontSize * 0.3)

    def _new(self):
        self._canvas.showPage()
        self._begin()

    def _block(self, heading, rows):
        self._place(Paragraph(letters.marked_up(heading), self._heading), None, A4[0] - 2 * _MARGIN)
        for picture, text in rows:
            self._place(Paragraph(marked_up(text), self._style), picture, A4[0] - 2 * _MARGIN - _PICTURE - _GAP)

    def _place(self, paragraph, picture, width):
        _, high = paragraph.wrap(width, A4[1])
        row = max(high, _PICTURE if picture else 0)
        if self._y - row < _FOOT:
            self._new()
        if picture:
            picture(_MARGIN, self._y - row + (row - _PICTURE) / 2)
        paragraph.drawOn(self._canvas, A4[0] - _MARGIN - width, self._y - row + (row - high) / 2)
        self._y -= row + _BETWEEN

    def _drawn(self, name):
        return lambda x, y: self._scaled(x, y, _PICTURE, lambda: pictures.draw(self._canvas, name))

    def _lamp(self, state):
        def drawn(x, y):
            self._scaled(x + _STRIP / 2, y + _STRIP + 1 * mm, _PICTURE - _STRIP, lambda: pictures.lamp(self._canvas, state))
            self._canvas.saveState()
            self._canvas.translate(x, y)
            pictures.strip(self._canvas, state, _PICTURE, _STRIP)
            self._canvas.restoreState()

        return drawn

    def _scaled(self, x, y, side, draw):
        self._canvas.saveState()
        self._canvas.translate(x, y)
        self._canvas.scale(side / pictures.SIDE, side / pictures.SIDE)
        draw()
        self._canvas.restoreState()
