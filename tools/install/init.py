"""Makes a scheme directory: `scheme.json`, an example of `flats.csv`, this tool's login, and a CA if one is wanted."""

import secrets
import shutil
from pathlib import Path

from tools import pki
from tools.desk.fields import name as is_name

from . import atomic, desk, flats, scheme
from .errors import InstallError


def make(directory, scheme_id, name, brokers, wifi, ca="new", ips=(), micropython=None):
    """Returns the Scheme. `brokers`: [(host, port, name in its certificate)]; `wifi`: (ssid, password) or None; `ca`: `new`, or
    the path of a CA's certificate as DER with the same as PEM beside it; `ips`: addresses in the new broker certificate;
    `micropython`: {chip or board: path}.

    Nothing is left behind when it fails. Raises InstallError.
    """
    directory = Path(directory)
    if directory.exists() and any(directory.iterdir()):
        raise InstallError("exists", path=directory)
    if not is_name(scheme_id):
        raise InstallError("scheme", path=directory, why=f"--id {scheme_id!r}: 1 to 24 of a-z 0-9 _ - wanted")
    if wifi and not (1 <= len(wifi[0]) <= 32 and (not wifi[1] or 8 <= len(wifi[1]) <= 63)):
        why = "Wi-Fi: a name of 1 to 32 characters and a password of 8 to 63 wanted, or none for an open network"
        raise InstallError("scheme", path=directory, why=why)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        _fill(directory, scheme_id, name, brokers, wifi, _ca(directory, ca, brokers, ips), micropython or {})
        made = scheme.load(directory)
        scheme.prepare(made)
        desk.write(made, {}, [])
    except OSError as error:
        _clear(directory)
        raise InstallError("disk", path=error.filename or directory, why=error.strerror or error) from error
    except BaseException:  # Ctrl-C as well: keys lie there
        _clear(directory)
        raise
    return made


def _fill(directory, scheme_id, name, brokers, wifi, ca_file, micropython):
    atomic.write(directory / ".gitignore", b"*\n")  # keys and passwords of a whole scheme get into no repository by mistake
    atomic.write(directory / "installer.password", (secrets.token_hex(16) + "\n").encode())
    whole = {
        "v": 1, "scheme": scheme_id, "name": name,
        "wifi": {"ssid": wifi[0], "password": wifi[1]} if wifi else None,
        "brokers": [{"host": host, "port": port, "server_name": named, "tls": True} for host, port, named in brokers],
        "ca_file": ca_file, "installer": {"user": "installer", "password_file": "installer.password"},
        "micropython": {key: str(Path(path).resolve()) for key, path in micropython.items()},
        "speech": {"answering": "auto", "zone": {"offset_min": 0, "summer": "eu"}},
        "self_test": {"hour": 11, "audio": True}, "reminder": True, "volume_pct": 80,
    }  # fmt: skip
    atomic.write_json(directory / scheme.FILE, whole)
    atomic.write(directory / scheme.FLATS, flats.EXAMPLE.encode())


def _ca(directory, ca, brokers, ips):
    """Name of the CA's file as scheme.json has it."""
    if ca == "new":
        pki.ensure(directory / "pki", brokers[0][2], tuple(ips) or pki.LOOPBACK)
        (directory / "pki").chmod(0o700)
        return "pki/ca.der"
    return str(Path(ca).resolve())


def _clear(directory):
    """Only what this run has made: it began with an empty directory, or with none."""
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
