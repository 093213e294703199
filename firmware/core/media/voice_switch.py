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
up, slowly down, high at first. It must be learnt anew when the volume changes: relearn().
Nothing is allocated per frame. Loudness is the mean size of samples, 0..32767; a frame has 20 ms; gains are in 1/4096.
Source: D3, FACTS "Speech".
"""

from micropython import const

from firmware.core.media.gain import tracked

MODES = ("auto", "talk", "listen", "duplex")
_OPEN_Q12 = const(4096)
_LOW_Q12 = const(65)  # -36 dB
_HANG_FRAMES = const(15)  # 300 ms: a pause between words is shorter, a room's echo is 20 dB down by then
_BARGE_FRAMES = const(3)  # 60 ms: a door or a click is shorter than that
_BREAK_FRAMES = const(20)  # 400 ms: longer than a "yes" or "hm" while the tenant talks
_GUARD_FRAMES = const(50)  # 1 s
_NEAR_LEAST = const(100)  # what is quieter is no talk, after the microphone's gain: -50 dBFS
_FAR_LEAST = const(60)  # likewise from the line, -54 dBFS; G.711's own noise is 8
_ECHO_LEAST = const(100)  # what was played more quietly teaches nothing about the room
_COUPLING_START_Q8 = const(1024)  # 12 dB up: the loudspeaker is beside the microphone and its gain is up to 24 dB
_COUPLING_MOST_Q8 = const(4096)
_ECHO_HOLD_FRAMES = const(4)  # 80 ms: queues of the loudspeaker and the microphone, and the way through the room
_FLOOR_START = const(1600)  # 1/16 of 100


class VoiceSwitch:
    """.decide() once a frame; then .near_from_q12 -> .near_to_q12 and .far_from_q12 -> .far_to_q12 are this frame's ramps.

    .near_voice, .far_voice: somebody talks there in this frame; an echo does not count. .mode: one of MODES, set from outside.
    """

    def __init__(self):
        self.mode = "auto"
        self.near_from_q12 = self.near_to_q12 = _OPEN_Q12
        self.far_from_q12 = self.far_to_q12 = _OPEN_Q12
        self.near_voice = self.far_voice = False
        self._turn = None  # "near", "far", or None: nobody's
        self._hang = 0  # frames that the turn lasts without a voice
        self._guard = 0  # frames in which the flat cannot take the turn back
        self._near_run = self._far_run = 0  # frames with a voice, less those without since
        self._near_floor = self._far_floor = _FLOOR_START
        self._echo = 0  # loudness of what was played lately
        self._echo_hold = 0
        self.relearn()

    def relearn(self):
        """The loudspeaker's volume has changed: expect the worst again."""
        self._coupling_q8 = _COUPLING_START_Q8

    def decide(self, near_level, far_level):
        """near_level: loudness of the microphone's frame after its gain; far_level: of the frame from the line, before any."""
        self._hear_far(far_level)
        self._hear_near(near_level)
        self._take_turns()
        self.near_from_q12 = self.near_to_q12
        self.far_from_q12 = self.far_to_q12
        if self.mode == "auto":
            self.near_to_q12 = _LOW_Q12 if self._turn == "far" else _OPEN_Q12
            self.far_to_q12 = _LOW_Q12 if self._turn == "near" else _OPEN_Q12
        else:
            self.near_to_q12 = 0 if self.mode == "talk" else _OPEN_Q12
            self.far_to_q12 = 0 if self.mode == "listen" else _OPEN_Q12

    def _hear_far(self, loudness):
        self._far_floor = tracked(self._far_floor, loudness << 4)
        self.far_voice = loudness > _FAR_LEAST and (loudness << 4) > 3 * self._far_floor
        self._far_run = self._far_run + 1 if self.far_voice else self._far_run - (self._far_run > 0)
        played = (loudness * self.far_to_q12) >> 12
        if played >= self._echo:
            self._echo, self._echo_hold = played, _ECHO_HOLD_FRAMES
        elif self._echo_hold:
            self._echo_hold -= 1
        else:
            self._echo -= (self._echo + 7) >> 3  # about 58 dB a second

    def _hear_near(self, loudness):
        expected = (self._echo * self._coupling_q8) >> 8
        if self._echo < _ECHO_LEAST or (loudness << 4) < self._near_floor:
            self._near_floor = tracked(self._near_floor, loudness << 4)
        loud = loudness > _NEAR_LEAST and (loudness << 4) > 3 * self._near_floor
        self.near_voice = loud and loudness > 2 * expected
        self._near_run = self._near_run + 1 if self.near_voice else self._near_run - (self._near_run > 0)
        if self.far_voice and not self.near_voice and self._echo > _ECHO_LEAST:
            self._learn((loudness << 8) // self._echo)

    def _learn(self, ratio_q8):
        if ratio_q8 > self._coupling_q8:
            self._coupling_q8 = min(self._coupling_q8 + ((ratio_q8 - self._coupling_q8 + 3) >> 2), _COUPLING_MOST_Q8)
        else:
            self._coupling_q8 -= (self._coupling_q8 - ratio_q8) >> 6

    def _take_turns(self):
        self._guard -= self._guard > 0
        if self._turn == "near":
            talking, taken = self.near_voice, self._far_run >= _BREAK_FRAMES
        elif self._turn == "far":
            talking, taken = self.far_voice, self._near_run >= _BARGE_FRAMES and not self._guard
        else:
            talking, taken = False, self.far_voice or self.near_voice
        if taken:
            self._give(self._next())
        elif talking:
            self._hang = _HANG_FRAMES
        elif self._turn:
            self._hang -= 1
            if not self._hang:
                self._turn = None

    def _next(self):
        if self._turn is None:
            return "far" if self.far_voice else "near"
        return "far" if self._turn == "near" else "near"

    def _give(self, turn):
        self._guard = _GUARD_FRAMES if self._turn == "near" else 0
        self._turn = turn
        self._hang = _HANG_FRAMES
        self._near_run = self._far_run = 0
