"""What is shown when a test is over: the verdict, what is defect, what was not tested, and where the record is."""

from tools.desk.testing.record import VERDICTS, Record

from . import words

EXITS = dict(zip(VERDICTS, (0, 3, 4, 5), strict=True))  # PASS, PASS WITH DEFECTS, FAIL, INCOMPLETE
_OTHER = 1  # a verdict or a record that cannot be read


def with_record(screen, entry, desk):
    """Exit code. `entry`: a record of test with its text, as the desk gives it; `desk`: options by which commands find it."""
    record = Record(entry["text"])
    lines = words.summary(record) if record.is_read else ["The record cannot be read."]
    if entry["flags"]:
        lines.append(f"  IN DOUBT: {', '.join(entry['flags'])} (docs/desk-api.md, Tests)")
    lines.append(f"  Record {entry['n']}, SHA-256 {entry['sha256']}: on the unit, and at the desk:")
    lines.append(f"  python -m tools.desk.cli {desk} test-record {entry['n']}")
    if not desk.startswith("--api"):  # the page is made from the desk's own files
        lines.append(f"  python -m tools.records pdf {desk} --record {entry['n']}    # one page, to be signed")
    told = {"defects": record.end.get("defects", []), "untested": record.end.get("untested", []), "flags": entry["flags"]}
    screen.say("verdict", "\n" + "\n".join(lines), verdict=entry["verdict"], record=entry["n"], sha256=entry["sha256"], **told)
    return _OTHER if entry["flags"] and not record.is_read else EXITS.get(entry["verdict"], _OTHER)


def without_record(screen, unit, verdict, desk):
    """Exit code, when the record has not come. `verdict`: as far as it was heard."""
    lines = [f"{verdict or 'It is over'}. {words.VERDICTS.get(verdict, '')}".rstrip()]
    lines.append("  The record has not come yet. It is on the unit, which sends it at each connection and hourly. Look later:")
    lines.append(f"  python -m tools.desk.cli {desk} test-records --unit {unit}")
    screen.say("verdict", "\n" + "\n".join(lines), verdict=verdict, record=None)
    return EXITS.get(verdict, _OTHER)
