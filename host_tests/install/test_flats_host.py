"""flats.csv is read strictly: what is wrong is named with line and column, and nothing is guessed."""

import pytest

from tools.install import flats
from tools.install.errors import InstallError

HEADER = "flat,unit,board,language,button,cord1,cord2,pendant\n"
ROW = "f1,u1,ESP32_GENERIC,en,hall,bathroom,,pendant\n"


def read(tmp_path, text):
    path = tmp_path / "flats.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return flats.read(path)


def wrong(tmp_path, text):
    """(line, column, why)"""
    with pytest.raises(InstallError) as caught:
        read(tmp_path, text)
    assert caught.value.code == "flats"
    facts = caught.value.facts
    assert f"line {facts['line']}, column {facts['column']}" in caught.value.what
    return facts["line"], facts["column"], facts["why"]


def test_a_row_says_where_each_input_is_and_an_empty_cell_that_it_is_not_fitted(tmp_path):
    found = read(tmp_path, HEADER + ROW + "f2,u2,UM_FEATHERS3,de,Flur,Bad,,\n")
    assert list(found) == ["f1", "f2"]
    one = found["f1"]
    assert (one.unit, one.board, one.language, one.chip, one.line) == ("u1", "ESP32_GENERIC", "en", "esp32", 2)
    assert one.inputs == {"button": "hall", "cord1": "bathroom", "cord2": None, "pendant": "pendant"}
    assert found["f2"].chip == "esp32s3" and found["f2"].inputs["pendant"] is None


def test_a_spreadsheet_s_byte_order_mark_semicolons_blank_lines_and_quotes_are_read(tmp_path):
    text = "\ufeff" + HEADER + "\r\n" + 'f1,u1,ESP32_GENERIC,en,"hall, by the door",bathroom,,pendant\r\n'
    assert read(tmp_path, text)["f1"].inputs["button"] == "hall, by the door"
    assert read(tmp_path, (HEADER + ROW).replace(",", ";"))["f1"].inputs["cord1"] == "bathroom"


@pytest.mark.parametrize(("text", "line", "column", "word"), [
    ("", 1, "flat", "first line"),
    (HEADER, 1, "flat", "no flat"),
    (HEADER.replace("unit,", "") + ROW, 1, "unit", "missing"),
    (HEADER.replace("cord2", "cord1") + ROW, 1, "cord1", "twice"),
    (HEADER.replace("cord2", "cord9") + ROW, 1, "cord9", "no board"),
    (HEADER.replace(",pendant", "") + ROW.replace(",pendant", ""), 2, "pendant", "missing"),
    (HEADER + ROW.replace(",pendant", ""), 2, "-", "7 cells"),
    (HEADER + ROW.replace("f1", "F1"), 2, "flat", "a-z"),
    (HEADER + ROW.replace("u1", "a" * 25), 2, "unit", "1 to 24"),
    (HEADER + ROW.replace("ESP32_GENERIC", "ESP8266"), 2, "board", "known: ESP32_GENERIC"),
    (HEADER + ROW.replace(",en,", ",fr,"), 2, "language", "'fr'; known: de, en"),
    (HEADER + ROW.replace(",en,", ",,"), 2, "language", "known: de, en"),
    (HEADER + ROW.replace(",en,", ",EN,"), 2, "language", "known: de, en"),
    (HEADER.replace("button", "") + ROW, 1, "-", "without a name"),
    (HEADER + ROW.replace("\n", ",,hall\n"), 2, "-", "10 cells"),
    (HEADER + ROW.replace("hall", '"by the\ndoor"'), 2, "button", "on one line"),
    (HEADER + ROW.replace("hall", "h" * 33), 2, "button", "32"),
    (HEADER + "f1,u1,ESP32_GENERIC,en,,,,\n", 2, "-", "no input"),
    (HEADER + ROW + ROW.replace("u1", "u2"), 3, "flat", "line 2"),
    (HEADER + ROW + ROW.replace("f1", "f2"), 3, "unit", "line 2"),
    (HEADER + 'f1,"u1,ESP32_GENERIC,en,hall,bathroom,,pendant\n', 2, "-", "end"),
    ((HEADER + ROW).encode() + b"f2,\xe4\n", 3, "-", "save it again as `CSV UTF-8`"),
    ((HEADER + ROW).encode("utf-16"), 1, "-", "save it again as `CSV UTF-8`"),
])  # fmt: skip
def test_what_is_wrong_is_named_with_line_and_column(tmp_path, text, line, column, word):
    found = wrong(tmp_path, text)
    assert found[:2] == (line, column) and word in found[2]


def test_empty_columns_that_a_spreadsheet_leaves_behind_the_last_one_are_not_read(tmp_path):
    text = HEADER.replace("\n", ";;\n") + ROW.replace("\n", ";;\n") + "f2,u2,ESP32_GENERIC,de,Küche,Bad,,,\n;;;;;\n"
    found = read(tmp_path, text.replace(",", ";"))
    assert found["f1"].inputs["pendant"] == "pendant" and found["f2"].inputs["button"] == "Küche" and len(found) == 2


def test_a_flat_without_a_button_is_remarked_and_goes_on(tmp_path):
    more = "f2,u2,ESP32_GENERIC,en,,bathroom,,pendant\nf3,u3,OLIMEX_ESP32_POE_ISO,en,,bathroom,,\n"
    found = read(tmp_path, HEADER + ROW + more)
    assert found["f1"].remarks == ()
    assert ["button is empty" in text and others in text for text, others in
            ((*found["f2"].remarks, "cord1, pendant"), (*found["f3"].remarks, "cord1"))] == [True, True]  # fmt: skip


def test_a_column_of_another_board_stays_empty_in_this_one_s_rows(tmp_path):
    """The boards of a scheme need not have the same inputs."""
    text = HEADER.replace("\n", ",answer\n") + ROW.replace("\n", ",living room\n")
    assert read(tmp_path, text)["f1"].inputs["answer"] == "living room"


def test_the_example_that_init_writes_is_lawful(tmp_path):
    assert list(read(tmp_path, flats.EXAMPLE)) == ["f1", "f2"]
