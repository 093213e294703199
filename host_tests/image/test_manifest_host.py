"""manifest.py freezes the whole firmware: executed with stand-ins of the functions that MicroPython's manifestfile gives it."""

from pathlib import Path

import pytest

from host_tests.image.workshop import ROOT
from tools import rom


class Manifest:
    """The functions as tools/manifestfile.py of MicroPython has them; what is named is collected, a wrong order refused."""

    def __init__(self, path):
        self.files, self.included, self.required, self._described = {}, [], [], False
        self._base = Path(path).parent
        names = {name: getattr(self, name) for name in ("metadata", "include", "require", "package", "module")}
        exec(compile(Path(path).read_text(), path, "exec"), names)

    def metadata(self, **fields):
        if set(fields) - {"description", "version", "license", "author"}:
            raise TypeError(f"metadata: {fields}")
        if self._described:
            raise ValueError("Duplicate call to metadata().")
        self._described = True

    def include(self, manifest_path, **options):
        self.included.append(manifest_path)

    def require(self, name, version=None, **options):
        self.required.append(name)

    def package(self, package_path, files=None, base_path=".", opt=None):
        folder = self._base / base_path
        for path in (folder / package_path).rglob("*.py") if files is None else [folder / package_path / name for name in files]:
            if not path.exists():
                raise ValueError(f"Cannot stat {path}")
            self.files[str(path.relative_to(folder))] = path

    def module(self, module_path, base_path=".", opt=None):
        self.package("", [module_path], base_path, opt)


def test_it_names_every_module_of_ours_and_what_they_need_of_others():
    manifest = Manifest(ROOT / "manifest.py")
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "firmware").rglob("*.py")}
    assert set(manifest.files) == wanted
    assert manifest.included == ["$(PORT_DIR)/boards/manifest.py"], "without it there is no _boot.py and no asyncio"
    assert manifest.required == ["umqtt.simple"]


def test_boot_and_main_are_not_frozen_for_a_frozen_one_cannot_be_replaced():
    assert not {"boot.py", "main.py"} & set(Manifest(ROOT / "manifest.py").files)


def test_all_that_it_names_compiles_for_a_board():
    manifest = Manifest(ROOT / "manifest.py")
    codes = rom.compile_all(manifest.files, rom.ARCHES["esp32"])
    assert set(codes) == {name.removesuffix(".py") + ".mpy" for name in manifest.files}
    assert all(code[:2] == b"M\x06" for code in codes.values())


def test_the_stand_in_refuses_what_the_real_one_would(tmp_path):
    path = tmp_path / "manifest.py"
    for text in ("metadata()\nmetadata()", "module('none.py')", "freeze_all('.')"):
        path.write_text(text)
        with pytest.raises((ValueError, NameError)):
            Manifest(path)
    (tmp_path / "one.py").write_text("X = 1\n")
    path.write_text("module('one.py')")
    assert set(Manifest(path).files) == {"one.py"}
