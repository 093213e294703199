"""A test is kept step by step, and is a record in the end, whatever comes between (P7)."""

import json

from firmware.walk.keeping import CUT, DIED, Keeper
from host_tests.walk.folder import HEADER, HERE, content, emptied, in_a_folder, made, names, put

STEPS = ("pull:button", "ask:light", "tone")


def begun(test="00000001"):
    keeper = Keeper(HERE)
    assert keeper.begin(dict(HEADER, test=test), STEPS)
    return keeper


def lines(name):
    return [json.loads(text) for text in content(name).decode().split("\n")[:-1]]


@in_a_folder
def test_a_whole_test_is_a_record_of_head_results_and_verdict():
    keeper = begun()
    assert keeper.add("pull:button", "pass", "", 412) and keeper.add("ask:light", "pass") and keeper.add("tone", "fail", "-61 dB")
    assert names() == ["open.txt"]
    assert keeper.finish("PASS WITH DEFECTS", 1795309200, "2027-02-20")
    name, = names()
    found = lines(name)
    assert found[0]["test"] == "00000001" and found[0]["prev"] == "0" * 64
    assert found[1:4] == [["pull:button", "pass", "", 412], ["ask:light", "pass", "", None], ["tone", "fail", "-61 dB", None]]
    assert found[4] == {"verdict": "PASS WITH DEFECTS", "ended": 1795309200, "defects": ["tone"], "untested": [],
                        "due": "2027-02-20"}


@in_a_folder
def test_a_test_that_is_cut_becomes_an_incomplete_record_at_the_next_start_once():
    begun().add("pull:button", "pass", "", 412)
    keeper = Keeper(HERE)
    assert keeper.resume("2027-01-01") == "00000001" and keeper.problems == [("open.txt", "cut")]
    name, = names()
    assert lines(name)[1:] == [
        ["pull:button", "pass", "", 412], ["ask:light", "open", CUT, None], ["tone", "open", CUT, None],
        {"verdict": "INCOMPLETE", "ended": None, "defects": [], "untested": [["ask:light", CUT], ["tone", CUT]],
         "due": "2027-01-01"}]
    assert Keeper(HERE).resume() is None and names() == [name]
    assert [one[0] for one in keeper.unsent()] == ["00000001"] and keeper.passed() is None


@in_a_folder
def test_a_step_without_a_result_makes_the_record_incomplete_whatever_was_said():
    keeper = begun()
    keeper.add("pull:button", "pass")
    keeper.add("ask:light", "open", "no answer")
    assert keeper.finish("PASS", 1795309200, None, "time-out")
    last = lines(names()[0])[-1]
    assert last["verdict"] == "INCOMPLETE" and last["untested"] == [["ask:light", "no answer"], ["tone", "time-out"]]


@in_a_folder
def test_a_line_of_the_open_test_that_was_torn_costs_only_itself_and_is_never_a_pass():
    for torn in (b'["ask:light","pass","",nu', b'["ask:light","pass","",null]',
                 b'["ask:light","pass"]\n', b"\xff\xff\n", b'{"a":1}\n', b"7\n"):
        emptied()
        begun().add("pull:button", "pass")
        with open(HERE + "/open.txt", "ab") as file:
            file.write(torn)
        keeper = Keeper(HERE)
        assert keeper.resume() == "00000001"
        assert ("open.txt", "damaged") in keeper.problems, torn
        assert lines(names()[0])[1:3] == [["pull:button", "pass", "", None], ["ask:light", "open", CUT, None]]


@in_a_folder
def test_an_open_test_without_a_head_is_put_aside_and_named_and_costs_no_record():
    for damage in (b"", b"[]", b"[]\n", b"[]\n{}\n", b"[]\n[]\n", b'7\n{"test":"x"}\n', b"\x00" * 100, b'["tone"]\n{"test":"000'):
        emptied()
        made(1)
        put("open.txt", damage)
        keeper = Keeper(HERE)
        assert keeper.resume() is None and keeper.problems == [("open.txt", "damaged")], damage
        assert names()[1:] == ["open.bad"] and len(keeper.unsent()) == 1
        assert made(2).problems == []


@in_a_folder
def test_a_new_test_closes_one_that_was_left_open():
    begun("00000001")
    keeper = begun("00000002")
    assert [one[0] for one in keeper.unsent()] == ["00000001"]
    assert keeper.finish("INCOMPLETE")
    assert '"prev":"%s"' % names()[0][14:78] in content(names()[1]).decode()


@in_a_folder
def test_the_gate_that_the_battery_closes_holds_lines_back_and_loses_none():
    gate = [False]
    keeper = Keeper(HERE, lambda: gate[0])
    assert not keeper.begin(dict(HEADER, test="00000001"), STEPS) and not keeper.add("pull:button", "pass")
    gate[0] = True
    assert keeper.add("ask:light", "pass")
    gate[0] = False
    assert not keeper.add("tone", "pass") and not keeper.finish("PASS", 5, "2027-02-20") and not keeper.settle()
    assert names() == ["open.txt"]
    gate[0] = True
    assert keeper.settle() and keeper.passed() == 5 and keeper.settle()
    assert len(lines(names()[0])) == 5


