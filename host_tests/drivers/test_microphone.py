"""drivers/microphone.py: closed means that there is no port; open, block after block, newest first."""

import struct

from firmware.core import clock
from firmware.drivers.microphone import BITS, FRAMES, Microphone, Port


class Wire:
    """Ports as machine.I2S makes them, with a clock set by hand. Faults: `refuse` (no port), `deaf` (readinto raises),
    `full` (irq raises it), `stuck` (deinit raises)."""

    def __init__(self):
        self.now = clock.PERIOD_MS - 30
        self.ports = []
        self.refuse = None
        self.deaf = self.stuck = False
        self.full = None
        self.microphone = Microphone(self.make, 4, lambda: self.now)

    def make(self):
        if self.refuse:
            raise self.refuse
        self.ports.append(Receiver(self))
        return self.ports[-1]

    def block(self, level):
        """20 ms pass and the open port has received a block of this level. False if nothing asked for it."""
        self.now = clock.add(self.now, 20)
        return self.ports[-1].receive(level)


class Receiver:
    def __init__(self, wire):
        self.wire = wire
        self.handler = self.buffer = None
        self.closed = False

    def irq(self, handler):
        if self.wire.full:
            raise self.wire.full
        self.handler = handler

    def readinto(self, buffer):
        if self.wire.deaf:
            raise OSError(5)
        self.buffer = buffer
        return len(buffer)

    def receive(self, level):
        if self.closed or self.buffer is None:
            return False
        buffer, self.buffer = self.buffer, None
        struct.pack_into("<i", buffer, 0, level)
        struct.pack_into("<i", buffer, len(buffer) - 4, level)
        self.handler(self)
        return True

    def deinit(self):
        if self.wire.stuck:
            raise OSError(5)
        self.closed = True


def level_of(block):
    first, last = struct.unpack_from("<i", block, 0)[0], struct.unpack_from("<i", block, len(block) - 4)[0]
    assert len(block) == FRAMES * BITS // 8 and first == last
    return first


def test_a_microphone_that_is_closed_has_no_port_p3():
    wire = Wire()
    assert wire.ports == [] and not wire.microphone.is_open and wire.microphone.take() is None
    wire.microphone.open()
    wire.microphone.open()
    assert len(wire.ports) == 1 and wire.microphone.is_open
    wire.block(7)
    wire.microphone.close()
    assert wire.ports[0].closed and not wire.microphone.is_open
    assert wire.microphone.take() is None, "what was heard before the end is not handed out after it"
    wire.microphone.close()
    assert not wire.microphone.stalled


def test_a_block_that_comes_late_from_a_closed_port_is_not_taken_p3():
    wire = Wire()
    wire.microphone.open()
    late = wire.ports[0].handler
    wire.microphone.close()
    late(wire.ports[0])
    assert wire.microphone.take() is None and wire.microphone.blocks == 0
    wire.microphone.open()
    late(wire.ports[0])
    assert wire.microphone.take() is None, "nor into the next session"
    assert wire.block(8) and level_of(wire.microphone.take()) == 8


def test_every_block_is_handed_out_once_and_in_order():
    wire = Wire()
    wire.microphone.open()
    for level in range(-5, 5):
        assert wire.block(level << 20)
        assert level_of(wire.microphone.take()) == level << 20
        assert wire.microphone.take() is None
    assert wire.microphone.blocks == 10 and wire.microphone.overruns == 0


def test_who_comes_late_gets_the_oldest_first_and_the_port_waits_meanwhile():
    wire = Wire()
    wire.microphone.open()
    assert wire.block(1) and wire.block(2) and not wire.block(3), "both wait: the sound stays in the DMA"
    assert level_of(wire.microphone.take()) == 1 and not wire.block(3), "what was handed out is left alone"
    assert level_of(wire.microphone.take()) == 2 and wire.block(4)
    assert level_of(wire.microphone.take()) == 4 and wire.microphone.take() is None
    assert wire.microphone.overruns == 0


