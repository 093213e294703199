"""`python -m tools.install` as it is typed: exit codes, words, and a dry run that touches nothing."""

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from host_tests.install import plain
from tools import deploy, pki
from tools.image import lock
from tools.install import atomic, scheme
from tools.install.__main__ import main
from tools.install.audit import Audit
from tools.install.errors import InstallError
from tools.install.flats import EXAMPLE
from tools.install.store import Store
from tools.vboard.usb import micropython_bin


def ready(tmp_path):
    """A scheme with a MicroPython that is locked, and the words that name it."""
    path = tmp_path / "esp32.bin"
    path.write_bytes(micropython_bin.synthetic("esp32"))
    lock.add(path, "esp32", "esp32", path=tmp_path / "lock.json")
    one = plain.made(tmp_path, micropython={"esp32": path})
    return one, ["--scheme", str(one.dir), "--image-lock", str(tmp_path / "lock.json")]


def everything(folder):
    """{path: (time of change, size, hash)} of all that lies there."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        state = path.stat()
        found[path] = (state.st_mtime_ns, state.st_size, hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"")
    return found


def test_init_asks_for_nothing_that_stands_in_a_file_and_names_what_comes_next(tmp_path, capsys):
    (tmp_path / "password").write_text("a-secret-of-the-house\n")
    words = ["init", "--scheme", str(tmp_path / "elm"), "--id", "elm", "--name", "Elm House", "--broker", "b.example:8883"]
    words += ["--ssid", "h"]
    assert main([*words, "--wifi-password-file", str(tmp_path / "password")]) == 0
    said = capsys.readouterr()
    assert "flats.csv" in said.out and "a-secret" not in said.out + said.err
    one = scheme.load(tmp_path / "elm")
    assert one.settings["wifi"] == {"ssid": "h", "password": "a-secret-of-the-house"} and one.flats.read_text() == EXAMPLE
    assert one.brokers == [{"host": "b.example", "port": 8883, "server_name": "b.example", "tls": True}]
    assert main([*words, "--no-wifi"]) == 2 and "there already" in capsys.readouterr().err


def test_no_option_takes_a_password_nor_repeats_one(tmp_path, capsys):
    words = ["init", "--scheme", str(tmp_path / "elm"), "--id", "elm", "--name", "Elm House", "--broker", "b.example:8883"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--ssid", "h", "--wifi-password", "a-secret-of-the-house"])
    said = capsys.readouterr()
    assert ended.value.code == 2 and "no such file" not in (said.out + said.err).lower() and not (tmp_path / "elm").exists()


def test_a_dry_run_says_what_would_be_done_and_touches_nothing(tmp_path, capsys, monkeypatch):
    one, words = ready(tmp_path)
    before = everything(tmp_path)
    master, slave = pty.openpty()
    try:
        port = os.ttyname(slave)
        monkeypatch.setattr("serial.Serial.open", lambda self: pytest.fail("a port was opened"))
        monkeypatch.setattr("subprocess.Popen", lambda *words, **named: pytest.fail("a program was begun"))
        assert main(["batch", *words, "--port", port, "--dry-run"]) == 0
        said = capsys.readouterr().out
        assert "flat f1: unit u1 on ESP32_GENERIC" in said and "cord2 not fitted" in said and "Nothing was touched" in said
        assert main(["flat", "f1", *words, "--port", "/dev/no-such-port", "--dry-run"]) == 1
        assert "IS NOT THERE" in capsys.readouterr().out
    finally:
        os.close(master)
        os.close(slave)
    assert everything(tmp_path) == before


def test_a_dry_run_names_what_stands_in_the_way(tmp_path, capsys):
    one, words = ready(tmp_path)
    (tmp_path / "esp32.bin").write_bytes(b"another file")
    Store(one).take(plain.flat("f1", "u9"), "24:6f:28:00:00:01")
    assert main(["batch", *words, "--port", "/dev/null", "--dry-run"]) == 1
    said = capsys.readouterr().out
    assert "not the file that is locked" in said and "has the unit u9 with board 24:6f:28:00:00:01 already" in said
    assert said.count("Next: ") == 3


def test_a_dry_run_says_that_the_audit_is_broken_which_would_stop_the_run(tmp_path, capsys):
    one, words = ready(tmp_path)
    Audit(one.audit).append(flat="f9", unit="u9", result="failed")
    one.audit.write_text(one.audit.read_text().replace("f9", "f8"))
    assert main(["batch", *words, "--port", "/dev/null", "--dry-run"]) == 1
    assert "WRONG: audit.csv is broken: row 1" in capsys.readouterr().out


def test_a_dry_run_names_a_language_a_missing_button_and_a_port_that_may_not_be_opened(tmp_path, capsys, monkeypatch):
    one, words = ready(tmp_path)
    one.flats.write_text(EXAMPLE.replace("hall", "", 1))
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("tools.deploy.messages_in", lambda language: [])
    assert main(["batch", *words, "--port", "/dev/null", "--dry-run"]) == 1
    said = capsys.readouterr().out
    assert "/dev/null: MAY NOT BE OPENED" in said and said.count("REMARK: no button is fitted") == 1
    assert said.count("REMARK: no spoken messages in en have been built") == 2
    one.flats.write_text(EXAMPLE.replace(",en,", ",fr,"))
    assert main(["batch", *words, "--port", "/dev/null", "--dry-run"]) == 2
    assert "line 2, column language: there are no spoken messages in 'fr'; known: de, en" in capsys.readouterr().err


def test_a_terminal_without_umlauts_is_shown_a_question_mark(tmp_path):
    one, words = ready(tmp_path)
    one.flats.write_text(EXAMPLE.replace("hall", "Küche"))
    done = subprocess.run([sys.executable, "-m", "tools.install", "batch", *words, "--port", "/dev/null", "--dry-run"],
                          capture_output=True, text=True, cwd=deploy.ROOT, env={**os.environ, "PYTHONIOENCODING": "ascii"},
                          timeout=60, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "") and "button K?che" in done.stdout


def test_desk_files_that_cannot_be_written_leave_the_boards_what_they_are(tmp_path, capsys, monkeypatch):
    _, words = ready(tmp_path)

    def full(*_):
        raise InstallError("disk", path="desk/units.json", why="No space left on device")

    monkeypatch.setattr("tools.install.desk.write", full)
    assert main(["batch", *words, "--port", str(tmp_path / "none")]) == 1
    assert "desk and brokers are not told: desk/units.json cannot be written" in capsys.readouterr().out


def test_a_directory_that_takes_nothing_is_named_and_not_traced(tmp_path, capsys, monkeypatch):
    one, words = ready(tmp_path)
    Store(one).take(plain.flat(), "24:6f:28:00:00:01")
    shut = lambda *_, **named: (_ for _ in ()).throw(OSError(30, "Read-only file system", "the place"))  # noqa: E731
    retire = ["retire", "f1", *words[:2]]
    for line, call in ((["batch", *words, "--port", "/dev/null"], "os.open"), (retire, "pathlib.Path.mkdir"),
                       (retire, "pathlib.Path.rename")):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(call, shut)
            assert main(line) == 2, line
        said = capsys.readouterr().err
        assert "cannot be written: Read-only file system\n  Next: Make room" in said, said


def test_wrong_words_and_files_end_before_anything_is_begun(tmp_path, capsys):
    one, words = ready(tmp_path)
    for line, code, text in (
        (["flat", "f9", *words, "--port", "/dev/null"], 2, "flats.csv has no flat f9; it has f1, f2"),
        (["batch", "--scheme", str(tmp_path), "--port", "/dev/null"], 2, "is no scheme directory"),
        (["batch", *words, "--port", "/dev/null", "--port", "/dev/null"], 2, "in use"),
        (["batch", *words, "--port", "/dev/null=f1", "--port", "/dev/zero=f1"], 2, "more than one port: /dev/null, /dev/zero"),
        (["retire", "f1", *words[:2]], 2, "no unit has an identity yet"),
        (["label", "f1", *words[:2]], 2, "no unit has an identity yet"),
    ):
        assert main(line) == code
        said = capsys.readouterr().err
        assert text in said and "\n  Next: " in said
    assert not one.audit.exists()
    one.flats.write_text(EXAMPLE + "f1,u3,ESP32_GENERIC,en,hall,,,\n")
    assert main(["batch", *words, "--port", "/dev/null"]) == 2
    assert "line 4, column flat" in capsys.readouterr().err
    with atomic.locked(one.dir):
        one.flats.write_text(EXAMPLE)
        assert main(["batch", *words, "--port", "/dev/null"]) == 2
        assert f"process {os.getpid()}" in capsys.readouterr().err


def test_a_port_that_is_none_fails_its_flat_with_a_row_a_table_and_a_log(tmp_path, capsys):
    one, words = ready(tmp_path)
    assert main(["batch", *words, "--port", str(tmp_path / "none"), "--who", "I. Nstaller"]) == 1
    said = capsys.readouterr().out
    assert "there is no port" in said and "0 of 3 installed" in said  # the port that failed, and two flats that nobody took
    rows = Audit(one.audit).rows()
    cells = [(row["result"], row["step"], row["error"], row["who"]) for row in rows]
    assert cells == [("failed", "look", "port_missing", "I. Nstaller")]
    assert "there is no port" in next((one.dir / "logs").iterdir()).read_text()
    assert main(["audit", "show", *words[:2]]) == 0 and "at look" in capsys.readouterr().out
    assert main(["audit", "verify", *words[:2]]) == 0 and "1 rows, whole" in capsys.readouterr().out
    one.audit.write_text(one.audit.read_text().replace("look", "lock"))
    assert main(["audit", "verify", *words[:2]]) == 1 and "BROKEN" in capsys.readouterr().out
    assert main(["flat", "f1", *words, "--port", str(tmp_path / "none")]) == 2
    assert "audit.csv is broken" in capsys.readouterr().err


def test_desk_makes_the_identities_and_retire_takes_one_out(tmp_path, capsys):
    one, words = ready(tmp_path)
    config = tmp_path / "desk.json"
    config.write_text(json.dumps({"v": 1, "units": [{"scheme": "other", "flat": "f1"}, {"scheme": "house", "flat": "old"}]}))
    assert main(["desk", *words[:2], "--config", str(config)]) == 0
    secrets = [secret for identity in Store(one).all() for secret in (*identity.secrets(), identity.claim)]
    said = capsys.readouterr().out
    assert "mosquitto" in said and not any(secret in said for secret in secrets) and len(secrets) == 6
    units = json.loads(config.read_text())["units"]
    assert [(unit["scheme"], unit["flat"]) for unit in units] == [("other", "f1"), ("house", "f1"), ("house", "f2")]
    assert units[2]["locations"] == {"button": "hall", "cord1": "bathroom"}
    assert "house.f1" in (one.dir / "desk" / "nats-users.conf").read_text()
    assert main(["retire", "f1", *words[:2], "--who", "Me"]) == 0
    assert Audit(one.audit).rows()[0]["result"] == "retired" and Store(one).get("u1") is None
    assert "house.f1" not in (one.dir / "desk" / "mosquitto" / "passwords").read_text()
    for path in [*(one.dir / "desk").rglob("*"), config]:
        assert path.is_dir() or path.stat().st_mode & 0o077 == 0, path


def test_the_audit_remembers_a_board_that_the_store_has_lost(tmp_path):
    from host_tests.install.test_store_host import code_of
    from tools.install.job import Job, Options
    from tools.install.progress import Progress

    one, _ = ready(tmp_path)
    job = Job(one, Options(), None, Progress())
    mac = "24:6f:28:00:00:01"
    job.audit.append(result="installed", unit="u1", flat="f1", mac=mac)
    assert code_of(job.check_audit, plain.flat("f2", "u2"), mac) == "mac_taken"
    assert code_of(job.check_audit, plain.flat(), "24:6f:28:00:00:02") == "flat_taken"
    job.check_audit(plain.flat(), mac)
    job.audit.append(result="failed", unit="u2", flat="f2", mac=mac)
    assert code_of(job.check_audit, plain.flat("f2", "u2"), mac) == "mac_taken"
    job.audit.append(result="retired", unit="u1", flat="f1", mac=mac)
    job.check_audit(plain.flat("f2", "u2"), mac)
    job.check_audit(plain.flat(), "24:6f:28:00:00:02")


def test_labels_are_made_for_one_for_some_and_on_a_sheet(tmp_path, capsys):
    one, words = ready(tmp_path)
    for name, unit, mac in (("f1", "u1", "01"), ("f2", "u2", "02")):
        Store(one).take(plain.flat(name, unit), f"24:6f:28:00:00:{mac}")
    for line, name in ((["f1"], "u1.pdf"), ([], "all.pdf"), (["--sheet"], "sheet.pdf"), (["--size", "70x37"], "all.pdf")):
        assert main(["label", *words[:2], *line]) == 0
        assert capsys.readouterr().out.strip().endswith(name) and (one.dir / "labels" / name).read_bytes()[:5] == b"%PDF-"
    assert main(["label", *words[:2], "--size", "10x10"]) == 2 and "too small" in capsys.readouterr().err
    assert main(["label", *words[:2], "--size", "70,5X37"]) == 0
    for size in ("62", "x", "62x", "62x29x1", "nanx29", "-62x29", "infx29"):
        with pytest.raises(SystemExit):
            main(["label", *words[:2], f"--size={size}"])
        assert "such as 62x29" in capsys.readouterr().err


def test_the_ca_of_the_house_is_taken_as_it_is(tmp_path):
    made = pki.ensure(tmp_path / "ca")
    one = plain.made(tmp_path, ca=str(made.ca_der))
    assert one.ca_file == made.ca_der and not (one.dir / "pki").exists()


@pytest.mark.parametrize("words", [["--help"], ["batch", "--port", "/dev/null", "--dry-run"], ["audit", "show"], ["desk"]])
def test_who_reads_no_more_is_no_error(tmp_path, words):
    """`... | head`"""
    _, place = ready(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    place = place if words[0] == "batch" else [] if words[0] == "--help" else place[:2]
    done = subprocess.run([sys.executable, "-m", "tools.install", *words, *place], stdout=writing, stderr=subprocess.PIPE,
                          text=True, cwd=deploy.ROOT, timeout=60, check=False)
    os.close(writing)
    assert (done.stderr, done.returncode < 2) == ("", True)


def has_children(pid):
    return any(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_with_a_row_and_leaves_no_child_behind(tmp_path, number):
    """Nobody answers at this port: esptool is in the middle of its tries. A window that is shut is as Ctrl-C."""
    one, words = ready(tmp_path)
    master, slave = pty.openpty()
    try:
        command = [sys.executable, "-m", "tools.install", "flat", "f1", *words, "--port", os.ttyname(slave)]
        command += ["--reset-command", "true"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=deploy.ROOT)
        for line in process.stdout:
            if line.rstrip().endswith("identify"):
                break
        while not has_children(process.pid):
            assert process.poll() is None
        process.send_signal(number)
        said = process.stdout.read()
        assert process.wait(30) == 130 and "stopped by you at the step identify" in said, said
    finally:
        os.close(master)
        os.close(slave)
    rows = Audit(one.audit).rows()
    assert [(row["flat"], row["step"], row["error"]) for row in rows] == [("f1", "identify", "stopped")]
    assert not (one.dir / "now").exists() and (one.dir / "lock").read_text() == ""
