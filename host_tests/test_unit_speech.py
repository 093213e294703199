"""What the unit tells speech, and when: the call comes first, and no failure of the one hides the other (P4)."""

from firmware.core.call import CAUSES
from host_tests.test_unit import Flat


class Listener:
    """In place of speech.Speech and daily.Daily: notes what it is told, in the list of all that is done."""

    def __init__(self, flat):
        self._done = flat.done
        flat.unit.speech = flat.unit.daily = self

    def used(self):
        self._done.append("used")

    def activated(self, number):
        self._done.append("activated %d" % number)

    def calls_changed(self):
        self._done.append("calls changed")

    def answer_pressed(self):
        self._done.append("answered")

    def pressed(self):
        self._done.append("daily")

    def privacy(self, on):
        self._done.append("privacy %s" % on)

    def message(self, message):
        self._done.append("message " + message["type"])


def listened(**changes):
    flat = Flat(**changes)
    Listener(flat)
    return flat


def test_a_press_is_a_call_first_and_then_known_to_speech_p1_p4():
    flat = listened()
    flat.unit.activate(0, 0, 0)
    assert flat.done == ["journal", "CALLING", "ACTIVATED", "send", "calls changed", "used", "activated 12"]


def test_a_wire_that_breaks_raises_a_call_and_is_no_sign_of_life():
    flat = listened()
    for cause in ("line_open", "line_short"):
        flat.unit.activate(0, 1, CAUSES.index(cause))
        assert flat.done[-1] == "activated 12" and "used" not in flat.done
    flat.unit.reset_pressed()
    assert flat.done[-1] == "used", "that was a hand"


def test_speech_knows_of_a_press_whose_actions_broke_off_p4():
    for broken in ("send", "ACTIVATED", "CALLING"):
        flat = listened()
        flat.breaks = {broken: MemoryError("memory allocation failed")}
        try:
            flat.unit.activate(0, 0, 0)
        except MemoryError:
            assert flat.done[-3:] == ["calls changed", "used", "activated 12"], broken
        else:
            assert False, "it was passed over"


def test_a_volatile_call_is_told_to_speech_by_the_number_it_has_in_its_id():
    flat = listened(journal_fails=True)
    flat.unit.activate(0, 0, 0)
    assert flat.done[-1] == "activated %d" % flat.unit.calls.open[-1].number and flat.unit.calls.open[-1].number > 1 << 27


def test_whatever_becomes_of_a_call_speech_is_told_that_something_did():
    flat = listened()
    flat.unit.activate(0, 0, 0)
    call = flat.alarms[-1]["call"]
    for kind, fields in (("receipt", {"triggers": 1, "escalation": 0}), ("answered", {"who": "centre"}),
                         ("clear", {"triggers": 1, "outcome": "mistake", "basis": "present", "who": "A. Jones"})):
        del flat.done[:]
        flat.hear(kind, call=call, **fields)
        assert flat.done[-1] == "calls changed", kind


def test_buttons_and_switches_reach_speech_as_they_are():
    flat = listened()
    flat.unit.answer_pressed()
    flat.unit.privacy_switched(True)
    flat.unit.privacy_switched(False)
    assert flat.done == ["answered", "daily", "privacy True", "privacy False"]
