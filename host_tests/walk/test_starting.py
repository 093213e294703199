"""The start of a unit takes up what a power cut has left of a test."""

from firmware.core.due import Due
from firmware.walk import starting
from host_tests.walk.folder import HERE, in_a_folder, made, names, put
from host_tests.walk.test_keeping import begun


def look():
    due = Due(0, False, 11, 0)
    return due, starting.look(due, lambda: True, HERE)


@in_a_folder
def test_a_unit_that_never_was_tested_has_nothing_to_do_and_makes_no_directory():
    due, found = look()
    assert found == (False, []) and due.dates() == (None, None)
    try:
        names()
    except OSError:
        return
    raise AssertionError("a directory was made")


@in_a_folder
def test_the_last_pass_sets_the_date_and_what_is_unsent_is_told():
    made(1, ended_s=1795305600)
    due, found = look()
    assert found == (True, []) and due.dates() == ("2026-11-22", "2027-02-20")


@in_a_folder
def test_a_cut_test_is_closed_with_the_due_date_as_it_stood():
    made(1, ended_s=1795305600).stored("00000001")
    begun("00000002").add("tone", "pass")
    due, found = look()
    assert found == (True, [("open.txt", "cut")]) and due.dates()[0] == "2026-11-22"
    with open(HERE + "/" + names()[1]) as file:
        last = file.read().rstrip("\n").split("\n")[-1]
    assert '"verdict":"INCOMPLETE"' in last and '"due":"2027-02-20"' in last


@in_a_folder
def test_what_is_damaged_is_told_and_the_rest_is_used():
    made(1, ended_s=1795305600)
    put("nonsense", b"?")
    due, found = look()
    assert found == (True, [("nonsense", "foreign")]) and due.dates()[0] == "2026-11-22"
