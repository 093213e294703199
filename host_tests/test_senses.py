"""From pins to calls and faults, over the stand-ins (P1, P4, P5)."""

import machine

from firmware.core.contact import Contact
from firmware.core.line import Line
from firmware.drivers.contact import ContactPin
from firmware.drivers.line import LineAdc
from firmware.senses import Sense, Senses

BANDS = {"short": [0, 350], "pulled": [550, 1100], "normal": [1350, 1950], "open": [2600, 3300]}
BUTTON, CORD, LINE, RESET, PRIVACY, ANSWER = 25, 26, 34, 27, 14, 13
NORMAL_MV, PULLED_MV, OPEN_MV = 1650, 820, 3100


class Flat:
    """A button, a cord, a supervised cord and a reset contact on stand-in pins; `done` notes what the senses report."""

    def __init__(self, started=()):
        """`started`: what it reports by itself at the start."""
        self.world = machine.world
        self.world.adc(LINE).set_mv(NORMAL_MV)
        self.done = []
        self.let_go = []
        self.reports_fail = False
        contacts = [self.contact(0, 0, "button", BUTTON), self.contact(1, 1, "cord1", CORD)]
        contacts.append(self.contact(3, None, "reset", RESET, "reset"))
        contacts.append(self.contact(4, None, "privacy", PRIVACY, "privacy"))
        contacts.append(self.contact(5, None, "answer", ANSWER, "answer"))
        line = Sense(2, 1, "cord2", LineAdc(machine.ADC(machine.Pin(LINE), atten=3)), Line(BANDS, 40))
        self.senses = Senses(contacts, [line], self, self, self.now)
        self.run(100)
        assert self.done == list(started)

    def now(self):
        return self.world.now_ms

    def contact(self, index, kind_index, name, pin, role="call"):
        driver = ContactPin(machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP), "low", self.ring, self.now, lambda: 0)
        return Sense(index, kind_index, name, driver, Contact(30), role)

    def ring(self):
        self.senses.rung = True

    def activate(self, index, kind_index, cause_index):
        self.done.append((index, kind_index, cause_index))

    def reset_pressed(self):
        self.done.append("reset")

    def answer_pressed(self):
        self.done.append("answer")

    def released(self, input_index):
        self.let_go.append(input_index)

    def privacy_switched(self, on):
        self.done.append(("privacy", on))

    def fault(self, name, source, is_open):
        if self.reports_fail:
            raise MemoryError("injected")
        self.done.append(("%s:%s" % (name, source), is_open))

    def run(self, ms, step_ms=5):
        for _ in range(0, ms, step_ms):
            self.world.advance(step_ms)
            self.senses.step()

    def press(self, pin, ms):
        self.world.pin(pin).drive(0)
        self.run(ms)
        self.world.pin(pin).drive(None)
        self.run(100)


def test_a_press_and_a_pull_raise_with_their_own_index_and_kind():
    flat = Flat()
    flat.press(BUTTON, 200)
    flat.press(CORD, 200)
    assert flat.done == [(0, 0, 0), (1, 1, 0)]


def test_a_held_cord_raises_once_then_a_fault_and_the_button_beside_it_still_works_p4():
    flat = Flat()
    flat.world.pin(CORD).drive(0)
    flat.run(59000, 50)
    assert flat.done == [(1, 1, 0)]
    flat.run(3000, 50)
    assert flat.done[1:] == [("held:cord1", True)]
    flat.press(BUTTON, 200)
    assert flat.done[2:] == [(0, 0, 0)]
    flat.world.pin(CORD).drive(None)
    flat.run(2000)
    assert flat.done[3:] == [("held:cord1", False)]
    flat.press(CORD, 200)
    assert flat.done[4:] == [(1, 1, 0)]


def test_a_pulled_line_raises_and_a_broken_line_raises_and_is_a_fault_until_it_is_mended_p5():
    flat = Flat()
    flat.world.adc(LINE).set_mv(PULLED_MV)
    flat.run(300)
    flat.world.adc(LINE).set_mv(NORMAL_MV)
    flat.run(300)
    assert flat.done == [(2, 1, 0)]
    flat.world.adc(LINE).set_mv(OPEN_MV)
    flat.run(5000)
    assert flat.done[1:] == [("line_open:cord2", True), (2, 1, 1)]
    flat.world.adc(LINE).set_mv(NORMAL_MV)
    flat.run(15000, 20)
    assert flat.done[3:] == [("line_open:cord2", False)]


def test_a_broken_line_raises_its_call_even_if_its_report_breaks_down_p1():
    flat = Flat()
    flat.reports_fail = True
    flat.world.adc(LINE).set_mv(OPEN_MV)
    broke = 0
    for _ in range(500):
        try:
            flat.run(10)
        except MemoryError:
            broke += 1
    assert broke == 1 and flat.done == [(2, 1, 1)]


