"""The identity store: one file a unit, `identities/UNIT.json`, for its owner only. Keys, passwords and claim codes are nowhere
else.

    {"v": 1, "unit", "flat", "scheme", "board", "mac": "aa:bb:..." or null, "key": 64 hex digits, "password": at the broker,
     "claim": the code on the label, "claim_file": what the unit keeps of it, "image": id of the image that was written and
     verified, or ""}
"""

import json
import secrets
from dataclasses import asdict, dataclass, field, replace

from tools.desk.fields import hexadecimal
from tools.desk.fields import name as is_name
from tools.service import claim

from . import atomic
from .errors import InstallError

_PASSWORD_BYTES = 16  # as 32 hex digits: lawful in settings.json, and in every broker's configuration
_TEXTS = ("unit", "flat", "scheme", "board", "key", "password", "claim", "image")


@dataclass(frozen=True)
class Identity:
    unit: str
    flat: str
    scheme: str
    board: str
    key: str = field(repr=False)
    password: str = field(repr=False)
    claim: str = field(repr=False)
    claim_file: dict = field(repr=False)
    mac: str | None = None
    image: str = ""

    @property
    def address(self):
        return f"{self.scheme}/{self.flat}/{self.unit}"

    @property
    def user(self):
        return f"{self.scheme}.{self.flat}"

    def secrets(self):
        """Texts that appear nowhere but here and on the unit. The claim code is on the label too, and nowhere else."""
        return [self.key, self.password]


class Store:
    """Of one Scheme. Everything is read anew from the files each time: they are few and small."""

    def __init__(self, scheme):
        self._scheme = scheme
        self._directory = scheme.dir / "identities"

    def all(self):
        """List of Identity, by unit. Raises InstallError (`identity`)."""
        return [self._read(path) for path in sorted(self._directory.glob("*.json"))]

    def retired(self):
        """List of Identity whose boards were taken out. Raises InstallError (`identity`)."""
        return [self._read(path, path.stem.rsplit("-", 2)[0]) for path in sorted(self._directory.glob("retired/*.json"))]

    def get(self, unit):
        path = self._scheme.identity(unit)
        return self._read(path) if path.exists() else None

    def by_mac(self, mac):
        return next((one for one in self.all() if one.mac == mac), None)

    def check(self, flat, mac):
        """Duplicates: what stands here must not change hands unnoticed. Raises InstallError (`*_taken`)."""
        for one in self.all():
            if one.unit == flat.unit and one.flat != flat.flat:
                raise InstallError("unit_taken", unit=one.unit, flat=one.flat)
            if mac and one.mac == mac and one.unit != flat.unit:
                raise InstallError("mac_taken", mac=mac, unit=one.unit, flat=one.flat)
            if one.flat == flat.flat and one.mac and (one.unit != flat.unit or (mac and one.mac != mac)):
                raise InstallError("flat_taken", flat=flat.flat, unit=one.unit, mac=one.mac, other=mac or "to be another unit")

    def prepare(self, flat):
        """The identity of a flat's unit, made if there is none, before there is a board for it. Raises InstallError."""
        self.check(flat, None)
        found = self.get(flat.unit)
        if found is None:
            found = self._new(flat)
            self.keep(found)
        return found

    def take(self, flat, mac):
        """The identity of a flat's unit, made if there is none, bound to this board from now on. Raises InstallError."""
        self.check(flat, mac)
        found = self.prepare(flat)
        wanted = replace(found, mac=mac, board=flat.board)
        if wanted != found:
            self.keep(wanted)
        return wanted

    def keep(self, identity):
        atomic.write_json(self._scheme.identity(identity.unit), {"v": 1, **asdict(identity)})

    def wrote(self, identity, image):
        """This image was written to the unit's board and verified (`""`: it is about to be overwritten)."""
        identity = replace(self.get(identity.unit) or identity, image=image)
        self.keep(identity)
        return identity

    def retire(self, identity):
        """The board is taken out for good. Its keys are kept aside, and its flat gets new ones with its next board."""
        name = f"{identity.unit}-{(identity.mac or 'none').replace(':', '')}"
        aside = self._directory / "retired"
        aside.mkdir(mode=0o700, exist_ok=True)
        free = next(path for n in range(1, 10_000) if not (path := aside / f"{name}-{n}.json").exists())
        path = self._scheme.identity(identity.unit)
        path.rename(free)
        atomic.sync_directory(self._directory)
        return free

    def _new(self, flat):
        code = claim.new()
        return Identity(
            unit=flat.unit, flat=flat.flat, scheme=self._scheme.id, board=flat.board, key=secrets.token_hex(32),
            password=secrets.token_hex(_PASSWORD_BYTES), claim=code, claim_file=claim.file(code),
        )  # fmt: skip

    def _read(self, path, unit=None):
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InstallError("identity", path=path, why=error.strerror) from error
        except ValueError as error:
            raise InstallError("identity", path=path, why="it is not JSON") from error
        lawful = type(raw) is dict and raw.pop("v", None) == 1 and set(raw) == {*_TEXTS, "mac", "claim_file"}
        lawful = lawful and all(type(raw[name]) is str for name in _TEXTS) and type(raw["claim_file"]) is dict
        lawful = lawful and all(is_name(raw[name]) for name in ("unit", "flat", "scheme")) and hexadecimal(64)(raw["key"])
        if not lawful or (unit or path.stem) != raw["unit"] or raw["scheme"] != self._scheme.id:
            raise InstallError("identity", path=path, why="a field is missing, wrong, or of another unit or scheme")
        return Identity(**raw)