def test_a_gap_is_counted_where_the_dma_ran_over_and_a_late_loop_is_no_stall():
    for late_ms, overruns in ((48, 0), (49, 1)):
        wire = Wire()
        wire.microphone.open()
        wire.block(1)
        wire.block(2)
        wire.now = clock.add(wire.now, late_ms)
        wire.microphone.take()
        wire.microphone.take()
        assert wire.microphone.overruns == overruns
        wire.block(1)
        wire.block(2)
        wire.now = clock.add(wire.now, 2000)
        assert not wire.microphone.stalled
        wire.microphone.take()
        wire.microphone.take()
        assert not wire.microphone.stalled and wire.block(3)


def test_a_port_that_does_not_start_is_told_in_words_and_may_start_later():
    wire = Wire()
    for wire.refuse in (OSError(12), ValueError("invalid I2S setting")):
        try:
            wire.microphone.open()
        except OSError as problem:
            assert "microphone: the I2S port does not start" in str(problem)
        else:
            assert False, "it opened"
        assert not wire.microphone.is_open
    wire.refuse = None
    wire.deaf = True
    try:
        wire.microphone.open()
    except OSError as problem:
        assert "does not receive" in str(problem)
    else:
        assert False, "it opened"
    assert wire.ports[-1].closed, "a port that does not receive is not left running"
    wire.deaf = False
    wire.microphone.open()
    assert wire.block(1)


def test_a_port_that_finds_the_heap_full_is_not_left_running_p3():
    wire = Wire()
    for wire.full in (MemoryError("memory allocation failed"), ValueError("invalid callback")):
        try:
            wire.microphone.open()
        except OSError as problem:
            assert "does not receive" in str(problem)
        else:
            assert False, "it opened"
        assert wire.ports[-1].closed and not wire.microphone.is_open


def test_a_port_that_does_not_stop_counts_as_open_gives_nothing_and_is_stopped_by_the_next_close_p3():
    wire = Wire()
    wire.microphone.open()
    wire.stuck = True
    for act in (wire.microphone.close, wire.microphone.close, wire.microphone.open):
        try:
            act()
        except OSError:
            pass
        else:
            assert False, "a port that runs on was passed over"
        wire.block(7)
        assert wire.microphone.is_open and wire.microphone.take() is None and len(wire.ports) == 1
        wire.now = clock.add(wire.now, 1000)
        wire.microphone.tend()
        assert not wire.microphone.stalled and wire.microphone.stalls == 0
    wire.stuck = False
    wire.microphone.close()
    assert wire.ports[0].closed and not wire.microphone.is_open
    wire.microphone.open()
    assert len(wire.ports) == 2 and wire.block(8)


def test_a_stall_is_noticed_after_half_a_second_and_a_lost_interrupt_made_good():
    wire = Wire()
    wire.microphone.open()
    wire.block(1)
    wire.ports[0].buffer = None  # received, but nobody was told
    wire.now = clock.add(wire.now, 499)
    wire.microphone.tend()
    assert not wire.microphone.stalled and wire.microphone.stalls == 0
    wire.now = clock.add(wire.now, 1)
    assert wire.microphone.stalled
    wire.microphone.tend()
    wire.microphone.tend()
    assert wire.microphone.stalls == 1, "asked once, not at every look"
    assert wire.block(2) and not wire.microphone.stalled


def test_a_port_is_made_with_its_wiring_each_time_anew():
    made = []

    def i2s(port, **wiring):
        made.append((port, wiring))
        return len(made)

    port = Port(i2s, 1, {"sck": 32, "rate": 16000})
    assert (port(), port()) == (1, 2) and made == [(1, {"sck": 32, "rate": 16000})] * 2


def test_a_block_allocates_nothing():
    try:
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return
    wire = Wire()
    wire.now = 1000  # a small number on every port
    wire.microphone.open()
    receiver = wire.ports[0]
    heap_lock()
    try:
        for _ in range(9):
            receiver.handler(receiver)
            wire.microphone.take()
            wire.microphone.tend()
    finally:
        heap_unlock()
    assert wire.microphone.blocks == 9
