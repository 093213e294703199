"""From a blank board to a working flat: build, merge, write, verify, boot, provision, read back, heartbeat, self-test, audit.

Virtual boards on serial ports that boot what was flashed, the real esptool and mpremote, a real broker with TLS: nothing is
faked but the chip.
"""

import io
import json
import re
import subprocess
import sys
import threading
from dataclasses import replace

import pypdf
import pytest
from littlefs import LittleFS

from host_tests.install.house import ROW, House
from host_tests.peers import need
from tools import pki
from tools.desk import config as desk_config
from tools.image import partitions
from tools.install import desk, heartbeat, identity_files, labels
from tools.install.audit import Audit
from tools.install.job import Images
from tools.install.store import Store

CABLE = ("identify", "write", "verify", "boot", "identity", "read_back", "service", "heartbeat", "self_test")
OTHERS = {  # fault: (error code, step)
    "wrong_chip": ("wrong_chip", "identify"), "busy": ("port_busy", "look"), "small_flash": ("small_flash", "identify"),
    "corrupt_vfs": ("bad_files", "boot"), "full": ("board_full", "identity"), "wrong_ca": ("no_heartbeat", "heartbeat"),
    "wrong_hash": ("image", "image"), "taken": ("mac_taken", "duplicates"),
}  # fmt: skip
FAULTS = (*CABLE, *OTHERS)
_FILL = """
n, size = 0, 65536
while size > 32:
    try:
        with open("fill%d" % n, "wb") as file:
            file.write(bytes(size))
        n += 1
    except OSError:
        size //= 2
"""


@pytest.fixture
def argv(monkeypatch):
    """Every command that any child process was begun with."""
    found, real = [], subprocess.Popen

    class Noted(real):
        def __init__(self, words, *arguments, **named):
            found.append(words if isinstance(words, str) else " ".join(map(str, words)))
            super().__init__(words, *arguments, **named)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    return found


@pytest.mark.timeout(600)
def test_eight_boards_at_once_two_fail_and_running_again_finishes_them(tmp_path, argv):
    need("nats")
    rows = "".join(ROW.format(n) for n in range(7)) + ROW.format(7).replace("ESP32_GENERIC", "UM_FEATHERS3")
    with House(tmp_path, rows, ("esp32", "esp32s3")) as house, house.boards(8) as boards:
        boards[2].fault("cable", step="data", count=9)
        boards[5].fault("no_take", offset=0x10000, size=0x1000)
        fixed = {str(board.link): f"f{n}" for n, board in enumerate(boards)}
        results, said = house.batch(boards, list(house.rows), fixed)
        bad = {flat: result.error.code for flat, result in results.items() if not result.is_good}
        assert bad == {"f2": "port_lost", "f5": "write"}, said[-3000:]
        assert "Next: " in said and said.count("installed, ") == 2 * 6  # on the terminal, and in the log
        audit = Audit(house.scheme.audit)
        rows = {row["flat"]: row for row in audit.rows()}
        assert len(rows) == 8 and rows["f2"]["step"] == rows["f5"]["step"] == "write"
        assert rows["f0"]["self_test"] == "tone pass, path:broker1 pass, clock pass, storage pass"
        the_unit_is_what_the_store_says(house, boards[0], rows["f0"])
        a_desk_takes_them(house)

        boards[2].heal(), boards[5].heal()
        boards[2].plug()
        results, more = house.batch([boards[n] for n in (0, 2, 5)], ["f0", "f2", "f5"])  # each board finds its own flat
        assert all(result.is_good for result in results.values()), more[-20000:]
        assert audit.verify() == (11, [])
        again = next(row for row in audit.rows()[8:] if row["flat"] == "f0")
        assert again["result"] == "installed" and again["session"] != rows["f0"]["session"]
        steps = re.findall(r"tty0: f0 +(\w+)$", more, re.M)
        assert "open" in steps and "write" not in steps  # its claim code opened it, and all was as it should be
        labels.all_of(house.scheme, Store(house.scheme).all(), house.dir / "labels" / "sheet.pdf", on_sheet=True)
        nothing_leaks(house, said + more, argv)
        another_code_or_an_unknown_unit_opens_nothing(house, boards[0])