@in_a_folder
def test_a_start_while_the_gate_is_closed_leaves_the_cut_test_for_later():
    begun()
    assert Keeper(HERE, lambda: False).resume() is None and names() == ["open.txt"]
    assert Keeper(HERE).resume() == "00000001"


@in_a_folder
def test_results_that_came_while_the_file_system_was_full_are_written_once_it_is_not():
    keeper = begun()
    real = keeper.path
    keeper.path = lambda name: "no_such_directory_here/" + name if name == "open.txt" else real(name)
    keeper.has = lambda name: True
    assert not keeper.add("pull:button", "pass") and keeper.problems == [("open.txt", "unwritable")]
    assert not keeper.add("ask:light", "pass")
    keeper.path = real
    assert keeper.add("tone", "pass") and keeper.finish("PASS", 5)
    assert [one[0] for one in lines(names()[0])[1:-1]] == ["pull:button", "ask:light", "tone"] and keeper.passed() == 5


@in_a_folder
def test_a_record_that_reads_back_otherwise_than_it_was_written_is_not_made_valid():
    keeper = begun()
    for step in STEPS:
        keeper.add(step, "pass")
    honest = keeper._hash
    keeper._hash = lambda name: "0" * 64 if name == "record.new" else honest(name)
    assert not keeper.finish("PASS", 5) and ("open.txt", "unwritable") in keeper.problems and "open.txt" in names()
    keeper._hash = honest
    assert keeper.settle() and keeper.passed() == 5
    assert [name for name in names() if not name.endswith(".rec")] == []


@in_a_folder
def test_a_cut_between_the_name_and_the_end_of_the_open_test_doubles_nothing():
    keeper = begun()
    for step in STEPS:
        keeper.add(step, "pass")
    before = content("open.txt")
    assert keeper.finish("PASS", 5)
    put("open.txt", before)
    keeper = Keeper(HERE)
    assert keeper.resume() is None and keeper.problems == [] and len(names()) == 1


@in_a_folder
def test_a_unit_that_goes_down_in_a_step_that_it_must_outlive_has_failed_it_and_the_test_is_incomplete():
    keeper = begun()
    keeper.add("pull:button", "pass")
    assert keeper.mark("tone")
    assert Keeper(HERE).resume() == "00000001"
    found = lines(names()[0])
    assert found[2] == ["tone", "fail", DIED, None] and found[-1]["verdict"] == "INCOMPLETE"
    assert found[-1]["defects"] == ["tone"] and found[-1]["untested"] == [["ask:light", CUT]]


@in_a_folder
def test_a_mark_leaves_no_trace_once_the_step_has_its_result_or_the_test_ends():
    for test, step, result, verdict in (("00000001", "tone", "pass", "PASS"), ("00000002", "tone", "skip", "PASS WITH DEFECTS")):
        keeper = begun(test)
        keeper.add("pull:button", "pass")
        keeper.add("ask:light", "pass")
        keeper.mark("tone")
        keeper.add(step, result, "why")
        assert keeper.finish(verdict)
        found = lines(sorted(names())[-1])
        assert [one[:2] for one in found[1:-1]] == [["pull:button", "pass"], ["ask:light", "pass"], ["tone", result]]
        assert found[-1]["verdict"] == verdict
    keeper = begun("00000009")
    keeper.mark("tone")
    assert keeper.finish("INCOMPLETE")
    assert [one[:2] for one in lines(sorted(names())[-1])[1:-1]] == [[step, "open"] for step in STEPS]
    keeper = begun("0000000a")
    keeper.mark("tone")
    keeper.add("tone", "pass", "first")
    assert Keeper(HERE).resume() == "0000000a", "cut after the step was passed"
    assert lines(sorted(names())[-1])[1] == ["tone", "pass", "first", None]


@in_a_folder
def test_the_last_word_on_a_step_counts_for_the_verdict_too():
    for first, last, wanted in (("open", "pass", "PASS"), ("pass", "open", "INCOMPLETE")):
        emptied()
        keeper = begun()
        keeper.add("tone", first)
        for step in STEPS[:2]:
            keeper.add(step, "pass")
        keeper.add("tone", last)
        assert keeper.finish("PASS", 5)
        assert lines(names()[0])[-1]["verdict"] == wanted


@in_a_folder
def test_a_reason_in_the_words_of_a_mark_is_a_reason():
    keeper = begun()
    keeper.add("tone", "skip", "must live")
    keeper.finish("INCOMPLETE", 5)
    assert lines(names()[0])[-1]["untested"][0] == ["tone", "must live"]
