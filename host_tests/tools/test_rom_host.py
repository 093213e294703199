"""Compiled modules and the images in which they run: read back and run by the real MicroPython, on the virtual board."""

import asyncio
import json
import os
import shutil
import subprocess
import sys

import pytest

from host_tests.vboard import sample_root
from tools import rom
from tools.deploy import image_of
from tools.vboard import VirtualBoard

_SOON_S = 20  # bound for what takes 0.1 s on an idle machine
_DONE = "over"


def printed(tmp_path, main, files):
    """What `main` prints on a virtual board with an image of `files`, line by line."""
    root = sample_root.write(tmp_path / "root", main + f"\nprint('{_DONE}')\n", "")
    rom.write(image_of(root), rom.image(files))

    async def inside():
        async with VirtualBoard(root, tmp_path / "state", board="SAMPLE") as board:
            await board.wait_event(lambda e: e["event"] == "console" and e["text"] == _DONE, _SOON_S, since_ms=0)
            return [event["text"] for event in board.log if event["event"] == "console"][:-1]

    return asyncio.run(inside())


def compiled(tmp_path, **texts):
    sources = {}
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
        sources[f"{name}.py"] = tmp_path / f"{name}.py"
    return rom.compile_all(sources)


def test_an_image_comes_to_rom_before_lib_and_after_the_files_themselves(tmp_path):
    code = compiled(tmp_path, whose="print('the image')", thing="print('a thing of its lib')")
    files = {"whose.mpy": code["whose.mpy"], "lib/thing.mpy": code["thing.mpy"]}
    main = "import sys, thing, whose\nprint(sys.path[1:])\nopen('/whose.py', 'w').write('print(\"a file\")')\n"
    main += "del sys.modules['whose']\nimport whose\n"
    said = printed(tmp_path, main, files)
    assert said == ["a thing of its lib", "the image", "['', '.frozen', '/rom', '/rom/lib', '/lib']", "a file"]


def test_nested_folders_of_an_image_are_listed_and_read(tmp_path):
    files = {"a/b/deep.txt": b"deep", "a/first.txt": b"first", "top.txt": b"top", "a.txt": b""}
    files["z/last.bin"] = bytes(range(256)) * 10
    main = "import os\nprint(sorted(os.listdir('/rom')), sorted(os.listdir('/rom/a')))\nprint(open('/rom/a/b/deep.txt').read())\n"
    main += "f = open('/rom/z/last.bin', 'rb')\nbuf = bytearray(160)\ncounts = []\nwhile True:\n    n = f.readinto(buf)\n"
    main += "    if not n:\n        break\n    counts.append(n)\nprint(len(counts), sum(counts), buf[0])\n"
    said = printed(tmp_path, main, files)
    assert said == ["['a', 'a.txt', 'top.txt', 'z'] ['b', 'first.txt']", "deep", "16 2560 96"]


def test_modules_of_an_image_take_less_heap_than_the_same_as_files(tmp_path):
    text = "\n".join(f"def call_{n}(x):\n    return [x + {n}, x * {n}, '{n:060}']\n" for n in range(60))
    code = compiled(tmp_path, large=text)
    main = "import gc\ngc.collect()\nbefore = gc.mem_alloc()\nimport large\ngc.collect()\nprint(gc.mem_alloc() - before)\n"
    main += "del large\nprint(__import__('sys').modules['large'].call_7(1)[:2])\n"
    in_place = printed(tmp_path, main, code)
    (tmp_path / "root" / "large.mpy").write_bytes(code["large.mpy"])
    copied = printed(tmp_path, main, {"other.mpy": b""})
    assert in_place[1] == copied[1] == "[8, 7]"
    assert int(in_place[0]) < int(copied[0]) - len(code["large.mpy"]) / 2


def test_an_image_cannot_be_written(tmp_path):
    main = "for how in ('w', 'a'):\n    try:\n        open('/rom/x.txt', how)\n        print('written')\n"
    main += "    except OSError as error:\n        print(error.errno)\n"
    assert printed(tmp_path, main, {"x.txt": b"x"}) == ["30", "30"]  # EROFS


def test_the_same_files_make_the_same_image_whatever_their_order():
    files = {"b/c": b"1", "b.x": b"2", "a": b"3"}
    assert rom.image(files) == rom.image(dict(reversed(files.items())))


def test_a_module_that_does_not_compile_is_named(tmp_path):
    with pytest.raises(rom.CompileError, match="bad.py: mpy-cross refuses it"):
        compiled(tmp_path, bad="def (:\n")


def test_every_chip_of_a_board_has_a_processor_for_native_code():
    for path in (rom.ROOT / "board_configs").glob("*.json"):
        board = json.loads(path.read_text())
        assert "inherits" in board or board["chip"] in rom.ARCHES, path.name


@pytest.mark.parametrize("arch", sorted({rom.VIRTUAL_ARCH, *rom.ARCHES.values()}))
def test_every_module_of_the_unit_compiles_for_every_processor(arch):
    modules = {str(path.relative_to(rom.ROOT)): path for path in sorted((rom.ROOT / "firmware").rglob("*.py"))}
    codes = rom.compile_all(modules, arch)
    native = {name for name, code in codes.items() if code[2] >> 2}  # the processor's number; 0 is byte code for all
    assert native == {name.removesuffix(".py") + ".mpy" for name in modules if "@micropython.viper" in modules[name].read_text()}


