"""Sizes stay within size_budget.json, and what does not is said by file."""

import pytest

from host_tests.image import workshop
from tools.image import sizes
from tools.image.errors import ImageError
from tools.image.partitions import by_label, layout


def test_this_tree_is_within_its_budget(tmp_path):
    found = sizes.measured("ESP32_GENERIC", workshop.tree(tmp_path / "tree"))
    assert set(found) == {"romfs", "vfs, form rom", "vfs, form mpy"}
    assert sizes.complaints(found, sizes.budget()) == [], "\n" + sizes.table(found, sizes.budget())


def test_the_budget_fits_into_the_partitions_with_room_for_what_the_unit_writes():
    allowed = sizes.budget()
    assert allowed["romfs"]["most"] <= by_label(layout(4), "romfs").size
    for form in ("rom", "mpy"):
        assert allowed[f"vfs, form {form}"]["most"] <= by_label(layout(4, form), "vfs").size - 256 * 1024


ALLOWED = {"romfs": {"most": 1000, "files": {"firmware/big.mpy": 700, "firmware/*": 100}}}


def test_what_is_too_large_is_named():
    assert sizes.complaints({"romfs": (1000, {"firmware/big.mpy": 700, "firmware/a.mpy": 100})}, ALLOWED) == []
    cases = [
        ((900, {"firmware/big.mpy": 701}), "romfs: firmware/big.mpy: 701 bytes, 1 more than its budget of 700"),
        ((900, {"firmware/a.mpy": 150}), "romfs: firmware/a.mpy: 150 bytes, 50 more than its budget of 100"),
        ((900, {"lib/a.mpy": 1}), "romfs: lib/a.mpy: 1 bytes, and no pattern of the budget fits it"),
        ((1001, {"firmware/a.mpy": 90, "firmware/b.mpy": 91}),
         "romfs: 1001 bytes, 1 more than its budget of 1000; the largest: firmware/b.mpy (91), firmware/a.mpy (90)"),
    ]
    for found, words in cases:
        assert sizes.complaints({"romfs": found}, ALLOWED) == [words]
    assert sizes.complaints({"vfs": (1, {})}, ALLOWED) == ["vfs: no budget for it"]


def test_a_module_that_grows_is_found_when_it_is_compiled(tmp_path):
    source = workshop.repository(tmp_path / "repository")
    assert sizes.complaints(sizes.measured("CHILD", source), sizes.budget()) == []
    lines = "".join("\n\ndef grown_%d(a, b):\n    return a * %d + b * %d\n" % (n, n, n + 7) for n in range(300))
    (source / "firmware/app.py").write_text(lines)
    said = sizes.complaints(sizes.measured("CHILD", source), sizes.budget())
    assert [text.split(" bytes, ")[0].rsplit(" ", 1)[0] for text in said] == [
        "romfs: firmware/app.mpy:", "vfs, form mpy: firmware/app.mpy:"]


def test_the_table_shows_parts_and_their_largest_files():
    rows = sizes.table({"romfs": (900, {"firmware/big.mpy": 350, "firmware/a.mpy": 50})}, ALLOWED).splitlines()
    assert [" ".join(row.split()) for row in rows] == [
        "romfs, 2 files 900 of 1000 bytes 90 %", "firmware/big.mpy 350 of 700 bytes 50 %", "firmware/a.mpy 50 of 100 bytes 50 %"]


def test_a_budget_that_is_none_is_refused(tmp_path):
    with pytest.raises(ImageError, match="docs/image.md"):
        sizes.budget(tmp_path / "none.json")
