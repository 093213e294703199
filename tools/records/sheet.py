"""What stands on a printed record of test, in order, as plain data: the page is drawn from this (page.py), tests read it.

Machine results and the answers of people are kept apart everywhere. The last result of a step counts, as in the record itself.
"""

from dataclasses import dataclass, field

from tools.desk.testing.record import Record

from . import words

_LONGEST = 120  # characters of one cell: a record may say anything, and a page has an end


@dataclass(frozen=True)
class Sheet:
    """`facts`: list of (label, value). `inputs`: list of Input. `machine`, `people`: list of (step in words, result, remark).
    `defects`, `untested`: list of (remark, list of steps in words). `hashes`: list of (label, 64 hex digits). `doubts`: texts."""

    title: str
    unit: str
    verdict: str
    meaning: str
    facts: list
    inputs: list
    machine: list
    people: list
    defects: list
    untested: list
    hashes: list
    doubts: list
    engineer: str
    witness: str


@dataclass
class Input:
    """One button, cord or pendant. `pull`: (result, remark, ms or None) or None; `answers`: {question: result}."""

    name: str
    room: str
    pull: tuple | None = None
    answers: dict = field(default_factory=dict)


def sheet(entry, label="", rooms=None):
    """The Sheet of an entry (source.py). `label`, `rooms`: what the desk calls the flat, and {input: room}, if it is known.

    Raises ValueError if the record cannot be read.
    """
    record = Record(entry["text"])
    if not record.is_read:
        raise ValueError("the record cannot be read, so there is nothing to print")
    last, tries = {}, {}
    for step, result, detail, ms in record.results:
        last[step] = (result, detail, ms if type(ms) is int else None)
        tries[step] = tries.get(step, 0) + 1
    remarks = {step: _remark(detail, tries[step]) for step, (_, detail, _) in last.items()}
    inputs = _inputs(last, remarks, rooms or {})
    taken = {f"pull:{one.name}" for one in inputs} | {f"ask:{one.name}:{key}" for one in inputs for key in one.answers}
    rest = [(step, words.step(step), value[0], remarks[step]) for step, value in last.items() if step not in taken]
    header = record.header
    return Sheet(
        title=f"Record of test {header['test']}",
        unit=_short(header["unit"]),
        verdict=record.verdict,
        meaning=words.VERDICTS[record.verdict],
        facts=_facts(header, record.end, label),
        inputs=inputs,
        machine=[row[1:] for row in rest if not row[0].startswith("ask:")],
        people=[row[1:] for row in rest if row[0].startswith("ask:")],
        defects=_gathered(last, remarks, ("fail",)),
        untested=[(_why(result, why), names) for result in ("skip", "open")
                  for why, names in _gathered(last, remarks, (result,), "no reason given")],
        hashes=_hashes(header, entry),
        doubts=[words.DOUBTS.get(flag, flag) for flag in entry["flags"]],
        engineer=_short(header["engineer"]),
        witness=_short(header["witness"]),
    )


def _facts(header, end, label):
    scheme, _, rest = header["unit"].partition("/")
    flat, _, unit = rest.partition("/")
    due = end.get("due") if type(end.get("due")) is str else None
    return [
        ("Scheme", _short(scheme)), ("Begun", words.moment(header["started"])),
        ("Flat", _short(flat) + (f" ({_short(label)})" if label and label != f"flat {flat}" else "")),
        ("Ended", words.moment(end["ended"])),
        ("Unit", _short(unit)), ("Begun how", words.BEGUN_BY.get(header["by"], _short(header["by"]))),
        ("Board", _short(header["board"])), ("Firmware", _short(header["firmware"])),
        ("Engineer", _short(header["engineer"]) or "not named"), ("Witness", _short(header["witness"]) or "none"),
        ("Next test due", _short(due) if due else "not known"), ("Test", header["test"]),
    ]  # fmt: skip


def _hashes(header, entry):
    named = [("Board data", header.get("board_sha256")), ("Configuration", header.get("config_sha256"))]
    found = [("This record", entry["sha256"]), ("The one before", header["prev"])]
    found += [(label, value) for label, value in named if type(value) is str]
    return found + ([("Desk's chain", entry["chain"])] if entry["chain"] else [])


def _inputs(last, remarks, rooms):
    found = {}
    for step, (result, _, ms) in last.items():
        kind, _, rest = step.partition(":")
        name, _, question = rest.rpartition(":")
        if kind == "pull" and rest:
            _input(found, rest, rooms).pull = (result, remarks[step], ms)
        elif kind == "ask" and name and question in words.QUESTIONS:
            _input(found, name, rooms).answers[question] = result
    return list(found.values())


def _input(found, name, rooms):
    return found.setdefault(name, Input(name, _short(rooms.get(name, ""))))


def _gathered(last, remarks, results, none=""):
    """Steps with these results by their remark, in the order of the record."""
    found = {}
    for step, value in last.items():
        if value[0] in results:
            found.setdefault(remarks[step] or none, []).append(_short(words.step(step)))
    return list(found.items())


def _why(result, remark):
    """"left out, nobody at home"; a remark that says no more than the result is not said twice."""
    word = words.RESULTS[result]
    return word if remark == word else f"{word}, {remark}"


def _remark(detail, tries):
    return _short(detail) + (f"{'; ' if detail else ''}at try {tries}" if tries > 1 else "")


def _short(text):
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
