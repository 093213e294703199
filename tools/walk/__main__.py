"""`python -m tools.walk`: test one unit with its engineer, step by step. See docs/testing.md and docs/desk-api.md."""

import argparse
import asyncio
import sys

from tools.desk import where
from tools.desk.client import DeskError
from tools.desk.config import ConfigError

from .guide import LEFT_ALONE, Guide, WalkError
from .screen import Screen

_CODE = "The claim code of --mpremote is asked for, or read from --code-file or the environment's CLAIM_CODE."
_EXITS = "Exit code: 0 PASS, 3 PASS WITH DEFECTS, 4 FAIL, 5 INCOMPLETE; 1 no test could be made, 2 wrong use, 130 left by Ctrl-C."


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.walk", epilog=f"{where.EPILOG} {_CODE} {_EXITS}",
        description="Test a unit: every button and cord, light, sound, battery and path, step by step.",
    )  # fmt: skip
    where.add_arguments(parser)
    parser.add_argument("--unit", metavar="SCHEME/FLAT/UNIT", help="which unit; needed if the desk has more than one")
    parser.add_argument("--who", help="the engineer, 1 to 32 characters: on the record")
    parser.add_argument("--witness", default="", help="who sees it, at most 64 characters: on the record")
    parser.add_argument("--mpremote", metavar="PORT", help="begin at the unit's serial port instead: its claim code opens it")
    parser.add_argument("--code-file", metavar="FILE", help="file with that claim code, - for standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, for scripts")
    return parser


def _wrong(options):
    if options.who is not None and not 1 <= len(options.who) <= 32:
        return "--who takes 1 to 32 characters"
    if len(options.witness) > 64:
        return "--witness takes at most 64 characters"
    if options.mpremote and not options.who:
        return "who tests? The name is on the record: --who NAME"
    if options.code_file and not options.mpremote:
        return "--code-file belongs to --mpremote: a test from the desk needs no claim code"
    return ""


def _walk(options, screen):
    if options.mpremote:
        from tools.service.__main__ import code_of  # pyserial is wanted here only

        from .at_port import walk

        return walk(options.mpremote, options.who, options.witness, screen, lambda: code_of(options))
    where.address(options)  # complaints before anything else

    async def guided():
        find, desk = lambda: where.address(options), where.typed(options)
        return await Guide(find, options.unit, options.who, options.witness, screen, desk).run()

    return asyncio.run(guided())


def main(arguments=None):
    options = _parser().parse_args(arguments)
    wrong = _wrong(options)
    if wrong:
        print(f"walk: {wrong}", file=sys.stderr)
        return 2
    screen = Screen(options.json)
    try:
        return _walk(options, screen)
    except (WalkError, DeskError, ConfigError) as error:
        if options.json:
            screen.say("error", "", text=str(error))
        print(f"walk: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) or getattr(error, "code", "") == "field" else 1
    except KeyboardInterrupt:
        return LEFT_ALONE
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone: nothing to tell it
        return 1


if __name__ == "__main__":
    sys.exit(main())
