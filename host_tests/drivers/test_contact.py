"""drivers/contact.py on the stand-in pin, and together with core/contact.py: P1, D9."""

import machine

from firmware.core.contact import Contact
from firmware.drivers.contact import ContactPin


class Bench:
    """A contact to ground on GPIO 26 with pull-up, its driver and its debouncer; counts the wake-ups."""

    def __init__(self, active="low"):
        self.world = machine.world
        self.line = self.world.pin(26)
        self.closed_level = 0 if active == "low" else 1
        self.line.drive(1 - self.closed_level)
        self.wakes = 0
        self.busy_since_ms = None
        pull = machine.Pin.PULL_UP if active == "low" else machine.Pin.PULL_DOWN
        pin = machine.Pin(26, machine.Pin.IN, pull)
        self.driver = ContactPin(pin, active, self.wake, lambda: self.world.now_ms, self.busy_ms)
        self.contact = Contact(30)

    def wake(self):
        self.wakes += 1

    def busy_ms(self):
        return 0 if self.busy_since_ms is None else self.world.now_ms - self.busy_since_ms

    def block(self):
        """A C call begins: no handler runs."""
        self.busy_since_ms = self.world.now_ms
        self.world.blocked = True

    def unblock(self):
        self.world.unblock()
        self.busy_since_ms = None

    def press(self, for_ms, level=None):
        self.line.drive(self.closed_level)
        self.world.advance(for_ms)
        self.line.drive(1 - self.closed_level)

    def look(self):
        pulse_ms = self.driver.take_pulse_ms()
        return [action[0] for action in self.contact.sample(self.driver.closed(), pulse_ms, self.world.now_ms)]


def test_the_level_follows_the_polarity():
    for active in ("low", "high"):
        bench = Bench(active)
        assert not bench.driver.closed()
        bench.line.drive(bench.closed_level)
        assert bench.driver.closed() and bench.wakes == 1


def test_a_press_is_measured_and_taken_once():
    bench = Bench()
    bench.press(47)
    assert bench.driver.take_pulse_ms() == 47
    assert bench.driver.take_pulse_ms() is None
    assert bench.wakes == 2 and bench.driver.edges == 2


def test_the_longest_of_several_closures_is_kept():
    bench = Bench()
    for for_ms in (3, 41, 7):
        bench.press(for_ms)
        bench.world.advance(5)
    assert bench.driver.take_pulse_ms() == 41


def test_a_50_ms_press_in_a_starved_loop_is_an_activation():
    """Python runs elsewhere for a second: handlers run, nobody looks."""
    bench = Bench()
    bench.press(50)
    bench.world.advance(1000)
    assert bench.look() == ["ACTIVATED", "RELEASED"]


def test_a_50_ms_press_in_a_blocked_loop_is_an_activation_wherever_it_falls():
    """A C call blocks: both handlers run late, or one of them. P1."""
    for before_ms in (0, 1, 5, 20, 300):
        for ends_inside in (True, False):
            machine.world.clear()
            bench = Bench()
            bench.block()
            bench.world.advance(before_ms)
            bench.line.drive(0)
            bench.world.advance(50 if ends_inside else 46)
            if ends_inside:
                bench.line.drive(1)
            bench.unblock()
            if not ends_inside:
                bench.world.advance(4)
                bench.line.drive(1)
            bench.world.advance(1)
            assert bench.look() == ["ACTIVATED", "RELEASED"], (before_ms, ends_inside)


def test_a_5_ms_glitch_while_the_loop_rests_is_noise():
    bench = Bench()
    bench.press(5)
    assert bench.look() == []
    bench.world.advance(30)
    assert bench.look() == []


def test_a_spike_that_no_handler_saw_closed_is_noise_while_the_loop_rests():
    bench = Bench()
    bench.block()
    bench.line.drive(0)
    bench.line.drive(1)
    bench.unblock()
    assert bench.driver.take_pulse_ms() == 0
    assert bench.look() == []


def test_contact_bounce_gives_one_activation():
    bench = Bench()
    bench.line.chatter(7, 0)
    seen = bench.look()
    for _ in range(20):
        bench.world.advance(10)
        seen += bench.look()
    bench.line.chatter(7, 1)
    for _ in range(20):
        bench.world.advance(10)
        seen += bench.look()
    assert seen == ["ACTIVATED", "RELEASED"]


def test_an_opening_whose_interrupt_comes_late_is_no_second_press():
    bench = Bench()
    bench.line.drive(0)
    bench.look()
    bench.world.advance(30)
    assert bench.look() == ["ACTIVATED"]
    bench.world.advance(3000)
    bench.world.blocked = True  # the handler waits in the queue while the level is looked at
    bench.line.drive(1)
    assert bench.look() == []
    bench.world.unblock()
    bench.world.advance(31)
    assert bench.look() == ["RELEASED"]


def test_a_closure_whose_interrupts_were_all_lost_is_found_by_the_level():
    """The queue of 8 was full: the safety scan sees the level."""
    bench = Bench()
    bench.world.blocked = True
    other = machine.Pin(27, machine.Pin.IN)
    other.irq(lambda pin: None, machine.Pin.IRQ_RISING | machine.Pin.IRQ_FALLING)
    bench.world.pin(27).chatter(9, 1)
    bench.line.drive(0)
    bench.world.unblock()
    assert bench.wakes == 0
    assert bench.look() == []
    bench.world.advance(30)
    assert bench.look() == ["ACTIVATED"]


def test_an_interrupt_allocates_nothing():
    try:
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return
    bench = Bench()
    handler = bench.driver._edge
    pin = bench.driver._pin
    pin.value = lambda: 0
    bench.driver._now = lambda: 17
    bench.driver._busy_ms = lambda: 3
    bench.driver._wake = lambda: None
    heap_lock()
    try:
        handler(pin)
    finally:
        heap_unlock()
    assert bench.driver._closed_at == 14
