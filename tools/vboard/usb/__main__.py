"""A virtual ESP32 on a serial port until Ctrl-C: `python -m tools.vboard.usb --link PATH --state DIR [--chip esp32|esp32s3]`.

Prints one line of JSON when it is ready, `{"v": 1, "port": PATH, "mode": ..., "relays": [PORTS]}`. Then each line on its standard
input is a hand on the board; each is answered by a line of JSON with `ok`, `mode` and, if refused, `error`:

    boot | reset | pull | plug | status | heal | fault NAME [SETTING=VALUE ...]

`boot` is BOOT held and RESET pressed. Faults: docs/virtual-usb.md. Other processes do the same with `tools.vboard.usb.hand`. The
board stands in a room: its microphone hears its loudspeaker.
"""

import argparse
import asyncio
import json
import signal
import sys
import threading

from tools.vboard.errors import BoardError
from tools.vboard.sound_api import ROOM_NOISE_DB, set_room
from tools.vboard.usb.board import UsbBoard
from tools.vboard.usb.flash import SIZES_MB, FlashError
from tools.vboard.usb.hand import Hands
from tools.vboard.usb.orders import obey

VERSION = 1
_ECHO_DB, _ECHO_MS = -20, 20  # without walls a unit does not hear its own tone, and fails its test


def _pair(text):
    listen, _, target = text.rpartition(":")
    return int(listen or 0), int(target)


def _arguments(words):
    parser = argparse.ArgumentParser(prog="python -m tools.vboard.usb", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--link", required=True, help="path of the serial port, a symlink that is made")
    parser.add_argument("--state", required=True, help="directory with the flash chip; made if missing, used again if there")
    parser.add_argument("--chip", choices=("esp32", "esp32s3"), default="esp32")
    parser.add_argument("--flash-mb", type=int, choices=SIZES_MB, default=4, metavar="N", help="2, 4, 8 or 16 (default: 4)")
    parser.add_argument("--mac", default="24:6f:28:00:00:01", help="of the chip (default: %(default)s)")
    parser.add_argument("--board", help="board file whose wires hang on the chip (default: one with that chip)")
    parser.add_argument("--broker-port", type=_pair, action="append", default=[], metavar="[LISTEN:]TARGET", help="relay to it")
    parser.add_argument("--boot", action="store_true", help="start in the ROM's loader, as with BOOT held")
    parser.add_argument("--mains", action="store_true", help="the cable does not power the board")
    parser.add_argument("--console", action="store_true", help="print what the chip says to standard error")
    return parser.parse_args(words)


def stand_in_a_room(board):
    board.run(lambda unit: set_room(unit.chip.sound, _ECHO_DB, _ECHO_MS, ROOM_NOISE_DB))


def _serve(board):
    for line in sys.stdin:
        if line.strip():
            print(json.dumps({"v": VERSION, **obey(board, line.strip())}), flush=True)


async def _until_stopped(board):

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Hands(board):
        ready = {"v": VERSION, "port": str(board.link), "mode": board.mode, "relays": board.relay_ports}
        print(json.dumps(ready), flush=True)
        threading.Thread(target=_serve, args=(board,), daemon=True).start()
        await stop.wait()


def main(words=None):
    options = _arguments(words)
    try:
        board = UsbBoard(
            options.link, options.state, chip=options.chip, flash_mb=options.flash_mb, mac=options.mac, board=options.board,
            relays=options.broker_port, usb_power=not options.mains, boot_held=options.boot,
            listener=_show if options.console else None,
        )  # fmt: skip
        with board:
            stand_in_a_room(board)
            asyncio.run(_until_stopped(board))
    except (BoardError, FlashError, OSError, ValueError) as error:
        print(f"virtual ESP32: {error}", file=sys.stderr)
        return 1
    return 0


def _show(data):
    sys.stderr.write(data.decode("utf-8", "replace"))
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
