"""A scheme directory: what all units of a scheme have in common, as `scheme.json`, and where everything else lies."""

import json
import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from tools.desk.fields import name as is_name

from .errors import InstallError

FILE, FLATS, AUDIT = "scheme.json", "flats.csv", "audit.csv"
DIRECTORIES = ("identities", "labels", "logs", "images", "records", "desk")
_FREE = ("wifi", "cellular", "dns", "line_break_raises", "volume_pct", "reminder", "self_test", "speech", "timers")
_FIELDS = ("v", "scheme", "name", "ca_file", "brokers", "installer", "micropython", *_FREE)
_BROKER = ("host", "port", "server_name", "tls")


@dataclass(frozen=True)
class Scheme:
    """`settings`: fields that go into each unit's settings.json as they are. `micropython`: name of the entry in the image lock
    by board, or a path of a .bin by board; `installer`: (user, password) of this tool at the brokers."""

    dir: Path
    id: str
    name: str
    brokers: list
    ca_file: Path
    ca_pem: Path
    installer: tuple = field(repr=False)
    micropython: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict, repr=False)

    @property
    def flats(self):
        return self.dir / FLATS

    @property
    def audit(self):
        return self.dir / AUDIT

    def identity(self, unit):
        return self.dir / "identities" / f"{unit}.json"

    def secrets(self):
        """Texts that nobody may see: of the scheme, not of its units."""
        found = [self.installer[1]]
        found += [(self.settings.get(part) or {}).get("password") for part in ("wifi", "cellular")]
        found.append((self.settings.get("cellular") or {}).get("pin"))
        return [one for one in found if isinstance(one, str) and one]


def load(directory):
    """The Scheme of a directory. Raises InstallError (`no_scheme`, `scheme`)."""
    directory = Path(directory).resolve()
    path = directory / FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InstallError("no_scheme", path=directory, why=f"it has no {FILE}") from None
    except OSError as error:
        raise InstallError("no_scheme", path=directory, why=error.strerror) from error
    except ValueError as error:
        raise InstallError("scheme", path=path, why=f"not JSON: {error}") from error
    _private(directory)
    return _Reader(directory, path).scheme(raw)


def _private(directory):
    """Keys of a whole scheme lie here: nobody else on this computer may read them."""
    mode = directory.stat().st_mode & 0o777
    if mode & 0o077:
        why = f"others on this computer may read it (its rights are {mode:o}): `chmod 700 {directory}`"
        raise InstallError("no_scheme", path=directory, why=why)


def prepare(scheme):
    """Makes the folders that are missing. Raises InstallError (`disk`)."""
    try:
        for name in DIRECTORIES:
            (scheme.dir / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InstallError("disk", path=scheme.dir, why=error.strerror) from error


class _Reader:
    def __init__(self, directory, path):
        self._dir, self._path = directory, path

    def scheme(self, raw):
        if type(raw) is not dict:
            self._wrong("an object is wanted")
        unknown = sorted(set(raw) - set(_FIELDS))
        if unknown:
            self._wrong(f"no field {unknown[0]!r}; known are {', '.join(_FIELDS)}")
        if raw.get("v") != 1:
            self._wrong(f"v: 1 wanted, got {raw.get('v')!r}")
        if not is_name(raw.get("scheme")):
            self._wrong("scheme: 1 to 24 of a-z 0-9 _ - wanted; it is part of the topics")
        ca_file, ca_pem = self._ca(raw.get("ca_file"))
        return Scheme(
            dir=self._dir, id=raw["scheme"], name=self._text(raw.get("name"), "name"), brokers=self._brokers(raw.get("brokers")),
            ca_file=ca_file, ca_pem=ca_pem, installer=self._installer(raw.get("installer")),
            micropython=self._micropython(raw.get("micropython", {})),
            settings={name: raw[name] for name in _FREE if name in raw},
        )  # fmt: skip

    def _wrong(self, why):
        raise InstallError("scheme", path=self._path, why=why)

    def _text(self, value, where):
        if type(value) is not str or not value.strip() or len(value) > 80:
            self._wrong(f"{where}: a text of 1 to 80 characters wanted")
        return value

    def _brokers(self, raw):
        if type(raw) is not list or not raw:
            self._wrong("brokers: a list of at least one wanted")
        for i, one in enumerate(raw):
            if type(one) is not dict or sorted(one) != sorted(_BROKER):
                self._wrong(f"brokers[{i}]: an object with {', '.join(_BROKER)} wanted")
            if type(one["port"]) is not int or not 1 <= one["port"] <= 65535:
                self._wrong(f"brokers[{i}].port: 1 to 65535 wanted")
            for name in ("host", "server_name"):
                self._text(one[name], f"brokers[{i}].{name}")
            if type(one["tls"]) is not bool:
                self._wrong(f"brokers[{i}].tls: true or false wanted")
        return raw

    def _ca(self, value):
        der = self._file(value, "ca_file")
        pem = der.with_suffix(".pem")
        if not pem.is_file():
            self._wrong(f"ca_file: {pem.name} wanted beside {der.name}, the same as PEM: this tool checks the broker by it")
        try:
            same = ssl.PEM_cert_to_DER_cert(pem.read_text()) == der.read_bytes()
        except (OSError, ValueError):
            same = False
        if not same:
            self._wrong(f"ca_file: {pem.name} is not the certificate that {der.name} is")
        return der, pem

    def _installer(self, raw):
        if type(raw) is not dict or sorted(raw) != ["password_file", "user"] or not is_name(raw["user"]):
            self._wrong("installer: an object with user (a-z 0-9 _ -) and password_file wanted: this tool's login at the brokers")
        path = self._file(raw["password_file"], "installer.password_file")
        password = path.read_text(encoding="utf-8").strip()
        if not password:
            self._wrong(f"installer.password_file: {path} is empty")
        return raw["user"], password

    def _micropython(self, raw):
        lawful = type(raw) is dict and all(type(key) is str and type(value) is str for key, value in raw.items())
        if not lawful:
            self._wrong("micropython: an object of board name to the path of its MicroPython .bin wanted")
        return {board: self._file(value, f"micropython.{board}") for board, value in raw.items()}

    def _file(self, value, where):
        if type(value) is not str or not value:
            self._wrong(f"{where}: name of a file wanted")
        path = self._dir / os.path.expanduser(value)
        if not path.is_file():
            self._wrong(f"{where}: {path} is not there")
        return path
