"""Who may be heard: without an echo canceller only one direction is open at a time, and a word must not be lost to that.

Rules of "auto":
- Nobody talks: both directions are open.
- The far end talks: the microphone is closed at once, before the loudspeaker's sound is back.
- The flat talks: the far end is played 36 dB lower.
- Who talks keeps the turn through pauses of up to _HANG_FRAMES.
- The flat takes the turn from the far end when it is heard for _BARGE_FRAMES above twice the echo that is to be expected.
- The far end takes the turn from the flat by talking on for _BREAK_FRAMES, and then keeps it for _GUARD_FRAMES at least: no noise
  in the flat can shut the operator out.
Operator's modes: "talk" (the flat is muted), "listen" (the loudspeaker is muted), "duplex" (both open).
The echo to be expected is what was played lately times the room's coupling, which is learnt while only the far end talks: quickly
up, slowly down, high at first. It must be learnt anew when the volume changes: relearn(). The microphone's loudness is taken
before its gain, or the gain would be learnt with the room.
Nothing is allocated per frame. Loudness is the mean size of samples, 0..32767; a frame has 20 ms; gains are in 1/4096.
Source: D3, FACTS "Speech".
"""

import struct

import micropython
from micropython import const

MODES = ("auto", "talk", "listen", "duplex")
_OPEN_Q12 = const(4096)
_LOW_Q12 = const(65)  # -36 dB
_HANG_FRAMES = const(15)  # 300 ms: a pause between words is shorter, a room's echo is 20 dB down by then
_BARGE_FRAMES = const(3)  # 60 ms: a door or a click is shorter than that
_BREAK_FRAMES = const(20)  # 400 ms: longer than a "yes" or "hm" while the tenant talks
_GUARD_FRAMES = const(50)  # 1 s
_NEAR_LEAST = const(12)  # what is quieter is no talk: 36 dB SPL at an INMP441 that is shifted up by 24 dB
_FAR_LEAST = const(60)  # likewise from the line, -54 dBFS; G.711's own noise is 8
_ECHO_LEAST = const(100)  # what was played more quietly teaches nothing about the room
_COUPLING_START_Q10 = const(4096)  # 12 dB up: a loudspeaker of 85 dB SPL beside a microphone that is shifted up by 24 dB
_COUPLING_MOST_Q10 = const(16384)
_ECHO_HOLD_FRAMES = const(4)  # 80 ms: queues of the loudspeaker and the microphone, and the way through the room
_FLOOR_START = const(800)  # 1/16 of 50
# Places in the state, 32 bits each, all >= 0: 64-bit processors load it without a sign.
_TURN = const(0)  # one of the three below
_HANG = const(1)  # frames that the turn lasts without a voice
_GUARD = const(2)  # frames in which the flat cannot take the turn back
_NEAR_RUN = const(3)  # frames with a voice, less those without since
_FAR_RUN = const(4)
_NEAR_FLOOR = const(5)  # noise, in 1/16: falls by a quarter of the distance, rises by about 1 dB a second
_FAR_FLOOR = const(6)
_ECHO = const(7)  # loudness of what was played lately
_ECHO_HOLD = const(8)
_COUPLING_Q10 = const(9)
_NOBODY = const(0)
_NEAR = const(1)
_FAR = const(2)


@micropython.viper
def _is_far_voice(state: ptr32, loudness: int, far_q12: int) -> int:
    """Hears a frame from the line, and how loud it is played."""
    floor = state[_FAR_FLOOR]
    distance = (loudness << 4) - floor
    if distance < 0:
        floor -= (3 - distance) >> 2
    else:
        floor += (floor >> 9) + 1
    state[_FAR_FLOOR] = floor
    played = (loudness * far_q12) >> 12
    if played >= state[_ECHO]:
        state[_ECHO] = played
        state[_ECHO_HOLD] = _ECHO_HOLD_FRAMES
    elif state[_ECHO_HOLD]:
        state[_ECHO_HOLD] -= 1
    else:
        state[_ECHO] -= (state[_ECHO] + 7) >> 3  # about 58 dB a second
    if loudness > _FAR_LEAST and (loudness << 4) > 3 * floor:
        state[_FAR_RUN] += 1
        return 1
    if state[_FAR_RUN]:
        state[_FAR_RUN] -= 1
    return 0


