"""The unit hears itself: over the real measuring, with sound that is made frame by frame (P3, P4, P5, P7)."""

import math
import struct

from firmware.audio_loop import AudioLoop
from firmware.core.media.goertzel import recur
from firmware.core.media.level import mean_abs


def frame(tone, noise, dice):
    samples = []
    for i in range(320):
        dice = (dice * 75 + 74) % 65537
        value = tone * math.sin(2 * math.pi * 750 * i / 16000) + (dice / 32768 - 1) * noise
        samples.append(int(min(max(value, -32768), 32767)))
    return bytearray(struct.pack("<320h", *samples))


class Flat:
    """`echo`: amplitude of our tone at the microphone; `noise`: of the room; `deaf`: no frames; `opens`: the rule allows it."""

    def __init__(self, echo=800, noise=40, deaf=False, opens=True):
        self.echo, self.noise, self.deaf, self.opens = echo, noise, deaf, opens
        self.now = 5000
        self.call = False
        self.listening = self.prompting = False
        self.listener = None
        self.sounding_ms = None
        self.told, self.faults, self.opened = [], {}, []
        self.n = 0
        self.loop = AudioLoop(self, self, self, self, lambda: self.call, lambda count: "ab" * count, lambda: self.now,
                              mean_abs, recur)

    def listen(self, listener):
        self.listener = listener

    def self_test(self, sid):
        self.opened.append(sid)
        self.listening = sid is not None and self.opens
        return self.listening

    def sound(self, shot):
        assert shot == "MEASURE"
        self.sounding_ms = self.now

    def note(self, name, fields, key=None):
        assert name == "proven"
        self.told.append(fields)

    def fault(self, name, source, is_open):
        self.faults[name] = is_open

    def run(self, ms=10000):
        for _ in range(ms // 20):
            if self.loop.state == "OFF":
                break
            self.now += 20
            self.n += 1
            if self.listener is not None and not self.deaf:
                plays = self.sounding_ms is not None and 160 <= self.now - self.sounding_ms < 1360
                self.listener.heard(frame(self.echo if plays else 0, self.noise, self.n * 97))
            self.loop.step()
        return self


def test_a_loop_that_works_closes_both_faults_within_3_s_and_shuts_the_microphone():
    flat = Flat()
    assert flat.loop.start() and flat.opened == ["ab" * 8]
    began = flat.now
    flat.run()
    assert flat.now - began < 3000 and flat.opened == ["ab" * 8, None] and flat.listener is None
    assert flat.faults == {"microphone": False, "speaker": False}
    assert flat.told == [{"what": "audio", "ok": True, "detail": flat.loop.result[1]}] and flat.loop.result[0] is True
    assert flat.told[0]["detail"].startswith("ok: tone 7") or flat.told[0]["detail"].startswith("ok: tone 8")


def test_a_dead_loudspeaker_a_dead_microphone_and_noise_are_told_apart():
    for changes, verdict, faults in (
        ({"echo": 0}, "speaker", {"microphone": False, "speaker": True}),
        ({"echo": 20}, "speaker", {"microphone": False, "speaker": True}),
        ({"echo": 0, "noise": 0}, "microphone", {"microphone": True}),
        ({"deaf": True}, "microphone", {"microphone": True}),
        ({"echo": 300, "noise": 20000}, "noise", {}),
        ({"echo": 6000, "noise": 8000}, "", {"microphone": False, "speaker": False}),
    ):
        flat = Flat(**changes)
        flat.loop.start()
        flat.run()
        assert flat.loop.result[0] == (verdict == "") and flat.faults == faults, (changes, flat.loop.result)
        assert flat.told[0]["detail"].startswith((verdict or "ok") + ":") and len(flat.told[0]["detail"]) <= 64
        assert not flat.listening


def test_it_does_not_begin_in_a_call_while_it_runs_or_where_the_rule_forbids_it():
    flat = Flat()
    flat.call = True
    assert not flat.loop.start() and flat.opened == []
    flat = Flat(opens=False)
    assert not flat.loop.start() and flat.opened == ["ab" * 8, None] and flat.loop.state == "OFF"
    flat = Flat()
    assert flat.loop.start() and not flat.loop.start()
    flat = Flat()
    flat.prompting = True
    assert not flat.loop.start() and flat.opened == []


def test_a_call_a_message_or_a_microphone_that_was_shut_ends_it_in_every_state_and_nothing_is_judged_p4():
    for ms in (20, 720, 1000, 1260, 1600, 1900):
        for need in ("call", "shut", "message"):
            flat = Flat()
            flat.loop.start()
            flat.run(ms)
            assert flat.loop.state != "OFF", ms
            flat.call = need == "call"
            flat.prompting = need == "message"  # no frame is heard while one is spoken
            flat.listening = flat.listening and need != "shut"
            flat.loop.step()
            assert flat.loop.state == "OFF" and flat.opened[-1] is None and flat.listener is None
            assert flat.told == [] and flat.faults == {} and flat.loop.result is None, (ms, need)


def test_one_that_gives_no_frames_ends_after_8_s_and_not_sooner():
    flat = Flat(deaf=True)
    flat.loop.start()
    flat.now += 7999
    flat.loop.poll()
    assert flat.loop.state != "OFF"
    flat.now += 1
    flat.loop.poll()
    assert flat.loop.state == "OFF" and flat.faults == {"microphone": True}
