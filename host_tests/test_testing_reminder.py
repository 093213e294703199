"""The monthly reminder: behind its words one press of the button is a test call, and no other pull (G11, P7)."""

from host_tests.walk.small_flat import TIMERS, Flat


def reminded(**options):
    flat = Flat(**options)
    flat.month_is_due = True
    flat.later(100)
    return flat


def open_window():
    flat = reminded()
    flat.talk.prompting = False
    flat.later(100)
    assert flat.testing.waiting == ["button"]
    return flat


def states(flat):
    return [done[1] for done in flat.done if done[0] == "reminder"]


def test_it_is_spoken_once_and_the_window_opens_behind_its_words():
    flat = reminded()
    assert ("says", "reminder") in flat.done and states(flat) == ["spoken"] and flat.testing.waiting == []
    assert flat.pull("button") == "activated", "who presses into the words is heard as ever"
    flat.later(100)
    assert states(flat) == ["spoken", "missed"]


def test_words_that_never_end_open_the_window_after_15_s():
    flat = reminded()
    flat.later(14900)
    assert flat.testing.waiting == []
    flat.later(100)
    assert flat.testing.waiting == ["button"]


def test_the_first_press_is_a_test_call_and_the_second_is_real():
    flat = open_window()
    assert flat.pull("button") == "test"
    flat.later(100)
    assert states(flat) == ["spoken", "pressed"]
    assert flat.pull("button") == "activated"


def test_whoever_pressed_is_told_that_the_next_press_is_no_test_once_the_call_is_over():
    flat = open_window()
    flat.pull("button")
    flat.release("button")
    flat.later(1000)
    assert ("says", "reminder_done") not in flat.done
    flat.receipt()
    flat.clear()
    flat.later(200)
    assert [done for done in flat.done if done == ("says", "reminder_done")] == [("says", "reminder_done")]


def test_a_press_that_is_held_is_raised_as_real():
    flat = open_window()
    flat.pull("button")
    flat.later(TIMERS["test_real_ms"] + 100)
    assert not flat.calls.open[0].is_test()


def test_any_other_pull_is_real_and_ends_the_window():
    flat = open_window()
    assert [flat.pull("cord1"), flat.pull("button")] == ["activated", "activated"]
    flat.later(100)
    assert states(flat) == ["spoken", "missed"] and flat.testing.waiting == []


def test_the_window_ends_after_its_time_and_not_before():
    flat = open_window()
    flat.later(TIMERS["reminder_ms"] - 100)
    assert flat.testing.waiting == ["button"]
    flat.later(100)
    assert flat.testing.waiting == [] and states(flat) == ["spoken", "missed"] and ("shows test", False) in flat.done
    assert flat.pull("button") == "activated"


def test_it_waits_for_the_end_of_a_call_of_speech_and_of_privacy():
    for act, undo in ((lambda flat: flat.pull("cord1"), lambda flat: (flat.receipt(), flat.clear())),
                      (lambda flat: setattr(flat, "speaking", True), lambda flat: setattr(flat, "speaking", False)),
                      (lambda flat: flat.switch_privacy(True), lambda flat: flat.switch_privacy(False))):
        flat = Flat(inputs=("button", "cord1", "cord2", "privacy"))
        act(flat)
        flat.month_is_due = True
        flat.later(1000)
        assert states(flat) == [] and flat.month_is_due
        undo(flat)
        flat.later(200)
        assert states(flat) == ["spoken"] and not flat.month_is_due


def test_where_it_is_not_wanted_nothing_is_said_and_the_month_is_done():
    flat = reminded(reminds=False)
    assert states(flat) == [] and not flat.month_is_due and ("says", "reminder") not in flat.done