def test_a_bell_is_rung_once():
    flat = Flat()
    flat.ring()
    flat.run(5)
    assert not flat.senses.rung


def test_the_reset_contact_is_no_call():
    flat = Flat()
    flat.press(RESET, 200)
    assert flat.done == ["reset"]


def test_an_input_whose_interrupt_was_lost_is_found_by_the_safety_scan():
    flat = Flat()
    flat.world.pin(BUTTON).drive(0)
    flat.senses.rung = False
    flat.run(1200)
    assert flat.done == [(0, 0, 0)]


def test_the_next_look_is_never_later_than_the_safety_scan():
    flat = Flat()
    for _ in range(100):
        flat.run(10)
        assert 0 <= flat.senses.next_due() - flat.now() <= 1000


def test_a_privacy_switch_that_stays_on_is_neither_a_call_nor_a_fault():
    flat = Flat()
    flat.world.pin(PRIVACY).drive(0)
    flat.run(62000, 50)
    flat.world.pin(PRIVACY).drive(None)
    flat.run(1000, 50)
    assert flat.done == [("privacy", True), ("privacy", False)]


def test_the_answer_button_is_told_once_a_press_and_raises_no_call():
    flat = Flat()
    flat.press(ANSWER, 200)
    flat.run(200)
    flat.press(ANSWER, 200)
    flat.run(200)
    assert flat.done == ["answer", "answer"]


def test_the_privacy_switch_is_told_at_both_edges_also_after_a_long_time_and_a_flick():
    flat = Flat()
    flat.world.pin(PRIVACY).drive(0)
    flat.run(100000)
    flat.world.pin(PRIVACY).drive(None)
    flat.run(200)
    assert flat.done == [("privacy", True), ("privacy", False)]
    flat.world.pin(PRIVACY).drive(0)
    flat.run(500)
    flat.world.pin(PRIVACY).drive(None)
    flat.run(500)
    assert flat.done[2:] == [("privacy", True), ("privacy", False)]


def test_a_privacy_switch_that_is_on_at_the_start_is_known():
    machine.world.pin(PRIVACY).drive(0)
    assert Flat(started=[("privacy", True)]).done == [("privacy", True)]


def test_an_input_that_raises_calls_is_told_when_it_is_let_go_also_after_it_was_held_and_no_other_is():
    flat = Flat()
    flat.press(BUTTON, 200)
    flat.press(RESET, 200)
    flat.press(PRIVACY, 200)
    assert flat.let_go == [0]
    flat.world.pin(CORD).drive(0)
    flat.run(61000, 50)
    assert flat.let_go == [0]
    flat.world.pin(CORD).drive(None)
    flat.run(200)
    flat.world.adc(LINE).set_mv(PULLED_MV)
    flat.run(500)
    flat.world.adc(LINE).set_mv(NORMAL_MV)
    flat.run(500)
    assert flat.let_go == [0, 1, 2]


def test_an_input_rests_unless_it_is_active_in_doubt_or_broken_and_one_that_is_not_there_rests():
    flat = Flat()
    assert flat.senses.callers() == ["button", "cord1", "cord2"]
    assert all(flat.senses.rests(name) for name in ("button", "cord1", "cord2", "cord9"))
    flat.world.pin(CORD).drive(0)
    flat.run(100)
    assert not flat.senses.rests("cord1") and flat.senses.rests("button")
    flat.world.adc(LINE).set_mv(OPEN_MV)
    flat.run(100)
    assert not flat.senses.rests("cord2"), "in doubt"
    flat.run(4000)
    assert not flat.senses.rests("cord2"), "broken"
    flat.world.adc(LINE).set_mv(PULLED_MV)
    flat.run(500)
    assert not flat.senses.rests("cord2")


class Breaking:
    """Tests that find no memory."""

    def takes(self, sense, by_hand=True):
        raise MemoryError

    pressed = takes

    def released(self, sense):
        pass


def test_a_test_that_breaks_costs_no_contact_its_press_p3_p4():
    for pin, done in ((PRIVACY, ("privacy", True)), (RESET, "reset"), (ANSWER, "answer"), (CORD, (1, 1, 0))):
        flat = Flat()
        flat.senses.testing = Breaking()
        flat.world.pin(pin).drive(0)
        try:
            flat.run(200)
        except MemoryError:
            pass
        else:
            raise RuntimeError("nothing broke")
        finally:
            flat.world.pin(pin).drive(None)
        assert flat.done == [done]


def test_tests_hear_of_each_release():
    flat = Flat()
    heard = []
    flat.senses.testing = Breaking()
    flat.senses.testing.takes = lambda sense, by_hand: True
    flat.senses.testing.released = lambda sense: heard.append(sense.name)
    flat.press(CORD, 100)
    flat.run(100)
    assert heard == ["cord1"] and flat.done == [(1, 1, 3)]
