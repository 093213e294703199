"""`--dry-run`: says what would be done, looks whether it could be, and touches nothing: no port, no file."""

import os

from tools import deploy
from tools.image import ImageError, partitions
from tools.image import lock as image_lock

from . import identity_files, witness
from .errors import InstallError
from .run import STEPS

_THERE = "is there"


def tell(job, flats, ports, say):
    """Returns the number of things that stand in the way. `ports`: {port: flat id or ""}."""
    wrong = _books(job, say)
    for port, flat in ports.items():
        state = _state(port)
        say(f"{port}: {state}" + (f", for flat {flat}" if flat else ""))
        wrong += state != _THERE
    for flat in flats:
        found = _problems(job, flat)
        wrong += len(found)
        say(f"flat {flat.flat}: unit {flat.unit} on {flat.board} ({flat.chip}, {flat.flash_mb} MB), language {flat.language}")
        say("  inputs: " + ", ".join(f"{name} {room or 'not fitted'}" for name, room in flat.inputs.items()))
        say(f"  identity: {_identity(job, flat)}")
        for text in (*flat.remarks, *_silent(flat)):
            say(f"  REMARK: {text}")
        for error in found:
            say(f"  WRONG: {error.what}\n    Next: {error.next}")
    if flats:
        steps = (f"{name} (at most {bound_s} s)" if bound_s else name for name, (bound_s, _) in STEPS.items())
        say("each board: " + ", ".join(steps))
        table = ", ".join(f"{part.label} 0x{part.offset:x}" for part in partitions.layout(flats[0].flash_mb))
        say(f"flash: {table}\nNothing was touched.")
    return wrong


def _books(job, say):
    """Number of breaks in the audit, onto which nothing is put."""
    broken, rows = job.audit.verify()[1], job.audit.rows()
    for text in broken:
        say(f"WRONG: {InstallError('audit', why=text).what}")
    for text in (*witness.missing(job.scheme, job.store, rows), *witness.clock(rows)):
        say(f"REMARK: {text}")
    return len(broken)


def _state(port):
    if not os.path.exists(port):
        return "IS NOT THERE"
    return _THERE if os.access(port, os.R_OK | os.W_OK) else "MAY NOT BE OPENED by you (Debian: `sudo adduser $USER dialout`)"


def _silent(flat):
    if deploy.messages_in(flat.language):
        return []
    return [f"no spoken messages in {flat.language} have been built (`make prompts`): the unit sounds its tones alone"]


def _identity(job, flat):
    known = job.store.get(flat.unit)
    if known is None:
        return "would be made: key, password at the broker, claim code"
    state = "its image is known" if known.image else "to be written from zero"
    return f"is there, board {known.mac or 'none yet'}, {state}"


def _problems(job, flat):
    found = []
    for check in (_settings, _duplicates, _image):
        try:
            check(job, flat)
        except InstallError as error:
            found.append(error)
    return found


def _settings(job, flat):
    identity_files.settings(job.scheme, flat, "-")


def _duplicates(job, flat):
    known = job.store.get(flat.unit)
    job.store.check(flat, known.mac if known else None)


def _image(job, flat):
    try:
        image_lock.entry_for(job.images.micropython(flat), flat.board, flat.chip, job.options.image_lock)
    except ImageError as error:
        raise InstallError("image", board=flat.board, why=error) from error
