"""Every step of every board has words, spoken and printed."""

from firmware.core.walk import words
from firmware.core.walk.steps import steps

ALL = steps([("button", "button", ""), ("cord1", "cord", "bathroom"), ("pendant", "pendant", "")], ["broker1"])


def test_each_step_has_a_message_of_the_list_and_a_line_in_print():
    for step in ALL:
        assert words.prompt(step) in words.PROMPTS, step
        assert words.printed(step) != step and "%" not in words.printed(step), step
    assert "cord1" in words.printed("ask:cord1:reach") and "broker1" in words.printed("path:broker1")


def test_questions_say_how_to_answer():
    for step in ALL:
        assert ("answer yes or no" in words.printed(step)) == step.startswith("ask:"), step


def test_an_unknown_step_has_no_message_and_its_own_name():
    assert (words.prompt("dance"), words.printed("dance")) == ("", "dance")


def test_each_verdict_has_its_message():
    found = [words.ended(verdict) for verdict in ("PASS", "PASS WITH DEFECTS", "FAIL", "INCOMPLETE")]
    assert len(set(found)) == 4 and all(name in words.PROMPTS for name in found) and words.BEGINS in words.PROMPTS
