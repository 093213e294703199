"""What the joined modules of an image forget once the unit is made. Which names: host_tests/tools/test_joining_unread_host.py."""

from firmware import forgotten
from host_tests import forgetful

_NAME = "host_tests.forgetful"


def test_in_source_nothing_is_forgotten():
    assert forgotten.NAMES == {} and forgotten.MADE == {}
    before = sorted(forgetful.__dict__)
    forgotten.forget()
    assert sorted(forgetful.__dict__) == before


def test_names_and_makers_go_and_what_is_there_runs_on():
    once, read, table = forgetful.Once(4), forgetful.read, forgetful.__dict__
    forgotten.NAMES[_NAME], forgotten.MADE[_NAME] = "UNREAD Once unread __file__ no_such_name", "Once"
    forgotten.NAMES["firmware.spoken_of_another_unit"] = "a b"  # not loaded: a unit without speech
    try:
        forgotten.forget()
    finally:
        forgotten.NAMES.clear()
        forgotten.MADE.clear()
    names = [name for name in table if name[:2] != "__"]
    assert sorted(names) == ["Often", "TABLE", "read"]
    assert table["__name__"] == _NAME and "__file__" not in table
    assert once.sum() == 5 and once.another().b == 7 and read() == 1
    assert forgetful.read is read, "the table is the same one, with less in it"
    try:
        type(once)(5)
        made = True
    except TypeError:
        made = False
    assert not made, "a class whose maker is forgotten makes nothing, and says so"
