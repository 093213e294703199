"""The dual-runtime tests under the oldest MicroPython that we promise (1.24) and the newest, on a 32-bit port like the board's.

These builds are WebAssembly and run in Node.js; they have no sockets, no threads and not asyncio's own loop. What needs one of
those is listed in LACKING and runs under the unix port only (host_tests/run_micropython.py).
"""

import filecmp
import re
import shutil
import subprocess

import pytest

from host_tests.peers import need
from host_tests.run_micropython import ROOT, find_tests

HERE = ROOT / "host_tests" / "wasm"
INSTALLED = ROOT / "build" / "wasm"
HEAP_BYTES = 160 * 1024  # what the unit has on an ESP32 without PSRAM, near enough; here it also holds the tests
LACKING = {
    "host_tests/core/media/test_aes_cm.py": "viper",
    "host_tests/core/media/test_conceal.py": "viper",
    "host_tests/core/media/test_g711.py": "viper",
    "host_tests/core/media/test_gain.py": "viper",
    "host_tests/core/media/test_glued.py": "viper",
    "host_tests/core/media/test_goertzel.py": "viper",
    "host_tests/core/media/test_jitter.py": "viper",
    "host_tests/core/media/test_level.py": "viper",
    "host_tests/core/media/test_octets.py": "viper",
    "host_tests/core/media/test_resample.py": "viper",
    "host_tests/core/media/test_rtcp.py": "viper",
    "host_tests/core/media/test_rtp.py": "viper",
    "host_tests/core/media/test_sha1.py": "viper",
    "host_tests/core/media/test_srtp.py": "viper",
    "host_tests/core/media/test_tone_meter.py": "viper",
    "host_tests/core/media/test_voice_switch.py": "viper",
    "host_tests/drivers/test_busy.py": "asyncio's own loop",
    "host_tests/drivers/test_file_journal.py": "os.urandom",
    "host_tests/drivers/test_file_journal_memory.py": "os.urandom",
    "host_tests/drivers/test_file_journal_strange.py": "os.urandom",
    "host_tests/drivers/test_small_file.py": "the board's error numbers of files",
    "host_tests/drivers/test_speaker.py": "viper",
    "host_tests/drivers/test_tones.py": "viper",
    "host_tests/test_assembly.py": "asyncio's own loop",
    "host_tests/test_audio_loop.py": "viper",
    "host_tests/test_build.py": "viper",
    "host_tests/test_calendar.py": "os.urandom",
    "host_tests/test_carriers.py": "sockets",
    "host_tests/test_console.py": "sockets",
    "host_tests/test_keeper.py": "the board's error numbers of files",
    "host_tests/test_lent.py": "viper",
    "host_tests/test_nap.py": "asyncio's own loop",
    "host_tests/test_on_demand.py": "a heap that does not grow",
    "host_tests/test_online.py": "sockets",
    "host_tests/test_service_mode.py": "the board's error numbers of files",
    "host_tests/test_talk.py": "viper",
    "host_tests/test_talk_far.py": "viper",
    "host_tests/test_talk_near.py": "viper",
    "host_tests/test_talk_session.py": "viper",
    "host_tests/test_talk_task.py": "viper",
    "host_tests/transports": "sockets",
    "host_tests/vboard/test_esp32_socket.py": "threads",
    "host_tests/walk/test_at_start.py": "os.urandom",
    "host_tests/walk/test_keeping.py": "os.urandom",
    "host_tests/walk/test_measures.py": "os.urandom",
    "host_tests/walk/test_run.py": "os.urandom",
    "host_tests/walk/test_sending.py": "os.urandom",
    "host_tests/walk/test_shelf.py": "os.urandom",
    "host_tests/walk/test_starting.py": "os.urandom",
}


def names():
    """Paths of the test files that can run there."""
    files = [str(file.relative_to(ROOT)) for file in find_tests([])]
    return [file for file in files if not file.startswith(tuple(LACKING))]


@pytest.fixture(scope="module")
def node():
    """Path of node, with the locked builds installed in build/wasm."""
    found, npm = need("node"), need("npm")
    if not INSTALLED.exists() or not filecmp.cmp(HERE / "package-lock.json", INSTALLED / "package-lock.json", shallow=False):
        shutil.rmtree(INSTALLED, ignore_errors=True)
        INSTALLED.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, INSTALLED / name)
        command, pipes = [npm, "ci", "--no-audit", "--no-fund"], {"capture_output": True, "text": True}
        done = subprocess.run(command, cwd=INSTALLED, timeout=200, check=False, **pipes)
        if done.returncode:
            shutil.rmtree(INSTALLED)
            pytest.fail("npm ci of the locked MicroPython builds failed: " + done.stderr)
    return found


def test_everything_that_is_left_out_is_there():
    assert all((ROOT / name).exists() for name in LACKING)
    assert len(names()) > 25


@pytest.mark.parametrize("version", ["1.24", "1.29"])
def test_the_same_tests_pass_on_a_32_bit_micropython_in_160_kb(node, version):
    files = names()
    modules = [file[:-3].replace("/", ".") for file in files]
    package = INSTALLED / "node_modules" / ("micropython-" + version)
    command = [node, str(HERE / "run.mjs"), str(package), str(ROOT), str(HEAP_BYTES), *modules]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    results = re.findall(r"^RESULT (\d+) (\d+) (.*)$", done.stdout, re.MULTILINE)
    assert len(results) == len(modules), done.stdout[-3000:] + done.stderr[-3000:]
    wrong = [file for file, (_, failed, _) in zip(files, results, strict=True) if failed != "0"]
    assert wrong == [], done.stdout[-6000:]
    assert all(run.startswith("v" + version) for _, _, run in results)
    assert sum(int(passed) for passed, _, _ in results) > 200
