"""Put together what goes onto a unit: the root directory of its file system and, if wanted, a read-only image of its modules.

    python -m tools.deploy OUT --settings settings.json --key unit.key [--ca ca.der] [--form source|mpy|rom] [--arch ARCH]

OUT then holds boot.py, main.py, the board's file with those it inherits from, and the unit's own settings, key and CA. The
modules (firmware/, lib/) come as source, as compiled files (`mpy`), or compiled in the image OUT.romfs (`rom`), from which they
run without being copied to the heap. boot.py and main.py stay source, because MicroPython starts them by that name. Modules with
viper code are compiled for --arch, by default the processor of the settings' board. Spoken messages in the unit's language come
to prompts/ when they have been built (`make prompts`). Demo, tests, bench and installation all use it.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools import boards, rom  # also puts the stand-in for `micropython` on the path, which firmware/core needs

# isort: split
from firmware.core import board, speech_settings
from firmware.core import settings as rules

ROOT = Path(__file__).resolve().parent.parent

STARTED_BY_NAME = ("boot.py", "main.py")  # from the current directory: neither in an image nor compiled
_PACKAGES = ("firmware", "lib")
_OWN = (*STARTED_BY_NAME, *_PACKAGES, "board_configs", "prompts", "settings.json")  # what makes a directory a unit's root
FORMS = ("source", "mpy", "rom")  # of the modules


class DeployError(Exception):
    """What is missing or wrong, by file and field."""


@dataclass(frozen=True)
class Deployed:
    """A finished root. `sizes`: {"path": bytes} of every file in it, with those of the image as the unit sees them, below `rom/`;
    `image`: path of the image or None."""

    root: Path
    sizes: dict
    image: Path | None = None

    def table(self):
        """Sizes by part, in bytes, as text."""
        parts = {}
        for path, size in self.sizes.items():
            part = _part(path)
            count, total = parts.get(part, (0, 0))
            parts[part] = (count + 1, total + size)
        lines = [f"{part:24} {count:4} files {total:8} bytes" for part, (count, total) in sorted(parts.items())]
        if self.image:
            lines.append(f"{self.image.name:24} image      {self.image.stat().st_size:8} bytes, holds rom/")
        return "\n".join([*lines, f"{'total':24} {len(self.sizes):4} files {sum(self.sizes.values()):8} bytes"])


def _part(path):
    """`rom/firmware/core` of `rom/firmware/core/call.mpy`, `firmware` of `firmware/app.py`, `lib` of `lib/umqtt/simple.py`."""
    pieces = path.split("/")
    top = 2 if pieces[0] == "rom" else 1
    deeper = pieces[top - 1] == "firmware" and len(pieces) > top + 1
    return "/".join(pieces[: top + deeper])


def unit_settings(flat, unit, brokers, password, board="ESP32_GENERIC", scheme="demo", **changes):
    """A whole settings.json as a dict. `brokers`: list of {host, port, server_name, tls}; `changes` replace top fields."""
    settings = {
        "v": 1,
        "board": board,
        "scheme": scheme,
        "flat": flat,
        "unit": unit,
        "key_file": "unit.key",
        "wifi": {"ssid": "demo", "password": "demo-password"},
        "brokers": brokers,
        "mqtt": {"password": password},
        "ca_file": "ca.der",
        "dns": None,
        "inputs": {
            "button": {"location": "hall"},
            "cord1": {"location": "bathroom"},
            "cord2": {"location": "bedroom"},
            "pendant": {"location": "pendant"},
        },
        "line_break_raises": True,
        "timers": {},
    }
    return {**settings, **changes}


def deploy(out, settings, key, ca=None, form="source", source=ROOT, arch=rom.VIRTUAL_ARCH):
    """Make `out` a device root, replacing what was there.

    `settings`: dict; `key`: 32 bytes; `ca`: path of a DER file or None; `form`: of FORMS; `arch`: for viper code, as mpy-cross
    calls it. Returns Deployed. Raises DeployError.
    """
    out, source = Path(out), Path(source)
    if len(key) != 32:
        raise DeployError(f"unit.key: {len(key)} bytes; a unit's key has 32 (64 hexadecimal digits)")
    if form not in FORMS:
        raise DeployError(f"form: {form!r} is not one of {', '.join(FORMS)}")
    of_board = board_files(source / "board_configs", settings.get("board"))
    _empty(out)
    in_image = _put_modules(source, out, form, arch)
    for file in of_board:
        _copy(file, out / "board_configs" / file.name)
    for file in messages(settings, source):
        _copy(file, out / "prompts" / file.parent.name / file.name)
    (out / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")
    _write_secret(out / settings.get("key_file", "unit.key"), key.hex() + "\n")
    if ca is not None:
        _copy(Path(ca), out / settings.get("ca_file", "ca.der"))
    files = sorted(path for path in out.rglob("*") if path.is_file())
    sizes = {str(path.relative_to(out)): path.stat().st_size for path in files}
    sizes.update({f"rom/{name}": len(code) for name, code in in_image.items()})
    return Deployed(out, sizes, image_of(out) if in_image else None)


def prepare(form):
    """Compile now what `deploy` will put into a root of this form: later it takes no time. Raises DeployError."""
    if form != "source":
        compiled(modules(ROOT), rom.VIRTUAL_ARCH)


def messages(settings, source=ROOT):
    """The spoken messages that have been built for the unit's language (tools/prompts); without, it sounds its tones alone."""
    return messages_in(speech_settings.usable(settings.get("speech") or {})[0]["language"], source)


