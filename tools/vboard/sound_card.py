"""The I2S ports of a virtual board in real time: each block at its own absolute time, so that 50 blocks a second stay 50.

`take`, `due_s` and `run` belong to the thread of the child's line, everything else may be called from the loop. When this process
was held up, the clock catches up in steps in which the unit can answer: it loses nothing that a board would not have lost.
"""

import array
import struct
import sys
import threading
import time

from tools.vboard.acoustics import RATE_HZ, Room, converted, samples_of
from tools.vboard.child import wire
from tools.vboard.hearing import Ear
from tools.vboard.standins.i2s_dma import FRAMES, Port

_STEP_S = 0.004  # between blocks that are overdue: four times real time, and enough for a unit's answer
_GIVEN_UP_S = 2.0  # a clock that is later than this does not catch up: the host slept
_HOLE_BLOCKS = 31  # 0.5 s: a longer pause is the end of a stream, not an underrun
MICROPHONE_FAULTS = ("ok", "stall", "silent", "stuck", "noise", "gap")
_GAP_BLOCKS = 4
_NOISE_FULL = 1 << 23


class _Running:
    """One open port and its clock."""

    def __init__(self, port, session, now_s):
        self.port = port
        self.session = session
        self.since_s = now_s
        self.turns = 0
        self.dry = 0  # blocks in a row that the program had not filled
        self.ear = None if port.receives else Ear(port.rate_hz, port.bits, port.channels)

    def due_s(self):
        return self.since_s + (self.turns + 1) * FRAMES / self.port.rate_hz


