"""Runs one virtual board and its control channel until Ctrl-C: `python -m tools.vboard --root DIR --state DIR --control PORT`.

Prints one line of JSON when it is ready, `{"v": 1, "control": PORT, "relays": [PORTS]}`, then the unit's console; with
`--events` every event instead, in the control channel's form.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys

from tools.vboard.control import VERSION, ControlChannel
from tools.vboard.errors import BoardError
from tools.vboard.unit import VirtualBoard


def _pair(text):
    listen, _, target = text.rpartition(":")
    return int(listen or 0), int(target)


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m tools.vboard", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", required=True, help="what is on the board's file system: boot.py, main.py, firmware/, ...")
    parser.add_argument("--state", required=True, help="directory for flash partitions; made if missing, used again if there")
    parser.add_argument("--control", type=int, default=0, metavar="PORT", help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--board", default="ESP32_GENERIC", help="board file's name (default: %(default)s)")
    parser.add_argument("--relay", type=_pair, action="append", default=[], metavar="[LISTEN:]TARGET", help="relay to a broker")
    parser.add_argument("--heapsize", help="MicroPython heap (default: 320k, or 640k for modules that are not in an image)")
    parser.add_argument("--ticks-start", type=int, default=0, metavar="MS", help="time.ticks_ms() at power-on, 0 to 1073741823")
    parser.add_argument("--seed", type=int, default=1, help="of the contacts' bounce")
    parser.add_argument("--events", action="store_true", help="print every event as a line of JSON")
    return parser.parse_args()


async def _print_events(board, everything):
    async for event in board.events(since=0):
        if everything:
            print(json.dumps({"v": VERSION, **event}), flush=True)
        elif event["event"] == "console":
            print(event["text"], flush=True)


async def _run(options):
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    board = VirtualBoard(
        root=options.root,
        state=options.state,
        board=options.board,
        relays=options.relay,
        heapsize=options.heapsize,
        ticks_start=options.ticks_start,
        seed=options.seed,
    )
    async with board, ControlChannel(board, options.control) as channel:
        ready = {"v": VERSION, "control": channel.port, "relays": [relay.port for relay in board.relays]}
        print(json.dumps(ready), flush=True)
        printing = asyncio.ensure_future(_print_events(board, options.events))
        await stop.wait()
        printing.cancel()
        await asyncio.gather(printing, return_exceptions=True)


def main():
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(_run(_arguments()))
        except (BoardError, OSError) as error:
            print(f"virtual board: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
