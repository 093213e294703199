"""How the flat answers (G11): by itself, by a press, or not at all."""

from firmware.core.speech.policy import Policy


def test_every_case_of_the_policy():
    for answering, button, privacy, kind, how in (
        ("auto", False, False, "intercom", "auto"),
        ("auto", True, False, "welfare", "auto"),
        ("auto", True, True, "welfare", "press"),
        ("auto", False, True, "intercom", "nobody"),
        ("press", True, False, "intercom", "press"),
        ("press", False, False, "intercom", "nobody"),
        ("auto", True, False, "door", "press"),
        ("auto", False, False, "door", "nobody"),
    ):
        policy = Policy(answering, button, privacy=privacy)
        assert policy.answer(kind) == how, (answering, button, privacy, kind)
        assert policy.automatic(kind) == (how == "auto")


def test_privacy_is_the_reason_only_where_nobody_could_press():
    for answering, button, privacy, reason in (("auto", False, True, "privacy"), ("auto", True, True, "no_answer"),
                                               ("press", False, False, "no_answer"), ("press", False, True, "privacy")):
        assert Policy(answering, button, privacy=privacy).why_nobody() == reason
