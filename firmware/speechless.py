"""In place of talk, speech and daily on a unit whose memory does not hold them: it calls all the same, and says so (P8).

A stock build without PSRAM has no room for speech beside the alarm path (docs/rom.md). Whoever offers speech is declined.
"""

import asyncio

_DECLINED = {"reason": "media", "current_turn": 0}


class Speechless:
    """`shell`: shell.Shell with uplink, link and reports, by the time that a message comes."""

    active = False
    prompting = False

    def __init__(self, shell):
        self._shell = shell
        self.beat = 0

    def message(self, message):
        """An `offer`, `control` or `alive`: there is no speech here."""
        if message["type"] == "offer":
            self._say("declined", dict(_DECLINED, sid=message["sid"], turn=message["turn"]))
        elif message["type"] == "alive":
            self._say("ended", {"sid": message["sid"], "turn": 0, "reason": "no_such_session"})
        else:
            self._shell.reports.command(message, "no_such_session")

    def _say(self, say, fields):
        topic, payload = self._shell.uplink.speech(say, fields)
        self._shell.link.send("speech", topic, payload, False)

    async def run(self):
        while True:
            self.beat += 1
            await asyncio.sleep_ms(1000)

    def prompt(self, name):
        return False

    def counters(self):
        return {}

    def is_on(self):
        return False

    def next_due(self):
        return None

    def tick(self):
        pass

    def used(self):
        pass

    def pressed(self):
        pass

    def answer_pressed(self):
        pass

    def privacy(self, on):
        pass

    def activated(self, number):
        pass

    def calls_changed(self):
        pass
