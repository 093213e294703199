"""The pure parts of the desk's speech: order of frames, source, digits, G.711, descriptions, configuration, questions."""

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.media import g711
from host_tests.fakes.desk import write_config
from tools.desk.config import ConfigError, load
from tools.desk.talk import description, talker
from tools.desk.talk.digits import DigitSender
from tools.desk.talk.sequence import Sequence
from tools.desk.talk.source import FrameSource
from tools.desk.welfare.questions import QuestionsError, load_questions, wrong_answer

MEDIA = description.describe("192.0.2.5", 4000, bytes(30))


def put_all(numbers):
    """(frames given on with the loss before each, the Sequence)."""
    sequence, out = Sequence(), []
    for number in numbers:
        out += sequence.put(number & 0xFFFF, number)
    return out, sequence


def test_frames_in_order_are_given_on_at_once_also_over_the_wrap():
    out, sequence = put_all(range(65_500, 65_600))
    assert out == [(number, 0) for number in range(65_500, 65_600)]
    assert (sequence.lost, sequence.late, sequence.received, sequence.expected()) == (0, 0, 100, 100)


def test_a_missing_frame_is_waited_for_three_frames_long():
    assert put_all([1, 2, 4, 5, 6])[0] == [(1, 0), (2, 0)]
    assert put_all([1, 2, 4, 5, 6, 3])[0][2:] == [(3, 0), (4, 0), (5, 0), (6, 0)]
    out, sequence = put_all([1, 2, 4, 5, 6, 7, 3])
    assert out[2:] == [(4, 1), (5, 0), (6, 0), (7, 0)]
    assert (sequence.lost, sequence.late) == (1, 1)


def test_a_sender_that_starts_anew_is_followed():
    out, _ = put_all([*range(10_000, 10_010), 50, 51, 52, 53, 54])
    assert [number for number, _ in out[10:]] == [52, 53, 54]
    out, sequence = put_all([100, 101, 20_000, 20_001])
    assert [number for number, _ in out] == [100, 101, 20_000, 20_001]
    assert sequence.lost == 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 65_535), max_size=300))
def test_any_numbers_hold_nothing_and_give_nothing_twice_in_a_row(numbers):
    out, sequence = put_all(numbers)
    assert len(sequence._held) <= 3
    assert len(out) + sequence.late <= sequence.received == len(numbers)
    assert all(lost >= 0 for _, lost in out)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 65_535), st.lists(st.integers(0, 5), min_size=20, max_size=100))
def test_small_swaps_lose_nothing(start, delays):
    """Each frame is late by less than the three that are waited for."""
    order = sorted(range(len(delays)), key=lambda i: (i + min(delays[i], 2), i))
    out, sequence = put_all([start, *(start + 1 + i for i in order)])
    assert [number for number, _ in out] == list(range(start, start + len(delays) + 1))
    assert (sequence.lost, sequence.late) == (0, 0)


def test_jitter_is_that_of_the_rfc():
    sequence = Sequence()
    for i in range(200):
        sequence.see(160 * i + (80 if i % 2 else 0), 160 * i)
    assert 70 < sequence.jitter <= 80
    for i in range(200):
        sequence.see(160 * i + 5, 160 * i)
    assert sequence.jitter < 1


def test_a_source_waits_for_two_frames_and_is_silent_without():
    source = FrameSource()
    assert source.next() == (b"\xd5" * 160, False)
    source.push(b"a" * 160)
    assert source.next() == (b"\xd5" * 160, False)
    source.push(b"b" * 160)
    assert [source.next(), source.next()] == [(b"a" * 160, True), (b"b" * 160, False)]
    assert (source.next()[0], source.underruns) == (b"\xd5" * 160, 1)


def test_a_digit_interrupts_and_the_pause_between_two_is_speech():
    sender = DigitSender()
    sender.add("1")
    sender.add("2")
    packets = [sender.next(1000 + 160 * i) for i in range(22)]
    assert [packet is not None for packet in packets] == [True] * 8 + [False] * 3 + [True] * 8 + [False] * 3
    assert {timestamp for _, timestamp, _ in packets[:8]} == {1000}
    assert [marker for _, _, marker in packets[:8]] == [True] + [False] * 7


def test_the_talkers_codes_are_those_of_the_firmware_for_every_sample_and_code():
    samples = list(range(-32_768, 32_768))
    pcm, codes = struct.pack("<65536h", *samples), bytearray(65_536)
    for encode, decode, ours, back in (
        (g711.alaw_encode, g711.alaw_decode, talker.alaw, talker.sample_of_alaw),
        (g711.ulaw_encode, g711.ulaw_decode, talker.ulaw, talker.sample_of_ulaw),
    ):
        encode(bytearray(pcm), codes, 65_536)
        differ = [sample for sample, code in zip(samples, codes, strict=True) if ours(sample) != code]
        assert differ == []
        decoded = bytearray(512)
        decode(bytearray(range(256)), decoded, 256)
        assert list(struct.unpack("<256h", decoded)) == [back(code) for code in range(256)]


