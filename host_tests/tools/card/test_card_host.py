"""A tenant's card: what it says fits the flat and the firmware, in plain words and large print, the same bytes each time."""

import io
import json
import re

import pypdf
import pytest

from firmware.core import patterns
from tools import deploy
from tools.card import page, pictures, words
from tools.card.__main__ import main, of_settings

FULL = words.Flat("Rowan Court", "12", "hall", ("bathroom", "bedroom"), True, True, "press", True, "01234 567 890")
LEAST = words.Flat("Rowan Court", "12", None, ("",), answering="", reminder=False)
LONGEST_WORDS = 14  # of a sentence: Easy Read guides say 10 to 15
HARD = re.compile(r"activat|receipt|terminal|device|unit\b|controller|emergency|voice switch|Aktivier|Quittung|Alarmier")


def read(data):
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return [" ".join(one.extract_text().split()) for one in pages]


def sentences(card):
    texts = [line.text for line in (*card.help, *card.more)] + [part for _, *parts in card.lights for part in parts]
    return [one.strip() for text in texts for one in re.split(r"(?<=[.?!:])\s", text.replace("*", "")) if one.strip()]


def test_each_language_says_the_same_things_with_the_same_names():
    names = {language: json.dumps(_shape(words.texts(language)), sort_keys=True) for language in words.languages()}
    assert {"en", "de"} <= set(names) and len(set(names.values())) == 1


def _shape(value):
    """Names, and in each text the fields and how often something is bold."""
    if isinstance(value, dict):
        return {name: _shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [len(value)]
    return sorted(re.findall(r"\{\w+\}", value)), value.count("**") % 2


def test_sentences_are_short_and_without_hard_words():
    for language in words.languages():
        for flat in (FULL, LEAST):
            for sentence in sentences(words.card(flat, language)):
                assert len(sentence.split()) <= LONGEST_WORDS, sentence
                assert not HARD.search(sentence), sentence


def test_rooms_stand_on_the_card_and_what_a_flat_lacks_does_not():
    full, least = (read(page.pdf(words.card(flat))) for flat in (FULL, LEAST))
    for said in ("in the hall", "bathroom and the bedroom", "pendant", "privacy switch", "Once a month", "01234 567 890",
                 "answer button", "Rowan Court, Flat 12"):
        assert said in " ".join(full), said
    for said in ("button", "pendant", "privacy switch", "Once a month", "coordinator can call", "bathroom"):
        assert said not in " ".join(least), said
    assert "Or pull a cord." in least[0] and "Ask your coordinator" in least[-1]


def test_two_cords_in_one_room_are_one_place_and_three_are_a_list():
    def cords(*rooms):
        return words.card(words.Flat("R", "1", None, rooms)).help[0].text

    assert cords("bathroom", "bathroom") == "Or pull the **cord**. It is in the **bathroom**."
    assert cords("bathroom", "bedroom", "kitchen").endswith("in the **bathroom, bedroom and the kitchen**.")
    assert cords("bathroom", "") == "Or pull a **cord**."


def test_the_lights_are_those_of_the_firmware():
    """P2: the card must not say that a light is a receipt which the unit shows for something else."""
    shown = {state: pictures.lamp_steps(state) for state in words.STATES}
    assert shown["CALLING"] == [(True, pictures.STRIP_MS)] and shown["STANDBY"] == [(False, pictures.STRIP_MS)]
    for state, steps in shown.items():
        assert sum(ms for _, ms in steps) == pictures.STRIP_MS
        same = [other for other in patterns.STATES if patterns.STATES[other][0] == patterns.STATES[state][0]]
        if state == "RECEIVED":
            assert same == ["RECEIVED"], "nothing else flashes so"
    told = set(words.STATES)
    for state, (light, _) in patterns.STATES.items():
        assert any(patterns.STATES[one][0] == light for one in told), f"{state} shows {light}, which the card does not explain"
    for language in words.languages():
        lights = words.texts(language)["light"]
        assert tuple(lights) == words.STATES
        assert len({seen for seen, _ in lights.values()}) == len(lights), "each looks different"


def test_every_picture_is_drawn_and_none_is_for_nothing():
    used = {line.picture for flat in (FULL, LEAST) for line in (*words.card(flat).help, *words.card(flat).more)}
    assert used == set(pictures.PICTURES)


def test_print_is_large_three_pages_and_the_same_bytes_each_time():
    assert page.TEXT_PT >= 16
    for language in words.languages():
        first, again = (page.pdf(words.card(FULL, language)) for _ in range(2))
        assert first == again and len(read(first)) == 3
        assert min(sizes_pt(first)) >= 16


def sizes_pt(data):
    found = set()
    for one in pypdf.PdfReader(io.BytesIO(data)).pages:
        one.extract_text(visitor_text=lambda text, _cm, _tm, _font, size: found.add(size) if text.strip() else None)
    return found


def test_long_names_and_many_rooms_lose_nothing():
    flat = words.Flat("W" * 60, "z" * 24, "x" * 32, tuple(f"room {n} " + "y" * 20 for n in range(7)), True, True, "press")
    pages = read(page.pdf(words.card(flat)))
    text = "".join("".join(pages).split())
    assert all(f"room{n}" in text for n in range(7)) and "x" * 32 in text and "z" * 24 in text


def test_a_name_in_another_script_is_printed_and_what_no_font_has_is_marked():
    pages = read(page.pdf(words.card(words.Flat("Дом <b>&", "12", "прихожая", ("山",)))))
    assert "Дом <b>&" in pages[0] and "прихожая" in pages[0] and "{U+5C71}" in pages[0]


def test_a_flat_from_which_nobody_can_call_and_a_language_without_texts_are_refused():
    with pytest.raises(words.CardError, match="no button, no cord and no pendant"):
        words.card(words.Flat("R", "1", None))
    with pytest.raises(words.CardError, match="there are de, en"):
        words.card(FULL, "fr")


def test_the_settings_of_a_unit_make_its_card(tmp_path, capsys):
    settings = deploy.unit_settings("f12", "u1", [{"host": "h", "port": 1, "server_name": "s", "tls": True}], "pw")
    assert of_settings(settings, "Rowan Court") == words.Flat("Rowan Court", "f12", "hall", ("bathroom", "bedroom"), True, True)
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings))
    assert main(["--settings", str(file), "--name", "Rowan Court", "--language", "de", "--out", str(tmp_path / "out")]) == 0
    path = tmp_path / "out" / "card-f12.pdf"
    assert capsys.readouterr().out.strip() == str(path) and "Ihr Notruf" in read(path.read_bytes())[0]


def test_what_is_wrong_is_said_in_a_sentence(tmp_path, capsys):
    file = tmp_path / "settings.json"
    for text, words_of_it in (("{", "card:"), ('{"v": 1}', "no flat or no board")):
        file.write_text(text)
        assert main(["--settings", str(file), "--name", "R", "--out", str(tmp_path)]) == 1
        assert words_of_it in capsys.readouterr().err
    assert main(["--settings", str(file), "--out", str(tmp_path)]) == 1 and "--name" in capsys.readouterr().err
    assert main(["--scheme", str(tmp_path / "none"), "--out", str(tmp_path)]) == 1 and "card:" in capsys.readouterr().err
