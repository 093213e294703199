"""An image: its parts where a chip looks for them, in one file as esptool would merge them, and the firmware starts from that."""

import dataclasses
import hashlib
import json
import stat
import subprocess
import sys

import pytest

from host_tests.image import workshop
from host_tests.image.test_filesystem_host import mounted
from tools.deploy import unit_settings
from tools.image import ImageError, build, filesystem, making, partitions
from tools.service import claim

# What a chip does with flash.bin, as far as it goes here: finds the partitions by label, mounts them, starts main.py.
_START = workshop.DEVICE + """
import sys, vfs

path = sys.argv[1]
vfs_at, vfs_size, rom_at, rom_size = [int(text) for text in sys.argv[2:]]
with open(path, "rb") as file:
    file.seek(rom_at)
    rom = file.read(rom_size)
device = Device(path, vfs_at, vfs_size)
vfs.umount("/")
vfs.mount(device, "/")
if rom_size:
    vfs.mount(vfs.VfsRom(memoryview(rom)), "/rom")
sys.path[:] = ["", ".frozen", "/rom", "/rom/lib", "/lib"]
exec(open("main.py").read())
"""


@pytest.fixture
def source(tmp_path):
    return workshop.repository(tmp_path / "repository")


def make(tmp_path, source, board="CHILD", chip="esp32", **options):
    file, lock = workshop.locked(tmp_path, chip, **options.pop("of_micropython", {}))
    return build(board, tmp_path / "out", file, lock_file=lock, source=source, **options)


def started(image):
    """What the firmware prints when it starts from the merged file."""
    table = partitions.parse(image.merged.read_bytes()[partitions.OFFSET :])
    assert table == image.table
    vfs = partitions.by_label(table, "vfs")
    romfs = [part for part in table if part.label == "romfs"] or [partitions.Partition("", 1, 0, 0, 0)]
    return workshop.micropython(_START, image.merged, vfs.offset, vfs.size, romfs[0].offset, romfs[0].size)


def test_the_firmware_starts_from_the_merged_file_in_both_forms(tmp_path, source):
    for form in ("rom", "mpy"):
        image = make(tmp_path, source, form=form)
        data = image.merged.read_bytes()
        image.merged.write_bytes(data.ljust(4 * 1024 * 1024, b"\x5a"))  # the rest of the flash was used before
        assert started(image) == "runs 7\n", form


def test_parts_lie_where_a_chip_looks_for_them(tmp_path, source):
    image = make(tmp_path, source, of_micropython={"app_bytes": 200_000})
    assert (image.board, image.chip, image.flash_mb, image.form, image.version) == ("CHILD", "esp32", 4, "rom", "1.2.3")
    assert [(offset, name) for offset, _, name in image.parts] == [
        (0x1000, "bootloader"), (0x8000, "partition-table"), (0x10000, "factory"), (0x210000, "romfs"), (0x270000, "vfs")]
    merged = image.merged.read_bytes()
    end = 0
    for offset, path, _ in image.parts:
        part = path.read_bytes()
        assert merged[offset : offset + len(part)] == part
        assert set(merged[end:offset]) <= {0xFF}
        end = offset + len(part)
    assert end == len(merged)
    given = (tmp_path / "esp32-micropython.bin").read_bytes()
    assert merged[0x10000 : 0x10000 + 200_000] == given[0xF000 : 0xF000 + 200_000], "the app is as it was given"


@pytest.mark.parametrize(("board", "chip", "size"), [("CHILD", "esp32", "4MB"), ("LARGE", "esp32s3", "8MB")])
def test_esptool_merges_the_parts_of_the_given_file_to_the_same_bytes(tmp_path, source, board, chip, size):
    image = make(tmp_path, source, board, chip)
    given = (tmp_path / f"{chip}-micropython.bin").read_bytes()
    bootloader = tmp_path / "given-bootloader.bin"
    bootloader.write_bytes(given[: image.parts[0][1].stat().st_size])
    parts = [(image.parts[0][0], bootloader), *((offset, path) for offset, path, _ in image.parts[1:])]
    merged = tmp_path / "by-esptool.bin"
    command = [sys.executable, "-m", "esptool", "--chip", chip, "merge-bin", "--flash-size", size, "-o", str(merged)]
    subprocess.run(command + [str(part) for pair in parts for part in pair], check=True, capture_output=True, timeout=60)
    assert merged.read_bytes() == image.merged.read_bytes()