class SoundCard:
    """`tell(operation, index, value, payload)`: to the child. `post(function, *arguments)`: called in the loop. `heard(hz)`:
    likewise, when the pitch has changed. `facts`: the board file's `sounder`; its amplifier must be on for anything to be heard.

    Counters: `underruns`, `lost_blocks` (received, and read too late).
    """

    def __init__(self, facts, tell, post, heard):
        enable = (facts or {}).get("enable")
        self._enable_pin = enable["pin"] if enable else None
        self._enable_level = 1 if not enable or enable["active"] == "high" else 0
        self._enabled = enable is None
        self.sounds = False  # something is heard: the last block that was sent was not silence
        self._tell, self.post, self._heard = tell, post, heard
        self._ports = {}
        self._not_before_s = 0.0
        self._pitch = self._told_hz = 0
        self._epoch_s = time.monotonic()
        self.lock = threading.RLock()
        self.room = Room()
        self.sinks = []
        self.stalled = False
        self.speaker_dead = False  # all is sent, and nobody hears it
        self.microphone_fault = "ok"
        self.stuck_at = -1  # what a hanging data line gives in each 24-bit sample
        self.underruns = self.lost_blocks = 0

    # In the line's thread.

    def take(self, operation, index, value, payload):
        with self.lock:
            if operation == wire.SOUND_DATA or operation == wire.SOUND_ASK:
                self._hand_over(index, payload if operation == wire.SOUND_DATA else bytearray(value))
            elif operation == wire.OUT and index == self._enable_pin:
                self._enabled = value == self._enable_level
                self._report()
            elif operation == wire.SOUND_OPEN:
                self._open(index, value, *struct.unpack(wire.SOUND_FACTS, payload))
            elif operation == wire.SOUND_CLOSE:
                self._ports.pop(index, None)
                self._listen()

    def due_s(self):
        """When `run` has something to do (of time.monotonic), or None."""
        with self.lock:
            times = [running.due_s() for running in self._ports.values()]
            return max(min(times), self._not_before_s) if times else None

    def run(self, now_s):
        """At most one block of each port."""
        with self.lock:
            due = sorted((running.due_s(), index) for index, running in self._ports.items())
            for due_s, index in due:
                if due_s > now_s:
                    break
                running = self._ports[index]
                if now_s - due_s > _GIVEN_UP_S:
                    running.since_s += now_s - due_s
                self._turn(running)
                self._serve(index, running)
                if running.due_s() <= now_s:
                    self._not_before_s = now_s + _STEP_S

    def _open(self, index, rate_hz, bits, channels, room_bytes, receives, session):
        port = Port(bool(receives), rate_hz, bits, channels, room_bytes)
        self._ports[index] = _Running(port, session, time.monotonic())
        self._listen()

    def _hand_over(self, index, buf):
        running = self._ports.get(index)
        if running is not None:
            running.port.offer(buf)
            self._serve(index, running)

    def _serve(self, index, running):
        while True:
            done = running.port.serve()
            if done is None:
                return
            self._tell(wire.SOUND_DONE, index, running.session, bytes(done) if running.port.receives else b"")

    def _turn(self, running):
        place = self._place(running.since_s) + running.turns * FRAMES * RATE_HZ // running.port.rate_hz
        running.turns += 1
        if running.port.receives:
            self._turn_in(running, place)
        elif not self.stalled:
            self._turn_out(running, place)

    def _place(self, t_s):
        return round((t_s - self._epoch_s) * RATE_HZ)

    def now_place(self):
        """The place of this moment in the sinks' and the room's time."""
        return self._place(time.monotonic())

    def _turn_in(self, running, place):
        port, fault = running.port, self.microphone_fault
        values = self.room.heard(place, FRAMES * RATE_HZ // port.rate_hz)
        if len(values) != FRAMES:
            values = [values[n * len(values) // FRAMES] for n in range(FRAMES)]
        if fault == "stall" or (fault == "gap" and running.turns % _GAP_BLOCKS == 0):
            return
        if fault == "silent":
            values = [0] * FRAMES
        elif fault == "stuck":
            values = [self.stuck_at] * FRAMES
        elif fault == "noise":
            values = [self.room.dice.randrange(-_NOISE_FULL, _NOISE_FULL) for _ in range(FRAMES)]
        before = port.lost_blocks
        port.turn(_slots(values, port))
        self.lost_blocks += port.lost_blocks - before

    def _turn_out(self, running, place):
        port = running.port
        before = port.dry_blocks
        sent = port.turn()
        self._count_holes(running, port.dry_blocks > before)
        pitch = running.ear.hear(sent)
        if pitch is not None:
            self._pitch = pitch
            self._report()
        samples = _mono(sent, port)
        self.sounds = self._enabled and any(samples)
        if not self._enabled or self.speaker_dead:
            samples = array.array("h", bytes(2 * len(samples)))
        self.room.played(place, samples)
        for sink in self.sinks:
            sink.played(place, samples)

    def _count_holes(self, running, is_dry):
        """A hole is short, and the amplifier was on all the time: a stream that went on had nothing to play."""
        if is_dry:
            running.dry = running.dry + 1 if self._enabled else _HOLE_BLOCKS + 1
            return
        if 0 < running.dry <= _HOLE_BLOCKS and running.turns > running.dry + 1:
            self.underruns += 1
        running.dry = 0

    def _listen(self):
        """A port was closed or taken over: what it played is over."""
        if not any(running.ear for running in self._ports.values()):
            self._pitch = 0
            self.sounds = False
            self._report()

    def _report(self):
        hz = self._pitch if self._enabled and not self.speaker_dead else 0
        if hz != self._told_hz:
            self._told_hz = hz
            self.post(self._heard, hz)

    # In the loop.

    @property
    def amplifier(self):
        """It is switched on."""
        return self._enabled

    def kill_speaker(self, dead):
        """From now on nothing of what is played is heard, or it is again."""
        with self.lock:
            self.speaker_dead = dead
            self._report()

    def stop(self):
        """The chip is dead: no clock, no sound."""
        with self.lock:
            self._ports.clear()
            self.sounds = False
            if self._enable_pin is not None:
                self._enabled = False
            self._pitch = 0
            self._report()


def _slots(values, port):
    """Bytes of a receiving port for 24-bit values: left-justified in the left slot, the right one silent."""
    values = [value << 8 if port.bits == 32 else value >> 8 for value in values]
    if port.channels == 2:
        values = [slot for value in values for slot in (value, 0)]
    return struct.pack(f"<{len(values)}{'i' if port.bits == 32 else 'h'}", *values)


def _mono(sent, port):
    """16-bit samples at 16 kHz of what a port has sent, of its left slot."""
    if port.bits == 16:
        samples = samples_of(sent)
    else:
        wide = array.array("i", sent)
        if sys.byteorder == "big":
            wide.byteswap()
        samples = array.array("h", [value >> 16 for value in wide])
    return converted(samples[:: port.channels], port.rate_hz)
