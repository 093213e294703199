"""Draws a Sheet as a PDF of A4 pages: one if it fits, else smaller, else a second one. The same sheet gives the same bytes."""

import io

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table, TableStyle

from . import letters, words

_SIZES_PT = (9, 8.4, 7.8, 7.1)  # of the text: the largest with which it is one page; below 7 pt nobody reads it on paper
_TWO_PAGES_PT = 8.4
_MARGIN = 15 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_INK = colors.HexColor("#1a1a1a")
_GREY = colors.HexColor("#5a5a5a")
_RULE = colors.HexColor("#b8b8b8")
_BAND = colors.HexColor("#eeeeee")
_VERDICT_INKS = {"PASS": "#14602a", "PASS WITH DEFECTS": "#7a4a00", "FAIL": "#9b1414", "INCOMPLETE": "#404040"}
_NOTICE = (
    "This page says what was tested and what was found. It claims no conformity to any standard. The unit made the record and "
    "keeps its last four; the desk keeps all. `python -m tools.records verify` holds them against the numbers above and names "
    "what was changed."
)


def pdf(sheet):
    """The bytes of the PDF."""
    letters.register()
    for size_pt in _SIZES_PT:
        data, pages = _Page(sheet, size_pt, 1).build()
        if pages == 1:
            return data
    pages = _Page(sheet, _TWO_PAGES_PT, 2).build()[1]
    return _Page(sheet, _TWO_PAGES_PT, pages).build()[0]


