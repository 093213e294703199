"""A scenario file is understood as a whole before anything is started, or refused with file and line."""

import re

import pytest

from firmware.core.patterns import LIGHTS
from tools.scenario import acts, expectations, grammar, script


def written(tmp_path, *lines):
    path = tmp_path / "some.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_every_scenario_of_the_repository_is_understood_and_expects_something():
    assert {
        "button",
        "bathroom_cord",
        "two_cords",
        "mistake",
        "broker_down",
        "power_cut",
        "receipt_withheld",
        "held_cord",
    } <= set(script.names())
    for name in script.names():
        played = script.find(name)
        assert played.title.endswith(".")
        assert any(step.expectation for step in played.steps)


def test_steps_keep_their_line_time_and_fields(tmp_path):
    path = written(
        tmp_path,
        "A title.",
        "",
        "# prose",
        "given unit timer held_ms 3000",
        "press cord1 for 0.5",
        "2.5: expect call from bed room within 3",
    )
    played = script.read(path)
    assert played.title == "A title." and played.givens[0].fields == {"name": "held_ms", "number": 3000}
    press, expect = played.steps
    assert (press.line, press.at_s, press.expectation, press.sentence.fields) == (
        5,
        None,
        False,
        {"input": "cord1", "seconds": 0.5},
    )
    assert (expect.line, expect.at_s, expect.expectation, expect.sentence.fields) == (6, 2.5, True, {"place": "bed room"})
    assert expect.sentence.within_s == 3 and expect.sentence.for_s is None


def test_what_is_not_understood_is_named_with_file_and_line(tmp_path):
    for line, words in (
        ("prss button", "some.txt:2: `prss button` is not understood; is it one of these"),
        ("expect light blinking within 2", "some.txt:2: `blinking`: one of off, steady"),
        ("expect light steady", "some.txt:2: an expectation ends in `within SECONDS` or `for SECONDS`"),
        ("expect light steady within soon", "some.txt:2: `soon`: a time in seconds"),
        ("wait 4000", "some.txt:2: `4000`: a time in seconds from 0 to 3600"),
        ("expect call triggers two within 2", "some.txt:2: `two`: a whole number"),
        ("given unit timer held_ms long", "some.txt:2: `long`: a number"),
        ("given nonsense", "some.txt:2: `nonsense` is not understood"),
        ("clear oops by me", "some.txt:2: `oops`: one of emergency"),
        ("given battery 101", "some.txt:2: `101`: per cent from 0 to 100"),
        ("battery much", "some.txt:2: `much`: per cent from 0 to 100"),
        ("-1 hours pass in 3", "some.txt:2: `-1`: hours from 0 to 1000"),
        ("24 hours pass", "some.txt:2: `24 hours pass` is not understood; is it one of these: `HOURS hours pass in SECONDS`"),
        ("cell old", "some.txt:2: `old`: one of ok, worn, dead, missing"),
        ("battery reads rubbish", "some.txt:2: `rubbish`: one of ok, no_value"),
        ("speaker loud", "some.txt:2: `loud`: one of dead, ok"),
        ("expect battery state tired within 1", "some.txt:2: `tired`: one of mains, on_battery"),
    ):
        with pytest.raises(script.ScriptError, match=re.escape(words)):
            script.read(written(tmp_path, "T.", line, "expect light off within 1"))


def test_sentences_of_the_power_supply_keep_their_fields(tmp_path):
    lines = ("given battery 40", "24 hours pass in 12.5", "mains flicker 100 in 20", "expect unit hours at least 4.5 within 9")
    played = script.read(written(tmp_path, "T.", *lines))
    assert played.givens[0].fields == {"percent": 40}
    assert [step.sentence.fields for step in played.steps] == [
        {"hours": 24, "seconds": 12.5}, {"count": 100, "seconds": 20}, {"hours": 4.5}]
    assert played.least_s == 32.5


def test_files_that_could_not_fail_or_have_no_title_are_refused(tmp_path):
    with pytest.raises(script.ScriptError, match="nothing is expected"):
        script.read(written(tmp_path, "T.", "press button"))
    with pytest.raises(script.ScriptError, match="first line is the title"):
        script.read(written(tmp_path, "# T.", "expect light off within 1"))
    with pytest.raises(script.ScriptError, match=r"some.txt:3: a `given` stands before"):
        script.read(written(tmp_path, "T.", "expect light off within 1", "given duty off"))
    with pytest.raises(script.ScriptError, match="no scenario 'nosuch'; there are: .*button"):
        script.find("nosuch")


def test_each_sentence_of_the_grammar_has_its_act_or_check_and_is_on_the_page():
    page = grammar.words_page()
    for form, meaning in grammar.GIVENS + grammar.ACTIONS + grammar.EXPECTATIONS:
        assert form in page and meaning in page
    assert set(acts.ACTS) == {form for form, _ in grammar.ACTIONS}
    assert set(expectations._CHECKS) == {form for form, _ in grammar.EXPECTATIONS}


def test_the_lights_of_the_grammar_are_those_of_the_firmware():
    assert set(grammar.LIGHTS) == set(LIGHTS)
