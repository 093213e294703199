"""The commands about tests and their records of `python -m tools.desk.cli`. A whole guided test: `python -m tools.walk`."""

from .client import DeskError
from .view import clean, day, table

_PAGE = 1000


def add_commands(commands):
    make = commands.add_parser("test-start", help="begin a test of a unit; `python -m tools.walk` guides through one")
    make.add_argument("unit", help="scheme/flat/unit")
    make.add_argument("--who", required=True, help="the engineer: 1 to 32 characters")
    make.add_argument("--witness", default="", help="who sees it: at most 64 characters")
    make = commands.add_parser("test-answer", help="answer a question of the test that is under way")
    make.add_argument("unit", help="scheme/flat/unit")
    make.add_argument("step", help="as `tests` names it")
    make.add_argument("value", choices=("yes", "no"))
    make = commands.add_parser("test-skip", help="leave a step out, and say why")
    make.add_argument("unit", help="scheme/flat/unit")
    make.add_argument("step", help="as `tests` names it")
    make.add_argument("why", help="1 to 64 characters: it is on the record")
    make = commands.add_parser("test-stop", help="end the test; what is left open makes it INCOMPLETE")
    make.add_argument("unit", help="scheme/flat/unit")
    commands.add_parser("tests", help="the newest test of each unit, and what is left of it")
    commands.add_parser("tests-due", help="when each unit is to be tested, the most urgent first")
    commands.add_parser("tests-verify", help="reckon every hash of all records of test anew")
    make = commands.add_parser("test-records", help="records of test that are stored")
    make.add_argument("--unit", help="scheme/flat/unit; default: all")
    make = commands.add_parser("test-record", help="one record of test, word for word")
    make.add_argument("record", type=int)


async def _asked(desk, do, fields, words):
    command = (await desk.request(do, **fields))["command"]
    return command, f"{words}; `watch` and `tests` show what the unit says"


async def _start(desk, options):
    fields = {"unit": options.unit, "who": options.who, "witness": options.witness}
    return await _asked(desk, "test_start", fields, f"{options.unit} is asked to begin a test")


async def _answer(desk, options):
    fields = {"unit": options.unit, "step": options.step, "value": options.value}
    return await _asked(desk, "test_answer", fields, f"{options.value} to {options.step} is on its way")


async def _skip(desk, options):
    fields = {"unit": options.unit, "step": options.step, "why": options.why}
    return await _asked(desk, "test_skip", fields, f"{options.step} is to be left out")


async def _stop(desk, options):
    return await _asked(desk, "test_stop", {"unit": options.unit}, "the test is to end")


async def _tests(desk, options):
    tests = (await desk.request("tests"))["tests"]
    rows = []
    for test in tests:
        address = f"{test['scheme']}/{test['flat']}/{test['unit']}"
        rows.append([
            address, test["test"], test["state"], test["verdict"] or "-", test["step"] or "-", ", ".join(test["left"]) or "-",
            day(test["at"]),
        ])  # fmt: skip
    return tests, table(["UNIT", "TEST", "STATE", "VERDICT", "NOW", "LEFT", "LAST WORD"], rows) if rows else "no test so far"


async def _due(desk, options):
    reply = await desk.request("tests_due")
    rows = []
    for row in reply["due"]:
        when = [row["tested"] or "-", row["due"] or "at once", _days(row["days"]), row["verdict"] or "-"]
        rows.append([row["unit"], row["label"], row["status"], row["state"].upper(), *when])
    head = ["UNIT", "LABEL", "STATUS", "TEST", "LAST PASSED", "DUE", "DAYS LEFT", "NEWEST VERDICT"]
    return reply["due"], table(head, rows)


def _days(days):
    return "-" if days is None else f"{-days} over" if days < 0 else days


async def _verify(desk, options):
    reply = await desk.request("tests_verify")
    wrong = [f"record {item['record']}: its {item['what']} is wrong" for item in reply["wrong"] if item["record"]]
    gone = ["records at the end are gone"] * any(item["record"] is None for item in reply["wrong"])
    if wrong or gone:
        raise DeskError("chain", f"{'; '.join(wrong + gone)}: somebody has changed the database, or it was damaged")
    return reply, f"{reply['records']} record(s), every hash is right"


async def _records(desk, options):
    fields, since, entries = {"unit": options.unit} if options.unit else {}, 0, []
    while page := (await desk.request("test_records", since=since, limit=_PAGE, **fields))["records"]:
        entries, since = entries + page, page[-1]["n"]
    rows = []
    for entry in entries:
        said = [entry["verdict"] or "-", ", ".join(entry["flags"]) or "-", entry["sha256"][:16]]
        rows.append([entry["n"], day(entry["received_s"]), entry["unit"], entry["test"], *said])
    return entries, table(["N", "CAME", "UNIT", "TEST", "VERDICT", "IN DOUBT", "SHA-256"], rows) if rows else "nothing yet"


async def _record(desk, options):
    entry = (await desk.request("test_record", record=options.record))["record"]
    lines = [f"record {entry['n']} of {entry['unit']}, came {day(entry['received_s'])}, SHA-256 {entry['sha256']}"]
    lines += [f"IN DOUBT: {', '.join(entry['flags'])} (docs/desk-api.md says what that means)"] if entry["flags"] else []
    return entry, "\n".join([*lines, *(clean(line) for line in entry["text"].splitlines())])


COMMANDS = {
    "test-start": _start, "test-answer": _answer, "test-skip": _skip, "test-stop": _stop, "tests": _tests, "tests-due": _due,
    "tests-verify": _verify, "test-records": _records, "test-record": _record,
}  # fmt: skip
