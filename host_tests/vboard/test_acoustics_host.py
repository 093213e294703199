"""The room: files and live voices arrive as they are, the speaker comes back as late and as loud as told, noise has its level."""

import array
import struct
import wave

import pytest

from tools.vboard.acoustics import RATE_HZ, Room, Sink, Source, bytes_of, converted, read_wav, samples_of


def _ramp(count, start=0):
    return array.array("h", range(start, start + count))


def _wav(path, data, channels=1, width=2, rate_hz=RATE_HZ):
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate_hz, 0, "NONE", ""))
        file.writeframes(data)
    return path


def test_a_file_is_heard_once_then_silence_or_again_and_again():
    source = Source()
    source.play(_ramp(10, 1), loops=False)
    assert source.is_playing
    assert list(source.take(6)) + list(source.take(6)) + list(source.take(2)) == [*range(1, 11), 0, 0, 0, 0]
    assert not source.is_playing
    source.play(_ramp(4, 1), loops=True)
    assert list(source.take(3)) + list(source.take(9)) == [1, 2, 3, 4] * 3
    source.silence()
    assert list(source.take(3)) == [0, 0, 0]


def test_a_live_voice_starts_with_a_reserve_and_then_flows_without_a_gap():
    source = Source(reserve_ms=60)
    heard = []
    for n in range(20):
        source.feed(_ramp(320, 1 + 320 * n))
        heard.extend(source.take(320))
    begin = heard.index(1)
    assert begin == 640 and heard[begin:] == list(range(1, 1 + 20 * 320 - 640))
    assert source.dropped == 0


def test_a_word_shorter_than_the_reserve_is_heard_too():
    source = Source(reserve_ms=60)
    source.feed(_ramp(100, 1))
    heard = [sample for _ in range(8) for sample in source.take(256)]
    assert [sample for sample in heard if sample] == list(range(1, 101))


def test_a_live_voice_that_comes_too_fast_loses_its_oldest():
    source = Source(limit_ms=100)
    source.feed(_ramp(5000, 1))
    assert source.dropped == 5000 - 1600
    assert list(source.take(2)) == [3401, 3402]


def test_a_wav_file_of_any_rate_and_its_first_channel_are_read(tmp_path):
    assert read_wav(_wav(tmp_path / "a.wav", _ramp(100).tobytes())) == _ramp(100)
    both = array.array("h", [value for n in range(50) for value in (n, -n)])
    assert read_wav(_wav(tmp_path / "b.wav", both.tobytes(), channels=2)) == _ramp(50)
    slow = array.array("h", range(0, 1000, 10))
    assert read_wav(_wav(tmp_path / "c.wav", slow.tobytes(), rate_hz=8000))[:190] == array.array("h", range(0, 950, 5))
    fast = read_wav(_wav(tmp_path / "d.wav", _ramp(900).tobytes(), rate_hz=48000))
    assert fast == array.array("h", range(0, 900, 3))
    assert converted(array.array("h"), 8000) == array.array("h")


def test_what_is_no_16_bit_wav_is_refused(tmp_path):
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "empty.wav").write_bytes(b"")
    _wav(tmp_path / "wide.wav", bytes(24), width=3)
    for name in ("text.wav", "empty.wav", "wide.wav"):
        with pytest.raises(ValueError, match=name):
            read_wav(tmp_path / name)
    with pytest.raises(OSError):
        read_wav(tmp_path / "none.wav")


def test_samples_go_to_bytes_and_back_little_endian():
    assert bytes_of(array.array("h", [1, -2])) == struct.pack("<2h", 1, -2)
    assert samples_of(b"\x01\x00\xfe\xff\x05") == array.array("h", [1, -2])


def test_the_speaker_comes_back_as_late_and_as_loud_as_told():
    room = Room()
    for delay_ms, echo_db, part in ((16, 0, 1.0), (20, -20, 0.1), (37, 6, 1.9953)):
        room.echo_db, room.delay_ms = echo_db, delay_ms
        place = room._begin + len(room._spoken)
        for n in range(20):
            room.played(place + 256 * n, _ramp(256, 256 * n))
        late = delay_ms * RATE_HZ // 1000
        values = room.heard(place + 2560 + late, 256)
        wanted = [min(8388607, 256 * part * (2560 + n)) for n in range(256)]
        assert max(abs(value - right) for value, right in zip(values, wanted, strict=True)) <= 256, delay_ms


def test_nothing_comes_back_of_what_was_never_played_or_long_ago():
    room = Room()
    room.echo_db = 0
    room.played(100000, _ramp(256, 1))
    assert not any(room.heard(100000 - 600, 256))
    assert not any(room.heard(200000, 256))
    around = room.heard(100000 + 320 - 10, 20)
    assert around[:10] == [0] * 10 and around[10:] == [256 * n for n in range(1, 11)]


def test_the_memory_of_what_was_played_is_bounded():
    room = Room()
    room.echo_db, room.delay_ms = 0, 20
    for n in range(2000):
        room.played(256 * n, array.array("h", [n % 1000]) * 256)
    assert len(room._spoken) <= 4 * RATE_HZ
    assert room.heard(256 * 1999 + 320, 256) == [256 * (1999 % 1000)] * 256


def test_noise_has_its_level_and_everything_stays_within_24_bits():
    room = Room()
    for db in (-20, -50):
        room.set_noise(db)
        values = [value for _ in range(100) for value in room.heard(0, 256)]
        rms = (sum(value * value for value in values) / len(values)) ** 0.5
        assert abs(rms / (8388607 * 10 ** (db / 20)) - 1) < 0.05, db
    room.set_noise(None)
    room.gain_db = 40
    room.source.play(array.array("h", [32767, -32768]), loops=True)
    assert room.heard(0, 4) == [8388607, -8388608] * 2


def test_a_listener_gets_every_sample_once_and_silence_where_nothing_played():
    heard = bytearray()
    sink = Sink(heard.extend, 1000)
    sink.played(900, _ramp(256, 900))  # it came in the middle of this block
    sink.played(1156, _ramp(256, 1156))
    sink.played(1500, _ramp(256, 1500))
    sink.fill(1800)
    sink.fill(1700)
    wanted = list(range(1000, 1412)) + [0] * 88 + list(range(1500, 1756)) + [0] * 44
    assert list(samples_of(heard)) == wanted
