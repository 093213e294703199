"""After service mode the flat is told that its unit calls again: by the start that lasts, and after a power loss too (P2)."""

import machine

from firmware import keeper as module
from firmware.core import claim
from firmware.drivers.rtc_memory import MUTE
from host_tests.lives import Life, Part, inside


class Flat(Life):
    """`spoken`: messages of this start."""

    def _start(self, cause):
        super()._start(cause)
        self.spoken, self.printed = [], []
        self.talk.prompt = self.spoken.append
        self.uplink = Part(prefix="ils/v1/demo/f12/u1/", session="0123456789abcdef")

    def came_so_far(self):
        """The start has made the whole unit, and it runs."""
        module.print = self.printed.append
        try:
            self.keeper.begin()
        finally:
            del module.print
        return self.spoken

    def goes_into_service(self):
        """As service.Service does it."""
        self.memory.put("service", 1)
        self.keeper.save()
        self.keeper.restart(claim.OPEN)


def test_the_first_start_that_runs_tells_the_flat_and_no_other_one():
    def scene():
        flat = Flat()
        assert flat.came_so_far() == []
        flat.goes_into_service()
        assert flat.reset("hard").came_so_far() == ["service_over"]
        assert [word for _, word, _ in flat.reset().recorder.before()].count("service") == 1, "noted with it"
        assert flat.came_so_far() == [] and flat.power_cut().came_so_far() == []

    inside(scene)


def test_a_start_says_that_the_unit_runs_once_it_does_and_not_while_it_is_made():
    def scene():
        flat = Flat()
        assert flat.printed == []
        flat.came_so_far()
        assert flat.printed == ["unit ils/v1/demo/f12/u1/ started, session 0123456789abcdef, 0 open calls"]

    inside(scene)


def test_a_power_loss_in_service_mode_does_not_leave_the_flat_with_you_cannot_call():
    def scene():
        flat = Flat()
        flat.goes_into_service()
        assert flat.power_cut().memory.mark() == bytes(4) and flat.came_so_far() == ["service_over"]
        assert flat.reset().came_so_far() == [] and flat.power_cut().came_so_far() == []

    inside(scene)


def test_a_start_that_does_not_fit_into_memory_leaves_it_to_the_next_one():
    def scene():
        flat = Flat()
        flat.goes_into_service()
        flat.reset("hard").memory.set_mark(MUTE)
        assert flat.reset("hard").came_so_far() == ["service_over"]

    inside(scene)


def test_the_mark_that_opens_is_the_last_thing_before_the_restart():
    """Left behind by what fails before it, it would open the console at some restart months later."""

    def scene():
        flat = Flat()
        order = []
        flat.restart = lambda: order.append(flat.memory.mark())
        flat.keeper.restart(claim.OPEN)
        assert order == [claim.OPEN] and flat.memory.counted("quick") == 0
        flat.reset().memory.set_mark()

        def full(*_):
            raise MemoryError

        flat.keeper._count_anew = full
        try:
            flat.keeper.restart(claim.OPEN)
        except MemoryError:
            order.append("failed")
        assert order == [claim.OPEN, "failed"] and flat.memory.mark() != claim.OPEN
        flat.reset().keeper.restart()
        assert flat.memory.mark() == bytes(4), "no other restart opens anything"

    inside(scene)


def test_what_is_left_of_service_mode_is_no_mark_of_the_next_life():
    def scene():
        machine.world.rtc_memory = b""
        flat = Flat()
        flat.goes_into_service()
        assert flat.memory.mark() == claim.OPEN
        with open("last.bin", "rb") as file:
            assert claim.OPEN not in file.read(), "what is saved opens nothing"

    inside(scene)