def test_a_unit_does_not_keep_the_name_const_and_its_numbers_are_as_written(tmp_path):
    (tmp_path / "limits.py").write_text("from micropython import const\n\n_LOW = const(3)\nHIGH = const(_LOW << 2)\n")
    code = rom.compile_all({"limits.py": tmp_path / "limits.py"}, keep=())
    assert printed(tmp_path, "import limits\nprint(limits.HIGH, hasattr(limits, 'const'))\n", code) == ["12 False"]


def test_what_was_joined_and_compiled_once_is_read_by_the_next_process_and_any_change_makes_it_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(rom, "_STORE", tmp_path / "store")
    source = tmp_path / "one.py"
    source.write_text("import micropython\n\n\n@micropython.viper\ndef twice(n: int) -> int:\n    return n + n\n")

    def compiled(**changes):
        monkeypatch.setattr(rom, "_KEPT", {})  # as a process has it that begins
        return rom.compile_all({"firmware/one.py": source}, **{"arch": "xtensawin", "keep": (), **changes})

    first = compiled()
    made = []
    really = rom._compile_all
    monkeypatch.setattr(rom, "_compile_all", lambda *args, **named: made.append(args) or really(*args, **named))
    assert compiled() == first and not made
    (tmp_path / "store" / rom._twin_path(first["firmware/one.mpy"]).name).unlink()
    assert compiled() == first and len(made) == 1, "a twin that is gone is made anew"
    assert rom.twin(first["firmware/one.mpy"])
    compiled(arch="x64"), compiled(keep=("n",)), compiled(keep=None), compiled(keep=(None, "n"))
    assert len(made) == 5
    source.write_text(source.read_text().replace("n + n", "n + n + 0"))
    assert compiled() != first and len(made) == 6
    compiled(join=True)
    rom.compile_all({"firmware/one.py": source}, "xtensawin", ())
    assert len(made) == 7 and len(rom._KEPT) == 2, "what is joined is kept apart, by the same process too"
    codes = len(list((tmp_path / "store").glob("*.code")))
    monkeypatch.setattr(rom, "_compiler", lambda: ("mpy-cross", "of another version"))
    compiled()
    assert len(made) == 8 and len(list((tmp_path / "store").glob("*.code"))) == codes + 1, "by the other mpy-cross"


_NATIVE = "import micropython\n\n\n@micropython.viper\ndef twice(n: int) -> int:\n    return n + n\n"


def anew(monkeypatch, path, arch="xtensawin"):
    """What a process gives that begins."""
    monkeypatch.setattr(rom, "_KEPT", {})
    return rom.compile_all({f"firmware/{path.name}": path}, arch, keep=(), join=True)


@pytest.mark.parametrize("damage", [lambda held: b"", lambda held: held[:-7], lambda held: held[:-1] + bytes((held[-1] ^ 1,)),
                                    lambda held: b"M\x06\x00\x1f"], ids=["empty", "cut off", "a bit", "another's"])
def test_what_a_power_cut_left_in_the_store_is_made_anew_and_not_handed_out(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(rom, "_STORE", tmp_path / "store")
    (tmp_path / "one.py").write_text(_NATIVE)
    first = anew(monkeypatch, tmp_path / "one.py")
    twin = rom.twin(first["firmware/one.mpy"])
    whole = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    assert len(whole) == 4 and twin, "all of it, the module, its twin, and that as a module"
    for path in (tmp_path / "store").iterdir():
        path.write_bytes(damage(whole[path.name]))
    assert rom.twin(first["firmware/one.mpy"]) is None
    assert anew(monkeypatch, tmp_path / "one.py") == first and rom.twin(first["firmware/one.mpy"]) == twin
    assert {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()} == whole


def test_what_a_full_disk_keeps_mpy_cross_from_writing_is_no_module(tmp_path, monkeypatch):
    (tmp_path / "large.py").write_text("\n".join(f"def f{n}(a):\n    return [a, {n}, '{n:040}']\n" for n in range(60)))
    monkeypatch.setattr(rom, "_STORE", tmp_path / "store")
    first = anew(monkeypatch, tmp_path / "large.py")
    assert len(first["firmware/large.mpy"]) > 2048
    command = tmp_path / "mpy-cross"
    limit = "trap '' XFSZ\nulimit -f 1"  # a file takes 512 bytes, in other shells 1,024
    command.write_text(f"#!/bin/sh\n{limit}\nexec '{rom._mpy_cross()}' \"$@\"\n")
    command.chmod(0o755)
    monkeypatch.setattr(rom, "_mpy_cross", lambda: str(command))
    monkeypatch.setattr(rom, "_STORE", tmp_path / "another store")
    assert anew(monkeypatch, tmp_path / "large.py") == first


def test_what_could_not_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(part, path):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rom.os, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            rom.write(tmp_path / "store" / "image", b"x" * 100)
    assert list((tmp_path / "store").iterdir()) == []


def test_a_process_that_began_before_a_tool_was_edited_stores_nothing_under_the_new_one_s_name(tmp_path):
    (tmp_path / "tools").mkdir()
    for path in (rom.ROOT / "tools").glob("*.py"):
        shutil.copy(path, tmp_path / "tools")
    shutil.copytree(rom.ROOT / "tools" / "joining", tmp_path / "tools" / "joining")
    show = "from tools import rom\nkey = lambda: rom._whole_key({'a.py': 'X = 1'}, 'x64', (), True)\nprint(key())\n"
    edit = "path = rom.ROOT / 'tools' / 'joining' / 'lean.py'\npath.write_text(path.read_text() + '#')\n"
    said = [subprocess.run([sys.executable, "-c", text], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
                           capture_output=True, text=True, check=True, timeout=60).stdout.split()
            for text in (show + edit + "print(key())\n", show)]
    assert said[0][0] == said[0][1] != said[1][0]