def another_code_or_an_unknown_unit_opens_nothing(house, board):
    store = Store(house.scheme)
    store.keep(replace(store.get("u0"), claim=store.get("u1").claim))
    results, said = house.batch([board], ["f0"])
    assert results["f0"].error.code == "claim_refused" and "wrong code" in said, said[-3000:]
    store.retire(store.get("u0"))
    results, said = house.batch([board], ["f0"], {str(board.link): "f0"})
    assert results["f0"].error.code == "not_blank", said[-3000:]
    assert board.status()["mode"] == "run"  # it was not touched


def the_unit_is_what_the_store_says(house, board, row):
    identity = Store(house.scheme).get("u0")
    assert row["mac"] == identity.mac == "24:6f:28:00:00:00"
    found = files_of(board)
    settings = json.loads(found["settings.json"])
    assert settings["mqtt"]["password"] == identity.password and settings["flat"] == "f0"
    assert found["unit.key"].decode().strip() == identity.key and found["ca.der"] == house.scheme.ca_file.read_bytes()
    assert json.loads(found["claim.json"]) == identity.claim_file and "settings.json.new" not in found
    record = next((house.dir / "records").glob("u0-*.txt")).read_text()
    assert '"verdict":"INCOMPLETE"' in record.replace(" ", "") and "house/f0/u0" in record
    page = pypdf.PdfReader(house.dir / "labels" / "u0.pdf").pages[0]
    assert identity.claim in page.extract_text() and "Elm House" in page.extract_text()


