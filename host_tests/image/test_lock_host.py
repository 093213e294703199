"""The lock takes what the real esptool finds whole and made for the chip, and nothing else; a build takes what is locked."""

import hashlib
import json

import pytest

from tools.image import check, lock, micropython, partitions
from tools.image.errors import ImageError
from tools.vboard.usb.micropython_bin import synthetic


@pytest.fixture
def made(tmp_path):
    path = tmp_path / "ESP32_GENERIC-v1.29.0.bin"
    path.write_bytes(synthetic("esp32"))
    return path


def changed(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_the_lock_in_the_repository_is_well_formed_and_names_no_file_that_nobody_has():
    assert lock.read() == {}


def test_a_whole_file_is_entered_beside_the_others(made, tmp_path):
    path = tmp_path / "lock.json"
    lock.add(made, "esp32", "esp32", path)
    entry = lock.add(made, "OLIMEX_ESP32_POE_ISO", "esp32", path)
    assert entry == {"file": made.name, "sha256": hashlib.sha256(made.read_bytes()).hexdigest(), "size": len(made.read_bytes()),
                     "chip": "esp32", "version": "1.29.0", "vfs_rom": True}
    assert json.loads(path.read_text()) == {"v": 1, "images": {"OLIMEX_ESP32_POE_ISO": entry, "esp32": entry}}
    assert lock.entry_for(made, "OLIMEX_ESP32_POE_ISO", "esp32", path) == (entry, made.read_bytes())
    assert lock.entry_for(made, "ESP32_GENERIC", "esp32", path)[0] == entry, "by its chip"


def test_what_is_not_whole_or_not_for_the_board_is_refused_with_advice(made, tmp_path):
    whole = made.read_bytes()
    app = 0x10000 - 0x1000
    cases = {
        "for esp32, and UM_FEATHERS3 has esp32s3": whole,
        "no firmware for an ESP32.*micropython.org/download": b"<html>not found</html>" * 10,
        "no firmware": b"",
        "a chip with the number 5": whole[:12] + b"\x05" + whole[13:],
        "no partition table.*neither the .app-bin": whole[app:],
        "the app is cut off; load the file again": whole[:-100],
        "the app is not where it should be": whole[:app],
        "the app is damaged": changed(whole, app + 2000),
        "the bootloader is damaged": changed(whole, 40),
        "the bootloader is damaged .its checksum": changed(whole[:23] + b"\0" + whole[24:], 40),  # one without a digest
        "the partition table is damaged": changed(whole, 0x7000 + 8),
        "1.19.1; the firmware wants 1.24": synthetic("esp32", version="1.19.1"),
        "its app has .* bytes; the partition factory has 2031616": synthetic("esp32", app_bytes=2_100_000),
    }
    for words, data in cases.items():
        made.write_bytes(data)
        name, chip = ("UM_FEATHERS3", "esp32s3") if "UM_" in words else ("ESP32_GENERIC", "esp32")
        with pytest.raises(ImageError, match=words):
            lock.add(made, name, chip, tmp_path / "lock.json")
    assert not (tmp_path / "lock.json").exists()
    with pytest.raises(ImageError, match="cannot be read"):
        lock.add(tmp_path / "none.bin", "ESP32_GENERIC", "esp32", tmp_path / "lock.json")


def test_esptool_is_asked_and_its_word_counts():
    taken = micropython.take_apart(synthetic("esp32s3"))
    assert check.image_info(taken.app, "the app") == "esp32s3"
    for at in (len(taken.app) - 33, len(taken.app) - 1):  # checksum, digest
        with pytest.raises(ImageError, match=r"the app is damaged \(esptool: "):
            check.image_info(changed(taken.app, at), "the app")
    with pytest.raises(ImageError, match="esptool refuses it"):
        check.image_info(b"\xe9\x01" + b"\0" * 20, "the app")


def test_another_file_than_the_locked_one_is_refused(made, tmp_path):
    path = tmp_path / "lock.json"
    with pytest.raises(ImageError, match="no MicroPython is locked for ESP32_GENERIC or esp32.*tools.image lock"):
        lock.entry_for(made, "ESP32_GENERIC", "esp32", path)
    lock.add(made, "esp32", "esp32", path)
    made.write_bytes(synthetic("esp32", version="1.30.0"))
    with pytest.raises(ImageError, match="not the file that is locked for esp32 .*load that one again"):
        lock.entry_for(made, "ESP32_GENERIC", "esp32", path)
    path.write_text(path.read_text().replace('"chip": "esp32"', '"chip": "esp32s3"'))
    with pytest.raises(ImageError, match="esp32 is locked for esp32s3; ESP32_GENERIC has esp32"):
        lock.entry_for(made, "ESP32_GENERIC", "esp32", path)


def test_what_is_locked_for_a_board_goes_before_what_is_locked_for_its_chip(made, tmp_path):
    path, own = tmp_path / "lock.json", tmp_path / "own.bin"
    own.write_bytes(synthetic("esp32", version="1.30.0"))
    lock.add(made, "esp32", "esp32", path)
    lock.add(own, "OLIMEX_ESP32_POE_ISO", "esp32", path)
    assert lock.entry_for(own, "OLIMEX_ESP32_POE_ISO", "esp32", path)[0]["version"] == "1.30.0"
    assert lock.entry_for(made, "ESP32_GENERIC", "esp32", path)[0]["version"] == "1.29.0"
    for file, board in ((made, "OLIMEX_ESP32_POE_ISO"), (own, "ESP32_GENERIC")):
        with pytest.raises(ImageError, match="not the file that is locked for"):
            lock.entry_for(file, board, "esp32", path)


def test_an_app_that_fills_its_partition_is_taken_and_one_byte_more_is_not(made, tmp_path, monkeypatch):
    size = len(micropython.take_apart(made.read_bytes()).app)
    for room, fits in ((size, True), (size - 1, False)):
        app = partitions.Partition("factory", partitions.APP, 0, 0x10000, room)
        monkeypatch.setattr(partitions, "layout", lambda flash_mb, app=app: [app])
        if fits:
            assert lock.add(made, "esp32", "esp32", tmp_path / "lock.json")["size"]
            continue
        with pytest.raises(ImageError, match=f"its app has {size} bytes; the partition factory has {room}"):
            lock.add(made, "esp32", "esp32", tmp_path / "lock.json")


def test_a_spoiled_lock_is_refused_and_says_what_to_do(tmp_path):
    path = tmp_path / "lock.json"
    for text, words in (("{", "not JSON"), ("[]", "wants"), ('{"v": 2, "images": {}}', "wants"),
                        ('{"v": 1, "images": {"esp32": {"file": 7}}}', "esp32: file, sha256, size")):
        path.write_text(text)
        with pytest.raises(ImageError, match=words):
            lock.read(path)


def test_an_app_that_lies_elsewhere_is_refused(tmp_path):
    """It would be put where the board's table has it, and it was made for another table."""
    base, (first, second) = 0x1000, (0x10000, 0x20000)
    data = synthetic("esp32")
    table = partitions.binary([partitions.Partition("factory", 0, 0, second, 0x1F0000)])
    at = partitions.OFFSET - base
    path = tmp_path / "elsewhere.bin"
    path.write_bytes((data[:at] + table).ljust(second - base, b"\xff") + data[first - base :])
    with pytest.raises(ImageError, match="0x20000"):
        lock.add(path, "esp32", "esp32", tmp_path / "lock.json")
    assert not (tmp_path / "lock.json").exists()
