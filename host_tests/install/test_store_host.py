"""The scheme directory and its identities: for the owner only, whole or not at all, never two for a flat, a unit or a board."""

import json
import os
import subprocess
import sys
import time

import pytest

from host_tests.install import plain
from tools import deploy
from tools.desk import config
from tools.install import atomic, desk, identity_files, init, scheme
from tools.install.errors import InstallError
from tools.service import claim

MAC, OTHER = "24:6f:28:00:00:01", "24:6f:28:00:00:02"


def code_of(work, *arguments):
    with pytest.raises(InstallError) as caught:
        work(*arguments)
    assert caught.value.what and caught.value.next and "<" not in str(caught.value)
    return caught.value.code


def test_init_makes_a_directory_that_nobody_else_may_read_with_a_ca_and_a_login_of_its_own(tmp_path):
    one = plain.made(tmp_path)
    for path in [one.dir, *one.dir.rglob("*")]:
        allowed = 0o755 if path.is_relative_to(one.dir / "pki") and path != one.dir / "pki" else 0o700
        assert path.stat().st_mode & 0o777 & ~allowed == 0, path
    assert one.ca_file.read_bytes() and one.installer[0] == "installer" and len(one.installer[1]) == 32
    assert (one.dir / ".gitignore").read_text() == "*\n", "a scheme made inside a repository stays out of it"
    again = scheme.load(one.dir)
    assert again == one and again.settings["wifi"]["password"] == plain.WIFI[1]


def test_a_desk_without_a_configuration_gets_one_that_it_can_be_started_with(tmp_path):
    store = plain.store(tmp_path)
    one, path = scheme.load(tmp_path / "scheme"), tmp_path / "desk.json"
    store.prepare(plain.flat())
    for _ in range(2):  # the second time it is there
        desk.write(one, {"f1": plain.flat()}, store.all(), path)
    found = config.load(path)
    assert path.stat().st_mode & 0o077 == 0, "it holds keys"
    assert [(broker.host, broker.port, broker.tls) for broker in found.brokers] == [("127.0.0.1", 8883, True)]
    assert list(found.units) == ["house/f1/u1"]


def test_init_leaves_a_directory_with_anything_in_it_alone_and_nothing_behind_when_it_fails(tmp_path):
    one = plain.made(tmp_path)
    before = {path: path.read_bytes() for path in one.dir.rglob("*") if path.is_file()}
    assert code_of(plain.made, tmp_path) == "exists"
    assert {path: path.read_bytes() for path in one.dir.rglob("*") if path.is_file()} == before
    broker = [("127.0.0.1", 8883, "a.example")]
    assert code_of(init.make, tmp_path / "new", "No Id", "N", broker, None) == "scheme"
    assert code_of(init.make, tmp_path / "new", "id", "N", broker, None, str(tmp_path / "no.der")) == "scheme"
    assert not any((tmp_path / "new").iterdir())
    (tmp_path / "file").touch()
    assert code_of(init.make, tmp_path / "file" / "new", "id", "N", broker, None) == "disk"


