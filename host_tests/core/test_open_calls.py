"""The table of calls that are not cleared."""

from firmware.core.open_calls import OpenCalls


def _table():
    calls = OpenCalls()
    for call_n, trigger in ((9, (1, 0, 0, 0)), (4, (1, 5, 1, 0)), (9, (2, 6, 2, 1))):
        calls.add(call_n, trigger)
    return calls


def test_calls_and_their_activations_stay_in_the_order_in_which_they_came():
    found = _table().copy()
    assert [call.call_n for call in found] == [9, 4]
    assert found[0].triggers == [(1, 0, 0, 0), (2, 6, 2, 1)]
    assert list(_table().activations()) == [(9, (1, 0, 0, 0)), (9, (2, 6, 2, 1)), (4, (1, 5, 1, 0))]


def test_an_activation_that_is_there_twice_counts_once():
    calls = _table()
    calls.add(9, (2, 7, 7, 7))
    assert calls.count == 3
    assert calls.copy()[0].triggers[1] == (2, 6, 2, 1)


def test_a_cleared_call_takes_its_activations_along_and_an_unknown_one_changes_nothing():
    calls = _table()
    calls.remove(5)
    assert calls.count == 3
    calls.remove(9)
    assert calls.count == 1
    assert [call.call_n for call in calls.copy()] == [4]
    calls.clear()
    assert (calls.count, calls.copy()) == (0, [])


def test_a_copy_can_be_changed_without_changing_the_table():
    calls = _table()
    calls.copy()[0].triggers.append((3, 0, 0, 0))
    assert len(calls.copy()[0].triggers) == 2
