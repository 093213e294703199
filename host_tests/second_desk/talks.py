"""The second desk's speech, written from docs/protocol.md alone: `offer`, `control`, `alive`, and what the flat says to them.

    talk = await desk.talks.begin(address, "alarm", "Mary", call=...)     offers until the flat has answered or declined
    talk.state      "offered", "announcing", "ringing", "connected", "ended"; talk.reason says why it ended
    desk.talks.control(talk, "listen"); desk.talks.control(talk, "clear_down")
"""

import asyncio
import itertools
import secrets
import time

from tools.ending import end

from .sound import Sound

_OFFER_AGAIN_S = (1, 2, 4)  # the last for ever. Source: docs/protocol.md, `offer`


class Talk:
    """One session. `said`: what the flat said in it, oldest first; `offers`: how often it was asked; `sound` is None before."""

    def __init__(self, address, kind, who, call, profile, codecs):
        self.address, self.kind, self.who, self.call, self.profile, self.codecs = address, kind, who, call, profile, codecs
        self.sid, self.turn, self.state, self.reason, self.sound = secrets.token_hex(8), 0, "offered", "", None
        self.said, self.offers, self.mode, self.held, self.counters, self._parted = [], 0, "auto", False, {}, []

    def all(self, say):
        return [message for message in self.said if message["say"] == say]

    async def new_sound(self):
        """A new port and a new key for each new turn; the sound before it falls silent with the flat's answer."""
        self._parted.append(self.sound)
        self.sound = await Sound.opened(self.profile, self.codecs)
        if self._parted[-1]:
            self.sound.say, self.sound.mute = self._parted[-1].say, self._parted[-1].mute

    def part(self, ended=False):
        for sound in [*self._parted, self.sound if ended else None]:
            if sound:
                sound.close()
        self._parted = []


class Talks:
    """All sessions by sid. `alive_s`: how often the flat is told that a session is wanted."""

    def __init__(self, desk, alive_s=30.0):
        self._desk, self.alive_s, self.by_sid, self._turns, self._tasks = desk, alive_s, {}, {}, []

    async def begin(self, address, kind, who, call="", profile="RTP/SAVP", codecs=("PCMA", "PCMU")):
        talk = Talk(address, kind, who, call, profile, codecs)
        self.by_sid[talk.sid] = talk
        await self.offer(talk)
        return talk

    async def offer(self, talk):
        """A new turn: a new offer of a new session, or a re-offer."""
        talk.turn = self._turns[talk.address] = self._turns.get(talk.address, 0) + 1
        await talk.new_sound()
        talk.state = "offered"
        self._tasks.append(asyncio.create_task(self._offer_again(talk, talk.turn)))

    def forget_turns(self):
        """As after a restart that lost its files: the flat tells by `stale_turn` where to go on."""
        self._turns.clear()

    def control(self, talk, do):
        """The ctr; the unit's word on it comes into the desk's `results`."""
        self._note_hold(talk, do)
        return self._desk.send(talk.address, "control", sid=talk.sid, do=do)

    def digit(self, talk, digit):
        """The same in the sound."""
        self._note_hold(talk, {"7": "hold", "8": "resume"}.get(digit))
        talk.sound.digit(digit)

    def _note_hold(self, talk, do):
        talk.held = {"hold": True, "resume": False}.get(do, talk.held)

    def alive(self, talk):
        return self._desk.send(talk.address, "alive", sid=talk.sid)

    def send_offer(self, talk, **other):
        """The offer of the talk's turn; `other` fields in place of the right ones, for tests."""
        talk.offers += 1
        fields = {"sid": talk.sid, "turn": talk.turn, "kind": talk.kind, "call": talk.call, "who": talk.who}
        media = {**talk.sound.media, "direction": "inactive" if talk.held else "sendrecv"}  # else a re-offer would end the hold
        return self._desk.send(talk.address, "offer", **{**fields, "media": media, **other})

    async def close(self):
        for talk in self.by_sid.values():
            talk.part(ended=True)
        await end(self._tasks)
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        wrong = [one for one in results if isinstance(one, Exception)]
        if wrong:
            raise wrong[0]

    async def _offer_again(self, talk, turn):
        for wait_s in itertools.chain(_OFFER_AGAIN_S, itertools.repeat(_OFFER_AGAIN_S[-1])):
            self.send_offer(talk)
            again_s = time.monotonic() + wait_s
            while time.monotonic() < again_s:
                await asyncio.sleep(0.02)
                if talk.turn != turn or talk.state in ("connected", "ended"):
                    await self._keep_alive(talk, turn)
                    return

    async def _keep_alive(self, talk, turn):
        while talk.turn == turn and talk.state != "ended":
            await asyncio.sleep(self.alive_s)
            self.alive(talk)

    def take(self, message):
        """A `speech` message of the flat."""
        talk = self.by_sid.get(message["sid"])
        if talk is None:
            return
        talk.said.append(message)
        if message["turn"] == talk.turn or message["say"] == "ended":
            getattr(self, "_on_" + message["say"], lambda *_: None)(talk, message)

    def _on_progress(self, talk, message):
        talk.state = message["state"]

    def _on_answer(self, talk, message):
        if talk.state != "connected":
            talk.sound.connect(message["media"], first=False)
            talk.part()
            talk.state = "connected"

    def _on_declined(self, talk, message):
        if message["reason"] == "stale_turn":
            self._turns[talk.address] = max(self._turns[talk.address], message["current_turn"])
            self._tasks.append(asyncio.create_task(self.offer(talk)))
        else:
            self._on_ended(talk, message)

    def _on_ended(self, talk, message):
        talk.state, talk.reason = "ended", message["reason"]
        talk.part(ended=True)

    def _on_reoffer(self, talk, _):
        self._tasks.append(asyncio.create_task(self.offer(talk)))

    def _on_alive(self, talk, message):
        talk.mode, talk.counters = message["mode"], message["counters"]
