"""Whatever an installer records becomes 8 kHz, telephone band, one level and whole frames, or is refused in plain words."""

import math

import pytest

from host_tests.tools.prompts.recordings import amplitude, tone, tones, write
from tools.prompts import sound
from tools.prompts.sound import SoundError


def middle(codes):
    """Half a second from within, away from both ends."""
    samples = sound.from_alaw(codes)
    return samples[1000:5000]


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_a_tone_keeps_its_pitch_and_length_at_every_rate(tmp_path, rate_hz):
    codes = sound.make(tone(tmp_path / "tone.wav", 0.8, 1000, rate_hz))
    wanted = round((0.8 + 0.06) * 8000)  # with the silence before it; the filter rings a little behind
    assert abs(len(codes) - wanted) <= 3 * sound.FRAME
    assert len(codes) % sound.FRAME == 0
    assert amplitude(middle(codes), 1000) == pytest.approx(math.sqrt(2) * 10 ** (sound.LEVEL_DB / 20), rel=0.1)


def test_what_8_khz_cannot_hold_is_taken_away_and_not_folded_back(tmp_path):
    path = write(tmp_path / "two.wav", tones(44100, 0.8, (1000, 0.3), (6000, 0.3), (50, 0.3)), 44100)
    samples = middle(sound.make(path))
    kept = amplitude(samples, 1000)
    assert amplitude(samples, 2000) < kept / 100  # 6 kHz would come back at 2 kHz
    assert amplitude(samples, 50) < kept / 10


def test_the_band_of_the_telephone_is_kept_level(tmp_path):
    parts = [(hz, 0.1) for hz in (400, 1000, 2000, 3000)]
    samples = middle(sound.make(write(tmp_path / "band.wav", tones(22050, 0.8, *parts), 22050)))
    sizes = [amplitude(samples, hz) for hz, _ in parts]
    assert max(sizes) / min(sizes) < 1.15


@pytest.mark.parametrize("amplitude_of", [0.01, 0.1, 0.9])
def test_a_quiet_and_a_loud_recording_come_out_alike(tmp_path, amplitude_of):
    path = write(tmp_path / "x.wav", tones(16000, 0.6, (700, amplitude_of)), 16000)
    assert sound.level_db(sound.from_alaw(sound.make(path))) == pytest.approx(sound.LEVEL_DB, abs=0.5)


def test_peaks_are_bent_and_never_reach_full_scale(tmp_path):
    burst = [0.9 if n % 400 == 0 else 0.01 * math.sin(n / 3) for n in range(16000)]
    samples = sound.from_alaw(sound.make(write(tmp_path / "clicks.wav", burst, 16000)))
    assert max(map(abs, samples)) < 10 ** (sound.PEAK_DB / 20) * 1.05


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 1), (3, 1), (4, 1), (2, 2)])
def test_every_plain_kind_of_wav_is_read(tmp_path, width, channels):
    path = write(tmp_path / "x.wav", tones(8000, 0.5, (500, 0.5)), 8000, width, channels)
    samples, rate_hz = sound.read_wav(path)
    assert rate_hz == 8000 and len(samples) == 4000
    assert amplitude(samples, 500) == pytest.approx(0.5, abs=0.01)


def test_silence_at_both_ends_is_cut_short(tmp_path):
    quiet = [0.0] * 16000
    path = write(tmp_path / "x.wav", quiet + tones(16000, 0.5, (700, 0.3)) + quiet, 16000)
    duration_ms = len(sound.make(path)) / 8
    assert 620 <= duration_ms <= 760  # half a second, 60 ms before it, 120 ms behind it, whole frames


def test_what_cannot_be_used_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "text.wav").write_text("hello")
    cases = [
        (tmp_path / "text.wav", "not a plain PCM WAV file .*export it as WAV"),
        (tone(tmp_path / "slow.wav", rate_hz=6000), "6000 Hz; export it with 8000 to 96000 Hz"),
        (write(tmp_path / "many.wav", [0.0] * 100, 8000, channels=6), "6 channels; export it with one"),
        (write(tmp_path / "silent.wav", [0.0] * 8000, 8000), "silent.wav: silence"),
        (write(tmp_path / "empty.wav", [], 8000), "empty.wav: silence"),
        (tone(tmp_path / "long.wav", 9, rate_hz=8000), "9.1 s without its pauses; a message has at most 8 s"),
    ]
    for path, words in cases:
        with pytest.raises(SoundError, match=words):
            sound.make(path)


def test_codes_become_the_samples_that_they_were_made_of():
    samples = tones(8000, 0.1, (440, 0.5))
    back = sound.from_alaw(sound.to_alaw(samples))
    assert len(back) == 800 and max(abs(a - b) for a, b in zip(samples, back, strict=True)) < 0.02
    assert sound.to_alaw([0.0] * 10) == b"\xd5" * 160  # filled up with silence
