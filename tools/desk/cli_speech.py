"""The commands about speech and welfare calls of `python -m tools.desk.cli`."""

import json

from .client import DeskError
from .downward import CONTROLS
from .view import entries_table, sessions_table, table
from .welfare.questions import OUTCOMES

_LOGS = {
    "microphone-log": "who has listened: each opening and closing of a microphone",
    "no-answer-log": "welfare and intercom calls that nobody answered, with the evidence",
    "ok-log": "\"I'm OK\" pressed and missed",
    "welfare-log": "recorded welfare calls",
    "mains-log": "power failures and their ends",
    "battery-log": "states of the batteries",
    "proven-log": "what the units have proven by themselves each day",
    "reminder-log": "monthly reminders to try the unit, and what became of them",
    "bearer-log": "which bearer each unit used, and why it changed",
    "service-log": "who had a unit's console open, and who tried to",
    "flight-log": "what units had noted before they were reset",
}
_YES_NO = {"yes": True, "no": False}


def add_commands(commands):
    make = commands.add_parser("talk", help="speak with the flat of a call that was answered")
    make.add_argument("call", help="number or id of the call")
    make.add_argument("--who", help="1 to 32 characters; default: who holds the call. Another one takes the speech over")
    for kind in ("intercom", "welfare", "door"):
        make = commands.add_parser(kind, help=f"call a flat: {kind}")
        make.add_argument("unit", help="scheme/flat/unit")
        make.add_argument("--who", required=True, help="who calls: 1 to 32 characters")
        make.add_argument("--take-over", action="store_true", help="end somebody else's session of equal rank")
    make = commands.add_parser("control", help="change how a session speaks")
    make.add_argument("sid", help="id of the session, or `-` if there is only one")
    make.add_argument("what", choices=CONTROLS)
    make = commands.add_parser("digit", help="send a digit in the sound")
    make.add_argument("sid", help="id of the session, or `-`")
    make.add_argument("digit")
    make = commands.add_parser("tone", help="sound a tone in the flat: is the path there?")
    make.add_argument("sid", help="id of the session, or `-`")
    make.add_argument("hz", type=int)
    make.add_argument("seconds", type=int)
    make = commands.add_parser("hang-up", help="end a speech session; the call stays")
    make.add_argument("sid", help="id of the session, or `-`")
    make = commands.add_parser("sessions", help="who speaks with whom")
    make.add_argument("--ended", action="store_true", help="the last 100 that are over too")
    commands.add_parser("questions", help="the set questions of a welfare call")
    _add_outcome(commands)
    for name, words in _LOGS.items():
        make = commands.add_parser(name, help=words)
        make.add_argument("--unit", help="scheme/flat/unit; default: all")
        make.add_argument("--since", type=int, default=0, help="after this number")


def _add_outcome(commands):
    make = commands.add_parser("outcome", help="record what a welfare call has shown")
    make.add_argument("sid", help="id of the session")
    make.add_argument("outcome", choices=OUTCOMES)
    make.add_argument("--who", required=True, help="who asked: 1 to 32 characters")
    words = "yes, no, 1 to 5, or words; once for each question"
    make.add_argument("--answer", action="append", default=[], metavar="ID=ANSWER", help=words)
    make.add_argument("--note", default="")


async def _talk(desk, options):
    fields = {"who": options.who} if options.who else {}
    call = int(options.call) if options.call.isdigit() else options.call
    return _started((await desk.request("talk", call=call, **fields))["session"])


async def _call_flat(desk, options):
    reply = await desk.request(options.command, unit=options.unit, who=options.who, take_over=options.take_over)
    return _started(reply["session"])


def _started(session):
    return session, f"speech {session['sid']} ({session['kind']}, {session['who']}) is {session['state']}"


async def _sid(desk, options):
    if options.sid != "-":
        return options.sid
    sessions = (await desk.request("sessions"))["sessions"]
    if len(sessions) != 1:
        raise DeskError("field", f"`-` stands for the one session that is on; there are {len(sessions)}")
    return sessions[0]["sid"]


async def _control(desk, options):
    session = (await desk.request("control", sid=await _sid(desk, options), command=options.what))["session"]
    return session, f"{options.what} is on its way; `sessions` and `watch` show what the flat says"


async def _digit(desk, options):
    session = (await desk.request("digit", sid=await _sid(desk, options), digit=options.digit))["session"]
    return session, f"{options.digit} is being sent"


async def _tone(desk, options):
    session = (await desk.request("tone", sid=await _sid(desk, options), hz=options.hz, seconds=options.seconds))["session"]
    return session, f"{options.hz} Hz sounds for {options.seconds} s"


async def _hang_up(desk, options):
    session = (await desk.request("hang_up", sid=await _sid(desk, options)))["session"]
    return session, f"speech {session['sid']} is ending; the call, if there is one, stays"


async def _sessions(desk, options):
    sessions = (await desk.request("sessions", ended=options.ended))["sessions"]
    return sessions, sessions_table(sessions)


async def _questions(desk, options):
    reply = await desk.request("welfare_questions")
    rows = [[item["id"], item["kind"], "must" if item["required"] else "may", item["text"]] for item in reply["questions"]]
    return reply, table(["ID", "KIND", "ANSWER", "QUESTION"], rows)


async def _outcome(desk, options):
    kinds = {item["id"]: item["kind"] for item in (await desk.request("welfare_questions"))["questions"]}
    answers = dict(_answer(text, kinds) for text in options.answer)
    fields = {"sid": options.sid, "who": options.who, "outcome": options.outcome, "answers": answers, "note": options.note}
    entry = (await desk.request("welfare_outcome", **fields))["outcome"]
    return entry, f"recorded as {entry['n']}: {entry['outcome']} for {entry['unit']}"


def _answer(text, kinds):
    wanted, equals, words = text.partition("=")
    if not equals or wanted not in kinds:
        raise DeskError("field", f"--answer {text!r}: ID=ANSWER is wanted, with an ID of `questions`")
    if kinds[wanted] == "yes_no":
        return wanted, _YES_NO.get(words, words)
    return wanted, int(words) if kinds[wanted] == "scale" and words.isdigit() else words


async def _log(desk, options):
    fields = {"unit": options.unit} if options.unit else {}
    do, since, entries = options.command.replace("-", "_"), options.since, []
    while page := (await desk.request(do, since=since, limit=1000, **fields))["entries"]:
        entries, since = entries + page, page[-1]["n"]
    return entries, entries_table([{key: _plain(value) for key, value in entry.items()} for entry in entries])


def _plain(value):
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, bool, list)) else value


COMMANDS = {
    "talk": _talk, "intercom": _call_flat, "welfare": _call_flat, "door": _call_flat, "control": _control, "digit": _digit,
    "tone": _tone, "hang-up": _hang_up, "sessions": _sessions, "questions": _questions, "outcome": _outcome,
    **dict.fromkeys(_LOGS, _log),
}  # fmt: skip
