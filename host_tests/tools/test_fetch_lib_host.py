"""lib/ holds exactly what the lock says, or nothing was written and the reason is named."""

import hashlib
import io
import tarfile

import pytest

from tools import fetch_lib

SOURCE = b"class MQTTClient:\n    pass\n"


def sdist(path, data=SOURCE, inside="thing-1.0/pack/mod.py"):
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(inside)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return path


def locked(archive, data=SOURCE):
    return {
        "name": "thing",
        "version": "1.0",
        "sdist_sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "files": [{"from": "pack/mod.py", "to": "pack/mod.py", "sha256": hashlib.sha256(data).hexdigest()}],
    }


def offline(package, directory):
    raise AssertionError("nothing may be downloaded here")


def quiet(line):
    return line


def test_a_missing_file_is_brought_and_a_second_run_needs_no_network(tmp_path):
    archive = sdist(tmp_path / "thing.tar.gz")
    packages = [locked(archive)]
    lib = tmp_path / "lib"
    assert fetch_lib.fetch(lib, packages, lambda *_: archive, quiet) == [lib / "pack/mod.py"]
    assert (lib / "pack/mod.py").read_bytes() == SOURCE
    assert fetch_lib.fetch(lib, packages, offline, quiet) == []


def test_a_changed_file_is_restored(tmp_path):
    archive = sdist(tmp_path / "thing.tar.gz")
    packages = [locked(archive)]
    fetch_lib.fetch(tmp_path, packages, lambda *_: archive, quiet)
    (tmp_path / "pack/mod.py").write_text("edited")
    fetch_lib.fetch(tmp_path, packages, lambda *_: archive, quiet)
    assert (tmp_path / "pack/mod.py").read_bytes() == SOURCE


def test_another_archive_or_another_file_is_refused_and_nothing_is_written(tmp_path):
    good = sdist(tmp_path / "good.tar.gz")
    other = sdist(tmp_path / "other.tar.gz", b"evil = True\n")
    wrong_archive = (locked(good), "source package's SHA-256")
    wrong_file = (locked(other, SOURCE), "pack/mod.py has SHA-256")
    no_member = (locked(sdist(tmp_path / "empty.tar.gz", inside="x")), "no thing-1.0/pack/mod.py")
    archives = (other, other, tmp_path / "empty.tar.gz")
    for (package, words), archive in zip((wrong_archive, wrong_file, no_member), archives, strict=True):
        with pytest.raises(fetch_lib.FetchError, match=words):
            fetch_lib.fetch(tmp_path / "lib", [package], lambda *_, archive=archive: archive, quiet)
        assert not (tmp_path / "lib").exists()


def test_a_lock_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "lib.lock.json"
    for text in (None, "{", "[]", '{"v":1,"packages":[{"name":"x"}]}', '{"v":2,"packages":[]}'):
        if text is not None:
            path.write_text(text)
        with pytest.raises(fetch_lib.FetchError, match=r"lib\.lock\.json"):
            fetch_lib.read_lock(path)


def test_the_repository_s_lock_is_read_and_its_file_is_in_place():
    for package in fetch_lib.read_lock():
        for entry in package["files"]:
            data = (fetch_lib.ROOT / "lib" / entry["to"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == entry["sha256"]
