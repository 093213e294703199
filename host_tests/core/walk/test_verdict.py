"""A test is done or it is not, and what it is worth follows from its results alone (P7)."""

from firmware.core.walk.verdict import verdict

GRAVE = ("pull:cord1", "ask:light", "ask:sounder", "path:broker1", "storage", "load")
LIGHTER = ("ask:cord1:reach", "tone", "mains_off", "mains_on", "clock")


def judged(*results):
    return verdict([("pull:button", "pass")] + list(results))


def test_only_passes_alone_are_a_pass():
    assert judged(("tone", "pass")) == "PASS"
    for word in ("fail", "skip", "open", "PASS", "", "passed"):
        assert judged(("tone", word)) != "PASS", word


def test_an_open_step_makes_it_incomplete_whatever_else_was_found():
    for other in ("pass", "fail", "skip", "open"):
        assert judged(("load", other), ("clock", "open")) == "INCOMPLETE", other
        assert judged(("clock", "open"), ("load", other)) == "INCOMPLETE", other


def test_no_result_at_all_is_no_test():
    assert verdict([]) == "INCOMPLETE"


def test_a_failure_of_what_a_call_hangs_on_fails_the_test_and_any_other_is_a_defect():
    for step in GRAVE:
        assert judged((step, "fail"), ("clock", "skip")) == "FAIL", step
    for step in LIGHTER:
        assert judged((step, "fail")) == judged((step, "skip")) == "PASS WITH DEFECTS", step
    assert judged(("ask:cord1:reach", "fail"), ("path:broker1", "fail")) == "FAIL"


def test_what_a_call_hangs_on_may_not_be_left_out_but_for_what_need_not_be_there():
    for step in GRAVE[:-1]:
        assert judged((step, "skip")) == "INCOMPLETE", step
        assert judged((step, "skip"), ("tone", "fail")) == judged(("tone", "fail"), (step, "skip")) == "INCOMPLETE", step
        assert judged((step, "skip"), ("load", "fail")) == judged(("load", "fail"), (step, "skip")) == "FAIL", step
    assert judged(("load", "skip")) == "PASS WITH DEFECTS"
    pendant = [("pull:button", "pass"), ("pull:pendant", "skip")]
    assert verdict(pendant) == "INCOMPLETE" and verdict(pendant, ("pull:pendant",)) == "PASS WITH DEFECTS"
    assert verdict([("pull:pendant", "fail")], ("pull:pendant",)) == "FAIL"


def test_results_may_carry_more_than_step_and_word():
    assert verdict([["tone", "pass", "-20 dB", 3]]) == "PASS" and verdict([["load", "fail", "", None]]) == "FAIL"
