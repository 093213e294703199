"""A unit's root holds what starts by name as source, the rest as source or .mpy, and the unit's own files."""

import json
import stat
import subprocess
import sys

import pytest

from tools import rom
from tools.deploy import DeployError, deploy, prepare, problems, unit_settings

KEY = bytes(range(32))
BROKERS = [{"host": "127.0.0.1", "port": 8883, "server_name": "broker.ils.internal", "tls": True}]
SETTINGS = unit_settings("f12", "u1", BROKERS, "secret", board="CHILD")


@pytest.fixture
def source(tmp_path):
    """A small repository with a firmware that prints."""
    files = {
        "boot.py": "",
        "main.py": "from firmware.app import run\nrun()\n",
        "firmware/__init__.py": "",
        "firmware/app.py": "import pack.mod\n\ndef run():\n    print('runs', pack.mod.X)\n",
        "lib/pack/mod.py": "X = 7\n",
        "board_configs/PARENT.json": '{"name": "PARENT"}',
        "board_configs/CHILD.json": '{"name": "CHILD", "inherits": "PARENT"}',
        "board_configs/OTHER.json": '{"name": "OTHER"}',
    }
    root = tmp_path / "repository"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def names(deployed):
    return set(deployed.sizes)


OWN = {"settings.json", "unit.key", "ca.der", "board_configs/CHILD.json", "board_configs/PARENT.json", "boot.py", "main.py"}


@pytest.fixture
def ca(tmp_path):
    path = tmp_path / "some-ca.der"
    path.write_bytes(b"der")
    return path


def test_a_source_root_holds_the_modules_and_the_unit_s_own_files(source, tmp_path, ca):
    made = deploy(tmp_path / "out", SETTINGS, KEY, ca, source=source)
    assert names(made) == OWN | {"firmware/__init__.py", "firmware/app.py", "lib/pack/mod.py"}
    assert json.loads((made.root / "settings.json").read_text()) == SETTINGS
    assert (made.root / "unit.key").read_text().strip() == KEY.hex()
    assert stat.S_IMODE((made.root / "unit.key").stat().st_mode) == 0o600
    assert made.sizes["ca.der"] == 3


def test_a_compiled_root_keeps_boot_and_main_as_source_and_runs(source, tmp_path, ca):
    made = deploy(tmp_path / "out", SETTINGS, KEY, ca, form="mpy", source=source)
    assert names(made) == OWN | {"firmware/__init__.mpy", "firmware/app.mpy", "lib/pack/mod.mpy"}
    command = [sys.executable, "-m", "micropython_unix", "-c", "import sys; sys.path.append('lib'); import main"]
    said = subprocess.run(command, cwd=made.root, capture_output=True, text=True, timeout=20, check=False)
    assert "runs 7" in said.stdout, said


def test_an_image_holds_the_modules_and_lies_beside_the_root(source, tmp_path, ca):
    made = deploy(tmp_path / "out", SETTINGS, KEY, ca, form="rom", source=source)
    assert names(made) == OWN | {"rom/firmware/__init__.mpy", "rom/firmware/app.mpy", "rom/lib/pack/mod.mpy"}
    assert {path.name for path in made.root.rglob("*") if path.is_file()} == {name.split("/")[-1] for name in OWN}
    assert made.image == tmp_path / "out.romfs" and made.image.read_bytes()[:3] == b"\xd2\xcd\x31"
    again = deploy(tmp_path / "again", SETTINGS, KEY, ca, form="rom", source=source)
    assert again.image.read_bytes() == made.image.read_bytes()
    assert "out.romfs" in made.table()
    deploy(tmp_path / "out", SETTINGS, KEY, ca, source=source)
    assert not made.image.exists()  # or the unit would find the modules twice


def test_a_traceback_of_a_compiled_root_names_module_and_line(source, tmp_path, ca):
    (source / "lib" / "pack" / "mod.py").write_text("X = 7\n\n\ndef fail():\n    raise ValueError(X)\n")
    (source / "firmware" / "app.py").write_text("from pack import mod\n\ndef run():\n    mod.fail()\n")
    made = deploy(tmp_path / "out", SETTINGS, KEY, ca, form="mpy", source=source)
    command = [sys.executable, "-m", "micropython_unix", "-c", "import sys; sys.path.append('lib'); import main"]
    said = subprocess.run(command, cwd=made.root, capture_output=True, text=True, timeout=20, check=False)
    assert 'File "firmware.app", line 4, in run' in said.stdout and 'File "pack.mod", line 5, in fail' in said.stdout, said


