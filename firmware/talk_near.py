"""The near path of speech: what the microphone hears becomes codes for the far end, 20 ms at a time. Nothing is allocated."""

from micropython import const

from firmware.core.media import g711, level
from firmware.core.media.gain import Leveller
from firmware.core.media.resample import Halver

_FRAMES_16K = const(320)
_FRAMES = const(160)
_UPPER_HALF = const(16)  # shift right that makes a slot of 32 bits a sample of 16


class Near:
    """`gain_shift`: the board's, of the microphone, 6 dB each."""

    def __init__(self, gain_shift):
        self._shift = _UPPER_HALF - gain_shift
        self._pcm_16k = bytearray(2 * _FRAMES_16K)
        self._pcm = bytearray(2 * _FRAMES)
        self._silence = bytearray(2 * _FRAMES)
        self._leveller = Leveller()
        self._halver = Halver()
        self._gain_q12 = 0
        self._encode = g711.alaw_encode
        self.level = 0  # mean of the frame, 0 ... 32,767, before the voice switch

    def speak(self, codec):
        """Speaks "PCMA" or "PCMU" from now on."""
        self._encode = g711.ulaw_encode if codec == "PCMU" else g711.alaw_encode

    def listen(self, block, hold):
        """Takes a block of the microphone: _FRAMES_16K slots of 32 bits. `hold`: learn nothing from it, the far end is heard."""
        level.take_microphone(block, self._pcm_16k, _FRAMES_16K, self._shift)
        self._halver.process(self._pcm_16k, self._pcm, _FRAMES)
        self._leveller.hold = hold
        self._leveller.process(self._pcm, _FRAMES)
        self.level = self._leveller.level

    def samples(self, block):
        """A block of the microphone as 16-bit samples at 16 kHz, as it is; good until the next call."""
        level.take_microphone(block, self._pcm_16k, _FRAMES_16K, self._shift)
        return self._pcm_16k

    def codes(self, codes, gain_q12):
        """Fills `codes` (160) with the frame that was taken, its gain running to `gain_q12`."""
        level.scale(self._pcm, _FRAMES, self._gain_q12, gain_q12)
        self._gain_q12 = gain_q12
        self._encode(self._pcm, codes, _FRAMES)

    def mute(self, codes):
        """Fills `codes` with silence: 0xD5 in A-law, 0xFF in mu-law."""
        self.level = 0
        self._gain_q12 = 0  # what comes next swells
        self._encode(self._silence, codes, _FRAMES)
