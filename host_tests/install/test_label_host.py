"""Labels: the right size, the right words, a code that holds what it should, and never a credential."""

import io

import pypdf
import pytest
import segno

from host_tests.install import plain
from tools.install import label, labels
from tools.install.errors import InstallError

ONE = label.Label("Elm House", "f12", "u12", "K7QM-3XRT-9WDP", "24:6f:28:aa:bb:cc", "ESP32_GENERIC")
_MM = 72 / 25.4


def pages(data):
    return pypdf.PdfReader(io.BytesIO(data)).pages


def dark(data, page=0):
    """Rectangles that are filled on the page, (x, y, width, height) in mm."""
    found = []
    for line in pages(data)[page].get_contents().get_data().decode("latin-1").splitlines():
        words = line.split()
        if words[-2:-1] == ["re"] and words[-1][0] == "f":
            found.append(tuple(float(word) / _MM for word in words[-6:-2]))
    return found


def test_a_label_has_its_size_and_its_words():
    data = label.single([ONE])
    assert len(pages(data)) == 1
    box = pages(data)[0].mediabox
    assert (round(float(box.width) / _MM, 1), round(float(box.height) / _MM, 1)) == (62.0, 29.0)
    text = pages(data)[0].extract_text()
    for word in ("Flat f12", "Unit u12", "K7QM-3XRT-9WDP", "Elm House", "24:6f:28:aa:bb:cc", "ESP32_GENERIC"):
        assert word in text


def test_the_code_on_paper_is_that_of_unit_and_claim_module_by_module():
    """Every dark module of the code, and nothing else, is ink at its place: the PDF's rectangles against the code made anew."""
    assert label.content(ONE) == "ILS1 u12 K7QM-3XRT-9WDP"
    matrix = segno.make(label.content(ONE), error="m", micro=False).matrix
    found = dark(label.single([ONE]))
    left, top = min(x for x, *_ in found), max(y + height for _, y, _, height in found)
    step = (top - min(y for _, y, *_ in found)) / len(matrix)
    assert step > 0.5  # mm: what a phone's camera reads from a hand's breadth
    ink = set()
    for x, y, width, _ in found:
        row = round((top - y) / step) - 1
        start, count = round((x - left) / step), round(width / step)
        ink |= {(row, column) for column in range(start, start + count)}
    assert ink == {(r, c) for r, modules in enumerate(matrix) for c, dark_one in enumerate(modules) if dark_one}


def test_the_same_label_gives_the_same_bytes():
    assert label.single([ONE]) == label.single([ONE]) and label.sheet([ONE] * 30) == label.sheet([ONE] * 30)


def test_a_sheet_has_24_on_a_page_and_all_of_them():
    many = [label.Label("Elm House", f"f{n}", f"u{n}", "K7QM-3XRT-9WDP", "", "B") for n in range(30)]
    found = pages(label.sheet(many))
    assert len(found) == 2
    texts = [page.extract_text() for page in found]
    assert all(f"Unit u{n}" in texts[n >= 24] for n in range(30))
    assert round(float(found[0].mediabox.width) / _MM) == 210
    assert len(pages(label.sheet(many, (62, 29)))) == 1  # 3 columns and 10 rows


def test_long_names_and_odd_letters_stay_within_the_label():
    """Text is shrunk, not cut: its right end is measured on the page."""
    name = "A scheme with a very long name, Zwölf-Äcker-Straße 12 漢字"
    odd = label.Label(name, "f" * 24, "u" * 24, "K7QM-3XRT-9WDP", "24:6f:28:aa:bb:cc", "B" * 40)
    page, ends = pages(label.single([odd]))[0], []

    def visit(text, matrix, text_matrix, font, size):
        if text.strip():
            ends.append((text_matrix[4], text))

    page.extract_text(visitor_text=visit)
    assert ends and all(0 < x < 62 * _MM for x, _ in ends)
    assert "?" in page.extract_text() and "f" * 24 in page.extract_text()


def test_a_label_too_small_to_read_is_refused(tmp_path):
    store = plain.store(tmp_path)
    identity = store.take(plain.flat(), "24:6f:28:00:00:01")
    with pytest.raises(InstallError) as caught:
        labels.of_unit(plain_scheme(store), identity, (20, 10))
    assert "too small" in caught.value.what
    assert not list((tmp_path / "scheme" / "labels").iterdir())


def plain_scheme(store):
    return store._scheme


def test_no_credential_is_on_a_label(tmp_path):
    store = plain.store(tmp_path)
    identity = store.take(plain.flat(), "24:6f:28:00:00:01")
    data = labels.of_unit(plain_scheme(store), identity).read_bytes()
    text = data.decode("latin-1") + pages(data)[0].extract_text() + pages(data)[0].get_contents().get_data().decode("latin-1")
    assert identity.claim in text
    for secret in (*identity.secrets(), plain.WIFI[1], identity.claim_file["sha256"]):
        assert secret not in text
