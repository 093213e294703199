"""What each command does; show.py has `audit`. All return an exit code: 0 done, 1 not all of it, 2 wrong use or files, 130
stopped by Ctrl-C."""

import contextlib
import getpass
import os
import shlex
import signal
import sys
import time
from pathlib import Path

from . import atomic, audit, desk, dry, flats, init, labels, press, scheme, witness
from .batch import Batch
from .errors import InstallError
from .job import Job, Options
from .programs import Stop
from .progress import Progress
from .store import Store

DONE, NOT_ALL, WRONG, STOPPED = 0, 1, 2, 130


def make_scheme(options):
    wifi = None if options.no_wifi else (options.ssid, _wifi_password(options))
    files = dict(options.micropython)
    made = init.make(options.scheme, options.id, options.name, options.broker, wifi, options.ca, options.ip, files)
    print(f"{options.scheme}: made, for its owner only. Next:")
    print(f"  write your flats into {options.scheme / scheme.FLATS} (it has an example)")
    if not made.micropython:
        print(f"  name a MicroPython in {options.scheme / scheme.FILE} (`micropython`) and lock it: docs/image.md")
    named = shlex.quote(str(options.scheme))
    print(f"  tell desk and brokers:\n    python -m tools.install desk --scheme {named} --config desk.json")
    return DONE


def _shown(options, path):
    """A path of the scheme directory as it was named on the command line."""
    try:
        return options.scheme / Path(path).relative_to(options.scheme.resolve())
    except ValueError:
        return path


def install(options):
    """`flat` and `batch`."""
    one = scheme.load(options.scheme)
    rows = flats.read(one.flats)
    fixed, stop = dict(options.fixed), Stop()
    if options.dry_run:
        job = Job(one, _options(options), press.Auto(), Progress(None))
        wanted = _wanted(job, rows, options)
        return NOT_ALL if dry.tell(job, wanted, {port: fixed.get(port, "") for port in options.port}, print) else DONE
    scheme.prepare(one)
    with atomic.locked(one.dir), _log(one, options.command) as log, _ended_like_ctrl_c():
        progress = Progress(log, asks=options.reset == "manual")
        with Job(one, _options(options), _press(options, stop), progress, stop) as job:
            job.audit.check()
            wanted = _wanted(job, rows, options)
            if not wanted:
                progress.say("every flat of flats.csv is installed already; name one, or give --all")
                return DONE
            for remark in (*witness.missing(one, job.store, job.audit.rows()), *_remarks(job, wanted)):
                progress.say(f"REMARK: {remark}")
            results = Batch(job, wanted, options.port, fixed).run()
            _sum_up(job, results, progress, options)
            is_told = _tell_desk(one, rows, job.store, progress)
            if job.stop.is_set():
                return STOPPED
            return DONE if is_told and all(result.is_good or result.is_left_alone for result in results) else NOT_ALL


def _tell_desk(one, rows, store, progress):
    """False if the desk's files cannot be written: the boards are what they are all the same."""
    try:
        _write_desk(one, rows, store, None)
    except InstallError as error:
        progress.say(f"desk and brokers are not told: {error}")
        return False
    return True


def _options(options):
    named = {"image_lock": options.image_lock} if options.image_lock else {}
    return Options(options.again, options.now, not options.no_stub, options.baud, options.who, **named)


def _press(options, stop):
    if options.reset_command:
        return press.ByProgram(shlex.split(options.reset_command))
    return press.Manual(stop=stop) if options.reset == "manual" else press.Auto()


def _remarks(job, wanted):
    """What is no error, and better known before the first board is written."""
    return [f"flat {one.flat}: {text}" for one in wanted for text in one.remarks] + witness.clock(job.audit.rows())


@contextlib.contextmanager
def _ended_like_ctrl_c():
    """A window that is shut, or a computer that shuts down, ends a run as Ctrl-C does: each board has its row."""
    old = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        for number, handler in old.items():
            if handler == signal.SIG_DFL:  # else somebody wants otherwise: nohup
                signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _wanted(job, rows, options):
    """The flats to do, in the file's order."""
    named = [*options.flats, *(flat for _, flat in options.fixed)]
    for flat in named:
        if flat not in rows:
            raise InstallError("no_flat", flat=flat, known=", ".join(rows))
    if named:
        return [rows[flat] for flat in rows if flat in named]
    last = {row["unit"]: row for row in job.audit.rows() if row["result"] != audit.LABEL}
    done = {unit for unit, row in last.items() if row["result"] == audit.INSTALLED}
    return [one for one in rows.values() if options.all or options.again or one.unit not in done]


