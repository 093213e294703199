"""core/speech_settings.py: what is wrong is named, what is right is kept."""

from firmware.core import speech_settings


def good():
    return {"answering": "press", "language": "cy", "plain_rtp": True, "wellbeing": {"from": "07:00", "until": "09:30"},
            "zone": {"offset_min": 60, "summer": "eu"}}


def test_good_settings_come_back_as_they_are_and_missing_ones_have_defaults():
    assert speech_settings.usable(good()) == (good(), [])
    assert speech_settings.usable({}) == (speech_settings.FIELDS, [])


def test_anything_but_an_object_gives_the_defaults_and_one_problem():
    for given in (None, 7, "auto", [], True):
        result, problems = speech_settings.usable(given)
        assert result == speech_settings.FIELDS and len(problems) == 1 and "object wanted" in problems[0], given


def test_each_wrong_field_is_named_and_costs_only_itself():
    for field, value in (
        ("answering", "never"), ("answering", True), ("answering", None), ("language", ""), ("language", "e"),
        ("language", "../x"), ("language", 7), ("plain_rtp", 1), ("plain_rtp", "no"), ("wellbeing", {}), ("wellbeing", "07:00"),
        ("wellbeing", {"from": "09:00", "until": "07:00"}), ("wellbeing", {"from": "07:00", "until": "07:09"}),
        ("wellbeing", {"from": "7:00", "until": "09:00"}), ("wellbeing", {"from": "07:60", "until": "09:00"}),
        ("wellbeing", {"from": "07:00", "until": "24:00"}), ("wellbeing", {"from": 420, "until": 560}),
        ("wellbeing", {"from": "07:00", "until": "09:00", "days": 7}), ("zone", {"offset_min": 900, "summer": "eu"}),
        ("zone", {"offset_min": 0}), ("zone", {"offset_min": True, "summer": "eu"}), ("zone", {"offset_min": 0, "summer": "us"}),
        ("zone", "GMT"), ("colour", "red"),
    ):
        given = dict(good(), **{field: value})
        result, problems = speech_settings.usable(given)
        assert len(problems) == 1 and problems[0].startswith("speech.%s: " % field), (field, value, problems)
        for other in speech_settings.FIELDS:
            assert result[other] == (speech_settings.FIELDS[other] if other == field else given[other]), (field, other)


def test_times_of_day_are_minutes_since_midnight():
    for text, wanted in (("00:00", 0), ("07:05", 425), ("23:59", 1439), ("24:00", None), ("0700", None), ("ab:cd", None),
                         (None, None), ("07.00", None), ("-1:00", None)):
        assert speech_settings.minutes(text) == wanted, text
