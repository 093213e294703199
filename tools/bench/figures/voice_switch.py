"""The voice switch on speech: two voices of espeak-ng talk in turns, and across each other, in a room with an echo.

Loop as on the unit: the frame from the line is played as loud as the switch lets it, comes back from the room three frames later,
and goes through the microphone's gain to the switch. Operator at -20 dBm0; tenant across the room, as an INMP441 hears 50 dB SPL.
"""

import array
import asyncio
import math
import shutil
from pathlib import Path

from tools.bench import room
from tools.bench.figure import Figure
from tools.vboard import standins  # noqa: F401 - makes `micropython` known to the unit's files

NAMES = ("switch_suppression", "switch_false", "switch_opening", "switch_speech_kept", "switch_interruption")
_OPERATOR = (
    "Hello, this is the control centre. You have pressed your alarm. Are you all right?",
    "I understand. Did you hurt yourself when you fell, or can you move your arms and your legs?",
    "Please stay where you are. Somebody is on the way to you now, and I am calling your daughter as well.",
)
_TENANT = (
    "I have fallen in the bathroom, and I cannot get up on my own.",
    "My hip hurts a little, but I can move everything.",
    "Thank you very much. The door is locked, but she has a key.",
)
_OPERATOR_LOUD = 2000.0  # mean size, -20 dBm0
_TENANT_LOUD = 60.0  # mean size at the microphone, shifted up by 24 dB: 50 dB SPL
_GAPS_FRAMES = (5, 12, 25)  # the tenant answers after 0.1, 0.24 and 0.5 s
_REST_FRAMES = 25
_LEAD_FRAMES = 50
_TRIM = 10.0
# (direct sound at the microphone over the loudspeaker's samples in dB, mean size of the noise): 8 is a quiet room, 25 a kitchen
# fan; at 0 dB and above the loudspeaker is as loud at the microphone as in the line.
_ROOMS = ((-20, 8.0), (10, 8.0), (-40, 8.0), (-20, 25.0), (0, 25.0))
_ROOMS_QUICK = 2
_HALF_Q12 = 2048
_ASKED = room.FRAME * (_OPERATOR_LOUD / 8) ** 2  # energy of a frame in which the operator is surely heard
_SAID = room.FRAME * (_TENANT_LOUD / 4) ** 2  # energy of a frame in which the tenant talks


async def measure_all(lab):
    program = shutil.which("espeak-ng")
    if not program:
        why = "espeak-ng is not installed (Debian: apt-get install espeak-ng)"
        return [Figure(name, None, "", "", why_not=why) for name in NAMES]
    lab.say("voice switch: two voices in a room ...")
    return await asyncio.to_thread(_measured, Path(lab.dir), lab.quick)


def _measured(folder, quick):
    turns = 1 if quick else len(_TENANT)
    far = [_levelled(text, "en-gb", _OPERATOR_LOUD, folder) for text in _OPERATOR[:turns]]
    near = [_levelled(text, "en-gb+f3", _TENANT_LOUD, folder) for text in _TENANT[:turns]]
    results = {}
    for echo_db, noise in _ROOMS[:_ROOMS_QUICK] if quick else _ROOMS:
        talk = Conversation(room.Room(echo_db, noise))
        talk.hold(far, near)
        results[f"echo {echo_db} dB, noise {noise:.0f}"] = talk.results()
    return figures(results)


def _levelled(text, voice, loud, folder):
    samples = room.spoken(text, voice, folder / "spoken.wav")
    scale = loud / room.mean_size(samples)
    return [sample * scale for sample in samples]


def figures(results):
    """Worst of all rooms for each figure; the rooms as peers."""
    how = "espeak-ng, two voices; image sources of a room of 4.2 x 3.1 x 2.5 m; worst of the rooms"
    shapes = (
        ("switch_suppression", "dB", min, "higher", 30, "the operator's echo, against no switch"),
        ("switch_false", "%", max, "lower", 2, "frames with the operator's echo and the microphone more than half open"),
        ("switch_opening", "ms", max, "lower", 100, "from the tenant's first sound to an open microphone, slowest word"),
        ("switch_speech_kept", "%", min, "higher", 95, "energy of the tenant's talk that is sent, talking in turns"),
        ("switch_interruption", "%", min, "higher", None, "the same where the tenant interrupts; not possible with a loud echo"),
    )
    made = []
    for name, unit, worst, better, target, what in shapes:
        values = {where: one[name] for where, one in results.items()}
        peers = {where: f"{value:.3g} {unit}" for where, value in values.items()}
        made.append(Figure(name, worst(values.values()), unit, f"{what}; {how}", target, better, peers))
    return made


