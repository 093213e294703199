"""Records of test: what is odd about one, the chain over all of them, and when the next test is due."""

import datetime
import hashlib
import json

import pytest

from tools.desk.store import Store
from tools.desk.testing import due
from tools.desk.testing.parts import Parts
from tools.desk.testing.record import FIRST, FLAGS, Record
from tools.desk.testing.store import TestStore

UNIT, NOW_S = "demo/f12/u1", 1_800_000_000
HEADER = {
    "v": 1, "test": "c0ffee01", "unit": UNIT, "board": "NONE", "board_sha256": FIRST, "firmware": "1", "config_sha256": FIRST,
    "prev": FIRST, "engineer": "E", "witness": "", "by": "desk", "started": NOW_S - 600,
}  # fmt: skip
END = {"verdict": "PASS", "ended": NOW_S, "defects": [], "untested": [], "due": None}
RESULTS = [["pull:cord1", "pass", "", 142], ["ask:light", "pass", "", None]]


def text(results=RESULTS, header=HEADER, end=END, **changed):
    header = {**header, **{name: value for name, value in changed.items() if name in header}}
    end = {**end, **{name: value for name, value in changed.items() if name in end}}
    return "".join(json.dumps(line) + "\n" for line in [header, *results, end])


def flags(*words, **changed):
    return Record(text(*words, **changed)).flags(UNIT, "c0ffee01", NOW_S + 5)


def test_a_right_record_has_no_flags():
    record = Record(text())
    assert (record.is_read, record.verdict, record.prev, record.ended_s, len(record.results)) == (True, "PASS", FIRST, NOW_S, 2)
    assert flags() == flags(ended=None) == flags(verdict="FAIL") == []


def test_a_record_of_another_unit_or_test_or_of_a_wrong_clock_is_flagged():
    assert flags(unit="demo/f13/u1") == ["unit"]
    assert flags(test="c0ffee02") == ["test"]
    day_s = 86_400
    for ended_s, wanted in ((NOW_S + 5 + day_s, []), (NOW_S + 6 + day_s, ["clock"]), (0, ["clock"]),
                            (NOW_S + 5 - 400 * day_s, []), (NOW_S + 4 - 400 * day_s, ["clock"])):  # fmt: skip
        assert flags(ended=ended_s) == wanted, ended_s


def test_a_verdict_that_is_better_than_its_results_is_flagged_and_a_worse_one_is_not():
    """P7: incomplete is never a pass."""
    for step, result, allowed in (
        ("pull:cord1", "open", "INCOMPLETE"), ("tone", "open", "INCOMPLETE"), ("pull:cord1", "fail", "FAIL"),
        ("path:b1", "fail", "FAIL"), ("ask:light", "fail", "FAIL"), ("ask:sounder", "fail", "FAIL"), ("storage", "fail", "FAIL"),
        ("load", "fail", "FAIL"), ("tone", "fail", "PASS WITH DEFECTS"), ("clock", "fail", "PASS WITH DEFECTS"),
        ("ask:cord1:reach", "fail", "PASS WITH DEFECTS"), ("pull:cord1", "skip", "PASS WITH DEFECTS"), ("tone", "pass", "PASS"),
    ):  # fmt: skip
        results = [*RESULTS, [step, result, "", None]]
        assert Record(text(results)).allowed() == allowed, (step, result)
        order = ("PASS", "PASS WITH DEFECTS", "FAIL", "INCOMPLETE")
        for verdict in order:
            wanted = ["verdict"] if order.index(verdict) < order.index(allowed) else []
            assert flags(results, verdict=verdict) == wanted, (step, result, verdict)
    assert flags([]) == ["verdict"], "nothing was tested"
    assert flags(untested=[["tone", "no microphone"]]) == ["verdict"]


def test_the_last_result_of_a_step_counts():
    assert flags([["tone", "fail", "", None], ["tone", "pass", "", None]]) == []


@pytest.mark.parametrize(
    "wrong",
    ["", "\n", "{}", "no json\n", text([]).splitlines()[0], text(verdict="FINE"), text(v=2), text(prev="0"), text(prev="\ud800"),
     text([["tone", "pass"]]), text([["tone", "good", "", None]]), text(ended=2**70), text(started=True), text(engineer=7),
     text(end={**END, "untested": None}), "[" * 5000, "[]\n[]\n"],
)  # fmt: skip
def test_what_is_no_record_is_flagged_and_breaks_nothing(wrong):
    record = Record(wrong)
    assert (record.flags(UNIT, "c0ffee01", NOW_S), record.verdict, record.prev, record.ended_s) == (["form"], "", "", None)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "desk.db")
    yield TestStore(store)
    store.close()


def keep(store, unit=UNIT, **changed):
    """(number, SHA-256)"""
    whole = text(unit=unit, **changed)
    sha256 = hashlib.sha256(whole.encode()).hexdigest()
    record, test = Record(whole), changed.get("test", HEADER["test"])
    return store.add(unit, test, NOW_S, sha256, record, whole, record.flags(unit, test, NOW_S)), sha256


