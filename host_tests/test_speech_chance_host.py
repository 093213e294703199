"""Chance: any order of events, with steps that break at any time, opens no microphone unlawfully and leaves nothing open."""

import random

import pytest

from firmware.core import call as one
from firmware.core.speech.policy import Policy
from host_tests.test_speech import MEDIA, Flat

BREAKS = ("answer", "ended", "stop", "start", "start, late", "microphone", "deinit", "speech", "progress", "declined", "reoffer",
          "media", "alive", "no_answer")
SIDS = ("a" * 16, "b" * 16, "c" * 16)
CALLS = ("", "u1-5e1f00d5-1", "u1-5e1f00d5-2", "x" * 64, "-", "u1-5e1f00d5-99999999")
WRONG_MEDIA = ({}, {"port": 2**80}, dict(MEDIA, formats=[{}]), dict(MEDIA, crypto={"key": 5}), dict(MEDIA, address="1" * 15))


class Life:
    """A flat in which anything happens, by a seed."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.flat = Flat(Policy(self.chance.choice(("auto", "press")), self.chance.random() < 0.5))
        self.turn = 1
        self.steps = (self.offer, self.offer, self.offer, self.control, self.press, self.answered, self.cleared, self.button,
                      self.privacy, self.voices, self.time, self.words)

    def offer(self):
        self.turn += self.chance.choice((0, 1, 1, 2))
        media = dict(MEDIA, direction=self.chance.choice(("sendrecv", "sendrecv", "inactive")))
        if self.chance.random() < 0.1:
            media = self.chance.choice(WRONG_MEDIA)
        kind = self.chance.choice(("alarm", "intercom", "welfare", "door"))
        self.flat.offer(kind, self.chance.choice(CALLS), self.turn, self.chance.choice(SIDS), media)

    def control(self):
        do = self.chance.choice(("hold", "resume", "clear_down", "talk", "extend", "sing"))
        self.flat.control(do, self.chance.choice(SIDS))

    def press(self):
        self.flat.calls.activate(self.flat.now, 0, 0, 0)
        self.flat.speech.activated(self.flat.calls.open[-1].number)

    def _told(self, event, *data):
        if self.flat.calls.open:
            self.flat.obey(self.flat.calls.told(event, self.flat.calls.open[-1].number, self.flat.now, *data))

    def answered(self):
        self._told(one.RECEIPT_ARRIVED, 64, 9)
        self._told(one.ANSWER_ARRIVED, "centre")

    def cleared(self):
        self._told(one.CLEAR_ARRIVED, 64, "mistake", "present", "centre")

    def button(self):
        self.flat.speech.answer_pressed()

    def privacy(self):
        self.flat.speech.privacy(self.chance.random() < 0.5)

    def voices(self):
        self.flat.both_heard = self.chance.random() < 0.5
        self.flat.talks(self.chance.choice((500, 5000)))

    def time(self):
        self.flat.run(self.chance.choice((100, 3000, 31000, 140000)))

    def words(self):
        self.flat.digits = [self.chance.choice("0123456789*#AD")]
        self.flat.prompting = self.chance.random() < 0.5
        self.flat.speech.message({"type": "alive", "sid": self.chance.choice(SIDS)})

    def live(self):
        """One step, perhaps with something broken; then the heart beats."""
        self.flat.breaks = tuple(self.chance.sample(BREAKS, self.chance.choice((0, 0, 0, 1, 2))))
        self.flat.wall.broken = self.chance.choice((None, None, None, "OPENED", "ENDED", "RING"))
        self.chance.choice(self.steps)()
        self.flat.speech.tick()

    def is_lawful(self):
        flat = self.flat
        if flat.listening and "deinit" not in flat.breaks:
            return flat.session.microphone.is_open and flat.session.state in ("CONNECTED", "OFFERING")
        return True


@pytest.mark.parametrize("first", range(0, 600, 150))
def test_whatever_happens_and_breaks_nobody_listens_unlawfully_and_all_comes_to_rest_p3_p8(first):
    for seed in range(first, first + 150):
        life = Life(seed)
        for _ in range(40):
            life.live()
            assert life.is_lawful(), seed
        flat = life.flat
        flat.breaks, flat.wall.broken, flat.prompting, flat.digits = (), None, False, []
        flat.run(1300000)
        flat.speech.tick()
        assert flat.session.state == "IDLE" and not flat.listening and not flat.active, seed
        assert [step for step in flat.done if str(step).startswith("radio")][-1:] != ["radio awake"], seed
