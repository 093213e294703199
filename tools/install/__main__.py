"""From a blank board to a working flat. `python -m tools.install --help`; docs/install.md has it all."""

import argparse
import math
import os
import sys
from pathlib import Path

from . import commands, show
from .errors import InstallError
from .label import SIZE_MM

_EXITS = "Exit code: 0 all done; 1 not all of it, each with what to do next; 2 wrong use or files; 130 stopped."


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.install", description="From a blank board to a working flat, and the proof of it.", epilog=_EXITS
    )
    made = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _init(made)
    one = _command(made, "flat", "one board: write, identity, proof, label, audit", commands.install)
    one.add_argument("flat", help="the flat, as flats.csv has it")
    one.add_argument("--port", required=True, help="the board's serial port, such as /dev/ttyUSB0")
    _add_install(one)
    many = _command(made, "batch", "many boards over several ports at once", commands.install)
    many.add_argument("flats", nargs="*", metavar="FLAT", help="these flats; default: all that are not installed yet")
    many.add_argument("--port", action="append", required=True, metavar="PORT[=FLAT]", help="may be given again")
    many.add_argument("--all", action="store_true", help="all flats of flats.csv, installed or not")
    _add_install(many)
    paper = _command(made, "label", "labels as PDF", commands.label)
    paper.add_argument("flats", nargs="*", metavar="FLAT", help="default: every unit that has an identity")
    paper.add_argument("--size", type=_size, default=SIZE_MM, metavar="WxH", help="in mm (default 62x29)")
    paper.add_argument("--sheet", action="store_true", help="on sheets of A4")
    paper.add_argument("--out", type=Path, help="file to write; default: in labels/")
    book = _command(made, "audit", "the audit: show it, or look for changes", show.audit)
    book.add_argument("what", choices=("verify", "show"))
    book.add_argument("--csv", action="store_true", help="show: all columns, for another program")
    far = _command(made, "desk", "tell desk and brokers of the units", commands.write_desk)
    far.add_argument("--config", type=Path, help="the desk's configuration file, which gets these units")
    gone = _command(made, "retire", "the board of a flat is taken out for good", commands.retire)
    gone.add_argument("flat")
    gone.add_argument("--who", default="", help="your name, for the audit")
    return parser


def _command(made, name, text, run):
    about = {"help": text, "description": text[0].upper() + text[1:] + ".", "epilog": _EXITS}
    command = made.add_parser(name, **about, allow_abbrev=False)  # `--wifi-password X` would be a file's name, and be repeated
    command.add_argument("--scheme", type=Path, default=Path(), metavar="DIR", help="the scheme directory (default: this one)")
    command.set_defaults(run=run, flats=[], all=False)
    return command


def _init(made):
    new = _command(made, "init", "make a scheme directory", commands.make_scheme)
    new.add_argument("--id", required=True, help="id of the scheme, part of every topic: a-z 0-9 _ -")
    new.add_argument("--name", required=True, help="its name, as people read it on labels")
    new.add_argument("--ssid", default="", help="name of its Wi-Fi; the password is asked for")
    new.add_argument("--wifi-password-file", metavar="FILE", help="the password's file, where nobody is there to be asked")
    new.add_argument("--no-wifi", action="store_true", help="the units have a cable or a modem only")
    new.add_argument("--broker", type=_broker, action="append", required=True, metavar="HOST:PORT[=NAME]",
                     help="NAME: the one in its certificate, if it is another; may be given again")  # fmt: skip
    new.add_argument("--ca", default="new", metavar="new|FILE", help="CA of the brokers, DER (PEM beside it); new: make one")
    new.add_argument("--ip", action="append", default=[], help="address in the new broker certificate; may be given again")
    new.add_argument("--micropython", type=_named, action="append", default=[], metavar="CHIP=FILE", help="its combined .bin")


def _add_install(command):
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and touch nothing")
    command.add_argument("--again", action="store_true", help="write the board from zero, whatever it holds")
    command.add_argument("--now", action="store_true", help="open a unit in service although a call is open")
    command.add_argument("--reset", choices=("auto", "manual"), default="auto", help="manual: you are asked to press BOOT, RESET")
    command.add_argument("--reset-command", metavar="PROGRAM", help="run with `download` or `run` and the port, in place of you")
    command.add_argument("--no-stub", action="store_true", help="use the chip's own loader: slower, for boards with trouble")
    command.add_argument("--baud", type=int, default=460800, help="for writing (default 460800)")
    command.add_argument("--who", default="", help="your name, for the audit")
    command.add_argument("--image-lock", type=Path, metavar="FILE", help="the lock of MicroPython (default: the repository's)")


def _size(text):
    try:
        wide, high = (float(part) for part in text.lower().replace(",", ".").split("x"))
    except ValueError:
        wide = high = math.nan
    if not (0 < wide < math.inf and 0 < high < math.inf):
        raise argparse.ArgumentTypeError(f"{text!r}: width x height in mm wanted, such as 62x29")
    return wide, high


def _broker(text):
    place, _, name = text.partition("=")
    host, _, port = place.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r}: HOST:PORT or HOST:PORT=NAME wanted")
    return host, int(port), name or host


def _named(text):
    name, found, path = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: CHIP=FILE wanted")
    return name, path


def _ports(options):
    """Ports, and the flats that are tied to some: `flat` has one of each."""
    if options.command == "flat":
        options.port, options.fixed = [options.port], [(options.port, options.flat)]
    elif options.command == "batch":
        tied = [port.partition("=")[::2] for port in options.port]
        options.port, options.fixed = [port for port, _ in tied], [(port, flat) for port, flat in tied if flat]
        if len(set(options.port)) < len(options.port):
            raise InstallError("port_busy", port=next(port for port in options.port if options.port.count(port) > 1))
        for flat in {flat for _, flat in options.fixed}:
            ports = [port for port, tied_to in options.fixed if tied_to == flat]
            if len(ports) > 1:
                raise InstallError("flat_tied", flat=flat, ports=", ".join(ports))


def main(arguments=None):
    options = _parser().parse_args(arguments)
    if options.command == "init" and not options.no_wifi and not options.ssid:
        print("install: name the Wi-Fi with --ssid, or say --no-wifi", file=sys.stderr)
        return commands.WRONG
    try:
        _ports(options)
        code = options.run(options)
        sys.stdout.flush()
        return code
    except InstallError as error:
        print(f"install: {error}", file=sys.stderr)
        return commands.WRONG
    except BrokenPipeError:  # who reads it has seen enough: `... | head`
        return commands.NOT_ALL
    except OSError as error:
        print(f"install: {InstallError('disk', path=error.filename or options.scheme, why=error.strerror)}", file=sys.stderr)
        return commands.WRONG
    except KeyboardInterrupt:
        print("install: stopped", file=sys.stderr)
        return commands.STOPPED


def _ended(code):
    """The exit code; what nobody reads any more is not complained of while Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _run():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a room with a letter that this terminal lacks is shown with a question mark
    try:
        return main()
    except SystemExit as ended:  # of --help, and of a word that argparse does not know
        return ended.code


if __name__ == "__main__":
    sys.exit(_ended(_run()))