def test_the_line_of_each_unit_is_its_own_and_gaps_forks_and_twins_are_flagged(store):
    _, first = keep(store)
    keep(store, unit="demo/f13/u1")
    _, second = keep(store, test="c0ffee02", prev=first)
    keep(store, test="c0ffee03", prev="ab" * 32)
    keep(store, test="c0ffee04", prev=first)
    keep(store, test="c0ffee04", prev=FIRST)
    assert [entry["flags"] for entry in store.records("", 0, 10)] == [[], [], [], ["gap"], ["fork"], ["fork", "twice"]]
    assert [entry["flags"] for entry in store.records("demo/f13/u1", 0, 10)] == [[]]
    assert set(FLAGS) >= {"gap", "fork", "twice"}
    assert store.number(UNIT, second) == 3


def test_pages_of_records_are_the_first_or_the_newest_in_the_order_of_their_numbers(store):
    for number in range(5):
        keep(store, test=f"0000000{number}")
    assert [entry["n"] for entry in store.records(UNIT, 1, 2)] == [2, 3]
    assert [entry["n"] for entry in store.records(UNIT, 0, 2, newest=True)] == [4, 5]
    assert "text" not in store.records(UNIT, 0, 1)[0]
    assert store.record(2)["text"].startswith("{")
    assert store.record(9) is None


def test_whoever_changes_adds_or_takes_out_a_record_is_found_out(store):
    for number in range(4):
        keep(store, test=f"0000000{number}")
    assert store.verify() == (4, [])
    for change, wrong in (
        ("UPDATE test_records SET verdict = 'FAIL' WHERE n = 2", [(2, "chain")]),
        ("UPDATE test_records SET text = replace(text, 'pass', 'skip') WHERE n = 2", [(2, "sha256")]),
        ("UPDATE test_records SET received_s = received_s + 1 WHERE n = 4", [(4, "chain")]),
        ("UPDATE test_records SET flags = 'gap' WHERE n = 1", [(1, "chain")]),
        ("UPDATE test_records SET address = 'demo/f13/u1' WHERE n = 3", [(3, "chain")]),
        ("DELETE FROM test_records WHERE n = 2", [(3, "chain")]),
        ("DELETE FROM test_records WHERE n = 4", [(None, "end")]),
    ):
        store._db.execute("SAVEPOINT before")
        store._db.execute(change)
        assert store.verify()[1] == wrong, change
        store._db.execute("ROLLBACK TO before")
        store._db.execute("RELEASE before")


def test_parts_beyond_their_number_and_of_another_hash_are_refused_and_old_ones_do_not_pile_up():
    whole = text()
    sha256 = hashlib.sha256(whole.encode()).hexdigest()
    parts = Parts()
    first = {"test": "a", "part": 1, "parts": 2, "sha256": sha256, "text": whole[:50]}
    assert parts.take({**first, "part": 3}) == ("part", None)
    assert parts.take(first) == ("", None)
    for number in range(20):
        assert parts.take({**first, "test": str(number)}) == ("", None)
    assert len(parts._open) == 4
    assert parts.take({**first, "parts": 1}) == ("sha256", None)
    assert parts.take({**first, "part": 2, "text": whole[50:]}) == ("", None), "its first part was dropped as too old"
    assert parts.take(first) == ("", whole)


def entry(verdict="PASS", days_ago=0, flags=(), told=True):
    received_s = NOW_S - days_ago * 86_400
    return {"n": 1, "verdict": verdict, "flags": list(flags), "received_s": received_s, "ended_s": received_s if told else None}


def test_the_next_test_is_due_90_days_after_the_last_that_was_passed():
    today = datetime.date.fromtimestamp(NOW_S)
    for days_ago, state, days in ((0, "good", 90), (75, "good", 15), (76, "soon", 14), (90, "soon", 0), (91, "overdue", -1)):
        found = due.next_test([entry(days_ago=days_ago)], today)
        assert (found["state"], found["days"]) == (state, days), days_ago
        assert found["due"] == (today + datetime.timedelta(days=days)).isoformat()
    never = due.next_test([], today)
    assert never.pop("state") == "never"
    assert set(never.values()) == {None}


def test_only_a_test_that_was_passed_and_is_not_in_doubt_moves_the_day():
    today = datetime.date.fromtimestamp(NOW_S)
    old = entry(days_ago=80)
    for newest in (entry("FAIL"), entry("INCOMPLETE"), entry(""), *(entry(flags=[flag]) for flag in ("verdict", "form", "unit"))):
        found = due.next_test([old, newest], today)
        assert (found["days"], found["verdict"]) == (10, newest["verdict"])
    for newest in (entry("PASS WITH DEFECTS"), entry(flags=["gap"]), entry(flags=["fork"]), entry(told=False)):
        assert due.next_test([old, newest], today)["days"] == 90
    ahead = {**entry(flags=["clock"]), "ended_s": NOW_S + 10**8}
    assert due.next_test([ahead], today)["days"] == 90, "the day on which it came counts"
