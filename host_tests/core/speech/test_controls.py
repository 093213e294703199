"""The operator's commands as data."""

from firmware.core.speech import controls


def test_every_digit_is_one_command_and_every_command_has_one_digit():
    assert sorted(controls.DIGITS) == list("0123456789")
    assert len(set(controls.COMMANDS)) == 10
    assert sorted(controls.COMMANDS) == sorted(controls.MODES[:1] + controls.MODES[1:] + tuple(controls.VOLUME_STEPS)
                                               + ("hold", "resume", "extend", "clear_down"))


def test_every_reason_to_refuse_a_command():
    for do, speaking, held, reason in (
        ("talk", True, False, None), ("talk", False, False, "not_connected"), ("talk", True, True, "held"),
        ("volume_up", True, True, "held"), ("resume", True, True, None), ("extend", True, True, None),
        ("clear_down", False, False, None), ("clear_down", True, True, None), ("mute_tone", True, False, "field"),
        ("", True, False, "field"), ("light_off", False, False, "field"),
    ):
        assert controls.refusal(do, speaking, held) == reason, (do, speaking, held)


def test_no_command_speaks_of_tone_or_light_p3():
    assert not any(word in do for do in controls.COMMANDS for word in ("light", "tone", "sound", "show"))
