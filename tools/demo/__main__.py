"""`make demo`: press, pull, answer, cut things and watch what follows. `python -m tools.demo --scenario NAME` plays a file."""

import argparse
import fcntl
import os
import signal
import sys
import threading
from pathlib import Path

from tools.brokers import KINDS
from tools.demo import prompt
from tools.demo.orders import Order
from tools.demo.session import Session, SessionError
from tools.scenario import __main__ as scenario
from tools.scenario.grammar import WordError
from tools.scenario.timeline import Timeline

try:
    import readline
except ImportError:  # a Python built without it: no completion, all else works
    readline = None

_DIRECTORY = Path(__file__).resolve().parent.parent.parent / "build" / "demo"
_CLEAR_LINE = "\r\033[K"


class Terminal:
    """Lines come from two threads; a line that arrives while a command is being typed is put above it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._interactive = sys.stdin.isatty() and sys.stdout.isatty()
        self._asking = False
        if readline and self._interactive:
            readline.set_completer(self._complete)
            readline.set_completer_delims(" ")
            readline.parse_and_bind("tab: complete")

    @property
    def colour(self):
        return self._interactive and not os.environ.get("NO_COLOR")

    def write(self, line):
        with self._lock:
            if self._asking and self._interactive:
                typed = readline.get_line_buffer() if readline else ""
                sys.stdout.write(f"{_CLEAR_LINE}{line}\n{prompt.PROMPT}{typed}")
            else:
                sys.stdout.write(line + "\n")
            sys.stdout.flush()

    def ask(self):
        """One line from the keyboard. Raises EOFError, KeyboardInterrupt."""
        self._asking = True
        try:
            return input(prompt.PROMPT if self._interactive else "")
        finally:
            self._asking = False

    def _complete(self, text, state):
        found = prompt.completions(text, readline.get_line_buffer())
        return found[state] if state < len(found) else None


def converse(session, terminal):
    """Read and carry out commands until the person has had enough."""
    while True:
        try:
            line = terminal.ask().strip()
        except EOFError:
            return
        if not line:
            continue
        try:
            wanted = prompt.read(line)
            if wanted == "quit":
                return
            if isinstance(wanted, str):
                terminal.write(_look(session, wanted))
            elif isinstance(wanted, Order):
                said = session.carry_out(wanted)
                if said:
                    terminal.write(said)
            else:
                session.do(wanted)
        except WordError as error:
            terminal.write(f"  {error}. `help` lists what there is.")
        except SessionError as error:
            terminal.write(f"  not done: {error}")


def _look(session, wanted):
    if wanted == "help":
        return prompt.help_page()
    if wanted == "calls":
        return session.calls()
    return f"  light {session.view.light}" if wanted == "light" else f"  {session.view.summary()}"


def run(directory, broker, port):
    """The demo until its end; returns the exit code."""
    terminal = Terminal()
    session = Session(directory, lambda view: Timeline(view, terminal.write, terminal.colour), broker, port)
    try:
        session.start()
        terminal.write(
            "\nFlat 12 is yours: `press button`, `pull 1`, `answer`, `talk`, `clear mistake`, `broker cut` ... `help`, `quit`.\n"
            f"In a browser you can speak at both ends (each link works once, `links` gives new ones):\n{session.links()}\n"
        )
        converse(session, terminal)
        return 0
    except SessionError as error:
        terminal.write(f"\ndemo: {error}")
        return 1
    except KeyboardInterrupt:
        return 0  # the usual way to end it
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C may not cut the tidying short
        terminal.write("\nending the demo ...")
        session.stop()
        terminal.write(f"ended; keys, journal and calls stay in {directory} for the next time")


def _only_one(directory):
    """Keeps a second demo off the same flat; returns the file that holds the lock, or None."""
    directory.mkdir(parents=True, exist_ok=True)
    file = open(directory / "lock", "w")  # noqa: SIM115 - held until the process ends
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _interrupt(*_):
    raise KeyboardInterrupt


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--broker", default="nats", choices=KINDS)
    parser.add_argument("--port", type=int, default=0, help="the broker's port; 0: any free one")
    parser.add_argument("--dir", type=Path, default=_DIRECTORY, help="where keys, journal and calls are kept")
    parser.add_argument("--scenario", help="play this scenario and end")
    args = parser.parse_args(arguments)
    if args.scenario:
        return scenario.main(["--broker", args.broker, args.scenario])
    lock = _only_one(args.dir)
    if lock is None:
        print(f"demo: another demo is running on {args.dir}; end that one first", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    return run(args.dir, args.broker, args.port)


if __name__ == "__main__":
    sys.exit(main())