def messages_in(language, source=ROOT):
    """Paths of the spoken messages that have been built in a language."""
    return sorted((Path(source) / "build" / "prompts" / language).glob("*.al"))


def image_of(root):
    """Where the image of a root in the form `rom` lies: beside it, as it goes to another partition."""
    return Path(root).with_name(Path(root).name + ".romfs")


def write_settings(root, settings):
    """Change the settings of a root that exists (another port, other timers)."""
    (Path(root) / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")


def _empty(out):
    """Take away what an earlier deployment put there; what the unit wrote itself stays, as on a real one."""
    out.mkdir(parents=True, exist_ok=True)
    image_of(out).unlink(missing_ok=True)
    found = {path.name for path in out.iterdir()}
    if found and not found & set(_OWN):
        raise DeployError(f"{out}: not empty and not a unit's root; choose another directory")
    for name in found & set(_OWN):
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        else:
            (out / name).unlink()


def board_files(directory, name):
    """Paths of the board's file and of all that it inherits from. Raises DeployError."""
    files = []
    while name:
        path = directory / f"{name}.json"
        if path in files:
            raise DeployError(f"{path}: inherits from itself")
        try:
            parent = json.loads(path.read_text()).get("inherits")
        except FileNotFoundError:
            known = ", ".join(sorted(file.stem for file in directory.glob("*.json")))
            raise DeployError(f"settings, field board: there is no {path.name}; known: {known}") from None
        except ValueError as error:
            raise DeployError(f"{path}: not JSON ({error})") from error
        files.append(path)
        name = parent
    return files


def _put_modules(source, out, form, arch):
    """Returns what it put into the image, {name: bytes}; nothing unless the form is `rom`."""
    for name in STARTED_BY_NAME:
        if not (source / name).exists():
            raise DeployError(f"{source / name} is missing: the repository is not complete")
        _copy(source / name, out / name)
    parts = modules(source)
    if form == "source":
        for name, path in parts.items():
            _copy(path, out / name)
        return {}
    codes = compiled(parts, arch)
    if form == "rom":
        rom.write(image_of(out), rom.image(codes))
        return codes
    for name, code in codes.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(code)
    return {}


def modules(source):
    """{"firmware/core/call.py": its path} of all of the unit's modules. Raises DeployError."""
    paths = [path for package in _PACKAGES for path in sorted((source / package).rglob("*.py"))]
    if not any(path.is_relative_to(source / "lib") for path in paths):
        raise DeployError("lib/ is empty: run `make setup`")
    return {str(path.relative_to(source)): path for path in paths}


def compiled(parts, arch):
    """{"firmware/core/call.mpy": code} of `parts`, what `modules` gave, as an image and a root of `.mpy` files have it. Raises
    DeployError."""
    try:
        return rom.compile_all(parts, arch, keep=(), join=True)
    except rom.CompileError as error:
        raise DeployError(str(error)) from error


def _copy(path, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, to)


def _write_secret(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _read_key(path):
    text = Path(path).read_text().strip()
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise DeployError(f"{path}: not hexadecimal; a unit's key is 64 digits of 0-9 a-f") from None


def _read_settings(path):
    """A settings file without a single problem: what a unit would only complain of is refused here. Raises DeployError."""
    try:
        settings = json.loads(Path(path).read_text())
    except ValueError as error:
        raise DeployError(f"{path}: not JSON ({error}); docs/settings.md shows a whole file") from error
    found = problems(settings)
    if found:
        raise DeployError(f"{path}: {len(found)} problems (docs/settings.md says what each field means)\n  " + "\n  ".join(found))
    return settings


def problems(settings):
    """What is wrong with a unit's settings and with the board that they name; a list of texts, empty when all is well."""
    usable, found = rules.usable(settings)
    folder = boards.Folder(ROOT / "board_configs")
    if usable["board"] in folder.names():
        found += boards.examine(folder, usable["board"])[0]
        found += rules.check_inputs(usable, board.resolve(folder, usable["board"]))
    elif usable["board"]:
        found.append(f"board: there is no {usable['board']}.json; known: {', '.join(folder.names())}")
    return found


def chip(settings):
    """The chip of the board that the settings name, such as "esp32s3"."""
    return board.resolve(boards.Folder(ROOT / "board_configs"), settings["board"])["chip"]


def main():
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description="Make the root directory of a unit.")
    parser.add_argument("out")
    parser.add_argument("--settings", required=True, help="the unit's settings.json")
    parser.add_argument("--key", required=True, help="file with 64 hexadecimal digits")
    parser.add_argument("--ca", help="the broker's CA, DER")
    parser.add_argument("--form", choices=FORMS, default="source", help="modules as source, compiled, or compiled in an image")
    parser.add_argument("--arch", help=f"for viper code (default: the board's; of the virtual board: {rom.VIRTUAL_ARCH})")
    args = parser.parse_args()
    try:
        settings = _read_settings(args.settings)
        arch = args.arch or rom.ARCHES[chip(settings)]
        print(deploy(args.out, settings, _read_key(args.key), args.ca, args.form, arch=arch).table())
        if args.form != "rom":
            print("onto a board without a partition `journal` this can go too: calls are then kept as files (docs/journal.md)")
        if not messages(settings):
            print("no spoken messages: they have not been built in the unit's language (make prompts); it sounds its tones alone")
    except (DeployError, OSError, ValueError) as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
