"""What stands on a tenant's card, as plain data, in the language of the flat. Sources: G1-G13, `firmware/core/patterns.py`.

Easy Read: one idea to a line, short sentences, no technical word, a picture beside each line. A text marks what is to be printed
bold with `**`. Rooms, names and numbers are the scheme's own and are never changed.
"""

import json
from dataclasses import dataclass
from pathlib import Path

_TEXTS = Path(__file__).parent / "texts"
STATES = ("CALLING", "RECEIVED", "ANSWERED", "ANNOUNCING", "STANDBY")  # of core/patterns.STATES, in the order of a call


class CardError(Exception):
    """What is wrong with what was given, and what to do."""


@dataclass(frozen=True)
class Flat:
    """What the card of one flat says. `button`: its room, "" if nobody has said which, None if the flat has none; `cords`: rooms
    of the cords, "" likewise; `answering`: "auto", "press", or "" where no call of
    the service can be answered; `phone`: whom to ask, or ""."""

    scheme: str
    flat: str
    button: str | None
    cords: tuple = ()
    has_pendant: bool = False
    has_privacy: bool = False
    answering: str = "auto"
    reminder: bool = True
    phone: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the card: the name of its picture (pictures.py) and its text."""

    picture: str
    text: str


@dataclass(frozen=True)
class Card:
    """`help`, `more`: lists of Line; `lights`: list of (state of core/patterns, what is seen, what it means)."""

    title: str
    scheme: str
    flat: str
    headings: tuple
    help: list
    lights: list
    more: list


def languages():
    return sorted(path.stem for path in _TEXTS.glob("*.json"))


def texts(language):
    """Raises CardError for a language without texts."""
    if language not in languages():
        raise CardError(f"language {language!r}: there is no card in it; there are {', '.join(languages())}")
    return json.loads((_TEXTS / f"{language}.json").read_text(encoding="utf-8"))


def card(flat, language="en"):
    """The Card of a Flat. Raises CardError if nobody in it could call for help."""
    said = texts(language)
    if flat.button is None and not flat.cords and not flat.has_pendant:
        raise CardError("the flat has no button, no cord and no pendant: there is nothing to tell its tenant")
    headings = (said["help"], said["lights"], said["more"])
    lights = [(state, *said["light"][state]) for state in STATES]
    place = said["flat"].format(flat=flat.flat)
    return Card(said["title"], flat.scheme, place, headings, _help(flat, said), lights, _more(flat, said))


def _help(flat, said):
    lines = []
    if flat.button is not None:
        lines.append(Line("button", said["button" if flat.button else "button_no_room"].format(room=flat.button)))
    if flat.cords:
        lines.append(Line("cord", _cords(flat.cords, said)))
    if flat.has_pendant:
        lines.append(Line("pendant", said["pendant"]))
    ask = "wait", "cannot_speak", "mistake", "any_time"
    return lines + [Line(name, said[name]) for name in ask]


def _cords(rooms, said):
    rooms = list(dict.fromkeys(rooms))  # two cords in one room are one place to look
    if "" in rooms:
        return said["cords"]["no_room"]
    *first, last = rooms
    joined = f"{', '.join(first)} {said['and']} {last}" if first else last
    return said["cords"]["many" if first else "one"].format(rooms=joined)


def _more(flat, said):
    lines = [Line("power", said["power"]), Line("ear", said["privacy"])]
    if flat.answering:
        lines.append(Line("voice", f"{said['coordinator']} {said['answering'][flat.answering]}"))
    if flat.has_privacy:
        lines.append(Line("switch", said["privacy_switch"]))
    if flat.reminder:
        lines.append(Line("calendar", said["reminder"]))
    if flat.cords:
        lines.append(Line("cord_free", said["cords_free"]))
    lines.append(Line("fault", said["fault"]))
    return [*lines, Line("phone", said["phone" if flat.phone else "no_phone"].format(phone=flat.phone))]
