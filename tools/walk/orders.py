"""What the engineer types while a test runs, made into orders. Pure."""

from dataclasses import dataclass

from .words import is_question, short

_YES, _NO = ("y", "yes"), ("n", "no")
HELP = "y / n: answer the question.  skip WHY: leave this step out.  left: what is left.  stop: end the test here.  Ctrl-C: leave"


class OrderError(ValueError):
    """A line that cannot be carried out; the text says what is wanted."""


@dataclass(frozen=True)
class Order:
    """`do`: answer, skip, stop, left or help; `step` and `value` as in the desk's requests."""

    do: str
    step: str = ""
    value: str = ""


def _names_a_step(why):
    """True for `ask:light no bulb`, `light? no bulb`, `pull:cord1`: a reason does not begin so."""
    first = why.split()[0]
    return first.startswith(("ask:", "pull:", "path:")) or first.endswith("?")


def read(line, step):
    """The Order of a line while `step` is to be done now; None for an empty line. Raises OrderError."""
    word, _, rest = line.strip().partition(" ")
    word, rest = word.lower(), rest.strip()
    if not word:
        return None
    if word in _YES + _NO:
        if not is_question(step):
            raise OrderError("no question is open now; `skip WHY` leaves the step out")
        return Order("answer", step, "yes" if word in _YES else "no")
    if word == "skip":
        if not rest:
            raise OrderError("skip WHY: the reason is on the record, so say it in a few words")
        if not step:
            raise OrderError("there is nothing to leave out now")
        if _names_a_step(rest):
            raise OrderError(f"skip WHY leaves out the step that is open now, {short(step)}: a reason is wanted, no other step")
        return Order("skip", step, rest[:64])
    if word in ("stop", "left", "help", "?") and not rest:
        return Order({"?": "help"}.get(word, word))
    raise OrderError(f"{line.strip()!r} is not understood. {HELP}")
