"""A unit without speech answers whoever wants to speak, and hinders nobody."""

import json

from firmware.core.seal import Sealer
from firmware.core.uplink import Uplink
from firmware.speechless import Speechless

SID = "c0ffee0123456789"


class Flat:
    """Uplink, link and reports around it; `said` and `commands` note what it answers."""

    def __init__(self):
        self.uplink = Uplink(("demo", "f12", "u1"), Sealer(bytes(32)), "9f86d081884c7d65", 7, "5e1f00d5", [])
        self.link = self.reports = self
        self.said, self.commands = [], []
        self.mute = Speechless(self)

    def send(self, key, topic, payload, urgent):
        assert not urgent
        self.said.append(json.loads(payload))

    def command(self, message, reason):
        self.commands.append((message["do"], reason))


def test_offers_are_declined_and_sessions_are_unknown():
    flat = Flat()
    flat.mute.message({"type": "offer", "sid": SID, "turn": 7})
    flat.mute.message({"type": "alive", "sid": SID})
    flat.mute.message({"type": "control", "sid": SID, "do": "talk"})
    assert [(one["say"], one["reason"], one["sid"]) for one in flat.said] == [("declined", "media", SID),
                                                                           ("ended", "no_such_session", SID)]
    assert flat.said[0]["turn"] == 7 and flat.commands == [("talk", "no_such_session")]


def test_it_takes_everything_that_the_unit_tells_and_wants_no_time():
    mute = Flat().mute
    for told in (mute.tick, mute.used, mute.pressed, mute.answer_pressed, mute.calls_changed):
        assert told() is None
    mute.privacy(True)
    mute.activated(1)
    assert mute.next_due() is None and mute.counters() == {} and mute.prompt("received") is False
    assert not mute.active and not mute.prompting
