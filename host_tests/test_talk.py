"""talk.py on stand-in ports and a far end in memory: what leaves, what is heard, when, and in how much memory."""

import os
import struct

import machine

from firmware.core import clock
from firmware.core.media import g711
from firmware.core.media.level import mean_abs
from firmware.drivers import microphone, speaker
from firmware.drivers.microphone import Microphone, Port
from firmware.drivers.prompts import PromptReader
from firmware.drivers.speaker import Speaker
from firmware.drivers.tones import tone_block
from firmware.talk import Talk

FOLDER = "build/test_talk"
LOUD = 12000
HUM = b"".join(struct.pack("<h", LOUD if i // 16 % 2 else -LOUD) for i in range(160))  # 10 ms at 16 kHz: 500 Hz


class Path:
    """A far end: `sent` collects (ms, loudness, marker), loudness None for codes of pure silence; `says` holds what it says,
    frame by frame."""

    def __init__(self, bench, codec="PCMA"):
        self._bench = bench
        self.codec = codec
        self._silent = (b"\xd5" if codec == "PCMA" else b"\xff") * 160
        self.local = {"port": 4000}
        self.out = bytearray(160)
        self.sent = []
        self.says = []
        self.skipped = 0
        self.polls = self.kept = self.taken = 0
        self.is_open = False
        self.heard_ms = None
        self.counters = {"sent": 0}
        self.digits = []

    def open(self, media):
        self.is_open = True  # also half of it must be closed again
        if media is None:
            raise OSError("port in use")

    def send(self, marker):
        if not self.is_open:
            raise OSError("sent on a closed path")
        loud = None if self.out == self._silent else loudness_of(self.out)
        self.sent.append((self._bench.world.now_ms, loud, marker))

    def skip(self, count):
        self.skipped += count

    def poll(self):
        self.polls += 1

    def frame(self, codes):
        self.taken += 1
        if not self.says:
            return -1
        said = self.says.pop(0)
        if said is None:
            return 0
        codes[:] = said
        return 1

    def digit(self):
        return self.digits.pop(0) if self.digits else None

    def housekeep(self):
        self.kept += 1

    def close(self):
        self.is_open = False


class Bench:
    def __init__(self, with_microphone=True, with_speaker=True):
        self.world = machine.world
        self.world.i2s_paced = True
        wire = {"sck": machine.Pin(32), "ws": machine.Pin(33), "sd": machine.Pin(35), "mode": machine.I2S.RX, "bits": 32,
                "format": machine.I2S.MONO, "rate": 16000, "ibuf": microphone.IBUF_BYTES}
        self.speaker = None
        if with_speaker:
            i2s = machine.I2S(0, sck=machine.Pin(18), ws=machine.Pin(19), sd=machine.Pin(21), mode=machine.I2S.TX, bits=16,
                              format=machine.I2S.MONO, rate=16000, ibuf=speaker.IBUF_BYTES)
            self.speaker = Speaker(i2s, {500: tone_block(500, 80)}, None, self.now)
        self.microphone = Microphone(Port(machine.I2S, 1, wire), 0, self.now) if with_microphone else None
        self.levels = []  # loudness of each 20 ms that the loudspeaker gave
        self.hums = False
        self._unfed_ms = 0
        self.paths = []
        self.codec = "PCMA"
        self.talk = Talk(self.microphone, self.speaker, self.make_path, PromptReader(FOLDER), self.now)

    def now(self):
        return (self.world.now_ms - 300) & (clock.PERIOD_MS - 1)  # the ticks wrap at once

    def make_path(self):
        self.paths.append(Path(self, self.codec))
        return self.paths[-1]

    def run(self, ms):
        """Follows what the engine asks for, for `ms`."""
        end_ms = self.world.now_ms + ms
        while self.world.now_ms < end_ms:
            self.advance(min(self.talk.step(), end_ms - self.world.now_ms))

    def advance(self, ms):
        """Time passes; the microphone hears a square wave while `hums`. What the loudspeaker gives is measured as it comes."""
        while ms > 20:
            self.advance(20)
            ms -= 20
        microphone = self.world.microphone(1)
        self._unfed_ms += ms if self.hums and microphone.open else 0
        while self._unfed_ms >= 10:
            self._unfed_ms -= 10
            microphone.feed(HUM)
        self.world.advance(ms)
        if self.speaker:
            heard = self.world.sound(0).heard
            while len(heard) >= 640:
                self.levels.append(mean_abs(heard, 320))
                heard[:] = heard[640:]

    def heard(self, last_ms):
        """Loudness of what the loudspeaker gave in the last `last_ms`."""
        part = self.levels[-last_ms // 20 :]
        return sum(part) // len(part)


def loudness_of(codes):
    pcm = bytearray(320)
    g711.alaw_decode(codes, pcm, 160)
    return mean_abs(pcm, 160)


def spoken(level):
    """A frame of a square wave of 250 Hz, A-law."""
    pcm = struct.pack("<160h", *[level if i // 16 % 2 else -level for i in range(160)])
    codes = bytearray(160)
    g711.alaw_encode(pcm, codes, 160)
    return bytes(codes)


def store(name, frames):
    for folder in ("build", FOLDER):
        try:
            os.mkdir(folder)
        except OSError:  # it is there
            pass
    with open("%s/%s.al" % (FOLDER, name), "wb") as file:
        for frame in frames:
            file.write(frame)


def test_the_first_packet_leaves_at_once_and_then_fifty_a_second_silent_while_nobody_may_listen():
    for codec in ("PCMA", "PCMU"):
        machine.world.clear()
        bench = Bench()
        bench.codec = codec
        assert bench.talk.start({}) == {"port": 4000} and bench.talk.active
        path = bench.paths[0]
        assert len(path.sent) == 1 and path.sent[0][2], "the first packet is marked"
        bench.hums = True
        bench.run(2000)
        assert 99 <= len(path.sent) <= 101, len(path.sent)
        assert all(loud is None for _, loud, _ in path.sent), codec
        assert not any(marker for _, _, marker in path.sent[1:])
        assert path.kept == 2 and path.polls >= 100


def test_an_open_microphone_is_heard_and_sets_the_pace():
    bench = Bench()
    bench.talk.start({})
    bench.talk.open_microphone()
    bench.hums = True
    bench.run(2000)
    path = bench.paths[0]
    assert 98 <= len(path.sent) <= 102, len(path.sent)
    loud = [ms for ms, level, _ in path.sent if level and level > 1000]
    assert loud[0] < 300 and len(loud) > 80, (loud[:1], len(loud))
    assert bench.microphone.overruns == 0 and path.skipped == 0


def test_a_closed_microphone_is_off_and_silence_follows_at_once_p3():
    bench = Bench()
    bench.talk.start({})
    assert not bench.world.microphone(1).open
    bench.talk.open_microphone()
    assert bench.world.microphone(1).open
    bench.hums = True
    bench.run(1000)
    bench.talk.close_microphone()
    assert not bench.world.microphone(1).open
    sent = len(bench.paths[0].sent)
    bench.run(500)
    assert all(level is None for _, level, _ in bench.paths[0].sent[sent:])
    bench.talk.open_microphone()
    bench.talk.stop()
    assert not bench.world.microphone(1).open, "the end of the session closes it whoever forgets"


def test_a_microphone_that_stalls_gives_silence_and_the_packets_go_on():
    bench = Bench()
    bench.talk.start({})
    bench.talk.open_microphone()
    bench.run(600)
    assert not bench.talk.deaf
    bench.world.microphone(1).fault = "stall"
    bench.run(200)
    sent = len(bench.paths[0].sent)
    bench.run(1000)
    assert 49 <= len(bench.paths[0].sent) - sent <= 51
    assert bench.talk.deaf and bench.talk.counters()["microphone_stalls"] >= 1


def test_after_a_stalled_loop_at_most_three_packets_leave_together_and_the_rest_is_skipped():
    for is_open in (False, True):
        machine.world.clear()
        bench = Bench()
        bench.talk.start({})
        if is_open:
            bench.talk.open_microphone()
        bench.run(1000)
        path = bench.paths[0]
        sent = len(path.sent)
        bench.advance(500)
        bench.talk.step()
        assert len(path.sent) - sent == 3, is_open
        assert 20 <= path.skipped <= 24
        bench.run(1000)
        assert 50 <= len(path.sent) - sent <= 55, is_open
        assert [marker for _, _, marker in path.sent[sent:]].count(True) == 1, "the first packet after a gap is marked"
        assert abs(len(path.sent) + path.skipped - 125) <= 3, "the far end's clock and ours have stayed together"


def test_a_loop_that_is_60_ms_late_loses_nothing_of_what_is_said_either_way():
    bench = Bench()
    bench.talk.start({})
    bench.talk.open_microphone()
    bench.run(1000)
    path = bench.paths[0]
    path.says = [spoken(4000) for _ in range(100)]
    dry_blocks = bench.world.sound(0).port.dry_blocks
    for _ in range(8):
        bench.advance(60)
        bench.run(140)
    assert bench.microphone.overruns == 0 and bench.speaker.underruns == 0 and path.skipped == 0
    assert abs(bench.microphone.blocks - 130) <= 2 and abs(len(path.sent) - 130) <= 2
    assert bench.world.sound(0).port.dry_blocks == dry_blocks


def test_the_far_end_is_heard_and_louder_or_quieter_as_asked_within_six_steps():
    loud = {}
    for step in (0, 1, -1, -9, 9):
        machine.world.clear()
        bench = Bench()
        bench.talk.start({})
        bench.talk.volume(step)
        bench.paths[0].says = [spoken(4000) for _ in range(50)]
        bench.run(800)
        loud[step] = bench.heard(300)
    assert 2500 < loud[0] < 5000
    assert 1.3 < loud[1] / loud[0] < 1.5 and 1.3 < loud[0] / loud[-1] < 1.5
    assert 2.6 < loud[0] / loud[-9] < 3.0 and 1.8 < loud[9] / loud[0] < 2.1
    assert bench.speaker.underruns <= 1


def test_speech_is_taken_at_the_speaker_s_pace_and_a_lost_frame_is_concealed():
    bench = Bench()
    bench.talk.start({})
    path = bench.paths[0]
    path.says = [None if i % 10 == 5 else spoken(4000) for i in range(100)]
    bench.run(1000)
    assert 48 <= path.taken <= 54 and bench.speaker.underruns <= 1
    assert bench.heard(500) > 2500


def test_on_hold_nothing_is_heard_either_way_and_nothing_is_late_afterwards():
    bench = Bench()
    bench.talk.start({})
    bench.talk.open_microphone()
    path = bench.paths[0]
    bench.hums = True
    bench.talk.hold(True)
    path.says = [spoken(4000) for _ in range(60)]
    bench.run(1000)
    assert len(path.says) < 12 and bench.heard(500) == 0, "what arrives is let go by"
    assert all(level is None for _, level, _ in path.sent) and len(path.sent) >= 50
    bench.talk.hold(False)
    bench.hums = False
    bench.run(600)
    path.says = [spoken(4000) for _ in range(60)]
    bench.run(500)
    assert bench.heard(100) > 2000


def test_both_have_been_heard_once_each_has_spoken_for_half_a_second():
    bench = Bench()
    bench.talk.start({})
    bench.talk.open_microphone()
    bench.hums = True
    bench.run(1500)
    assert not bench.talk.both_heard
    bench.paths[0].says = [spoken(8000) for _ in range(60)]
    bench.run(400)
    assert not bench.talk.both_heard
    bench.run(900)
    assert bench.talk.both_heard
    bench.talk.forget_voices()
    assert not bench.talk.both_heard
    bench.talk.stop()
    bench.talk.start({})
    assert not bench.talk.both_heard, "each session anew"


def test_a_new_description_takes_over_without_a_gap_and_a_failing_one_leaves_the_old_path():
    bench = Bench()
    bench.talk.start({})
    bench.talk.open_microphone()
    bench.talk.volume(1)
    bench.run(100)
    try:
        bench.talk.start(None)
    except OSError as problem:
        assert "port in use" in str(problem)
    else:
        assert False, "it started"
    bench.run(100)
    assert bench.paths[0].is_open and not bench.paths[1].is_open and len(bench.paths[0].sent) >= 9
    bench.talk.start({})
    assert not bench.paths[0].is_open and bench.paths[2].is_open and bench.microphone.is_open
    assert len(bench.paths[2].sent) == 1
    bench.talk.stop()
    bench.talk.stop()
    assert not bench.talk.active and not bench.paths[2].is_open and bench.talk.heard_ms is None and bench.talk.digit() is None


def test_digits_signs_of_life_and_counters_come_from_the_path():
    bench = Bench()
    assert bench.talk.digit() is None and bench.talk.heard_ms is None
    bench.talk.start({})
    bench.paths[0].digits = ["5"]
    bench.paths[0].heard_ms = 77
    assert bench.talk.digit() == "5" and bench.talk.digit() is None and bench.talk.heard_ms == 77
    assert bench.talk.counters() == {"sent": 0, "speaker_underruns": 0, "speaker_stalls": 0, "speaker_write_errors": 0,
                                     "microphone_overruns": 0, "microphone_stalls": 0}


def test_a_message_waits_for_its_tone_is_spoken_whole_and_the_amplifier_goes_off():
    bench = Bench()
    store("received", [spoken(8000)] * 30)
    bench.speaker.tone(500)
    assert bench.talk.prompt("received") and bench.talk.prompting
    bench.run(400)
    bench.speaker.tone(0)
    bench.run(200)
    bench.speaker.tone(500)
    bench.run(100)
    bench.speaker.tone(0)
    bench.run(200)
    assert bench.talk.prompting, "the gap in a one-shot is not its end"
    bench.run(1500)
    assert not bench.talk.prompting
    silent = [i for i, level in enumerate(bench.levels[-70:]) if level < 100]
    assert 560 <= 20 * (70 - len(silent)) <= 640, bench.levels[-70:]
    blocks = bench.speaker.blocks
    bench.run(200)
    assert bench.speaker.blocks == blocks, "the stream has stopped"


def test_without_a_file_a_speaker_or_a_reason_no_message_is_spoken():
    bench = Bench()
    assert not bench.talk.prompt("never_recorded") and not bench.talk.prompting
    store("announce", [spoken(8000)] * 20)
    bench.talk.start({})
    assert not bench.talk.prompt("announce"), "two people are talking"
    assert bench.talk.prompt("announce", in_session=True)
    bench.paths[0].says = [spoken(4000)] * 60
    bench.run(300)
    assert bench.talk.prompting and len(bench.paths[0].says) < 50, "what is said meanwhile is let go by"
    bench.run(700)
    assert not bench.talk.prompting and len(bench.paths[0].sent) >= 50
    machine.world.clear()
    assert not Bench(with_speaker=False).talk.prompt("announce")


def test_a_session_ends_the_message_that_is_being_spoken_and_a_newer_message_replaces_it():
    bench = Bench()
    store("one", [spoken(8000)] * 100)
    store("two", [spoken(500)] * 10)
    assert bench.talk.prompt("one")
    bench.run(300)
    assert bench.heard(100) > 4000
    assert bench.talk.prompt("two")
    bench.run(600)
    assert not bench.talk.prompting and bench.heard(20) < 1000
    assert bench.talk.prompt("one")
    bench.run(300)
    bench.talk.start({})
    assert not bench.talk.prompting
    bench.run(300)
    assert bench.heard(100) < 200


def test_a_board_without_microphone_or_speaker_keeps_its_session_and_says_what_it_lacks():
    bench = Bench(with_microphone=False, with_speaker=False)
    bench.talk.start({})
    try:
        bench.talk.open_microphone()
    except OSError as problem:
        assert "none on this board" in str(problem)
    else:
        assert False, "there is none"
    bench.run(1000)
    bench.talk.close_microphone()
    assert 49 <= len(bench.paths[0].sent) <= 52
    bench.talk.stop()
    assert bench.talk.counters() == {}


def test_in_standby_it_asks_for_one_look_a_second_and_touches_nothing():
    bench = Bench()
    assert bench.talk.step() == 1000
    assert bench.speaker.blocks == 0 and bench.paths == [] and 1 not in bench.world.sounds
