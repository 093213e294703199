"""Each language is a file that says all that the unit can say, in few words, each with its reason."""

import json

import pytest

from tools.prompts import texts
from tools.prompts.texts import TextError

GOOD = {
    "language": "xx",
    "voice": "en-gb",
    "words_per_minute": 140,
    "pitch": 40,
    "word_gap_ms": 20,
    "texts": {name: {"say": "Hello.", "why": "A test."} for name in texts.NEEDED},
}


def test_every_language_has_all_messages_and_no_others():
    assert "en" in texts.languages() and len(texts.languages()) > 1
    assert texts.unknown_names() == {}
    for language in texts.languages():
        assert set(texts.NEEDED) <= set(texts.load(language).say)


def test_the_page_names_every_message():
    page = (texts.FOLDER.parents[2] / "docs" / "prompts.md").read_text()
    assert [name for name in texts.load("en").say if f"`{name}`" not in page] == []


def test_what_the_service_must_not_promise_is_not_said():
    say = texts.load("en").say
    assert say["received"] == "Your call has been received. Someone will speak to you."
    assert say["test"] == "This is a test."
    for name, text in say.items():
        assert not {"emergency", "error", "failure", "operator"} & set(text.lower().replace(".", "").split()), name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"language": "yy"}, "language: 'yy' is not the file's name"),
        ({"voice": ""}, "voice: wants the name of an espeak-ng voice"),
        ({"words_per_minute": 1400}, "words_per_minute: wants a whole number of 80 to 200"),
        ({"pitch": "low"}, "pitch: wants a whole number of 0 to 99"),
        ({"texts": []}, "wants an object with"),
        ({"texts": {**GOOD["texts"], "../up": {"say": "x", "why": "y"}}}, "texts, ../up: a name is 2-24 of a-z"),
        ({"texts": {**GOOD["texts"], "more": "x"}}, "texts, more: wants `say` and `why`"),
        ({"texts": {**GOOD["texts"], "more": {"say": " ", "why": "y"}}}, "texts, more: say: wants a text"),
        ({"texts": {**GOOD["texts"], "more": {"say": "a " * 17, "why": "y"}}}, "texts, more: say: more than 16 words"),
        ({"texts": {}}, "texts: received is missing; the unit speaks it"),
    ],
)
def test_a_wrong_list_is_told_by_field(tmp_path, change, words):
    (tmp_path / "xx.json").write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(TextError) as raised:
        texts.load("xx", tmp_path)
    assert words in str(raised.value)


def test_a_missing_and_a_broken_file_are_told(tmp_path):
    (tmp_path / "xx.json").write_text(json.dumps(GOOD))
    assert texts.load("xx", tmp_path).voice["pitch"] == 40
    with pytest.raises(TextError, match="there is no yy.json; languages with a list: xx"):
        texts.load("yy", tmp_path)
    (tmp_path / "xx.json").write_text("{")
    with pytest.raises(TextError, match="xx.json: not JSON"):
        texts.load("xx", tmp_path)
