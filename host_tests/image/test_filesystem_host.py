"""The file system's image is one that the real MicroPython mounts with its own options, reads, writes and mounts again."""

import hashlib
import json

import pytest

from host_tests.image import workshop
from tools.image import filesystem
from tools.image.errors import ImageError

SIZE = 0x1B0000  # the vfs of a board with 4 MB
FILES = {"boot.py": b"", "main.py": b"print(1)\n", "short.txt": b"s" * 127, "edge.txt": b"e" * 128, "longer.txt": b"l" * 129,
         "block.bin": bytes(range(256)) * 16, "deep/er/than/most.json": b"{}", "name-%s" % ("n" * 100): b"long name",
         **{"many/m%02d.mpy" % n: bytes([n]) * (n * 211) for n in range(60)}}
_FOLDERS = 4

_LOOK = workshop.DEVICE + """
import binascii, hashlib, json, os, sys, vfs

device = Device(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
vfs.mount(device, "/flash")  # as _boot.py does: it finds out by itself that this is a littlefs

def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            yield from walk(path)
        else:
            with open(path, "rb") as file:
                yield path[7:], binascii.hexlify(hashlib.sha256(file.read()).digest()).decode()

for round in range(2):
    print(json.dumps(dict(walk("/flash"))))
    print(json.dumps(list(os.statvfs("/flash"))))
    with open("/flash/settings.json", "w") as file:
        file.write("x" * 5000)
    os.rename("/flash/main.py", "/flash/was.py")
    vfs.umount("/flash")
    vfs.mount(vfs.VfsLfs2(device), "/flash")
    os.rename("/flash/was.py", "/flash/main.py")
"""


def hashes(files):
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def mounted(path, offset, size):
    """(hashes when first mounted, (blocks, free blocks), hashes after it was written to and mounted again)."""
    first, stat, again, _ = map(json.loads, workshop.micropython(_LOOK, path, offset, size).splitlines())
    return first, (stat[2], stat[3]), again


@pytest.mark.parametrize("rest", [b"\xff", b"\x5a"], ids=["blank", "used before"])
def test_the_real_micropython_mounts_it_and_writes_to_it(tmp_path, rest):
    data = filesystem.image(FILES, SIZE)
    path = tmp_path / "vfs.bin"
    path.write_bytes(data + rest * (SIZE - len(data)))
    first, (blocks, free), again = mounted(path, 0, SIZE)
    assert first == hashes(FILES)
    assert blocks == SIZE // 4096
    assert free == (SIZE - len(data)) // 4096 - 2 * _FOLDERS  # of a folder MicroPython counts the two blocks twice
    assert again == hashes({**FILES, "settings.json": b"x" * 5000})


def test_it_is_short_and_the_same_each_time_whatever_the_order_of_its_files():
    data = filesystem.image(FILES, SIZE)
    assert len(data) % 4096 == 0 and len(data) < sum(-(-len(content) // 4096) + 1 for content in FILES.values()) * 4096
    assert filesystem.image(dict(reversed(FILES.items())), SIZE) == data
    assert filesystem.files(data, SIZE) == FILES
    assert filesystem.files(filesystem.image(FILES, 4 * SIZE), 4 * SIZE) == FILES


def test_it_is_full_to_the_last_block_before_it_is_refused():
    room = 16 * 4096
    fits = 0
    with pytest.raises(ImageError, match=r"2 files, \d+ bytes: they do not fit into 65536 bytes of vfs; the largest: big.al"):
        while True:
            filesystem.image({"small": b"x", "big.al": b"y" * (fits + 4096)}, room)
            fits += 4096
    assert fits >= 12 * 4096
    assert filesystem.files(filesystem.image({"small": b"x", "big.al": b"y" * fits}, room), room)["big.al"] == b"y" * fits


def test_what_is_no_file_system_is_said_to_be_none():
    with pytest.raises(ImageError, match="no file system of a unit"):
        filesystem.files(b"\x00" * 8192, SIZE)
    with pytest.raises(ImageError, match="no file system of a unit"):
        filesystem.files(filesystem.image(FILES, SIZE), 2 * SIZE)  # that of a smaller partition
