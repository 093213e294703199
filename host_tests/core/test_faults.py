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
