"""core/faults.py: P5."""

from firmware.core.faults import NAMES, Faults


def test_a_fault_stays_open_until_it_is_closed():
    faults = Faults()
    assert not faults.any()
    assert faults.open("held", "cord1") is True
    assert faults.open("held", "cord1") is False
    assert faults.any() and faults.is_open("held", "cord1") and not faults.is_open("held", "cord2")
    assert faults.close("held", "cord2") is False
    assert faults.close("held", "cord1") is True
    assert faults.close("held", "cord1") is False
    assert not faults.any()


def test_one_input_never_closes_the_fault_of_another():
    """P4, P5."""
    faults = Faults()
    for source in ("cord1", "cord2"):
        for name in NAMES:
            faults.open(name, source)
    faults.close("line_open", "cord1")
    assert faults.is_open("line_open", "cord2") and faults.is_open("line_short", "cord1")


def test_the_report_names_them_in_order_and_at_most_16():
    faults = Faults()
    faults.open("storage")
    faults.open("held", "cord1")
    assert faults.names() == ["storage", "held:cord1"]
    for n in range(30):
        faults.open("input", "cord%d" % n)
    assert len(faults.names()) == 16 and faults.names()[0] == "storage"


def test_a_name_that_the_protocol_does_not_have_raises():
    for call in (Faults().open, Faults().close):
        try:
            call("tired")
        except ValueError as error:
            assert "tired" in str(error)
        else:
            assert False, "an unknown fault was taken"


def test_what_is_kept_comes_back_unsure_until_it_is_found_again_or_closed_p5():
    faults = Faults()
    faults.open("held", "cord1")
    faults.open("speaker")
    faults.open("link")
    faults.close("link")
    assert faults.changed and faults.openings == 3
    kept = faults.kept()
    again = Faults()
    assert again.restore(kept) and again.opened() == [("held", "cord1"), ("speaker", "")] == again.unsure
    assert again.openings == 3 and not again.changed
    assert again.open("held", "cord1") is False and again.unsure == [("speaker", "")]
    assert again.close("speaker") is True and again.unsure == [] and again.changed


def test_of_what_is_not_lawful_nothing_is_taken_and_the_rest_is():
    for kept, opened in (
        (None, []), ([], []), ({}, []), ({"open": [], "openings": True}, []), ({"open": {}, "openings": 1}, []),
        ({"open": [["light", ""], ["tired", ""]], "openings": 1}, [("light", "")]),
        ({"open": [["light", "x" * 24], ["light", "x" * 25]], "openings": 1}, [("light", "x" * 24)]),
        ({"open": [["light", 5], ["light"], "light", ["path", "broker1"]], "openings": 1}, [("path", "broker1")]),
    ):
        faults = Faults()
        assert faults.restore(kept) is False and faults.opened() == opened, kept
    twice = Faults()
    assert twice.restore({"open": [["light", ""], ["light", ""]], "openings": -4})
    assert twice.opened() == [("light", "")] and twice.openings == 0


def test_no_more_than_48_faults_are_kept_and_the_names_keep_their_index():
    faults = Faults()
    for n in range(60):
        faults.open("input", "cord%d" % n)
    assert len(faults.kept()["open"]) == 48
    assert NAMES[:8] == ("line_open", "line_short", "held", "storage", "link", "input", "settings", "task")
    assert NAMES[8:10] == ("microphone", "speech")
    assert NAMES[10:] == ("light", "sounder", "speaker", "battery", "mains", "clock", "restarts", "overdue", "path")