class Conversation:
    """What happened, frame by frame.

    .record has (part, energy said, energy at the microphone, gain of the switch 0..1, whether an echo is under way).
    """

    def __init__(self, around):
        from firmware.core.media.gain import Leveller
        from firmware.core.media.voice_switch import VoiceSwitch

        self.record = []
        self._room = around
        self._leveller, self._switch = Leveller(), VoiceSwitch()
        self._loud = [False] * (room.LATE_FRAMES + 2)  # of the operator's last frames

    def hold(self, far, near):
        """Each talks in turn, and at the end the tenant into the operator's words."""
        self._part("rest", [], [0.0] * room.FRAME * _LEAD_FRAMES)
        for asked, answered, gap_frames in zip(far, near, _GAPS_FRAMES, strict=False):
            self._part("operator", trimmed(asked), [])
            self._part("rest", [], [0.0] * room.FRAME * gap_frames)
            self._part("tenant", [], trimmed(answered))
            self._part("rest", [], [0.0] * room.FRAME * _REST_FRAMES)
        self._part("operator", far[-1], [])
        self._part("both", far[-1], trimmed(near[0])[: len(far[-1])])

    def _part(self, name, far, near):
        for number in range(max(len(far), len(near)) // room.FRAME):
            said = _frame_of(near, number)
            asked = _frame_of(far, number)
            heard, gain = self._frame(asked, said)
            self._loud = [*self._loud[1:], energy_of(asked) > _ASKED]
            self.record.append((name, energy_of(said), heard, gain, any(self._loud[:2])))

    def _frame(self, far, near):
        """As firmware/talk.py does it: (energy of the microphone's frame after its gain, gain of the switch)."""
        from firmware.core.media import level

        played = bytearray(array.array("h", [round(sample) for sample in far]))
        pcm = self._room.hear(near)
        switch, leveller = self._switch, self._leveller
        leveller.hold = switch.far_voice or switch.near_to_q12 < _HALF_Q12
        leveller.process(pcm, room.FRAME)
        switch.decide(leveller.level, level.mean_abs(played, room.FRAME))
        level.scale(played, room.FRAME, switch.far_from_q12, switch.far_to_q12)
        self._room.play(played)
        return energy_of(array.array("h", bytes(pcm))), switch.near_to_q12 / 4096

    def results(self):
        return {
            "switch_suppression": suppression_db(self.record),
            "switch_false": false_pct(self.record),
            "switch_opening": max(openings_ms(self.record)),
            "switch_speech_kept": kept_pct(self.record, "tenant"),
            "switch_interruption": kept_pct(self.record, "both"),
        }


def trimmed(samples):
    """Without the silence that a spoken text begins and ends with."""
    loud = [at for at, sample in enumerate(samples) if abs(sample) > _TRIM]
    return samples[loud[0] : loud[-1] + 1]


def _frame_of(samples, number):
    part = samples[number * room.FRAME : (number + 1) * room.FRAME]
    return part + [0.0] * (room.FRAME - len(part))


def energy_of(samples):
    return sum(sample * sample for sample in samples)


def suppression_db(record):
    """Energy of the microphone while the operator's echo is there, over what of it is sent."""
    there = [(heard, heard * gain * gain) for part, _, heard, gain, echo in record if part == "operator" and echo]
    return 10 * math.log10(sum(heard for heard, _ in there) / max(sum(sent for _, sent in there), 1e-9))


def false_pct(record):
    """Frames with the operator's echo in which the microphone was more than half open."""
    gains = [gain for part, _, _, gain, echo in record if part == "operator" and echo]
    return 100 * sum(gain >= 0.5 for gain in gains) / len(gains)


def openings_ms(record):
    """For each answer of the tenant: from its first sound to the first frame that is sent; infinite if none is."""
    openings, before, open_yet = [], None, True
    for part, said, _, gain, _ in record:
        if part == "tenant" and before != "tenant":
            openings.append(math.inf)
            waited_ms, open_yet = 0, False
        if part == "tenant" and not open_yet and said > _SAID:
            open_yet = gain >= 0.5
            if open_yet:
                openings[-1] = waited_ms
            waited_ms += 20
        before = part
    return openings


def kept_pct(record, part):
    """Energy of the tenant's talk that is sent."""
    said = [(energy, energy * gain * gain) for name, energy, _, gain, _ in record if name == part]
    return 100 * sum(sent for _, sent in said) / sum(energy for energy, _ in said)
