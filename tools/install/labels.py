"""Labels of units that are in the store: written to `labels/`, one a unit, or on sheets."""

from . import atomic, label
from .errors import InstallError


def of(scheme, identity):
    return label.Label(scheme.name, identity.flat, identity.unit, identity.claim, identity.mac or "", identity.board)


def of_unit(scheme, identity, size_mm=label.SIZE_MM):
    """Writes the unit's label; returns its path. Raises InstallError (`scheme`, `disk`)."""
    return _write(scheme.dir / "labels" / f"{identity.unit}.pdf", lambda: label.single([of(scheme, identity)], size_mm), scheme)


def all_of(scheme, identities, path, size_mm=label.SIZE_MM, on_sheet=False):
    """One file for many: a page for each, or sheets of A4."""
    made = [of(scheme, one) for one in identities]
    if on_sheet:
        size_mm = None if size_mm == label.SIZE_MM else size_mm
        return _write(path, lambda: label.sheet(made, size_mm), scheme)
    return _write(path, lambda: label.single(made, size_mm), scheme)


def _write(path, make, scheme):
    try:
        data = make()
    except ValueError as error:
        raise InstallError("scheme", path=scheme.dir, why=f"label: {error}") from error
    atomic.write(path, data)
    return path
