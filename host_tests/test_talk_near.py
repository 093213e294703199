"""talk_near.py: from the microphone's slots to codes."""

import struct

from firmware.core.media import g711
from firmware.core.media.level import mean_abs
from firmware.talk_near import Near


def block(level):
    """20 ms of a square wave of 500 Hz in slots of 32 bits, `level` in samples of 16."""
    return struct.pack("<320i", *[(level if i // 16 % 2 else -level) << 16 for i in range(320)])


def said(near, codec, gain_q12):
    """Loudness of the codes of one more frame."""
    codes, pcm = bytearray(160), bytearray(320)
    near.codes(codes, gain_q12)
    (g711.ulaw_decode if codec == "PCMU" else g711.alaw_decode)(codes, pcm, 160)
    return mean_abs(pcm, 160)


def test_a_quiet_voice_arrives_loud_in_either_codec_and_the_board_s_gain_lifts_it():
    loud = {}
    for codec in ("PCMA", "PCMU"):
        for shift in (0, 4):
            near = Near(shift)
            near.speak(codec)
            for _ in range(50):
                near.listen(block(100), False)
                loud[codec, shift] = said(near, codec, 4096)
            assert abs(loud[codec, shift] - near.level) < near.level // 8
    assert 1300 < loud["PCMA", 4] < 3000 and abs(loud["PCMA", 4] - loud["PCMU", 4]) < 100
    assert loud["PCMA", 0] < loud["PCMA", 4], "24 dB less, and the gain's own limit is reached"


def test_muted_it_gives_silence_and_swells_again_without_a_step():
    near = Near(0)
    for _ in range(20):
        near.listen(block(4000), False)
        said(near, "PCMA", 4096)
    for codec, silent in (("PCMA", 0xD5), ("PCMU", 0xFF)):
        near.speak(codec)
        codes = bytearray(160)
        near.mute(codes)
        assert codes == bytes([silent]) * 160 and near.level == 0
    near.speak("PCMA")
    near.listen(block(4000), False)
    first = said(near, "PCMA", 4096)
    near.listen(block(4000), False)
    assert first < 0.6 * said(near, "PCMA", 4096)


def test_a_closed_voice_switch_is_silence_and_learns_nothing():
    near = Near(0)
    for level in [0] * 30 + [2000] * 50:  # silence first: from it a voice is told
        near.listen(block(level), False)
        said(near, "PCMA", 4096)
    before = near.level
    for _ in range(50):
        near.listen(block(8000), True)
        said(near, "PCMA", 0)
    assert said(near, "PCMA", 0) <= 8
    for _ in range(3):
        near.listen(block(2000), True)
        said(near, "PCMA", 0)
    assert abs(near.level - before) < before // 8, "the echo has not moved the gain"
