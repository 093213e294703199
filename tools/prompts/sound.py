"""From any recording to what the unit plays: 8 kHz, telephone band, one level, G.711 A-law without a header.

Samples are lists of floats, full scale +-1. Everything is computed here, in plain Python: the same input gives the same file on
every machine.
"""

import math
import struct
import wave
from array import array
from operator import mul

from tools import boards  # noqa: F401 - puts the stand-in for `micropython` on the path, which firmware needs

# isort: split
from firmware.core.media import g711

RATE_HZ = 8000
FRAME = 160  # 20 ms
LONGEST_MS = 8000  # a message is heard once; longer ones are forgotten before they end
LEVEL_DB = -18.0  # of speech while it speaks, against full scale: loud, with room for its peaks
LEVEL_OFF_DB = 3.0  # how far off `check` takes a file
PEAK_DB = -1.0
_LOW_HZ, _HIGH_HZ = 200.0, 3500.0  # what a small loudspeaker and 8 kHz can give; below it only hum
_CROSSINGS = 16  # zero crossings of the filter on each side: its edge is 250 Hz wide
_ACTIVE_DB = -40.0  # below the loudest frame: a pause
_LEAD_MS, _TAIL_MS = 60, 120  # silence that is left before and behind: the amplifier wakes, the last consonant dies away
_RATES_HZ = (8000, 96000)


class SoundError(Exception):
    """What is wrong with a recording, in words that say what to do."""