@micropython.viper
def _is_near_voice(state: ptr32, loudness: int) -> int:
    """Hears a frame of the microphone: louder than the room, and than twice the echo that is to be expected."""
    floor = state[_NEAR_FLOOR]
    distance = (loudness << 4) - floor
    if distance < 0:
        floor -= (3 - distance) >> 2
    elif state[_ECHO] < _ECHO_LEAST:
        floor += (floor >> 9) + 1
    state[_NEAR_FLOOR] = floor
    if loudness > _NEAR_LEAST and (loudness << 4) > 3 * floor and loudness > (state[_ECHO] * state[_COUPLING_Q10]) >> 9:
        state[_NEAR_RUN] += 1
        return 1
    if state[_NEAR_RUN]:
        state[_NEAR_RUN] -= 1
    return 0


@micropython.viper
def _learn(state: ptr32, loudness: int):
    """The far end alone is heard: its echo is as loud as the microphone's frame, or less."""
    echo = state[_ECHO]
    if echo <= _ECHO_LEAST:
        return
    coupling_q10 = state[_COUPLING_Q10]
    distance = (loudness << 10) // echo - coupling_q10
    if distance > 0:
        coupling_q10 += (distance + 3) >> 2
        if coupling_q10 > _COUPLING_MOST_Q10:
            coupling_q10 = _COUPLING_MOST_Q10
    else:
        coupling_q10 -= -distance >> 6
    state[_COUPLING_Q10] = coupling_q10


@micropython.viper
def _turn(state: ptr32, near_voice: int, far_voice: int) -> int:
    """Whose turn it is in this frame."""
    turn = state[_TURN]
    to = turn
    talking = 0
    if state[_GUARD]:
        state[_GUARD] -= 1
    if turn == _NEAR:
        talking = near_voice
        if state[_FAR_RUN] >= _BREAK_FRAMES:
            to = _FAR
            state[_GUARD] = _GUARD_FRAMES
    elif turn == _FAR:
        talking = far_voice
        if state[_NEAR_RUN] >= _BARGE_FRAMES and not state[_GUARD]:
            to = _NEAR
    elif far_voice:
        to = _FAR
    elif near_voice:
        to = _NEAR
    if to != turn:
        state[_NEAR_RUN] = 0
        state[_FAR_RUN] = 0
        state[_HANG] = _HANG_FRAMES
    elif talking:
        state[_HANG] = _HANG_FRAMES
    elif turn:
        state[_HANG] -= 1
        if not state[_HANG]:
            to = _NOBODY
    state[_TURN] = to
    return to


class VoiceSwitch:
    """.decide() once a frame; then .near_from_q12 -> .near_to_q12 and .far_from_q12 -> .far_to_q12 are this frame's ramps.

    .near_voice, .far_voice: somebody talks there in this frame; an echo does not count. .mode: one of MODES, set from outside.
    """

    def __init__(self):
        self.mode = "auto"
        self.near_from_q12 = self.near_to_q12 = _OPEN_Q12
        self.far_from_q12 = self.far_to_q12 = _OPEN_Q12
        self.near_voice = self.far_voice = False
        self._state = bytearray(struct.pack("<10i", 0, 0, 0, 0, 0, _FLOOR_START, _FLOOR_START, 0, 0, _COUPLING_START_Q10))

    def relearn(self):
        """The loudspeaker's volume has changed: expect the worst again."""
        struct.pack_into("<i", self._state, 4 * _COUPLING_Q10, _COUPLING_START_Q10)

    def decide(self, near_level, far_level):
        """near_level: loudness of the microphone's frame, far_level: of the frame from the line, each before any gain."""
        state, far_q12 = self._state, self.far_to_q12
        self.near_from_q12 = self.near_to_q12
        self.far_from_q12 = far_q12
        far_voice = _is_far_voice(state, far_level, far_q12)
        near_voice = _is_near_voice(state, near_level)
        if far_voice and not near_voice:
            _learn(state, near_level)
        turn = _turn(state, near_voice, far_voice)
        self.far_voice = far_voice == 1
        self.near_voice = near_voice == 1
        mode = self.mode
        if mode == "auto":
            self.near_to_q12 = _LOW_Q12 if turn == _FAR else _OPEN_Q12
            self.far_to_q12 = _LOW_Q12 if turn == _NEAR else _OPEN_Q12
        else:
            self.near_to_q12 = 0 if mode == "talk" else _OPEN_Q12
            self.far_to_q12 = 0 if mode == "listen" else _OPEN_Q12