def files_of(board):
    """{name: bytes} of the root of the board's file system, read from its flash by another program than MicroPython."""
    vfs = partitions.by_label(partitions.layout(4, "rom"), "vfs")
    system = LittleFS(block_size=4096, block_count=vfs.size // 4096, mount=False)
    system.context.buffer = bytearray(board.flash.read(vfs.offset, vfs.size))
    system.mount()
    found = {}
    for name in system.listdir("/"):
        if "." in name:
            with system.open(name, "rb") as file:
                found[name] = file.read()
    return found


def a_desk_takes_them(house):
    """The desk's own reader takes the entries that were written for it."""
    broker = {"host": "127.0.0.1", "port": house.port, "password_file": "desk.password", "ca_file": str(house.scheme.ca_pem)}
    path = house.dir / "desk" / "desk.json"
    path.write_text(json.dumps({"v": 1, "brokers": [broker], "units": []}))
    desk.write(house.scheme, house.rows, Store(house.scheme).all(), path)
    units = desk_config.load(path).units
    assert len(units) == 8 and units["house/f0/u0"].key.hex() == Store(house.scheme).get("u0").key
    assert units["house/f0/u0"].locations["cord1"] == "bathroom"


def nothing_leaks(house, said, argv):
    """Keys and passwords stand in the store, in files for desk and broker and on the unit alone; claim codes on labels too."""
    identities = Store(house.scheme).all()
    keys = [secret for one in identities for secret in one.secrets()] + house.scheme.secrets()
    keys.append((house.dir / "pki" / "ca.key").read_text().splitlines()[1])
    keys.append((house.dir / "desk" / "desk.password").read_text().strip())
    assert len(keys) == 8 * 2 + 4 and all(len(one) >= 8 for one in keys)
    written = [path for pattern in ("audit.*", "records/*", "images/*/*.json") for path in house.dir.glob(pattern)]
    plain = said + "".join(path.read_text() for path in written) + "\n".join(argv)
    papers = "".join(map(text_of, (house.dir / "labels").glob("*.pdf")))
    for secret in keys:
        assert secret not in plain and secret not in papers
    assert "(hidden)" not in plain  # nothing had to be hidden either
    for one in identities:
        assert one.claim not in plain and one.claim.replace("-", "") not in plain
        assert one.claim in papers
    assert any("esptool" in words for words in argv) and any("mpremote" in words for words in argv)
    assert not (house.dir / "now").exists()  # where files for the boards lay for a moment


def text_of(path):
    data = path.read_bytes()
    return data.decode("latin-1") + "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


class Trouble:
    """What happens to each board, at its step."""

    def __init__(self, boards):
        self._boards = {str(board.link): board for board in boards}
        self._faults = dict(zip(self._boards, FAULTS, strict=True))
        self._done, self._lock = set(), threading.Lock()
        for port, board in self._boards.items():
            if self._faults[port] in ("wrong_chip", "busy"):
                board.fault(self._faults[port])
            elif self._faults[port] == "small_flash":
                board.fault("small_flash", mb=2)

    def at(self, port, step):
        fault, board = self._faults[port], self._boards[port]
        with self._lock:
            if step != {"corrupt_vfs": "boot", "full": "identity"}.get(fault, fault) or port in self._done:
                return
            self._done.add(port)
        if fault in CABLE:
            board.pull()
        elif fault == "corrupt_vfs":
            board.fault("corrupt_vfs")
        elif fault == "full":
            subprocess.run([sys.executable, "-m", "mpremote", "connect", port, "resume", "exec", _FILL], check=True, timeout=60)

    def over(self):
        for port, board in self._boards.items():
            board.heal()
            if self._faults[port] in CABLE:
                board.plug()


def with_wrong_ca(flat_id, tmp_path):
    """As identity_files.files, but one unit gets the certificate of a CA that signed nothing here."""
    real, wrong = identity_files.files, pki.wrong_ca(tmp_path / "other").ca_der.read_bytes()

    def files(scheme, flat, identity):
        made = real(scheme, flat, identity)
        return {**made, "ca.der": wrong} if flat.flat == flat_id else made

    return files


def with_less_patience(flat_id, bound_s):
    """As heartbeat.wait, but one unit, which will never be heard, is not waited for as long as the others."""
    real = heartbeat.wait

    def wait(listener, identity, session, longer_s, **named):
        return real(listener, identity, session, bound_s if identity.flat == flat_id else longer_s, **named)

    return wait


def with_wrong_hash(flat_id, tmp_path):
    """As Images.micropython, but for one flat the file has a bit that is another one."""
    real = Images.micropython

    def micropython(images, flat):
        path = real(images, flat)
        if flat.flat != flat_id:
            return path
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        spoilt = tmp_path / "spoilt.bin"
        spoilt.write_bytes(data)
        return spoilt

    return micropython


@pytest.mark.timeout(600)
def test_whatever_goes_wrong_is_told_clearly_and_running_again_succeeds(tmp_path, monkeypatch):
    need("nats")
    wrong_hash, full, wrong_ca = (FAULTS.index(fault) for fault in ("wrong_hash", "full", "wrong_ca"))
    with House(tmp_path, len(FAULTS) + 1, spoken=False) as house, house.boards(len(FAULTS)) as boards:
        *flats, elsewhere = house.rows
        house.speaks(flats[wrong_hash], "de")  # so that its image is one of its own
        fixed = {str(board.link): flat for board, flat in zip(boards, flats, strict=True)}
        store, trouble = Store(house.scheme), Trouble(boards)
        moved = store.take(house.rows[elsewhere], boards[-1].mac.hex(":"))  # the last board is another flat's
        with monkeypatch.context() as patch:
            patch.setattr(identity_files, "files", with_wrong_ca(flats[wrong_ca], tmp_path))
            patch.setattr(heartbeat, "wait", with_less_patience(flats[wrong_ca], 8))
            patch.setattr(Images, "micropython", with_wrong_hash(flats[wrong_hash], tmp_path))
            results, said = house.batch(boards, flats, fixed, trouble.at)
        told = {fault: results[flat].error for fault, flat in zip(FAULTS, flats, strict=True)}
        found = {fault: error and (error.code, error.step) for fault, error in told.items()}
        assert found == {**{step: ("port_lost", step) for step in CABLE}, **OTHERS}, said[-4000:]
        for error in told.values():
            assert error.what in said and error.next in said and "<" not in str(error)

        trouble.over()
        store.retire(moved)
        again, more = house.batch([boards[full]], [flats[full]], again=True)  # as its message says
        rest = [board for board in boards if board is not boards[full]]
        results, said = house.batch(rest, [flat for flat in flats if flat != flats[full]], fixed)
        bad = {result.flat: str(result.error) for result in (*results.values(), *again.values()) if not result.is_good}
        assert bad == {}, (more + said)[-4000:]
        audit = Audit(house.scheme.audit)
        assert audit.verify() == (2 * len(FAULTS), [])
        assert {row["result"] for row in audit.rows()[len(FAULTS) :]} == {"installed"}
