"""A printed record of test: all of it is there to read, machine and people apart, one page, the same bytes each time."""

import io

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tests.tools.records import made
from tools.desk.testing.record import VERDICTS
from tools.records import letters, page, words
from tools.records.sheet import sheet

_LONG = "bathroom-cord-number-%02d"
_RESULTS = st.sampled_from(["pass", "fail", "skip", "open"])


def read(data):
    """(number of pages, text without line breaks)."""
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return len(pages), " ".join(" ".join(one.extract_text() for one in pages).split())


def printed(text, flags=(), label="", rooms=None):
    return read(page.pdf(sheet(made.entry(text, flags), label, rooms)))


def test_an_answer_is_printed_once_also_where_the_unit_noted_the_word():
    found = made.results()
    for one in found:
        if one[0].startswith("ask:"):
            one[2] = "yes"  # as core/walk/machine.py has it
    _, said = printed(made.text(found=found))
    assert "Red light flashed" in said and "yes" in said and "yes: yes" not in said


def test_everything_that_a_record_says_is_on_one_page():
    text = made.text(prev="a" * 64)
    pages, said = printed(text, label="No. 12", rooms={"cord1": "bathroom"})
    assert pages == 1
    wanted = (
        "Record of test", "PASS", "Scheme demo", "f12 (No. 12)", "Unit u1", "ESP32_GENERIC", "0.1.0", "E. Ngineer", "W. Itness",
        "c0ffee01", "2026-11-22 00:00 UTC", "2027-02-20", "from the alarm desk", "cord1 (bathroom)", "400 ms", "Clock", "Storage",
        "Path to the service: broker2", "Red light flashed", "None found.", "Everything was tested.", "b" * 64, "c" * 64,
        "a" * 64, made.sha256(text), "signature and date", "Measured by the unit", "Answered by people", "page 1 of 1", "d" * 64,
    )  # fmt: skip
    assert [one for one in wanted if one not in said] == []
    assert said.count("signature and date") == 2


def test_it_never_claims_to_be_more_than_a_record_of_test():
    for verdict in VERDICTS:
        said = printed(made.text(verdict=verdict))[1].lower()
        assert "record of test" in said and "certif" not in said and "complian" not in said and "no conformity" in said


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_said_with_what_it_means(verdict):
    said = printed(made.text(verdict=verdict))[1]
    assert f" {verdict} " in said and words.VERDICTS[verdict] in said


def test_defects_and_what_was_not_tested_are_named_with_remark_and_reason():
    found = made.results(fails=(1, 2), skips=(5,), remark="no receipt in 30 s", why="furniture")
    found[-1][1:3] = ["open", "time-out"]
    said = printed(made.text(found=found, verdict="INCOMPLETE"))[1]
    for one in ("cord1: pulled and released: no receipt in 30 s", "cord1: reaches the floor: no receipt in 30 s",
                "cord1: bangles there: left out, furniture", "Storage: not done, time-out"):  # fmt: skip
        assert one in said


def test_the_last_word_on_a_step_counts_and_says_which_try_it_was():
    found = [["tone", "fail", "-70 dB", None], ["tone", "pass", "-31 dB", None]]
    one = sheet(made.entry(made.text(found=found)))
    assert one.machine == [("Loudspeaker to microphone by tone", "pass", "-31 dB; at try 2")] and one.defects == []


def test_machine_results_and_answers_of_people_are_apart():
    one = sheet(made.entry(made.text()))
    assert [row[0] for row in one.people] == [words.STEPS["ask:light"], words.STEPS["ask:sounder"]]
    assert len(one.machine) == 8 and len(one.inputs) == 7
    assert one.inputs[1].pull == ("pass", "", 401) and one.inputs[1].answers == dict.fromkeys(made.QUESTIONS, "pass")


def test_doubts_of_the_desk_are_printed():
    said = printed(made.text(), flags=("gap", "clock"))[1]
    assert "In doubt: a record before this one is missing at the desk." in said and "clock was wrong" in said


def test_a_unit_without_clock_or_names_is_printed_as_that():
    said = printed(made.text(started=None, ended_s=None, due=None, engineer="", witness="", by="unit"))[1]
    assert said.count("clock was not set") == 2 and "not named" in said and "none" in said and "not known" in said
    assert "press pattern" in said


def test_longest_names_eight_cords_and_many_defects_are_still_one_page():
    found = made.results(8, _LONG, range(0, 20, 2), range(1, 26, 2), "no receipt in the time given", "w" * 64)
    unit = "/".join(("s" * 24, "f" * 24, "u" * 24))
    text = made.text(found=found, verdict="FAIL", unit=unit, engineer="E" * 32, witness="W" * 64)
    pages, said = printed(text, ("gap", "clock"), "L" * 40)
    assert pages == 1 and "W" * 20 in said and "bathroom-cord-number-08" in said


def test_what_does_not_fit_goes_onto_a_second_page_with_the_signatures_and_not_alone():
    found = made.results(8, _LONG, range(0, 52, 2), range(1, 52, 2))
    for at, one in enumerate(found):
        one[2] = f"a remark of its own, number {at}, and a long one"
    data = page.pdf(sheet(made.entry(made.text(found=found, verdict="FAIL", engineer="E" * 32, witness="W" * 64))))
    first, second = [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(data)).pages]
    assert "page 1 of 2" in first and "page 2 of 2" in second and "demo/f12/u1" in second
    assert "signature and date" in second and "signature" not in first and "SHA-256" in second


def test_the_same_record_gives_the_same_bytes():
    one = sheet(made.entry(made.text()))
    assert page.pdf(one) == page.pdf(one)
    assert page.pdf(one) != page.pdf(sheet(made.entry(made.text(engineer="Another"))))


@pytest.mark.parametrize("name", ["Jürgen Weiß", "Łukasz Śnieżny", "Ирина Ілліч", "Ωμέγα", "ŵŷ Siân", "<b>&amp;</b>"])
def test_names_in_other_letters_are_read_back_as_written(name):
    assert name.replace(" ", "") in printed(made.text(engineer=name))[1].replace(" ", "")


def test_letters_that_no_font_has_are_shown_as_numbers_and_never_as_others():
    said = printed(made.text(engineer="王 X"))[1].replace(" ", "")
    assert "{U+738B}X" in said
    assert letters.marked_up("a\u200bb<") == "a{U+200B}b&lt;"


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), _RESULTS, st.text(max_size=64)), max_size=64))
def test_whatever_a_unit_writes_is_a_page(found):
    found = [[*one, None] for one in found]
    data = page.pdf(sheet(made.entry(made.text(found=found, verdict="INCOMPLETE"))))
    assert 1 <= read(data)[0] <= 6


def test_a_record_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="cannot be read"):
        sheet({**made.entry(made.text()), "text": "{}\n"})
