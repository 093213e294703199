"""The far path of speech: codes of the far end, or of a message, become blocks for the speaker. Nothing is allocated."""

from micropython import const

from firmware.core.media import g711, level
from firmware.core.media.conceal import Concealer
from firmware.core.media.resample import Doubler

_FRAMES = const(160)  # 20 ms at 8 kHz
_GOOD = const(1)  # of MediaPath.frame


class Far:
    def __init__(self):
        self.prompt_codes = bytearray(_FRAMES)
        self._codes = bytearray(_FRAMES)
        self._pcm = bytearray(2 * _FRAMES)
        self._concealer = Concealer()
        self._doubler = Doubler()
        self._gain_q12 = 0
        self._decode = g711.alaw_decode
        self.level = 0  # mean of the frame, 0 ... 32,767, before the voice switch

    def speak(self, codec):
        """Hears "PCMA" or "PCMU" from now on."""
        self._decode = g711.ulaw_decode if codec == "PCMU" else g711.alaw_decode

    def listen(self, path):
        """Takes the next frame of `path` (transports.media_path), or what conceals that there is none."""
        if path.frame(self._codes) == _GOOD:
            self._decode(self._codes, self._pcm, _FRAMES)
            self._concealer.good(self._pcm)
        else:
            self._concealer.lost(self._pcm)
        self.level = level.mean_abs(self._pcm, _FRAMES)

    def play(self, block, gain_q12):
        """Fills `block` (2 x 320 bytes at 16 kHz) with the frame that was taken, its gain running to `gain_q12`."""
        level.scale(self._pcm, _FRAMES, self._gain_q12, gain_q12)
        self._gain_q12 = gain_q12
        self._doubler.process(self._pcm, block, _FRAMES)

    def prompt(self, block, gain_q12):
        """Fills `block` with the frame of a message in `prompt_codes`."""
        g711.alaw_decode(self.prompt_codes, self._pcm, _FRAMES)
        level.scale(self._pcm, _FRAMES, gain_q12, gain_q12)
        self._doubler.process(self._pcm, block, _FRAMES)
        self.level = 0
