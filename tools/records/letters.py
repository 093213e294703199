"""The letters of a printed record: ReportLab's own Vera, and DejaVu Sans Mono for what it lacks. The same bytes on every machine.

A character that neither has is printed as its number in braces, never as another one: a name on a record is right or marked.
"""

import importlib.util
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD, WIDE = "Vera", "VeraBd", "DejaVuSansMono"


def _beside(package, *parts):
    return str(Path(importlib.util.find_spec(package).origin).parent.joinpath(*parts))


def register():
    """Makes the fonts known to ReportLab; once is enough."""
    if WIDE not in pdfmetrics.getRegisteredFontNames():
        for name in (PLAIN, BOLD):
            pdfmetrics.registerFont(TTFont(name, _beside("reportlab", "fonts", f"{name}.ttf")))
        pdfmetrics.registerFont(TTFont(WIDE, _beside("barcode", "fonts", "DejaVuSansMono.ttf")))
        pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


def marked_up(text):
    """`text` for a Paragraph: escaped, and each run of characters in a font that has them."""
    register()
    known, wide = (pdfmetrics.getFont(name).face.charToGlyph for name in (PLAIN, WIDE))
    found, run, in_wide = [], "", False
    for char in text:
        if ord(char) not in known and (ord(char) not in wide or not char.isprintable()):
            char = f"{{U+{ord(char):04X}}}"
        is_wide = len(char) == 1 and ord(char) not in known
        if is_wide != in_wide and run:
            found.append(_run(run, in_wide))
            run = ""
        in_wide = is_wide
        run += char
    return "".join([*found, _run(run, in_wide)])


def _run(text, in_wide):
    return f'<font name="{WIDE}">{escape(text)}</font>' if in_wide else escape(text)
