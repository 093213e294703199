"""Commands owed to a unit: order, waits, confirmation."""

import pytest

from tools.desk.delivery import Delivery


def made():
    return Delivery(30_000, (2000, 4000, 8000, 15000))


def test_waits_grow_and_the_last_goes_on_for_ever():
    delivery, at_ms, sent = made(), 0, []
    delivery.owe("clear", 0)
    while len(sent) < 7:
        at_ms = delivery.next_due()
        delivery.sent("clear", len(sent) + 1, at_ms)
        sent.append(at_ms)
    assert sent == [0, 2000, 6000, 14000, 29000, 44000, 59000]


def test_answered_goes_before_clear_and_released_before_both():
    delivery = made()
    for do in ("clear", "answered", "released"):
        delivery.owe(do, 5)
    assert delivery.due(4) == []
    assert delivery.due(5) == ["released", "answered", "clear"]


def test_a_confirmed_answer_is_due_again_after_the_repeat():
    delivery = made()
    delivery.owe("answered", 0)
    delivery.sent("answered", 7, 0)
    assert delivery.result(7, True, 300) == "answered"
    assert delivery.next_due() == 30_300
    assert delivery.tries("answered") == 0


def test_an_unsettled_answer_keeps_its_retry():
    delivery = made()
    delivery.owe("answered", 0)
    delivery.sent("answered", 7, 0)
    delivery.result(7, False, 300)
    assert delivery.next_due() == 2000


def test_a_confirmed_clear_stays_owed_and_a_release_does_not():
    delivery = made()
    for ctr, do in enumerate(("released", "clear"), 1):
        delivery.owe(do, 0)
        delivery.sent(do, ctr, 0)
        assert delivery.result(ctr, True, 10) == do
    assert delivery.due(10_000) == ["clear"]


def test_once_is_once():
    delivery = made()
    delivery.owe("clear", 0, once=True)
    assert delivery.sent("clear", 1, 0) == 1
    assert delivery.next_due() is None


def test_a_result_is_taken_once_and_strangers_are_none():
    delivery = made()
    delivery.owe("answered", 0)
    delivery.sent("answered", 1, 0)
    assert [delivery.result(ctr, True, 1) for ctr in (2, 1, 1)] == [None, "answered", None]


def test_only_the_newest_64_numbers_are_remembered():
    delivery = made()
    delivery.owe("clear", 0)
    for ctr in range(1, 66):
        delivery.sent("clear", ctr, 0)
    assert [delivery.result(ctr, True, 0) for ctr in (1, 2)] == [None, "clear"]


def test_unknown_commands_raise():
    with pytest.raises(ValueError):
        made().owe("open_door", 0)
