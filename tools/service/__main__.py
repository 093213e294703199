"""`python -m tools.service --port PORT enter|renew|leave|state`: service mode of a unit. docs/service-mode.md."""

import argparse
import getpass
import os
import sys

from tools.service import claim
from tools.service.line import Console, ServiceError

_ENVIRONMENT = "CLAIM_CODE"
_EPILOG = f"""The claim code is asked for, or read from --code-file or the environment's {_ENVIRONMENT}: on a command line others
could see it. Exit code: 0 done, 1 not done (what to do next is said), 2 wrong use, 130 left by Ctrl-C."""
_WORDS = ("service: ", "unit ils/", "blank unit: ")  # of the unit, for people; the rest is the start's and the prompt's
_STATES = {
    "running": "the unit runs: it calls, and its console is closed",
    "service": "service mode: the prompt is open, and the unit does NOT call",
    "blank": "a board without an identity, at its prompt; it calls nobody (python -m tools.install)",
    "silent": "nothing that is known answers",
}


def _parser():
    about = {"prog": "python -m tools.service", "epilog": _EPILOG, "description": "Service mode of a unit."}
    parser = argparse.ArgumentParser(**about, allow_abbrev=False)  # `--code X` would be one for --code-file, with the code in it
    parser.add_argument("--port", required=True, help="its serial port")
    parser.add_argument("--code-file", metavar="FILE", help="file with the claim code, - for standard input")
    parser.add_argument("--now", action="store_true", help="enter although a call is open, somebody speaks or a test runs")
    parser.add_argument("--quiet", action="store_true", help="do not show what the unit says")
    parser.add_argument("--verbose", action="store_true", help="show all that comes over the line, this tool's own questions too")
    parser.add_argument("do", choices=("enter", "renew", "leave", "state"))
    return parser


def code_of(options):
    """The claim code. Raises ValueError for what is none, OSError for a file that cannot be read."""
    if options.code_file == "-":
        return claim.written(sys.stdin.readline())
    if options.code_file:
        with open(options.code_file) as file:
            return claim.written(file.readline())
    if os.environ.get(_ENVIRONMENT):
        return claim.written(os.environ[_ENVIRONMENT])
    try:
        return claim.written(getpass.getpass("claim code of this unit: "))
    except EOFError:
        why = f"nobody is there to be asked for the code: give --code-file FILE (-: standard input) or {_ENVIRONMENT}"
        raise ValueError(why) from None


def _listener(options):
    """What is told of each line of the unit. The prompt's echo of our questions frightens people and helps nobody."""
    if options.quiet:
        return None

    def show(line):
        if options.verbose or line.startswith(_WORDS):
            print(f"  {line}", file=sys.stderr, flush=True)

    return show


def _do(options):
    console = Console(options.port, _listener(options))
    if options.do == "state":
        state = console.state()
        print(f"{state}: {_STATES[state]}")
        return 0 if state != "silent" else 1
    if options.do == "enter":
        console.enter(code_of(options), options.now)
        print(f"service mode. Now: mpremote connect {options.port} ...")
        print("It lasts 15 min from the last `renew`, and ends with `leave`. The unit does not call: tell the tenant.")
    elif options.do == "renew":
        console.renew()
        print("15 min from now")
    else:
        print(f"unit {console.leave()} runs")
    return 0


def main(arguments=None):
    options = _parser().parse_args(arguments)
    try:
        return _do(options)
    except (ServiceError, ValueError, OSError) as error:
        print(f"service: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