def test_ctrl_c_in_the_middle_of_init_leaves_no_key_behind(tmp_path, monkeypatch):
    def pressed(*_):
        assert any((tmp_path / "new").iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(init.desk, "write", pressed)
    with pytest.raises(KeyboardInterrupt):
        init.make(tmp_path / "new", "id", "N", [("127.0.0.1", 8883, "a.example")], None)
    assert not any((tmp_path / "new").iterdir())


@pytest.mark.parametrize(("wifi", "good"), [
    (("house", "12345678"), True), (("house", ""), True), (("h" * 32, "p" * 63), True), (None, True),
    (("house", "1234567"), False), (("house", "p" * 64), False), (("", "12345678"), False), (("h" * 33, "12345678"), False),
])  # fmt: skip
def test_init_takes_the_wifi_that_a_unit_would_take_and_no_other(tmp_path, wifi, good):
    broker = [("127.0.0.1", 8883, "a.example")]
    if good:
        init.make(tmp_path / "new", "elm", "Elm House", broker, wifi)
        return
    with pytest.raises(InstallError) as refused:
        init.make(tmp_path / "new", "elm", "Elm House", broker, wifi)
    assert "Wi-Fi: a name of 1 to 32" in refused.value.what and wifi[1] not in refused.value.what
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("change", "word"), [
    ({"v": 2}, "v: 1"), ({"colour": 1}, "colour"), ({"scheme": "A"}, "scheme:"), ({"name": ""}, "name"),
    ({"brokers": []}, "brokers"), ({"brokers": [{"host": "a", "port": 0, "server_name": "a", "tls": True}]}, "brokers[0].port"),
    ({"brokers": [{"host": "a", "port": 1, "tls": True}]}, "brokers[0]"), ({"installer": {"user": "x"}}, "installer"),
    ({"ca_file": "no.der"}, "no.der"), ({"ca_file": "scheme.json"}, "scheme.pem"), ({"micropython": 7}, "micropython"),
    ({"micropython": {"esp32": "gone.bin"}}, "micropython.esp32"),
])  # fmt: skip
def test_a_wrong_field_of_the_scheme_is_named(tmp_path, change, word):
    one = plain.made(tmp_path)
    path = one.dir / "scheme.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InstallError) as caught:
        scheme.load(one.dir)
    assert caught.value.code == "scheme" and word in caught.value.what


def test_a_directory_that_others_may_read_or_that_is_none_is_refused(tmp_path):
    one = plain.made(tmp_path)
    one.dir.chmod(0o755)
    assert code_of(scheme.load, one.dir) == "no_scheme"
    assert code_of(scheme.load, tmp_path) == "no_scheme"


def test_a_ca_whose_two_files_differ_is_refused(tmp_path):
    one = plain.made(tmp_path)
    one.ca_pem.write_text(one.ca_pem.read_text().replace("A", "B", 1))
    assert code_of(scheme.load, one.dir) == "scheme"


def test_an_identity_is_made_once_and_bound_to_its_board(tmp_path):
    store = plain.store(tmp_path)
    first = store.prepare(plain.flat())
    taken = store.take(plain.flat(), MAC)
    assert (first.key, first.password, first.claim, first.mac, taken.mac) == (taken.key, taken.password, taken.claim, None, MAC)
    assert store.take(plain.flat(), MAC) == taken == store.get("u1") == store.by_mac(MAC)
    path = store.all() and tmp_path / "scheme" / "identities" / "u1.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert claim.fits(taken.claim, taken.claim_file) and len(bytes.fromhex(taken.key)) == 32
    assert store.prepare(plain.flat("f2", "u2")).key != taken.key
    shown = repr(taken)
    assert not any(secret in shown for secret in [*taken.secrets(), taken.claim])


def test_a_flat_a_unit_or_a_board_that_is_taken_stops(tmp_path):
    store = plain.store(tmp_path)
    store.take(plain.flat(), MAC)
    assert code_of(store.take, plain.flat("f2", "u2"), MAC) == "mac_taken"
    assert code_of(store.take, plain.flat("f2", "u1"), OTHER) == "unit_taken"
    assert code_of(store.take, plain.flat("f1", "u1"), OTHER) == "flat_taken"
    assert code_of(store.take, plain.flat("f1", "u9"), OTHER) == "flat_taken"
    assert [one.unit for one in store.all()] == ["u1"]


def test_a_retired_board_s_keys_are_kept_aside_and_the_flat_gets_new_ones(tmp_path):
    store = plain.store(tmp_path)
    old = store.take(plain.flat(), MAC)
    assert json.loads(store.retire(old).read_text())["key"] == old.key
    new = store.take(plain.flat(), OTHER)
    assert new.key != old.key and new.password != old.password and new.claim != old.claim
    store.retire(store.take(plain.flat(), OTHER))
    assert len(list((tmp_path / "scheme" / "identities" / "retired").iterdir())) == 2


