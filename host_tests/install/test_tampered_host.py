"""What is flashed is what was built: a part or a blank that was changed meanwhile is noticed before the board is touched."""

import pytest

from host_tests.install import plain
from tools.image import lock
from tools.install.errors import InstallError
from tools.install.job import Images, Options
from tools.vboard.usb import micropython_bin


def test_a_part_that_was_changed_since_it_was_built_is_not_written(tmp_path):
    path = tmp_path / "esp32.bin"
    path.write_bytes(micropython_bin.synthetic("esp32"))
    lock.add(path, "esp32", "esp32", path=tmp_path / "lock.json")
    one = plain.made(tmp_path, micropython={"esp32": path})
    images = Images(one, Options(image_lock=tmp_path / "lock.json"))
    made, _ = images.get(plain.flat())
    parts = images.parts(made, keeps=False)
    assert len(parts) == len(made.parts) + 2
    for blank in (one.dir / "images").glob("blank-*.bin"):
        blank.write_bytes(b"\xfe" + blank.read_bytes()[1:])
    for _, path in images.parts(made, keeps=False):
        assert not path.name.startswith("blank-") or set(path.read_bytes()) == {0xFF}
    assert {path.name for _, path in images.parts(made, keeps=True)} == {path.name for _, path in parts} - {"blank-journal.bin"}
    for _, path, _ in made.parts:
        whole = path.read_bytes()
        path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        with pytest.raises(InstallError, match="image"):
            images.parts(made, keeps=False)
        path.unlink()
        with pytest.raises(InstallError, match="image"):
            images.parts(made, keeps=False)
        path.write_bytes(whole)
    assert images.parts(made, keeps=False) == parts
