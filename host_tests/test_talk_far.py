"""talk_far.py: from codes to blocks for the speaker."""

import struct

from firmware.core.media import g711
from firmware.core.media.level import mean_abs
from firmware.talk_far import Far


class Path:
    """Says a square wave of 250 Hz in `codec`; a frame is missing where `says` has None."""

    def __init__(self, codec, says):
        self.codec = codec
        self.says = list(says)

    def frame(self, codes):
        level = self.says.pop(0)
        if level is None:
            return 0
        pcm = struct.pack("<160h", *[level if i // 16 % 2 else -level for i in range(160)])
        (g711.ulaw_encode if self.codec == "PCMU" else g711.alaw_encode)(pcm, codes, 160)
        return 1


def heard(far, path, gain_q12=4096):
    """Loudness of one more block."""
    block = bytearray(640)
    far.listen(path)
    far.play(block, gain_q12)
    return mean_abs(block, 320)


def test_either_codec_comes_out_as_loud_as_it_was_said_and_twice_as_fast():
    for codec in ("PCMA", "PCMU"):
        far, path = Far(), Path(codec, [4000] * 5)
        far.speak(codec)
        loud = [heard(far, path) for _ in range(5)]
        assert 3600 < loud[-1] < 4200 and 3800 < far.level < 4200, (codec, loud)
        assert loud[0] < loud[1], "the first frame swells"


def test_a_missing_frame_is_concealed_and_many_are_silence():
    far, path = Far(), Path("PCMA", [4000] * 5 + [None] * 12)
    loud = [heard(far, path) for _ in range(17)]
    assert loud[5] > 2000 and loud[-1] <= 8, loud


def test_gain_runs_to_what_is_asked_and_the_level_is_measured_before_it():
    far, path = Far(), Path("PCMA", [4000] * 9)
    loud = [heard(far, path, gain_q12) for gain_q12 in (4096, 4096, 2048, 2048, 2048, 0, 0, 0, 0)]
    assert loud[2] > loud[3] and 1800 < loud[4] < 2200 and loud[-1] <= 1
    assert 3800 < far.level < 4200


def test_a_message_is_played_at_its_own_gain_and_counts_as_nobody_s_voice():
    far, block = Far(), bytearray(640)
    pcm = struct.pack("<160h", *[4000 if i // 16 % 2 else -4000 for i in range(160)])
    loud = []
    for gain_q12 in (4096, 2048):
        for _ in range(3):
            g711.alaw_encode(pcm, far.prompt_codes, 160)
            far.prompt(block, gain_q12)
        loud.append(mean_abs(block, 320))
    assert 3600 < loud[0] < 4200 and 1800 < loud[1] < 2100 and far.level == 0
