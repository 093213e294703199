"""Bring the third-party MicroPython files named in lib.lock.json into lib/, each checked by its SHA-256.

    python -m tools.fetch_lib

pip cannot do it: the source package has no setup.py. `unearth` finds it by name in the package index that pip uses.
What is in place already is not fetched again, so a second run works off line.
"""

import hashlib
import json
import os
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FILE_BYTES_MAX = 200_000  # a module for a microcontroller; more is not what was locked


class FetchError(Exception):
    """Why lib/ is not complete, and what to do."""


def read_lock(path=ROOT / "lib.lock.json"):
    """The locked packages. Raises FetchError naming the file."""
    try:
        lock = json.loads(path.read_text())
        packages = lock["packages"]
        for package in packages:
            complete = package["name"], package["version"], package["sdist_sha256"]
            entries = [(entry["from"], entry["to"], entry["sha256"]) for entry in package["files"]]
            if not all(complete) or not entries:
                raise KeyError("a value is empty")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FetchError(f"{path}: not a lock file that can be read ({error}); restore it from the repository") from error
    if lock.get("v") != 1:
        raise FetchError(f"{path}: version {lock.get('v')!r} is unknown to this program; it knows 1")
    return packages


def fetch(lib=ROOT / "lib", packages=None, download=None, say=print):
    """Make every locked file be in `lib` with its right contents. Returns the paths written (empty: all was there)."""
    written = []
    for package in read_lock() if packages is None else packages:
        missing = [entry for entry in package["files"] if _sha256_of(lib / entry["to"]) != entry["sha256"]]
        if missing:
            say(f"  bringing {package['name']} {package['version']} ...")
            written += _bring(lib, package, missing, download or _download)
    return written


def _bring(lib, package, missing, download):
    with tempfile.TemporaryDirectory(prefix="fetch-lib-") as scratch:
        archive = download(package, Path(scratch))
        found = _sha256_of(archive)
        if found != package["sdist_sha256"]:
            raise FetchError(
                f"{package['name']} {package['version']}: the source package's SHA-256 is {found}, "
                f"lib.lock.json says {package['sdist_sha256']}. Do not use it; nothing was written."
            )
        contents = [(lib / entry["to"], _member(archive, package, entry)) for entry in missing]
        for path, data in contents:
            _write(path, data)
    return [path for path, _ in contents]


def _member(archive, package, entry):
    inside = f"{package['name']}-{package['version']}/{entry['from']}"
    try:
        with tarfile.open(archive) as tar:
            member = tar.getmember(inside)
            data = tar.extractfile(member).read(_FILE_BYTES_MAX) if member.isfile() else b""
    except (tarfile.TarError, KeyError, OSError) as error:
        raise FetchError(f"{archive.name}: no {inside} in it ({error})") from error
    found = hashlib.sha256(data).hexdigest()
    if found != entry["sha256"]:
        raise FetchError(f"{archive.name}: {inside} has SHA-256 {found}, lib.lock.json says {entry['sha256']}")
    return data


def _download(package, directory):
    """The source package from the index that pip is set to (PIP_INDEX_URL), else from the public one."""
    import httpx2
    from unearth import PackageFinder
    from unearth.errors import UnpackError

    own_index = os.environ.get("PIP_INDEX_URL")
    finder = PackageFinder(index_urls=[own_index] if own_index else [], no_binary=[package["name"]])
    wanted = f"{package['name']}=={package['version']}"
    try:
        best = finder.find_best_match(wanted).best
        if best is None:
            raise FetchError(f"the package index offers no {wanted}: is this machine on line? Then run the command again")
        return finder.download(best.link, directory)
    except (httpx2.HTTPError, UnpackError, OSError) as error:
        raise FetchError(f"{wanted} could not be fetched ({error}): check the network, then run the command again") from error


def _sha256_of(path):
    """Hexadecimal digest; "" for a file that is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".new")
    part.write_bytes(data)
    os.replace(part, path)


def main():
    try:
        for path in fetch():
            print(f"  {path.relative_to(ROOT)}: written, SHA-256 as locked")
    except FetchError as error:
        print(f"lib/: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
