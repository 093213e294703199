"""`python -m tools.desk.cli`: the desk from a terminal. It speaks the API of docs/desk-api.md and nothing else."""

import argparse
import asyncio
import json
import sys

from . import cli_speech, cli_test, where
from .client import DeskClient, DeskError
from .config import ConfigError
from .downward import BASES, OUTCOMES
from .routing import PARTIES
from .view import calls_table, event_line, table, units_table

_LOG_PAGE = 1000


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.desk.cli", description="List, answer and clear calls at a running alarm desk.", epilog=where.EPILOG
    )  # fmt: skip
    where.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print replies and events as JSON, one a line")
    _add_commands(parser.add_subparsers(dest="command", required=True, metavar="COMMAND"))
    return parser


def _add_commands(commands):
    make = commands.add_parser("list", help="open calls")
    make.add_argument("--closed", action="store_true", help="the last 100 closed ones too")
    make = commands.add_parser("answer", help="take a call")
    make.add_argument("call", help="number or id of the call")
    make.add_argument("--as", dest="party", choices=PARTIES, help="who takes it; default: who is rung")
    make.add_argument("--who", help="name, 1 to 32 characters; default: the party")
    make.add_argument("--talk", action="store_true", help="speak with the flat at once")
    make = commands.add_parser("release", help="give a call back unfinished")
    make.add_argument("call", help="number or id of the call")
    make = commands.add_parser("clear", help="end a call that was answered")
    make.add_argument("call", help="number or id of the call")
    make.add_argument("--outcome", choices=OUTCOMES, help="what it was")
    make.add_argument("--basis", choices=BASES, help="present: someone is in the flat; speech: they were spoken to")
    make.add_argument("--who", help="who is present, or who spoke: 1 to 32 characters")
    make.add_argument("--triggers", type=int, help="activations you know of; refused if there are more")
    cli_speech.add_commands(commands)
    cli_test.add_commands(commands)
    make = commands.add_parser("duty", help="show or switch the coordinator's duty")
    make.add_argument("switch", choices=("on", "off"), nargs="?")
    make.add_argument("--scheme", help="one scheme only")
    commands.add_parser("units", help="units and whether they are there")
    make = commands.add_parser("query", help="ask a unit for a health report")
    make.add_argument("unit", help="scheme/flat/unit")
    make = commands.add_parser("watch", help="live timeline, until Ctrl-C")
    make.add_argument("--since", type=int, help="begin after this event number")
    make = commands.add_parser("log", help="the timeline so far")
    make.add_argument("--last", type=int, default=50, help="so many events (default 50)")
    make.add_argument("--call", help="of this call only: number or id")
    commands.add_parser("status", help="brokers, duty, fault injection")
    commands.add_parser("page", help="a new link to the desk's page in a browser; it works once")
    make = commands.add_parser("inject", help="FAULT INJECTION, for tests only")
    make.add_argument("mode")
    make.add_argument("value", type=int, help="0 off, n: the next n messages, -1: until switched off; delay_ms: a time")


def _number_or_id(text):
    return int(text) if text.isdigit() else text


async def _list(desk, options):
    calls = await desk.calls(closed=options.closed)
    return calls, calls_table(calls)


async def _answer(desk, options):
    fields = {key: value for key, value in (("party", options.party), ("who", options.who), ("talk", options.talk)) if value}
    reply = await desk.request("answer", call=_number_or_id(options.call), **fields)
    call, session, error = reply["call"], reply.get("session"), reply.get("talk_error")
    speech = f"; speech {session['sid']}" if session else f"; NO SPEECH: {error['text']}" if error else ""
    return call, f"call {call['n']} is answered by {call['held_by']['who']}{speech}"


async def _release(desk, options):
    call = await desk.release(_number_or_id(options.call))
    return call, f"call {call['n']} is given back; it rings at {', '.join(call['ringing'])}"


async def _clear(desk, options):
    missing = [f"--{name}" for name in ("outcome", "basis", "who") if not getattr(options, name)]
    if missing:
        raise DeskError("field", f"a call is cleared only with a reason and a name: {', '.join(missing)} missing (see --help)")
    call = await desk.clear(_number_or_id(options.call), options.outcome, options.basis, options.who, options.triggers)
    return call, f"call {call['n']} is being cleared; it is closed when the unit says so (list --closed)"


async def _duty(desk, options):
    duty = await desk.duty(options.switch and options.switch == "on", options.scheme)
    return duty, table(["SCHEME", "COORDINATOR"], [[name, "on duty" if on else "off duty"] for name, on in duty.items()])


async def _units(desk, options):
    reply = await desk.request("units")
    strangers = [[count, topic] for topic, count in reply["strangers"].items()]
    text = units_table(reply["units"])
    return reply, text + ("\n\n" + table(["COUNT", "UNKNOWN TOPIC"], strangers) if strangers else "")


async def _query(desk, options):
    await desk.request("query", unit=options.unit)
    return {}, f"{options.unit} is asked; `units` shows its health when it has answered"


async def _watch(desk, options):
    await desk.subscribe(options.since)
    while True:
        event = await desk.wait_for(lambda event: True, None)
        print(json.dumps(event) if options.json else event_line(event), flush=True)


async def _log(desk, options):
    fields = {"call": _number_or_id(options.call)} if options.call else {}
    end = (await desk.request("status"))["log_end"]
    since, events = 0 if options.call else max(0, end - options.last), []
    while True:
        page = (await desk.request("log", since=since, limit=_LOG_PAGE, **fields))["events"]
        events += page
        if len(page) < _LOG_PAGE:
            break
        since = page[-1]["n"]
    events = events[-options.last :]
    return events, "\n".join(event_line(event) for event in events) or "nothing yet"


async def _status(desk, options):
    reply = await desk.request("status")
    rows = [["broker " + item["name"], "connected" if item["connected"] else item["text"]] for item in reply["brokers"]]
    rows += [["duty " + name, "on" if on else "off"] for name, on in reply["duty"].items()]
    rows += [["FAULT INJECTION " + mode, value] for mode, value in reply["injected"].items() if value]
    return reply, table(["WHAT", "IS"], rows + [["last error", reply["last_error"] or "-"]])


async def _page(desk, options):
    reply = await desk.request("page")
    return reply, reply["url"]


async def _inject(desk, options):
    injected = await desk.inject(options.mode, options.value)
    return injected, "\n".join(f"FAULT INJECTION {mode}: {value}" for mode, value in injected.items() if value) or "all off"


_COMMANDS = {
    "list": _list, "answer": _answer, "release": _release, "clear": _clear, "duty": _duty, "units": _units, "query": _query,
    "watch": _watch, "log": _log, "status": _status, "inject": _inject, "page": _page,
    **cli_speech.COMMANDS, **cli_test.COMMANDS,
}  # fmt: skip


async def _run(options):
    async with DeskClient(*where.address(options)) as desk:
        reply, text = await _COMMANDS[options.command](desk, options)
        print(json.dumps(reply) if options.json else text)


def main(arguments=None):
    """Exit code: 0 done, 1 the desk refused or is not there, 2 wrong use, 130 Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(options))
    except (DeskError, ConfigError) as error:
        print(f"desk: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) or getattr(error, "code", "") == "field" else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone: nothing to tell it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
