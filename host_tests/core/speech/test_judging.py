"""Whether a new offer can be accepted."""

from firmware.core.speech import judging
from host_tests.core.speech.descriptions import offer


def test_an_alarm_s_speech_needs_its_call_open_received_and_answered():
    for state, reason in ((None, "no_such_call"), ("RAISED", "not_received"), ("RECEIVED", "not_answered"), ("ANSWERED", None),
                          ("CLEARED", "not_answered")):
        assert judging.refusal(offer(), state, "", False) == reason


def test_an_announced_call_needs_no_open_call():
    for kind in ("intercom", "welfare", "door"):
        assert judging.refusal(offer(kind=kind), None, "", False) is None


def test_a_lower_kind_is_busy_an_equal_or_higher_one_is_not():
    order = ("door", "intercom", "alarm")
    for running in order:
        for kind in order:
            busy = order.index(kind) < order.index(running)
            assert judging.refusal(offer(kind=kind), "ANSWERED", running, False) == ("busy" if busy else None)
    assert judging.refusal(offer(kind="welfare"), None, "intercom", False) is None
    assert judging.refusal(offer(kind="intercom"), None, "welfare", False) is None


def test_unusable_media_and_words_are_refused():
    assert judging.refusal(offer(port=0), "ANSWERED", "", False) == "field"
    assert judging.refusal(offer(crypto=None), "ANSWERED", "", True) == "crypto"
    assert judging.refusal(offer(direction="inactive"), "ANSWERED", "", False) == "field"
    assert judging.refusal(offer(kind="lift"), "ANSWERED", "", False) == "field"
    assert judging.refusal(offer(kind=""), "ANSWERED", "", False) == "field"