def test_a_wav_file_of_another_kind_is_refused_with_what_is_wanted(tmp_path):
    recorder = talker.Recorder("PCMU")
    for frame in talker.frames(talker.tone(300, 0.1), "PCMU"):
        recorder(frame, 0)
    recorder.write(tmp_path / "good.wav")
    assert talker.wav(tmp_path / "good.wav") == recorder.samples()
    data = bytearray((tmp_path / "good.wav").read_bytes())
    data[24:26] = (16_000).to_bytes(2, "little")
    (tmp_path / "fast.wav").write_bytes(data)
    (tmp_path / "none.wav").write_bytes(b"RIFF")
    for name in ("fast.wav", "none.wav"):
        with pytest.raises(ValueError, match=name):
            talker.wav(tmp_path / name)


def test_descriptions_are_judged_by_what_was_offered():
    plain = description.describe("192.0.2.5", 4000, None)
    other = {"pt": 8, "name": "PCMA"}
    for media, offered_plain, wanted in (
        (MEDIA, False, None), (plain, True, None), (plain, False, "crypto"), (MEDIA, True, "crypto"),
        ({**MEDIA, "profile": "RTP/AVP"}, False, "crypto"), ({**MEDIA, "address": "224.0.0.1"}, False, "field"),
        ({**MEDIA, "formats": [{"pt": 18, "name": "G729"}]}, False, "no_codec"),
        ({**MEDIA, "formats": [{"pt": 8, "name": "PCMU"}]}, False, "no_codec"),
        ({**MEDIA, "address": "0.0.0.0"}, False, "field"), ({**MEDIA, "address": "255.255.255.255"}, False, "field"),
        ({**MEDIA, "formats": [{"pt": 18, "name": "G729"}, other]}, False, None),
    ):  # fmt: skip
        assert description.is_described(media)
        assert description.problem(media, offered_plain) == wanted, media


def test_the_sounds_configuration_is_checked_field_by_field(tmp_path):
    media = load(write_config(tmp_path, [1], media={"address": "192.0.2.5", "bind": "0.0.0.0", "ports": [40000, 40010]})).media
    assert (media.address, media.bind, media.ports, media.plain_rtp) == ("192.0.2.5", "0.0.0.0", (40000, 40010), False)
    for wrong, name in (
        ({"address": "desk.example"}, "media.address"), ({"address": "0.0.0.0"}, "media.address"),
        ({"bind": "::1"}, "media.bind"),
        ({"ports": [1, 2]}, "media.ports"), ({"ports": [40001, 40000]}, "media.ports"), ({"ports": 40000}, "media.ports"),
        ({"plain_rtp": 1}, "media.plain_rtp"), ({"codec": "PCMA"}, "media: no field"), ([], "media: an object"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=name):
            load(write_config(tmp_path, [1], media=wrong))


def test_a_schemes_own_questions_are_taken_and_wrong_ones_named(tmp_path):
    file = tmp_path / "questions.json"
    good = [{"id": "gut", "text": "Geht es Ihnen gut?", "kind": "yes_no", "required": True, "since": 2026}]
    file.write_text(json.dumps(good))
    questions = load(write_config(tmp_path, [1], welfare_questions="questions.json")).questions
    assert questions == ({"id": "gut", "text": "Geht es Ihnen gut?", "kind": "yes_no", "required": True},)
    for wrong in ([], {}, good * 2, good * 51, [{**good[0], "kind": "maybe"}], [{**good[0], "id": "A b"}], ["x"], "x"):
        file.write_text(json.dumps(wrong))
        with pytest.raises(QuestionsError, match="questions.json"):
            load_questions(file)
        with pytest.raises(ConfigError, match="welfare_questions"):
            load(write_config(tmp_path, [1], welfare_questions="questions.json"))
    with pytest.raises(ConfigError, match="welfare_questions"):
        load(write_config(tmp_path, [1], welfare_questions="none.json"))


def test_answers_fit_their_questions_and_required_ones_are_asked_where_they_matter():
    questions = load_questions()
    full = {"well": True, "help": False}
    for answers, outcome, is_right in (
        (full, "well", True), ({"well": True}, "well", False), ({"well": True}, "incomplete", True), ({}, "no_answer", True),
        ({**full, "mood": 5}, "well", True), ({**full, "mood": 0}, "well", False), ({**full, "mood": True}, "well", False),
        ({**full, "note": "x" * 1001}, "well", False), ({**full, "note": "\ud800"}, "well", False), (None, "well", False),
    ):  # fmt: skip
        assert (wrong_answer(questions, answers, outcome) is None) == is_right, answers