def read_wav(path):
    """(samples, rate in Hz) of a WAV file, both channels mixed into one. Raises SoundError."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate_hz, frames = file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()
            data = file.readframes(frames)
    except (wave.Error, EOFError) as error:
        raise SoundError(f"{path}: not a plain PCM WAV file ({error}); export it as WAV, 16 bits") from None
    if not _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1]:
        raise SoundError(f"{path}: {rate_hz} Hz; export it with {_RATES_HZ[0]} to {_RATES_HZ[1]} Hz")
    if channels not in (1, 2):
        raise SoundError(f"{path}: {channels} channels; export it with one")
    samples = _numbers(data, width, path)
    if channels == 2:
        samples = [(left + right) / 2 for left, right in zip(samples[::2], samples[1::2], strict=True)]
    if len(samples) > rate_hz * 60:
        raise SoundError(f"{path}: {len(samples) // rate_hz} s; a message has at most {LONGEST_MS // 1000} s")
    return samples, rate_hz


def _numbers(data, width, path):
    data = data[: len(data) // width * width]
    if width == 1:
        return [(byte - 128) / 128 for byte in data]
    if width == 2:
        return [value / 32768 for (value,) in struct.iter_unpack("<h", data)]
    if width == 3:
        return [int.from_bytes(data[at : at + 3], "little", signed=True) / 8388608 for at in range(0, len(data), 3)]
    if width == 4:
        return [value / 2147483648 for (value,) in struct.iter_unpack("<i", data)]
    raise SoundError(f"{path}: {8 * width} bits; export it as WAV, 16 bits")


def to_8k(samples, rate_hz):
    """Resampled to 8 kHz and cut to the telephone band: a windowed sinc for each of the positions that an output can have."""
    up = RATE_HZ // math.gcd(RATE_HZ, rate_hz)
    down = rate_hz // math.gcd(RATE_HZ, rate_hz)
    half = math.ceil(_CROSSINGS * rate_hz / (2 * _HIGH_HZ))
    phases = {}
    padded = [0.0] * half + samples + [0.0] * (half + 1)
    out = []
    for n in range(len(samples) * up // down):
        at, phase = divmod(n * down, up)
        if phase not in phases:
            phases[phase] = _taps(phase / up, half, rate_hz)
        out.append(sum(map(mul, phases[phase], padded[at : at + 2 * half + 1])))
    return _high_pass(out)


def _taps(shift, half, rate_hz):
    """Low pass at _HIGH_HZ around `half + shift`, Hann window, gain 1."""
    cutoff = 2 * _HIGH_HZ / rate_hz
    taps = []
    for n in range(2 * half + 1):
        x = n - half - shift
        window = 0.5 + 0.5 * math.cos(math.pi * x / (half + 1)) if abs(x) <= half + 1 else 0.0
        taps.append(window * (cutoff if x == 0 else math.sin(math.pi * cutoff * x) / (math.pi * x)))
    total = sum(taps)
    return [tap / total for tap in taps]


def _high_pass(samples):
    """Butterworth, second order, at _LOW_HZ. Source: R. Bristow-Johnson, "Cookbook formulae for audio EQ"."""
    w = 2 * math.pi * _LOW_HZ / RATE_HZ
    alpha, cosine = math.sin(w) / math.sqrt(2), math.cos(w)
    a0, a1, a2 = 1 + alpha, -2 * cosine, 1 - alpha
    b0, b1 = (1 + cosine) / 2 / a0, -(1 + cosine) / a0
    x1 = x2 = y1 = y2 = 0.0
    out = []
    for x in samples:
        y = b0 * (x + x2) + b1 * x1 - (a1 * y1 + a2 * y2) / a0
        x1, x2, y1, y2 = x, x1, y, y1
        out.append(y)
    return out


def _frame_powers(samples):
    return [sum(x * x for x in samples[at : at + FRAME]) / FRAME for at in range(0, len(samples) - FRAME + 1, FRAME)]


def level_db(samples):
    """Level of the frames in which somebody speaks, dB against full scale; None for silence."""
    powers = _frame_powers(samples)
    loudest = max(powers, default=0.0)
    if loudest < 1e-7:  # -70 dB
        return None
    active = [power for power in powers if power > loudest * 10 ** (_ACTIVE_DB / 10)]
    return 10 * math.log10(sum(active) / len(active))


def trimmed(samples):
    """Without the silence at both ends but for what a listener and the amplifier need."""
    powers = _frame_powers(samples)
    least = max(powers, default=0.0) * 10 ** (_ACTIVE_DB / 10)
    loud = [n for n, power in enumerate(powers) if power > least]
    if not loud:
        return []
    first, last = loud[0] * FRAME, (loud[-1] + 1) * FRAME
    lead, tail = RATE_HZ * _LEAD_MS // 1000, RATE_HZ * _TAIL_MS // 1000
    return [0.0] * max(0, lead - first) + samples[max(0, first - lead) : last + tail]


def levelled(samples):
    """Brought to LEVEL_DB. Peaks above PEAK_DB are bent down, not cut: a voice has few of them and keeps its loudness."""
    gain = 10 ** ((LEVEL_DB - level_db(samples)) / 20)
    peak = 10 ** (PEAK_DB / 20)
    knee = peak / 2
    return [_bent(x * gain, knee, peak) for x in samples]


def _bent(x, knee, peak):
    size = abs(x)
    if size <= knee:
        return x
    room = peak - knee
    return math.copysign(knee + room * math.tanh((size - knee) / room), x)


def to_alaw(samples):
    """A-law codes, filled with silence to whole frames."""
    samples = samples + [0.0] * (-len(samples) % FRAME)
    pcm16 = array("h", [max(-32768, min(32767, round(x * 32767))) for x in samples]).tobytes()
    codes = bytearray(len(samples))
    g711.alaw_encode(pcm16, codes, len(samples))
    return bytes(codes)


def from_alaw(codes):
    pcm16 = bytearray(2 * len(codes))
    g711.alaw_decode(codes, pcm16, len(codes))
    return [value / 32768 for (value,) in struct.iter_unpack("<h", pcm16)]


def make(path):
    """The unit's codes of a WAV file. Raises SoundError: silence, too long."""
    samples = trimmed(to_8k(*read_wav(path)))
    if not samples or level_db(samples) is None:
        raise SoundError(f"{path}: silence")
    duration_ms = len(samples) * 1000 // RATE_HZ
    if duration_ms > LONGEST_MS:
        raise SoundError(f"{path}: {duration_ms / 1000:.1f} s without its pauses; a message has at most {LONGEST_MS // 1000} s")
    return to_alaw(levelled(samples))
