"""What all boards of one command share: options, scheme, store, audit, images, and the lock between their threads."""

import hashlib
import shutil
import threading
from dataclasses import dataclass, field

from tools import image
from tools.image import lock as image_lock

from . import atomic, audit
from .errors import InstallError
from .programs import Stop
from .store import Store

_WIPED = ("nvs", "journal")  # of an earlier life: Wi-Fi's memory, and calls that would be taken up again
_OWN = ("journal",)  # a unit that gets another image keeps its calls


@dataclass(frozen=True)
class Options:
    """`again`: write from zero whatever is there; `now`: open a unit with a call; `stub`: esptool's own loader in RAM."""

    again: bool = False
    now: bool = False
    stub: bool = True
    baud: int = 460800
    who: str = ""
    image_lock: object = image_lock.LOCK
    heartbeat_s: float = 150
    arch: str | None = None  # of viper code, if it is not the chip's: virtual boards


@dataclass
class Job:
    """`press`: press.Auto, Manual or ByProgram; `progress`: progress.Progress; `books`: held by whoever reads and writes store or
    audit."""

    scheme: object
    options: Options
    press: object
    progress: object
    stop: Stop = field(default_factory=Stop)
    books: object = field(default_factory=threading.RLock)

    def __post_init__(self):
        self.store = Store(self.scheme)
        self.audit = audit.Audit(self.scheme.audit)
        self.images = Images(self.scheme, self.options)
        self.folder = self.scheme.dir / "now"
        self.progress.veil(self.scheme.secrets())

    def __enter__(self):
        """What an earlier run that was killed left lying about goes first: a unit's own files were among it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def veil(self, identity):
        """What belongs to this unit is shown nowhere, its claim code included: that is on the label."""
        self.progress.veil([*identity.secrets(), identity.claim, identity.claim.replace("-", "")])

    def was_installed(self, identity):
        """This board has been this unit before, by the audit."""
        results = [row["result"] for row in self._rows_of(identity) if row["result"] in (audit.INSTALLED, audit.RETIRED)]
        return results[-1:] == [audit.INSTALLED]

    def installed_on(self, identity):
        """When this board was installed as this unit, as the audit has it; "" if its last run was another one."""
        last = next((row for row in reversed(self._rows_of(identity)) if row["result"] != audit.LABEL), None)
        return last["utc"] if last and last["result"] == audit.INSTALLED else ""

    def _rows_of(self, identity):
        return [row for row in self.audit.rows() if (row["unit"], row["mac"]) == (identity.unit, identity.mac)]

    def check_audit(self, flat, mac):
        """The audit remembers what a lost store does not. Raises InstallError (`mac_taken`, `flat_taken`, `audit`)."""
        boards, units = {}, {}
        for row in self.audit.rows():
            if row["result"] == audit.INSTALLED:
                boards[row["mac"]], units[row["unit"]] = row, row
            elif row["result"] == audit.RETIRED:
                boards.pop(row["mac"], None)
                units.pop(row["unit"], None)
        on_board, of_unit = boards.get(mac), units.get(flat.unit)
        if on_board and on_board["unit"] != flat.unit:
            raise InstallError("mac_taken", mac=mac, unit=on_board["unit"], flat=on_board["flat"])
        if of_unit and of_unit["mac"] != mac:
            raise InstallError("flat_taken", flat=flat.flat, unit=flat.unit, mac=of_unit["mac"], other=mac)


class Images:
    """Built once for each board and language, in `images/`; the same inputs give the same bytes."""

    def __init__(self, scheme, options):
        self._scheme, self._options = scheme, options
        self._made, self._lock, self._sums = {}, threading.Lock(), {}

    def micropython(self, flat):
        """Path of the MicroPython for a flat's board. Raises InstallError (`image`)."""
        named = self._scheme.micropython
        path = named.get(flat.board) or named.get(flat.chip)
        if path is None:
            why = f"scheme.json names no MicroPython for it: add `micropython`: {{\"{flat.chip}\": FILE}}"
            raise InstallError("image", board=flat.board, why=why)
        return path

    def get(self, flat):
        """(Image, id of its bytes). Raises InstallError (`image`)."""
        key = flat.board, flat.language
        path = self.micropython(flat)
        with self._lock:
            if key not in self._made:
                out = self._scheme.dir / "images" / f"{flat.board}-{flat.language}"
                try:
                    lock_file, arch = self._options.image_lock, self._options.arch
                    made = image.build(flat.board, out, path, language=flat.language, lock_file=lock_file, arch=arch)
                except image.ImageError as error:
                    raise InstallError("image", board=flat.board, why=error) from error
                self._made[key] = made, image_id(made)
                self._sums |= {path: _sum(path) for _, path, _ in made.parts}
            return self._made[key]

    def parts(self, made, keeps):
        """[(offset, path)] to write: the image's, and what wipes an earlier life. `keeps`: that life was this unit's own. Raises
        InstallError (`image`) for a part that is not what was built."""
        for _, path, _ in made.parts:
            if _sum(path) != self._sums[path]:
                raise InstallError("image", board=made.board, why=f"{path} was changed since it was built; run again")
        found = [(offset, path) for offset, path, _ in made.parts]
        for part in made.table:
            if part.label in _WIPED and not (keeps and part.label in _OWN):
                blank = self._scheme.dir / "images" / f"blank-{part.label}.bin"
                with self._lock:
                    if not blank.exists() or blank.read_bytes() != b"\xff" * part.size:
                        atomic.write(blank, b"\xff" * part.size)
                found.append((part.offset, blank))
        return sorted(found)


def image_id(made):
    """SHA-256 of all that is written."""
    return _sum(made.merged)


def _sum(path):
    """SHA-256 of a file, "" if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
