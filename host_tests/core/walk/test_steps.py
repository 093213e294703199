"""The steps of a test are those of the board, in the order in which one walks (G9, G10)."""

from firmware.core.walk.steps import steps

INPUTS = [("cord1", "cord", "bathroom"), ("button", "button", "hall"), ("cord2", "cord", "bedroom"), ("pendant", "pendant", ""),
          ("cord3", "cord", "bathroom"), ("answer", "answer", "hall"), ("privacy", "privacy", "hall")]


def asked(cord):
    return ["ask:%s:%s" % (cord, what) for what in ("reach", "free", "untied", "bangles")]


def test_the_unit_first_then_pendants_then_cords_room_by_room_each_with_its_questions():
    found = steps(INPUTS, [])
    assert found[:4] == ["pull:button", "pull:answer", "pull:privacy", "pull:pendant"]
    assert found[4:9] == ["pull:cord1"] + asked("cord1")
    assert found[9:14] == ["pull:cord3"] + asked("cord3"), "in the same room as cord1"
    assert found[14:19] == ["pull:cord2"] + asked("cord2")
    assert found[19:] == ["ask:light", "ask:sounder", "tone", "mains_off", "load", "mains_on", "clock", "storage"]


def test_every_input_and_every_path_has_its_step_once_whatever_the_board():
    for inputs in ([], [("button", "button", "")], INPUTS, [("c%d" % i, "cord", "") for i in range(8)]):
        found = steps(inputs, ["broker1", "broker2"])
        assert sorted(set(found)) == sorted(found)
        assert [step for step in found if step.startswith("path:")] == ["path:broker1", "path:broker2"]
        for name, _, _ in inputs:
            assert found.count("pull:" + name) == 1


def test_a_board_of_eight_inputs_and_three_paths_fits_the_limits_of_the_protocol():
    inputs = [("c%d" % i + "x" * 22, "cord", "") for i in range(7)] + [("b" * 24, "button", "")]
    found = steps(inputs, ["broker1", "broker2", "broker3"])
    assert len(found) <= 48 and max(len(step) for step in found) <= 40
