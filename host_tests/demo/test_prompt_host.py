"""What a person types is understood in full and in short forms, or answered with what was wanted."""

import pytest

from tools.demo import prompt
from tools.scenario.grammar import ACTIONS, WordError


def test_short_forms_mean_the_full_sentence():
    for short, full in (
        ("press", "press button"),
        ("pull", "pull cord1"),
        ("pull 2", "pull cord2"),
        ("PULL 1", "pull cord1"),
        ("rel 1", "release cord1"),
        ("hold button", "pull button"),
        ("cut 1", "cut wire cord1"),
        ("cut wire", "cut wire cord2"),
        ("mend", "mend wire cord2"),
        ("a", "answer"),
        ("br c", "broker cut"),
        ("welfare", "call flat welfare by the coordinator"),
        ("hang up", "hang up"),
        ("mains off", "mains off"),
        ("wait 2", "wait 2"),
        ("press button for 1", "press button for 1"),
    ):
        assert prompt.read(short).fields == prompt.read(full).fields and prompt.read(short).form == prompt.read(full).form, short


def test_a_clear_without_a_name_is_by_the_coordinator_and_a_name_keeps_its_capitals():
    assert prompt.read("clear mistake").fields == {"outcome": "mistake", "who": "the coordinator"}
    assert prompt.read("test start").fields == {"who": "the engineer"}
    assert prompt.read("test answer yes").fields == {"step": "now", "value": "yes"}
    assert prompt.read("test answer ask:light no").fields == {"step": "ask:light", "value": "no"}
    assert prompt.read("clear help_sent by A. Jones").fields == {"outcome": "help_sent", "who": "A. Jones"}


def test_looks_are_words_of_their_own():
    for typed, look in (
        ("light", "light"),
        ("calls", "calls"),
        ("q", "quit"),
        ("exit", "quit"),
        ("?", "help"),
        ("stat", "status"),
    ):
        assert prompt.read(typed) == look


def test_wrong_input_is_answered_with_what_was_wanted():
    for typed, words in (
        ("jump", "`jump` is not understood"),
        ("broker", "`broker cut`"),
        ("clear oops", "one of emergency"),
        ("duty maybe", "one of on, off"),
        ("press button for long", "a time in seconds"),
        ("p", "is not understood"),
    ):
        with pytest.raises(WordError, match=words):
            prompt.read(typed)


def test_every_action_can_be_typed_and_is_in_the_help():
    values = {"INPUT": "cord1", "SECONDS": "1", "PARTY": "centre", "OUTCOME": "mistake", "WHO": "B. Singh", "SWITCH": "on"}
    values |= {"KIND": "welfare", "COMMAND": "listen", "COUNT": "10", "PERCENT": "40", "HOURS": "24", "CELL": "dead"}
    values |= {"SENSE": "jump", "SPEAKER": "ok", "STEP": "ask:light", "VALUE": "no", "WHY": "no time"}
    values |= {"ETHERNET": "unplugged", "MODEM": "no_sim"}
    for form, _ in ACTIONS:
        typed = " ".join(values.get(word, word) for word in form.split())
        assert prompt.read(typed).form == form
        assert form in prompt.help_page()


def test_tab_offers_what_may_stand_there():
    for text, line, offered in (
        ("pu", "pu", ["pull "]),
        ("", "pull ", ["button ", "cord1 ", "cord2 ", "pendant "]),
        ("m", "clear m", ["mistake "]),
        ("", "broker ", ["cut ", "freeze ", "mend "]),
        ("", "ethernet ", ["dead_path ", "no_dhcp ", "no_phy ", "ok ", "unplugged "]),
        ("", "cell ", ["dead ", "missing ", "ok ", "worn "]),
        ("", "battery reads ", ["jump ", "nan ", "no_value ", "ok ", "stuck "]),
        ("", "test answer ask:light ", ["no ", "yes "]),
        ("", "wait ", []),
        ("x", "broker x", []),
    ):
        assert prompt.completions(text, line) == offered