@contextlib.contextmanager
def _log(one, command):
    path = one.dir / "logs" / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{command}.log"
    try:
        file = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, atomic.SECRET), "a", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise InstallError("disk", path=path, why=error.strerror) from error
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):  # a full disk: Progress has said so
            file.close()


def _sum_up(job, results, progress, options):
    order = {flat: n for n, flat in enumerate(result.flat for result in sorted(results, key=lambda one: (one.flat, one.port)))}
    lines = ["", f"{'flat':10} {'unit':12} {'board':18} {'result':10} {'s':>4}  remark"]
    for one in sorted(results, key=lambda one: order[one.flat]):
        failed = "" if one.is_good else (f"{one.error.step}: " if one.error.step else "") + one.error.what
        remark = "; ".join(one.notes) if one.is_good else failed
        lines.append(f"{one.flat or '?':10} {one.unit:12} {one.mac:18} {one.word:10} {one.seconds:4}  {remark}")
    good = sum(one.is_good for one in results)
    if good:
        lines.append(f"Labels: {', '.join(f'{options.scheme}/labels/{one.unit}.pdf' for one in results if one.is_good)}")
    rows = job.audit.rows()
    end = f"audit.csv: {len(rows)} rows, chain {rows[-1]['chain'][:16]}" if rows else ""
    lines.append(f"{good} of {sum(not one.is_left_alone for one in results)} installed. {end}")
    progress.end("\n".join(lines))


def label(options):
    one = scheme.load(options.scheme)
    scheme.prepare(one)
    rows = flats.read(one.flats)
    store = Store(one)
    known = {identity.flat: identity for identity in store.all()}
    for flat in options.flats:
        if flat not in known:
            raise InstallError("no_flat", flat=flat, known=", ".join(sorted(known)) or "no unit has an identity yet")
    order = {flat: n for n, flat in enumerate(rows)}
    wanted = options.flats or sorted(known, key=lambda flat: order.get(flat, len(order)))
    if not wanted:
        raise InstallError("no_flat", flat="with a unit", known="no unit has an identity yet: install one first")
    identities = [known[flat] for flat in wanted]
    if len(identities) == 1 and not options.sheet and not options.out:
        print(_shown(options, labels.of_unit(one, identities[0], options.size)))
    else:
        path = options.out or one.dir / "labels" / ("sheet.pdf" if options.sheet else "all.pdf")
        print(_shown(options, labels.all_of(one, identities, path, options.size, options.sheet)))
    return DONE


def write_desk(options):
    one = scheme.load(options.scheme)
    scheme.prepare(one)
    rows = flats.read(one.flats)
    with atomic.locked(one.dir):
        store = Store(one)
        for flat in rows.values():
            store.prepare(flat)  # the broker must know a unit's login before the unit comes
        for path, use in _write_desk(one, rows, store, options.config):
            print(f"{_shown(options, path)}: {use}")
    return DONE


def _write_desk(one, rows, store, config):
    return desk.write(one, rows, store.all(), config)


def retire(options):
    """The board of a flat is taken out for good: its keys are kept aside, and its next board gets new ones."""
    one = scheme.load(options.scheme)
    scheme.prepare(one)
    with atomic.locked(one.dir):
        store = Store(one)
        found = next((identity for identity in store.all() if identity.flat == options.flat), None)
        if found is None:
            known = ", ".join(identity.flat for identity in store.all())
            raise InstallError("no_flat", flat=options.flat, known=known or "no unit has an identity yet")
        utc = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        cells = {"flat": found.flat, "unit": found.unit, "board": found.board, "mac": found.mac or ""}
        audit.Audit(one.audit).append(utc=utc, who=options.who, result=audit.RETIRED, **cells)
        store.retire(found)
        desk.write(one, flats.read(one.flats), store.all())
    print(f"flat {found.flat}: board {found.mac or 'none'} is retired. Give the broker the users in {options.scheme / 'desk'}")
    return DONE


def _wifi_password(options):
    """Never an argument: anybody on this computer sees those."""
    if options.wifi_password_file:
        try:
            return Path(options.wifi_password_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InstallError("scheme", path=options.wifi_password_file, why=error.strerror) from error
    if not sys.stdin.isatty():
        why = "give --wifi-password-file, or --no-wifi; nobody is there to be asked"
        raise InstallError("scheme", path=options.scheme, why=why)
    return getpass.getpass(f"Password of the Wi-Fi {options.ssid} (it is not shown): ")