class _Page:
    """`pages`: how many it is thought to have."""

    def __init__(self, sheet, size_pt, pages):
        self._sheet = sheet
        self._pages = pages
        self._size = size_pt
        self._styles = {
            "plain": self._style(letters.PLAIN), "bold": self._style(letters.BOLD),
            "grey": self._style(letters.PLAIN, color=_GREY), "title": self._style(letters.BOLD, 2.0),
            "head": self._style(letters.BOLD, 1.1), "small": self._style(letters.PLAIN, 0.85),
            "mono": self._style(letters.WIDE, min(0.82, _HASH_PT / self._size)),
            "centred": self._style(letters.PLAIN, alignment=1), "strong": self._style(letters.BOLD, alignment=1),
        }  # fmt: skip

    def _style(self, font, factor=1.0, color=_INK, alignment=0):
        size = self._size * factor
        return ParagraphStyle(font, fontName=font, fontSize=size, leading=size * 1.22, textColor=color, alignment=alignment,
                              splitLongWords=1)  # fmt: skip

    def build(self):
        """(bytes, number of pages)."""
        out = io.BytesIO()
        document = BaseDocTemplate(
            out, pagesize=A4, invariant=1, title=self._sheet.title, subject=f"Verdict: {self._sheet.verdict}", lang="en-GB",
            creator="python -m tools.records", leftMargin=_MARGIN, rightMargin=_MARGIN,
        )  # fmt: skip
        frame = Frame(_MARGIN, 16 * mm, _WIDTH, A4[1] - 28 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
        document.addPageTemplates(PageTemplate(frames=[frame], onPage=self._foot))
        document.build(self._story())
        return out.getvalue(), document.page

    def _foot(self, canvas, _):
        canvas.saveState()
        canvas.setFont(letters.PLAIN, 7)
        canvas.setFillColor(_GREY)
        canvas.drawString(_MARGIN, 9 * mm, f"{self._sheet.title} of {self._sheet.unit}, {self._sheet.hashes[0][1][:16]}...")
        canvas.drawRightString(A4[0] - _MARGIN, 9 * mm, f"page {canvas.getPageNumber()} of {self._pages}")
        canvas.restoreState()

    def _story(self):
        sheet = self._sheet
        story = [self._top(), self._gap(), self._facts(), self._gap()]
        for doubt in sheet.doubts:
            story += [self._text(f"In doubt: {doubt}.", "bold")]
        found_none = "None found." if sheet.verdict != "INCOMPLETE" else "None found in what was done."
        story += self._list("Defects", sheet.defects, found_none)
        story += self._list("What was not tested, and why", sheet.untested, "Everything was tested.")
        if sheet.inputs:
            story += [self._gap(), self._inputs()]
        end = [self._signatures(), self._gap(), self._text(_NOTICE, "small")]
        others = [self._gap(), *self._others(), self._gap()]
        if self._pages > 1 and len(others) == 3:  # what is signed does not stand alone on a page
            return [*story, KeepTogether(others + end)]
        return [*story, *others, KeepTogether(end)]

    def _text(self, text, style="plain"):
        return Paragraph(letters.marked_up(text), self._styles[style])

    def _gap(self):
        return Spacer(1, self._size * 0.8)

    def _top(self):
        sheet = self._sheet
        ink = colors.HexColor(_VERDICT_INKS[sheet.verdict])
        style = self._style(letters.BOLD, 1.6, ink, alignment=1)
        verdict = Table([[Paragraph(sheet.verdict, style)]], colWidths=[62 * mm])
        verdict.setStyle([("BOX", (0, 0), (-1, -1), 1.5, ink), ("BOTTOMPADDING", (0, 0), (-1, -1), 6)])
        title = [self._text("Record of test", "title"), self._gap(), self._text("In-flat speech module: quarterly test", "grey")]
        table = Table([[title, verdict], [self._text(sheet.meaning), ""]], colWidths=[_WIDTH - 66 * mm, 66 * mm])
        table.setStyle([*_TIGHT, ("SPAN", (0, 1), (1, 1)), ("ALIGN", (1, 0), (1, 0), "RIGHT"), ("TOPPADDING", (0, 1), (1, 1), 6)])
        return table

    def _facts(self):
        cells = [cell for label, value in self._sheet.facts for cell in (self._text(label, "grey"), self._text(value))]
        rows = [cells[at:at + 4] for at in range(0, len(cells), 4)]
        table = Table(rows, colWidths=[22 * mm, _WIDTH / 2 - 24 * mm, 26 * mm, _WIDTH / 2 - 24 * mm])
        table.setStyle([*_TIGHT, ("LINEABOVE", (0, 0), (-1, -1), 0.4, _RULE), ("LINEBELOW", (0, -1), (-1, -1), 0.4, _RULE)])
        return table

    def _list(self, title, gathered, empty):
        """One line for each step, or for each remark if there are too many."""
        if sum(len(names) for _, names in gathered) > (_LINES if self._size > _TIGHT_PT else _LINES_TIGHT):
            texts = [", ".join(names) + (f": {remark}" if remark else "") for remark, names in gathered]
        else:
            texts = [name + (f": {remark}" if remark else "") for remark, names in gathered for name in names]
        lines = [self._text(f"\u2022 {text}") for text in texts] or [self._text(empty)]
        return [self._gap(), self._text(title, "head"), *lines]

    def _inputs(self):
        head = ["Button, cord, pendant", "Pulled and released", "to receipt", *words.QUESTIONS.values()]
        over = ["", "Measured by the unit", "", "Answered by people", "", "", ""]
        rows = [[self._text(text, "strong" if at else "bold") for at, text in enumerate(row)] for row in (over, head)]
        for one in self._sheet.inputs:
            room = f" ({one.room})" if one.room else ""
            result, remark, ms = one.pull or (None, "", None)
            rows.append([
                self._text(one.name + room), self._result(words.RESULTS.get(result, "not in the plan"), remark),
                self._text("" if ms is None else f"{ms} ms", "centred"),
                *[self._result(words.ANSWERS.get(one.answers.get(key), "")) for key in words.QUESTIONS],
            ])  # fmt: skip
        answer = (_WIDTH - 98 * mm) / 4
        table = Table(rows, colWidths=[42 * mm, 38 * mm, 18 * mm, answer, answer, answer, answer], repeatRows=2)
        table.setStyle([*_GRID, ("BACKGROUND", (0, 0), (-1, 1), _BAND), ("SPAN", (1, 0), (2, 0)), ("SPAN", (3, 0), (6, 0)),
                        ("LINEBEFORE", (3, 0), (3, -1), 1.2, _INK)])  # fmt: skip
        return table

    def _others(self):
        half = (_WIDTH - 4 * mm) / 2
        left = self._results("Measured by the unit", self._sheet.machine, half)
        right = self._results("Answered by people", self._sheet.people, half)
        hashes = self._hashes(half)
        if max(len(self._sheet.machine), len(self._sheet.people)) > _ROWS_BESIDE:
            return [left, self._gap(), right, self._gap(), hashes]
        table = Table([[left, "", [right, self._gap(), hashes]]], colWidths=[half, 4 * mm, half])
        table.setStyle([*_TIGHT, ("RIGHTPADDING", (0, 0), (-1, -1), 0)])
        return [table]

    def _results(self, title, results, width):
        rows = [[self._text(title, "bold"), self._text("result", "strong")]]
        rows += [[self._text(step), self._result(words.RESULTS[result] if title[0] == "M" else words.ANSWERS[result], remark)]
                 for step, result, remark in results] or [[self._text("nothing", "grey"), ""]]  # fmt: skip
        table = Table(rows, colWidths=[width * 0.58, width * 0.42], repeatRows=1)
        table.setStyle([*_GRID, ("BACKGROUND", (0, 0), (-1, 0), _BAND)])
        return table

    def _result(self, word, remark=""):
        """The remark only of what is good: all others stand in the lists."""
        bad = word in (words.RESULTS["fail"], words.ANSWERS["fail"])
        is_good = word in (words.RESULTS["pass"], words.ANSWERS["pass"])
        return self._text(f"{word}: {remark}" if remark not in ("", word) and is_good else word, "strong" if bad else "centred")

    def _hashes(self, width):
        rows = [[[self._text(label, "small"), self._text(value, "mono")]] for label, value in self._sheet.hashes]
        table = Table([[self._text("SHA-256 of", "bold")], *rows], colWidths=[width])
        table.setStyle([*_GRID, ("BACKGROUND", (0, 0), (-1, 0), _BAND)])
        return table

    def _signatures(self):
        half = (_WIDTH - 8 * mm) / 2
        rows = [["", "", ""]]
        for label, name in (("Engineer", self._sheet.engineer), ("Witness", self._sheet.witness)):
            named = f"{label}: {name}," if name else f"{label}:"
            rows[0][0 if label == "Engineer" else 2] = self._text(f"{named} signature and date", "small")
        table = Table([["", "", ""], *rows], colWidths=[half, 8 * mm, half], rowHeights=[13 * mm, None])
        table.setStyle([*_TIGHT, ("LINEABOVE", (0, 1), (0, 1), 0.8, _INK), ("LINEABOVE", (2, 1), (2, 1), 0.8, _INK)])
        return table


_HASH_PT = 6.2  # 64 digits in half the width
_TIGHT_PT = 8
_LINES = 10  # of a list, one below the other
_LINES_TIGHT = 4  # where room is short
_ROWS_BESIDE = 24  # two tables beside each other cannot be parted by the end of a page
_TIGHT = TableStyle([
    ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 4), ("TOPPADDING", (0, 0), (-1, -1), 1.2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2), ("VALIGN", (0, 0), (-1, -1), "TOP"),
]).getCommands()  # fmt: skip
_GRID = TableStyle([
    ("GRID", (0, 0), (-1, -1), 0.4, _RULE), ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ("TOPPADDING", (0, 0), (-1, -1), 1.4), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
]).getCommands()  # fmt: skip