@pytest.mark.parametrize("spoil", [
    lambda raw: raw[:40], lambda raw: raw.replace('"u1"', '"u2"'), lambda raw: raw.replace('"key"', '"kay"'),
    lambda raw: raw.replace('"house"', '"horse"'),
])  # fmt: skip
def test_a_damaged_identity_stops_and_is_not_made_anew(tmp_path, spoil):
    store = plain.store(tmp_path)
    store.take(plain.flat(), MAC)
    path = tmp_path / "scheme" / "identities" / "u1.json"
    path.write_text(spoil(path.read_text()))
    before = path.read_text()
    assert code_of(store.take, plain.flat(), MAC) == "identity" and path.read_text() == before


def test_the_identity_s_files_are_lawful_settings_last_and_the_same_each_time(tmp_path):
    store = plain.store(tmp_path)
    one, identity = scheme.load(tmp_path / "scheme"), store.take(plain.flat(), MAC)
    made = identity_files.files(one, plain.flat(), identity)
    assert list(made) == ["claim.json", "unit.key", "ca.der", "settings.json"]
    assert [list(some) for some in identity_files.in_order(made)] == [list(made)[:1], list(made)[1:]]
    assert made == identity_files.files(one, plain.flat(), store.get("u1"))
    settings = json.loads(made["settings.json"])
    assert deploy.problems(settings) == [] and settings["inputs"]["cord1"] == {"location": "bathroom"}
    assert settings["mqtt"]["password"] == identity.password and made["unit.key"].decode().strip() == identity.key
    assert claim.fits(identity.claim, json.loads(made["claim.json"]))


def test_what_is_not_fitted_is_null_in_the_settings(tmp_path):
    one = plain.made(tmp_path)
    settings = identity_files.settings(one, plain.flat(inputs={**plain.INPUTS, "cord2": None}), "x")
    assert settings["inputs"]["cord2"] is None and settings["inputs"]["button"] == {"location": "hall"}


def test_settings_that_a_unit_would_complain_of_stop(tmp_path):
    one = plain.made(tmp_path)
    one.settings["volume_pct"] = 5
    assert code_of(identity_files.settings, one, plain.flat(), "x") == "settings"


def test_a_file_is_the_old_or_the_new_one_wherever_the_power_goes(tmp_path, monkeypatch):
    """Cut at each call that touches the disk."""
    path = tmp_path / "file"
    calls = ("open", "fsync", "replace")
    for cut in range(8):
        atomic.write(path, b"old")
        left = [cut]

        def counted(real, left=left):
            def call(*arguments, **named):
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(5, "power is gone")
                return real(*arguments, **named)

            return call

        with monkeypatch.context() as patch:
            for name in calls:
                patch.setattr(os, name, counted(getattr(os, name)))
            try:
                atomic.write(path, b"newer")
            except InstallError as error:
                assert error.code == "disk"
        assert path.read_bytes() in (b"old", b"newer")
    assert path.read_bytes() == b"newer"


def test_a_second_process_is_kept_off_and_a_killed_one_is_not_in_the_way(tmp_path):
    text = f"from tools.install import atomic\nwith atomic.locked({str(tmp_path)!r}):\n print('mine', flush=True)\n input()"
    pipe = subprocess.PIPE
    other = subprocess.Popen([sys.executable, "-c", text], stdin=pipe, stdout=pipe, text=True, cwd=deploy.ROOT)
    try:
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(InstallError) as caught, atomic.locked(tmp_path):
            pass
        assert caught.value.code == "locked" and str(other.pid) in caught.value.what
    finally:
        other.kill()
        other.communicate()
    end_s = time.monotonic() + 10
    while time.monotonic() < end_s:
        try:
            with atomic.locked(tmp_path):
                return
        except InstallError:
            time.sleep(0.01)
    raise AssertionError("a process that was killed still holds the lock")
