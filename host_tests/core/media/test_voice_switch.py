"""Turns of the voice switch, frame by frame, with loudness in numbers. On real speech: the bench's figure of the same name."""

import gc
import struct

from firmware.core.media.voice_switch import MODES, VoiceSwitch

OPEN, LOW = 4096, 65
_seed = [7]


def near_noise(size):
    """Loudness of a room, +-20 %."""
    _seed[0] = (_seed[0] * 1103515245 + 12345) & 0x3FFFFFFF
    return size * (80 + (_seed[0] >> 12) % 41) // 100


class Room:
    """A flat whose loudspeaker comes back `echo_pct` % as loud, `late` frames later and dying away."""

    def __init__(self, echo_pct=0, noise=20, late=2):
        self.switch = VoiceSwitch()
        self.echo_pct, self.noise = echo_pct, noise
        self._played = [0] * late
        self._tail = 0
        self.frames(50)

    def frame(self, near=0, far=8):
        self._tail = max(self._played.pop(0) * self.echo_pct // 100, self._tail * 3 // 4)
        self.switch.decide(max(near, near_noise(self.noise), self._tail), far)
        self._played.append(far * self.switch.far_to_q12 // OPEN)
        return self.switch

    def frames(self, count, near=0, far=8):
        """Frames of talk in syllables: 4 loud, 1 quieter. Returns [(near gain, far gain)] of each."""
        gains = []
        for number in range(count):
            part = 4 if number % 5 < 4 else 1
            switch = self.frame(near * part // 4, far if far <= 8 else far * part // 4)
            gains.append((switch.near_to_q12, switch.far_to_q12))
        return gains


def test_at_rest_both_directions_are_open_and_nobody_is_heard():
    room = Room()
    assert set(room.frames(100)) == {(OPEN, OPEN)}
    assert not room.switch.near_voice and not room.switch.far_voice


def test_the_microphone_is_closed_in_the_very_frame_in_which_the_far_end_begins():
    gains = Room().frames(50, far=2000)
    assert gains[0] == (LOW, OPEN) and set(gains) == {(LOW, OPEN)}


def test_the_flat_is_heard_at_once_when_nobody_else_talks():
    gains = Room().frames(50, near=2000)
    assert set(gains) == {(OPEN, LOW)}


def test_an_echo_as_loud_as_talk_never_takes_the_turn_nor_counts_as_a_voice():
    for echo_pct in (5, 30, 100, 300):
        room = Room(echo_pct)
        for _ in range(10):
            gains = room.frames(100, far=3000)
            assert set(gains) == {(LOW, OPEN)}, echo_pct
            room.frames(40)
            assert not room.switch.near_voice


def test_the_turn_lasts_through_pauses_between_words_and_then_ends():
    room = Room()
    room.frames(50, near=1500)
    assert set(room.frames(10)) == {(OPEN, LOW)}
    room.frames(50, near=1500)
    assert room.frames(20)[-1] == (OPEN, OPEN)


def test_the_flat_can_interrupt_within_a_tenth_of_a_second_where_the_echo_is_small():
    room = Room(echo_pct=10)
    for _ in range(6):
        room.frames(100, far=3000)
    gains = room.frames(20, near=2500, far=3000)
    opened = [number for number, (near, _) in enumerate(gains) if near == OPEN]
    assert opened and opened[0] <= 5, "frames of 20 ms"


def test_with_a_loud_echo_the_flat_cannot_interrupt_and_listen_helps():
    room = Room(echo_pct=200)
    room.frames(300, far=3000)
    assert set(room.frames(50, near=2500, far=3000)) == {(LOW, OPEN)}
    room.switch.mode = "listen"
    assert set(room.frames(50, near=2500, far=3000)) == {(OPEN, 0)}
    assert room.switch.near_voice


def test_the_far_end_takes_the_turn_by_talking_on_and_keeps_it():
    room = Room(echo_pct=10)
    room.frames(100, near=2500)
    gains = room.frames(100, near=2500, far=3000)
    taken = [number for number, (near, _) in enumerate(gains) if near == LOW]
    assert 15 <= taken[0] <= 40, "not by a short word, but within a second"
    assert all((near, far) == (LOW, OPEN) for near, far in gains[taken[0] : taken[0] + 50]), "no ping-pong"


def test_a_steady_noise_stops_counting_as_a_voice_and_the_switch_is_free_again():
    room = Room(noise=20)
    room.noise = 900  # a vacuum cleaner, or the television
    assert room.frames(1500)[-1] == (OPEN, OPEN)
    assert room.frames(50, far=3000)[-1] == (LOW, OPEN)


def test_a_click_takes_no_turn_from_the_far_end():
    room = Room(echo_pct=10)
    room.frames(500, far=3000)
    for _ in range(10):
        room.frame(20000, 3000)
        assert set(room.frames(20, far=3000)) == {(LOW, OPEN)}


def test_more_volume_is_learnt_anew_and_is_not_taken_for_a_voice():
    room = Room(echo_pct=20)
    room.frames(500, far=3000)
    room.echo_pct = 160
    room.switch.relearn()
    assert set(room.frames(200, far=3000)) == {(LOW, OPEN)}


def test_the_operator_s_modes_mute_one_direction_or_none():
    for mode, expected in (("talk", (0, OPEN)), ("listen", (OPEN, 0)), ("duplex", (OPEN, OPEN))):
        room = Room(echo_pct=50)
        room.switch.mode = mode
        for near, far in ((2000, 8), (0, 2000), (2000, 2000), (0, 8)):
            assert set(room.frames(40, near, far)) == {expected}, mode
    assert MODES == ("auto", "talk", "listen", "duplex")


def test_voices_are_told_in_every_mode():
    for mode in MODES:
        room = Room(echo_pct=5)
        room.switch.mode = mode
        room.frames(10, near=2000)
        assert room.switch.near_voice and not room.switch.far_voice
        room.frames(60)
        room.frames(9, far=2000)
        assert room.switch.far_voice and not room.switch.near_voice, mode


def test_every_ramp_begins_where_the_last_one_ended():
    room = Room(echo_pct=30)
    near, far = room.switch.near_to_q12, room.switch.far_to_q12
    modes = ("auto", "talk", "auto", "listen", "duplex", "auto")
    for number in range(600):
        room.switch.mode = modes[number // 100]
        room.frame(2000 if number % 70 < 30 else 0, 2500 if number % 90 < 40 else 8)
        assert room.switch.near_from_q12 == near and room.switch.far_from_q12 == far
        near, far = room.switch.near_to_q12, room.switch.far_to_q12
        assert 0 <= near <= OPEN and 0 <= far <= OPEN


def test_the_extremes_of_loudness_do_no_harm():
    switch = VoiceSwitch()
    for number in range(2000):
        switch.decide(32767 if number % 3 else 0, 32767 if number % 7 else 0)
    words = struct.unpack("<10i", switch._state)
    assert min(words) >= 0 and max(words) <= 32767 << 4


def test_nothing_is_allocated_per_frame():
    if not hasattr(gc, "mem_alloc"):
        return
    room = Room(echo_pct=20)
    decide = room.switch.decide
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    decide(20, 8)
    decide(20, 3000)
    decide(900, 3000)
    decide(3000, 8)
    decide(3000, 3000)
    grown = gc.mem_alloc() - before
    gc.enable()
    assert grown == 0, grown
