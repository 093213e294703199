"""Both chains are walked, and the first break of each is named."""

import random
import sqlite3

from host_tests.tools.records import made
from tools.records import chain, source


def of_desk(state):
    with source.desk(state) as store:
        return chain.of_desk(store), chain.of_units(source.entries(store))


def change(state, sql, *values):
    db = sqlite3.connect(state / "desk.db")
    with db:
        db.execute(sql, values)
    db.close()


def test_whole_chains_of_several_units_have_no_break(tmp_path):
    mixed = [one for pair in zip(made.chained(3), made.chained(3, "demo/f13/u1"), strict=True) for one in pair]
    made.stored(tmp_path / "d", mixed)
    assert of_desk(tmp_path / "d") == ((6, []), {"demo/f12/u1": [], "demo/f13/u1": []})


def test_a_text_that_was_changed_is_named_in_both(tmp_path):
    made.stored(tmp_path / "d", made.chained(3))
    change(tmp_path / "d", "UPDATE test_records SET text = replace(text, '\"FAIL\"', '\"PASS\"') || ' ' WHERE n = 2")
    (count, wrong), units = of_desk(tmp_path / "d")
    assert count == 3 and wrong[0] == "record 2: its text was changed after it was stored"
    assert units["demo/f12/u1"][0].startswith("record 2, test 00000002: its text is not what the unit sent")


def test_a_verdict_that_was_changed_beside_the_text_breaks_the_desks_chain(tmp_path):
    made.stored(tmp_path / "d", made.chained(2, verdict="FAIL"))
    change(tmp_path / "d", "UPDATE test_records SET verdict = 'PASS' WHERE n = 1")
    (_, wrong), units = of_desk(tmp_path / "d")
    assert wrong[0].startswith("record 1: it, or one before it, was changed") and units["demo/f12/u1"] == []


def test_a_record_that_was_taken_out_is_missed_in_both(tmp_path):
    for n, said in ((2, "record 3"), (3, "records at the end were taken out")):
        state = tmp_path / str(n)
        made.stored(state, made.chained(3))
        change(state, "DELETE FROM test_records WHERE n = ?", n)
        (_, wrong), units = of_desk(state)
        assert wrong[0].startswith(said)
        assert bool(units["demo/f12/u1"]) == (n == 2)


def test_a_unit_that_began_anew_and_one_that_never_came_are_told_apart(tmp_path):
    first, second, third = made.chained(3)
    for number, (records, said) in enumerate((
        ([first, third], "one is missing, or was made beside"), ([second], "that is missing"),
        ([first, made.text("0000000f")], "lost its memory, or was replaced"),
    )):  # fmt: skip
        made.stored(tmp_path / str(number), records)
        (_, wrong), units = of_desk(tmp_path / str(number))
        assert wrong == [] and len(units["demo/f12/u1"]) == 1 and said in units["demo/f12/u1"][0]


def test_files_in_any_order_are_put_into_that_of_their_chain(tmp_path):
    records = made.chained(5)[1:]
    for name, one in enumerate(records):
        (tmp_path / f"{name}.txt").write_bytes(one.encode())
    entries = [source.from_file(tmp_path / f"{name}.txt") for name in range(4)]
    shuffled = entries[:]
    random.Random(3).shuffle(shuffled)
    assert chain.ordered(shuffled) == entries
    assert chain.of_units(chain.ordered(shuffled), is_whole=False) == {"demo/f12/u1": []}
    assert len(chain.of_units(chain.ordered([entries[3], entries[0], entries[2]]), is_whole=False)["demo/f12/u1"]) == 1
