"""Records on the unit: the last four, marked when the service has them; what is damaged costs itself and is named."""

import os
from binascii import hexlify
from hashlib import sha256

from firmware.core.walk import record
from firmware.walk.keeping import Keeper
from firmware.walk.shelf import PART_BYTES, Shelf
from host_tests.walk.folder import HERE, content, emptied, in_a_folder, made, names, put


@in_a_folder
def test_a_unit_without_records_has_nothing_to_send_and_starts_a_chain():
    shelf = Shelf(HERE)
    assert (shelf.unsent(), shelf.passed(), shelf.last_hash()) == ([], None, record.FIRST)
    assert shelf.part("00000001", 1) is None and not shelf.stored("00000001")
    shelf.look()
    assert shelf.problems == []


@in_a_folder
def test_a_records_name_holds_its_hash_and_the_parts_put_together_are_its_text():
    steps = ["pull:cord%d" % number for number in range(60)]
    shelf = made(1, steps=steps)
    name, = names()
    text = content(name)
    sha = hexlify(sha256(text).digest()).decode()
    assert name == "0001-00000001-%s.rec" % sha
    (test, told, parts), = shelf.unsent()
    assert (test, told) == ("00000001", sha) and parts == -(-len(text) // PART_BYTES) and parts > 2
    found = [shelf.part(test, number) for number in range(1, parts + 1)]
    assert "".join(found).encode() == text and all(0 < len(one.encode()) <= PART_BYTES + 3 for one in found)


@in_a_folder
def test_parts_cut_no_character_in_two_wherever_their_border_falls():
    for extra in range(8):
        emptied()
        steps = ["x" * extra] + ["ask:ü€😀%d" % number for number in range(40)]
        shelf = made(1, steps=steps)
        (test, _, parts), = shelf.unsent()
        assert "".join([shelf.part(test, number) for number in range(1, parts + 1)]).encode() == content(names()[0])


@in_a_folder
def test_the_last_four_stay_and_each_names_the_one_before():
    hashes = []
    for number in range(1, 7):
        shelf = made(number)
        hashes.append(shelf.last_hash())
    assert [int(name[:4]) for name in names()] == [3, 4, 5, 6]
    for at, name in enumerate(names()):
        assert '"prev":"%s"' % hashes[at + 1] in content(name).decode()


@in_a_folder
def test_the_newest_passed_record_stays_besides_the_last_four():
    made(1)
    made(2, "PASS WITH DEFECTS", results=[("tone", "fail")], ended_s=1795400000)
    for number in range(3, 9):
        shelf = made(number, "FAIL", results=[("tone", "fail")])
    assert [int(name[:4]) for name in names()] == [2, 5, 6, 7, 8]
    assert shelf.passed() == 1795400000


@in_a_folder
def test_a_test_that_was_passed_while_the_clock_was_not_set_is_no_date_to_count_from():
    made(1, ended_s=7)
    assert made(2, ended_s=None).passed() == 7
    for number in range(3, 7):
        shelf = made(number, "FAIL", results=[("tone", "fail")])
    assert shelf.passed() == 7 and [int(name[:4]) for name in names()] == [1, 3, 4, 5, 6]


@in_a_folder
def test_a_stored_record_is_marked_and_not_sent_again_also_after_a_start():
    made(1)
    shelf = made(2)
    assert shelf.stored("00000001") and not shelf.stored("00000001") and not shelf.stored("0000000f")
    assert [one[0] for one in Shelf(HERE).unsent()] == ["00000002"]
    assert names()[0].endswith(".ok") and names()[1].endswith(".rec")


@in_a_folder
def test_a_damaged_record_is_named_not_sent_not_counted_as_passed_and_the_chain_goes_on():
    for damage in (b"", b"x", None):
        emptied()
        made(1, ended_s=1)
        made(2, ended_s=2)
        name = names()[1]
        text = content(name)
        put(name, text[:-9] + b"0" + text[-8:] if damage is None else damage)
        shelf = Keeper(HERE)
        shelf.resume()
        assert shelf.problems == [(name, "damaged")]
        assert [one[0] for one in shelf.unsent()] == ["00000001"] and shelf.passed() == 1
        assert shelf.last_hash() == name[14:78]  # as the service was told it
        assert made(3).passed() == 1795309200 and len(names()) == 3


@in_a_folder
def test_foreign_files_are_named_and_left_alone_and_half_written_ones_go():
    made(1)
    foreign = ["README", "0002-xyz.rec", "0002-00000002-%s.rec" % ("G" * 64), "-00000002-%s.ok" % ("a" * 64), "rec", ".ok"]
    for name in foreign + ["record.new", "open.txt.new"]:
        put(name, b"?")
    shelf = Keeper(HERE)
    assert shelf.resume() is None
    assert sorted(shelf.problems) == sorted([(name, "foreign") for name in foreign])
    assert len(names()) == 1 + len(foreign) and len(shelf.unsent()) == 1


@in_a_folder
def test_numbers_go_on_beyond_four_digits():
    made(1)
    os.rename(HERE + "/" + names()[0], HERE + "/9999-" + names()[0][5:])
    made(2)
    shelf = made(3)
    assert [one[0] for one in shelf.unsent()] == ["00000001", "00000002", "00000003"]


@in_a_folder
def test_nothing_is_written_while_the_battery_forbids_it():
    made(1)
    shelf = Shelf(HERE, lambda: False)
    before = names()
    put("x.new", b"")
    assert not shelf.stored("00000001")
    shelf.look()
    shelf.trim()
    assert names() == sorted(before + ["x.new"])