def test_only_modules_with_viper_code_are_compiled_for_a_processor(source, tmp_path, ca):
    (source / "lib" / "pack" / "mod.py").write_text(
        "import micropython\n\n@micropython.viper\ndef seven(n: int) -> int:\n    return n + 6\n\nX = seven(1)\n"
    )
    made = deploy(tmp_path / "out", SETTINGS, KEY, ca, form="mpy", source=source)
    command = [sys.executable, "-m", "micropython_unix", "-c", "import sys; sys.path.append('lib'); import main"]
    said = subprocess.run(command, cwd=made.root, capture_output=True, text=True, timeout=20, check=False)
    assert "runs 7" in said.stdout, said
    board = deploy(tmp_path / "board", SETTINGS, KEY, ca, form="mpy", source=source, arch="xtensawin")
    kinds = {path: (made.root / path).read_bytes()[2] >> 2 for path in ("lib/pack/mod.mpy", "firmware/app.mpy")}
    assert kinds["lib/pack/mod.mpy"] & 0x1F == 2 and kinds["firmware/app.mpy"] == 0  # MP_NATIVE_ARCH_X64, none
    assert (board.root / "lib/pack/mod.mpy").read_bytes()[2] >> 2 & 0x1F == 10  # MP_NATIVE_ARCH_XTENSAWIN
    assert (board.root / "firmware/app.mpy").read_bytes() == (made.root / "firmware/app.mpy").read_bytes()
    with pytest.raises(DeployError, match="mod.py"):
        deploy(tmp_path / "none", SETTINGS, KEY, ca, form="mpy", source=source, arch="z80")


def test_it_deploys_again_over_its_own_root_and_touches_nobody_else_s_directory(source, tmp_path, ca):
    out = tmp_path / "out"
    deploy(out, SETTINGS, KEY, ca, form="mpy", source=source)
    (out / "clock.txt").write_text("written by the unit")
    (out / "main.py").unlink()  # as if the deployment before had been cut short
    made = deploy(out, SETTINGS, KEY, ca, source=source)
    assert "firmware/app.mpy" not in names(made) and "main.py" in names(made)
    assert (out / "clock.txt").exists()
    foreign = tmp_path / "home"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear")
    with pytest.raises(DeployError, match="not empty and not a unit's root"):
        deploy(foreign, SETTINGS, KEY, ca, source=source)
    assert (foreign / "letter.txt").read_text() == "dear"


def test_what_is_missing_or_wrong_is_named(source, tmp_path, ca):
    out = tmp_path / "out"
    with pytest.raises(DeployError, match="no NONE.json; known: CHILD, OTHER, PARENT"):
        deploy(out, {**SETTINGS, "board": "NONE"}, KEY, ca, source=source)
    with pytest.raises(DeployError, match="'wheel' is not one of source, mpy, rom"):
        deploy(out, SETTINGS, KEY, ca, form="wheel", source=source)
    with pytest.raises(DeployError, match="31 bytes"):
        deploy(out, SETTINGS, KEY[1:], ca, source=source)
    (source / "firmware/bad.py").write_text("def (:\n")
    with pytest.raises(DeployError, match="firmware/bad.py"):
        deploy(out, SETTINGS, KEY, ca, form="mpy", source=source)
    (source / "board_configs/CHILD.json").write_text("{")
    with pytest.raises(DeployError, match="CHILD.json: not JSON"):
        deploy(out, SETTINGS, KEY, ca, source=source)
    (source / "board_configs/CHILD.json").write_text('{"inherits": "CHILD"}')
    with pytest.raises(DeployError, match="inherits from itself"):
        deploy(out, SETTINGS, KEY, ca, source=source)
    (source / "lib/pack/mod.py").unlink()
    with pytest.raises(DeployError, match="make setup"):
        deploy(out, {**SETTINGS, "board": "OTHER"}, KEY, ca, source=source)


def test_inputs_that_are_not_fitted_are_taken_but_not_a_flat_from_which_nobody_could_call():
    settings = unit_settings("f12", "u1", BROKERS, "secret")
    assert problems(settings) == []
    settings["inputs"].update({"cord2": None, "pendant": None, "answer": None})
    assert problems(settings) == []
    settings["inputs"]["cord3"] = None
    assert [text.split(":")[0] for text in problems(settings)] == ["inputs.cord3"]
    settings["inputs"] = dict.fromkeys(("button", "cord1", "cord2", "pendant"))
    assert problems(settings) == ["inputs: none that raises a call is fitted; nobody could call from this flat"]


def test_the_table_adds_up(source, tmp_path, ca):
    made = deploy(tmp_path / "out", SETTINGS, KEY, ca, source=source)
    assert made.table().splitlines()[-1].split() == [
        "total",
        str(len(made.sizes)),
        "files",
        str(sum(made.sizes.values())),
        "bytes",
    ]


def test_what_was_prepared_is_not_compiled_again(tmp_path, monkeypatch):
    prepare("rom")
    prepare("source")
    monkeypatch.setattr(rom, "_compile_all", None)
    settings = unit_settings("f12", "u1", BROKERS, "secret", board="ESP32_GENERIC")
    made = deploy(tmp_path / "root", settings, KEY, form="rom")
    assert made.image.stat().st_size > 100_000