def test_the_lists_name_every_part_and_file_with_its_hash(tmp_path, source):
    image = make(tmp_path, source)
    listed = json.loads((tmp_path / "out/image.json").read_text())
    for part in [*listed["parts"], listed["merged"]]:
        content = (tmp_path / "out" / part["file"]).read_bytes()
        assert (part["size"], part["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert [part["offset"] for part in listed["parts"]] == [offset for offset, _, _ in image.parts]
    room = partitions.by_label(image.table, "vfs")
    files = filesystem.files(image.parts[-1][1].read_bytes(), room.size)
    assert set(files) == {"boot.py", "main.py", "board_configs/CHILD.json", "board_configs/PARENT.json",
                          "prompts/en/received.al", "image.json"}
    on_the_unit = json.loads(files["image.json"])
    assert on_the_unit == {key: value for key, value in listed.items() if key not in ("parts", "merged", "flash_mb")}
    assert on_the_unit["name"] == "CHILD-1.2.3" and set(on_the_unit["files"]) == set(files) - {"image.json"}
    assert image.files == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert mounted(image.merged, room.offset, room.size)[0] == image.files
    assert set(image.modules) == {f"rom/{name}.mpy" for name in ("firmware/__init__", "firmware/app", "firmware/version",
                                                                 "lib/pack/mod")}
    assert listed["arch"] == "xtensawin"
    assert make(tmp_path, source, arch="x64").board == "CHILD" and '"arch": "x64"' in (tmp_path / "out/image.json").read_text()
    assert image.sizes["prompts/en/received.al"] == 500 and set(image.sizes) == set(image.files) | set(image.modules)


def test_the_form_follows_what_micropython_can_do(tmp_path, source):
    assert make(tmp_path, source).form == "rom"
    image = make(tmp_path, source, of_micropython={"vfs_rom": False})
    assert image.form == "mpy" and image.modules == {} and "firmware/app.mpy" in image.files
    assert [name for _, _, name in image.parts] == ["bootloader", "partition-table", "factory", "vfs"]
    assert not (tmp_path / "out/romfs.bin").exists(), "of the earlier image in that folder"
    with pytest.raises(ImageError, match="runs no modules from an image; take the form mpy"):
        make(tmp_path, source, form="rom", of_micropython={"vfs_rom": False})
    with pytest.raises(ImageError, match="has none of our modules; build it with our manifest.py"):
        make(tmp_path, source, form="frozen")
    image = make(tmp_path, source, form="frozen", of_micropython={"frozen": True})
    assert image.modules == {} and "main.py" in image.files and not [name for name in image.files if name.endswith(".mpy")]


def test_messages_are_those_of_the_language_and_their_absence_is_said(tmp_path, source):
    assert "prompts/de/received.al" in make(tmp_path, source, language="de").files
    (source / "build/prompts/de/received.al").unlink()
    assert make(tmp_path, source, language="de").notes == [
        "no spoken messages in de: they have not been built (make prompts); the unit sounds its tones alone"]


def test_what_is_wrong_is_said_with_what_to_do(tmp_path, source):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("years of work")
    with pytest.raises(ImageError, match="not an image's folder .thesis.txt.; choose another"):
        make(tmp_path, source)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]
    (tmp_path / "out/thesis.txt").rename(tmp_path / "out/ESP32_GENERIC-v1.29.0.bin")
    with pytest.raises(ImageError, match="not an image's folder .ESP32_GENERIC-v1.29.0.bin.; choose another"):
        make(tmp_path, source)
    assert (tmp_path / "out/ESP32_GENERIC-v1.29.0.bin").read_text() == "years of work", "what was loaded into that folder"
    (tmp_path / "out/ESP32_GENERIC-v1.29.0.bin").unlink()
    for words, options in {"there is no board PENCIL; known: CHILD, LARGE": {"board": "PENCIL"},
                           "OTHER: chip 'rp2040'": {"board": "OTHER"}, "known: de, en": {"language": "xx"},
                           "form: 'wheel'": {"form": "wheel"}}.items():
        with pytest.raises(ImageError, match=words):
            make(tmp_path, source, **options)
    (source / "build/prompts/en/big.al").write_bytes(b"x" * 2_000_000)
    with pytest.raises(ImageError, match="do not fit into 1638400 bytes of vfs; the largest: prompts/en/big.al .2000000."):
        make(tmp_path, source)
    (source / "lib/pack/mod.py").unlink()
    with pytest.raises(ImageError, match="lib/ is empty: run `make setup`"):
        make(tmp_path, source)
    assert not (tmp_path / "out/image.json").exists()


def test_modules_larger_than_their_partition_are_refused(tmp_path, source):
    (source / "firmware/app.py").write_text("X = '%s'\n" % ("x" * 400_000))
    with pytest.raises(ImageError, match=r"romfs: 4\d+ bytes; the partition has 393216"):
        make(tmp_path, source)


def test_an_app_larger_than_its_partition_and_parts_that_overlap_are_refused(tmp_path, source, monkeypatch):
    app, *others = sorted(partitions.layout(4), key=lambda part: part.type)
    small = [dataclasses.replace(app, size=4096), *others]
    file, lock = workshop.locked(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(making.partitions, "layout", lambda flash_mb, form: small)
        with pytest.raises(ImageError, match="factory: [0-9]{5} bytes; the partition has 4096: take a smaller MicroPython"):
            build("CHILD", tmp_path / "out", file, lock_file=lock, source=source)
    assert making.merge([(1, b"a", "one"), (2, b"b", "two")]) == b"\xffab"
    with pytest.raises(ImageError, match="two begins at 0x2, within what precedes it"):
        making.merge([(1, b"aa", "one"), (2, b"b", "two")])


def test_an_image_with_an_identity_is_for_its_owner_only_and_names_no_secret_in_its_lists(tmp_path):
    source = workshop.tree(tmp_path / "tree")
    folder = identity(tmp_path)
    image = make(tmp_path, source, "ESP32_GENERIC", identity=folder, form="mpy")
    room = partitions.by_label(image.table, "vfs")
    files = filesystem.files(image.parts[-1][1].read_bytes(), room.size)
    for name in ("settings.json", "unit.key", "ca.der", "claim.json"):
        assert files[name] == (folder / name).read_bytes()
        assert image.files[name] == hashlib.sha256(files[name]).hexdigest()
        assert name not in json.loads(files["image.json"])["files"]
        assert f'"{name}"' not in (tmp_path / "out/image.json").read_text()
    for path in (image.merged, image.parts[-1][1]):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "settings.json" not in make(tmp_path, source, "ESP32_GENERIC", form="mpy").files
    assert stat.S_IMODE((tmp_path / "out/vfs.bin").stat().st_mode) == 0o644


def identity(tmp_path, **changes):
    folder = tmp_path / "identity"
    folder.mkdir(exist_ok=True)
    brokers = [{"host": "192.0.2.1", "port": 8883, "server_name": "broker.ils.internal", "tls": True}]
    settings = {**unit_settings("f12", "u1", brokers, "secret", wifi={"ssid": "s", "password": "long-enough"}), **changes}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "unit.key").write_text("ab" * 32 + "\n")
    (folder / "ca.der").write_bytes(b"der")
    (folder / "claim.json").write_text(json.dumps(claim.file(claim.new())))
    return folder


def test_a_wrong_identity_is_refused_with_every_problem(tmp_path, source):
    folder = identity(tmp_path, board="UM_FEATHERS3", scheme="a/b")
    (folder / "unit.key").write_text("secret")
    (folder / "claim.json").write_text('{"v": 1}')
    with pytest.raises(ImageError, match="4 problems") as refused:
        make(tmp_path, source, identity=folder)
    assert "scheme" in str(refused.value) and "'UM_FEATHERS3', and the image is for CHILD" in str(refused.value)
    assert "unit.key: wants 64 hexadecimal digits" in str(refused.value)
    assert "claim.json: rounds: 1 ... 100000 wanted" in str(refused.value)
    (folder / "claim.json").unlink()
    with pytest.raises(ImageError, match="claim.json: missing; an identity is settings.json"):
        make(tmp_path, source, identity=folder)
    (folder / "settings.json").write_text("{")
    with pytest.raises(ImageError, match="identity: "):
        make(tmp_path, source, identity=folder)


@pytest.mark.parametrize(("changes", "words"), [
    ({"key_file": None}, "key_file: None: name of a file"),
    ({"key_file": 5}, "key_file: 5: name of a file"),
    ({"ca_file": ["ca.der"]}, "ca_file: ..ca.der..: name of a file"),
    ({"ca_file": "../identity/ca.der"}, "../identity/ca.der: name of a file in that folder"),
    ({"key_file": "/etc/passwd"}, "/etc/passwd: name of a file in that folder"),
    ({"ca_file": "main.py"}, "main.py is a file of the image"),
])
def test_an_identity_whose_settings_name_no_files_of_its_folder_is_refused(tmp_path, changes, words):
    source = workshop.tree(tmp_path / "tree")
    folder = identity(tmp_path, **changes)
    (folder / "main.py").write_bytes(b"der")
    with pytest.raises(ImageError, match=words):
        make(tmp_path, source, "ESP32_GENERIC", identity=folder, form="rom")
    assert not (tmp_path / "out").exists()


def test_what_a_killed_build_leaves_behind_is_written_over(tmp_path, source):
    first = make(tmp_path, source)
    for name in ("image.json.part", "vfs.bin.part", "flash.bin.part"):
        (tmp_path / "out" / name).write_bytes(b"half")
    (tmp_path / "out" / "image.json").unlink()
    assert make(tmp_path, source).merged.read_bytes() == first.merged.read_bytes()
    assert not list((tmp_path / "out").glob("*.bin.part"))


def test_a_full_disk_is_named_and_leaves_no_folder_that_looks_whole(tmp_path, source, monkeypatch):
    make(tmp_path, source)
    file, lock_file = workshop.locked(tmp_path)
    before = lock_file.read_bytes()

    def full(part, path):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making.os, "replace", full)
        with pytest.raises(ImageError, match="No space left"):
            build("CHILD", tmp_path / "out", file, lock_file=lock_file, source=source)
        with pytest.raises(ImageError, match="No space left"):
            workshop.locked(tmp_path)
    assert not (tmp_path / "out" / "image.json").exists() and lock_file.read_bytes() == before
    assert [path.name for path in tmp_path.glob("lock.json*")] == ["lock.json"]
    assert make(tmp_path, source).merged.exists()


def test_a_lock_that_was_written_by_hand_does_not_put_another_chip_s_program_onto_a_board(tmp_path, source):
    file, lock = workshop.locked(tmp_path, "esp32s3")
    content = json.loads(lock.read_text())
    content["images"] = {"esp32": {**next(iter(content["images"].values())), "chip": "esp32"}}
    lock.write_text(json.dumps(content))
    with pytest.raises(ImageError, match="is for esp32s3"):
        build("CHILD", tmp_path / "out", file, lock_file=lock, source=source)


@pytest.mark.parametrize(("change", "words"), [({"vfs_rom": True}, "1.29.0 and runs no modules from an image"),
                                               ({"version": "1.30.0"}, "is MicroPython 1.29.0")])
def test_a_lock_that_says_of_its_file_what_it_is_not_makes_no_image(tmp_path, source, change, words):
    file, lock = workshop.locked(tmp_path, vfs_rom=False)
    content = json.loads(lock.read_text())
    content["images"]["esp32"].update(change)
    lock.write_text(json.dumps(content))
    with pytest.raises(ImageError, match=f"{words}.*lock it again"):
        build("CHILD", tmp_path / "out", file, lock_file=lock, source=source)
    assert not (tmp_path / "out").exists()
