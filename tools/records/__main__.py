"""Records of test: printed, as a table of a scheme, and held against their chains. `python -m tools.records --help`"""

import argparse
import datetime
import sys
from pathlib import Path

from tools.desk.config import ConfigError, load

from . import chain, hashes, page, source, words
from .sheet import sheet
from .source import SourceError
from .table import table


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.records", description="Records of test: print them, list a scheme, look for changes.",
        epilog="Where the records are: --config or --state of the alarm desk, which may be running; or files, each with the text "
        "of one record.",
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = commands.add_parser("pdf", help="one page A4 for each record, to be signed")
    _add_source(make)
    make.add_argument("files", nargs="*", type=Path, help="text of one record each, in place of a desk")
    make.add_argument("--record", type=int, help="the record with this number at the desk")
    make.add_argument("--unit", help="scheme/flat/unit: its newest record")
    make.add_argument("--all", action="store_true", help="every record there is (of --unit, if that is given)")
    make.add_argument("--out", type=Path, default=Path(), help="a .pdf file for one record, or a directory (default: this one)")
    make = commands.add_parser("csv", help="one row for each unit of a scheme, tested or not")
    _add_source(make)
    make.add_argument("--scheme", help="this scheme only")
    make.add_argument("--out", type=Path, help="file to write; default: standard output")
    make.add_argument("--bom", action="store_true", help="begin with a byte order mark, which Excel needs for umlauts")
    make.add_argument("--today", type=datetime.date.fromisoformat, help="YYYY-MM-DD, for due dates; default: today")
    make = commands.add_parser("verify", help="name the first break of each chain; exit code 1 if there is one")
    _add_source(make)
    make.add_argument("files", nargs="*", type=Path, help="text of one record each, in place of a desk")
    make = commands.add_parser("hashes", help="what a unit with these settings has on its records as hashes")
    make.add_argument("settings", type=Path, help="the unit's settings.json")
    return parser


def _add_source(parser):
    parser.add_argument("--config", type=Path, help="the desk's configuration file: labels, rooms, and units never tested")
    parser.add_argument("--state", type=Path, help="the desk's state directory (holds desk.db)")


def _desk(options):
    """(state directory, {address: configured unit}). Raises SourceError."""
    if options.config is None and options.state is None:
        raise SourceError("name the desk with --config FILE or --state DIRECTORY, or give files with records")
    if options.config is None:
        return options.state, {}
    try:
        config = load(options.config)
    except ConfigError as error:
        raise SourceError(str(error)) from error
    return options.state or config.state, config.units


def _pdf(options):
    if options.files:
        entries, units = [source.from_file(path) for path in options.files], {}
    else:
        state, units = _desk(options)
        with source.desk(state) as store:
            entries = _chosen(store, options)
    single = options.out.suffix.lower() == ".pdf"
    if single and len(entries) > 1:
        raise SourceError(f"--out {options.out}: {len(entries)} records do not fit into one file; name a directory")
    for entry in entries:
        unit = units.get(entry["unit"])
        try:
            data = page.pdf(sheet(entry, unit.label if unit else "", unit.locations if unit else None))
        except ValueError as error:
            print(f"{entry['unit']}, record {entry['n']}: {error}", file=sys.stderr)
            continue
        path = options.out if single else options.out / _name(entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        print(path)
    return 0


def _chosen(store, options):
    if options.record is not None:
        entry = store.record(options.record)
        if entry is None:
            raise SourceError(f"--record {options.record}: the desk has no such record; `csv` lists the newest of each unit")
        return [entry]
    entries = source.entries(store, options.unit or "")
    if not entries:
        raise SourceError(f"there is no record of {options.unit or 'any unit'}; --unit wants scheme/flat/unit")
    if options.all:
        return entries
    return list({entry["unit"]: entry for entry in entries}.values())


def _name(entry):
    """File name: unit, day if it is known, test. Only what an address may hold, so it leads nowhere else."""
    day = words.moment(entry["ended_s"])[:10] if type(entry["ended_s"]) is int else "no-date"
    text = f"{entry['unit'].replace('/', '_')}_{day}_{entry['test']}.pdf"
    return "".join(char if char.isascii() and (char.isalnum() or char in "_-.") else "-" for char in text).lstrip(".")


def _csv(options):
    state, units = _desk(options)
    with source.desk(state) as store:
        rows = {entry["unit"]: "not in the configuration" if units else "" for entry in store.records("", 0, -1)}
        rows.update({address: unit.label for address, unit in units.items()})
        rows = {address: label for address, label in rows.items() if options.scheme in (None, address.split("/")[0])}
        if not rows:
            known = ", ".join(sorted({unit.scheme for unit in units.values()})) or "give --config, which names them"
            raise SourceError(f"--scheme {options.scheme}: there is no unit of it; schemes: {known}")
        text = table(store, rows, options.today or datetime.date.today())
    data = text.encode("utf-8-sig" if options.bom else "utf-8")
    if options.out:
        options.out.write_bytes(data)
        print(f"{options.out}: {len(rows)} units")
    else:
        sys.stdout.buffer.write(data)
    return 0


def _verify(options):
    broken = []
    if options.files:
        entries = chain.ordered([source.from_file(path) for path in options.files])
    else:
        with source.desk(_desk(options)[0]) as store:
            entries = source.entries(store)
            count, broken = chain.of_desk(store)
        print(f"the desk's chain: {count} records, {_found(broken)}")
    for unit, found in sorted(chain.of_units(entries, is_whole=not options.files).items()):
        number = sum(entry["unit"] == unit for entry in entries)
        print(f"{unit}: {number} records, {_found(found)}")
        broken = broken + found
    return 1 if broken else 0


def _found(broken):
    if not broken:
        return "no break"
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return f"BROKEN: {broken[0]}{more}"


def _hashes(options):
    for label, value in hashes.of_settings(options.settings):
        print(f"{label:14} {value}")
    return 0


def main(arguments=None):
    options = _parser().parse_args(arguments)
    try:
        return {"pdf": _pdf, "csv": _csv, "verify": _verify, "hashes": _hashes}[options.command](options)
    except (SourceError, OSError) as error:
        print(f"records: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
