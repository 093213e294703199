"""What the session machine decides is carried out in its order, and what happens reaches it (P3, P4, P6)."""

import json

from firmware.core import call as one
from firmware.core import calls, clock
from firmware.core.seal import Sealer
from firmware.core.speech.policy import Policy
from firmware.core.speech.session import Session
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink
from firmware.speech import Speech

SEALER = Sealer(bytes(range(32)))
SID = "c0ffee0123456789"
MEDIA = {"address": "192.0.2.5", "port": 4000, "rtcp": 4001, "profile": "RTP/SAVP", "formats": [{"pt": 8, "name": "PCMA"}],
         "ptime": 20, "direction": "sendrecv", "crypto": {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": "A" * 40}}


class Wall:
    """Signals that note in `done` what they sound, and in `shown` what the light tells of the session."""

    def __init__(self, done):
        self.done, self.shown, self.can, self.broken = done, [], True, None

    def can_show(self):
        return self.can

    def sounding(self):
        return False

    def announce(self, kind):
        self.done.append("announce " + kind)

    def sound(self, shot):
        if shot == self.broken:
            raise ValueError("speaker: %s was not prepared" % shot)
        self.done.append(shot)

    def speech(self, state):
        self.shown.append(state)


class Flat:
    """Everything around Speech; `done` notes what was asked of talk, wall and microphone, `said` every message upward."""

    def __init__(self, policy=None):
        self.now = clock.PERIOD_MS - 5000
        self.done, self.said, self.keys, self.events, self.noted, self.commands, self.faults = [], [], [], [], [], [], []
        self.heard_ms, self.both_heard, self.prompting, self.digits, self.deaf = None, False, False, [], False
        self.listening = self.active = False
        self.wall = Wall(self.done)
        self.breaks = ()
        self.calls = calls.Calls(Timers(), 0)
        self.uplink = Uplink(("demo", "f12", "u1"), SEALER, "9f86d081884c7d65", 7, "5e1f00d5", [("button", "hall")])
        self.session = Session(Timers(), policy or Policy())
        self.speech = Speech(self.session, self, self.calls, self.uplink, self, self.wall, self, self.obey,
                             self.radio, lambda: self.now)

    # talk
    def fail(self, what):
        if what in self.breaks:
            raise MemoryError(what)

    def start(self, media):
        self.done.append("start")
        if "start" in self.breaks:
            raise OSError("no port is free")
        self.active = True
        self.fail("start, late")
        return dict(MEDIA, port=10000)

    def stop(self):
        self.done.append("stop")
        self.fail("stop")
        self.active = False

    def mode(self, mode):
        self.done.append(mode)

    def volume(self, step):
        self.done.append(step)

    def hold(self, on):
        self.done.append(("hold", on))

    def digit(self):
        return self.digits.pop(0) if self.digits else None

    def counters(self):
        return {"sent": 50, "received": 49}

    def forget_voices(self):
        self.both_heard = False

    def open_microphone(self):
        self.done.append("microphone opens")
        if "microphone" in self.breaks:
            raise OSError("microphone: the I2S port does not start")
        self.listening = True

    def close_microphone(self):
        self.done.append("microphone closes")
        if "deinit" in self.breaks:
            raise OSError("it does not stop")
        self.listening = False

    # link, reports
    def send(self, key, topic, payload, urgent):
        assert topic == "ils/v1/demo/f12/u1/speech" and not urgent
        message = json.loads(payload)
        self.fail(message["say"])
        self.keys.append(key)
        self.said.append(message)

    def note(self, name, fields, key=None):
        self.fail(name)
        self.events.append((name, fields))
        self.noted.append(key)

    def command(self, message, reason):
        self.commands.append((message["do"], reason))

    def fault(self, name, source, is_open):
        if self.faults[-1:] != [(name, is_open)]:
            self.faults.append((name, is_open))

    # the calls' side of unit.Unit
    def obey(self, actions):
        self.done += [action[0] for action in actions]
        self.fail("call")
        self.speech.calls_changed()

    def answered_call(self):
        self.calls.activate(self.now, 0, 0, 0)
        self.calls.told(one.RECEIPT_ARRIVED, 1, self.now, 1, 0)
        self.calls.told(one.ANSWER_ARRIVED, 1, self.now, "centre")
        return self.uplink.call_id(1)

    def radio(self, on):
        self.done.append("radio %s" % ("awake" if on else "sleeps"))

    def offer(self, kind="alarm", call="", turn=1, sid=SID, media=MEDIA):
        offer = {"type": "offer", "sid": sid, "turn": turn, "kind": kind, "call": call, "who": "centre", "media": media}
        self.speech.message(offer)

    def control(self, do, sid=SID):
        self.speech.message({"type": "control", "sid": sid, "do": do})

    def run(self, ms):
        """Follows the due times for `ms`, and so far as calls are concerned too."""
        end = clock.add(self.now, ms)
        while True:
            due = self.speech.next_due()
            if due is None or clock.diff(due, end) > 0:
                self.now = end
                return self
            self.now = due if clock.diff(due, self.now) > 0 else self.now
            self.speech.tick()

    def talks(self, ms):
        """`ms` with media coming in."""
        for _ in range(0, ms, 500):
            self.heard_ms = self.now
            self.run(500)


def connected():
    flat = Flat()
    flat.offer(call=flat.answered_call())
    return flat


def test_an_alarms_offer_is_answered_and_the_microphone_opens_after_light_and_tone_p3():
    flat = connected()
    assert flat.said[-1]["say"] == "answer" and flat.said[-1]["media"]["port"] == 10000
    assert flat.wall.shown == ["SPEAKING"]
    assert flat.done.index("OPENED") < flat.done.index("microphone opens")
    opened = [fields for name, fields in flat.events if name == "microphone"]
    assert [(fields["open"], fields["why"], fields["who"]) for fields in opened] == [(True, "alarm", "centre")]
    assert flat.faults == []
    flat.talks(1500)
    assert flat.faults == [("microphone", False)], "sound has come"


def test_an_offer_for_a_call_that_nobody_has_answered_is_declined():
    flat = Flat()
    flat.offer(call="u1-5e1f00d5-1")
    assert flat.said[-1]["reason"] == "no_such_call"
    flat.calls.activate(flat.now, 0, 0, 0)
    flat.offer(call="u1-5e1f00d5-1", turn=2, sid="1" * 16)
    assert flat.said[-1]["reason"] == "not_received"
    flat.calls.told(one.RECEIPT_ARRIVED, 1, flat.now, 1, 0)
    flat.offer(call="u1-5e1f00d5-1", turn=3, sid="2" * 16)
    assert flat.said[-1]["reason"] == "not_answered" and "microphone opens" not in flat.done


def test_a_port_that_does_not_open_declines_the_offer_p8():
    flat = Flat()
    flat.breaks = ("start",)
    flat.offer(call=flat.answered_call())
    assert flat.said[-1]["say"] == "declined" and flat.said[-1]["reason"] == "media"
    assert "microphone opens" not in flat.done


def test_a_microphone_that_does_not_start_is_a_fault_and_the_flat_still_hears_the_operator():
    flat = Flat()
    flat.breaks = ("microphone",)
    flat.offer(call=flat.answered_call())
    assert flat.said[-1]["say"] == "answer" and flat.faults == [("microphone", True)]
    flat.talks(3000)
    flat.control("clear_down")
    assert flat.faults == [("microphone", True)], "nothing has shown that it works again (P5)"
    assert "microphone" not in [name for name, _ in flat.events], "one that did not start was never open"


def test_a_microphone_that_is_open_and_gives_nothing_is_a_fault():
    flat = connected()
    flat.deaf = True
    flat.talks(2000)
    assert flat.faults[-1] == ("microphone", True)
    flat.deaf = False
    flat.talks(500)
    assert flat.faults[-1] == ("microphone", False)


def test_speech_that_goes_on_holds_the_answer_also_while_the_service_cannot_be_reached():
    flat = connected()
    for _ in range(40):
        flat.talks(10000)
        flat.obey(flat.calls.all(one.TICK, flat.now))
    assert flat.session.state == "CONNECTED" and flat.calls.find(1).state == "ANSWERED"


def test_commands_are_obeyed_answered_and_refused_by_name():
    flat = connected()
    for do in ("listen", "volume_up", "hold", "talk", "resume", "sing", "clear_down"):
        flat.control(do)
    assert flat.commands == [("listen", ""), ("volume_up", ""), ("hold", ""), ("talk", "held"), ("resume", ""), ("sing", "field"),
                             ("clear_down", "")]
    assert "listen" in flat.done and 1 in flat.done and ("hold", True) in flat.done and flat.done[-1] != "microphone opens"
    assert flat.said[-1]["say"] == "ended" and flat.said[-1]["reason"] == "clear_down"
    flat.control("talk", "f" * 16)
    assert flat.commands[-1] == ("talk", "no_such_session")


def test_digits_in_the_media_do_the_same_and_are_not_answered_as_commands():
    flat = connected()
    flat.digits = ["2", "0"]
    flat.talks(1000)
    assert "listen" in flat.done and flat.commands == []
    assert flat.said[-1]["say"] == "ended" and flat.session.state in ("ENDING", "IDLE")


def test_speech_that_both_have_heard_lets_a_clear_by_speech_through_p6():
    flat = connected()
    clear = (1, "mistake", "speech", "centre")
    assert flat.calls.told(one.CLEAR_ARRIVED, 1, flat.now, *clear) == [("REFUSE", "no_speech")]
    flat.both_heard = True
    flat.talks(1000)
    assert [fields["state"] for name, fields in flat.events if name == "speech"] == ["started", "heard"], "once"
    assert ("ACCEPT",) in flat.calls.told(one.CLEAR_ARRIVED, 1, flat.now, *clear)


def test_media_that_stays_away_ends_speech_and_raises_the_call_again_within_31_s_p6():
    flat = connected()
    flat.talks(3000)
    began = flat.now
    while "SEND_ALARM" not in flat.done and clock.diff(flat.now, began) < 60000:
        flat.run(100)
    assert clock.diff(flat.now, began) <= 31000
    assert [message["say"] for message in flat.said if message["say"] != "answer"][:2] == ["media", "reoffer"]
    assert flat.said[-1]["reason"] == "media_lost" and flat.calls.find(1).escalation == 1
    assert "microphone closes" in flat.done, "and the call is open still"


def test_a_call_that_is_cleared_ends_its_speech():
    flat = connected()
    flat.obey(flat.calls.told(one.CLEAR_ARRIVED, 1, flat.now, 1, "mistake", "present", "centre"))
    assert flat.said[-1]["say"] == "ended" and flat.said[-1]["reason"] == "call_over"
    assert "microphone closes" in flat.done
    assert flat.done.index("radio awake") < flat.done.index("start") and flat.done[-1] != "radio awake"
    assert flat.done.index("radio sleeps") > flat.done.index("stop")


def test_an_announcement_is_heard_to_its_end_before_the_microphone_opens_p3():
    flat = Flat()
    flat.prompting = True
    flat.offer(kind="welfare")
    assert "announce welfare" in flat.done and flat.wall.shown == ["ANNOUNCING"]
    flat.run(6000)
    assert "microphone opens" not in flat.done
    flat.prompting = False
    flat.run(1500)
    assert "microphone opens" in flat.done and flat.wall.shown[-1] == "SPEAKING"


def test_a_press_in_a_welfare_call_keeps_the_speech_as_that_of_the_call_p4():
    flat = Flat()
    flat.offer(kind="welfare")
    flat.run(4000)
    assert flat.session.kind == "welfare" and flat.session.state == "CONNECTED"
    flat.both_heard = True
    flat.calls.activate(flat.now, 0, 0, 0)
    flat.speech.activated(1)
    assert flat.session.kind == "alarm" and flat.session.call == "u1-5e1f00d5-1"
    assert "microphone closes" not in flat.done and "stop" not in flat.done
    flat.talks(1000)
    assert not flat.both_heard, "what was said before the press is no speech of this call (P6)"


def test_a_unit_that_cannot_show_anything_opens_no_microphone_p3():
    flat = Flat()
    flat.wall.can = False
    flat.speech.tick()
    flat.offer(call=flat.answered_call())
    flat.talks(2000)
    assert "microphone opens" not in flat.done and flat.said[-1]["say"] != "declined"
    flat.wall.can = True
    flat.talks(1000)
    assert "microphone opens" in flat.done


def test_alive_is_answered_with_mode_and_counters():
    flat = connected()
    flat.speech.message({"type": "alive", "sid": SID})
    assert (flat.said[-1]["say"], flat.said[-1]["mode"], flat.said[-1]["counters"]["sent"]) == ("alive", "auto", 50)
    flat.speech.message({"type": "alive", "sid": "f" * 16})
    assert flat.said[-1]["reason"] == "no_such_session"


def test_nothing_is_due_while_nobody_speaks():
    flat = Flat()
    flat.speech.tick()
    assert flat.speech.next_due() is None
