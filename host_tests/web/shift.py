"""An operator's shift for tests: the desk with its page and one flat, joined in memory in real time; the sound is real SRTP."""

import asyncio
import contextlib
import time

from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import Wire
from host_tests.web.chromium import browser
from host_tests.web.served import TOKEN
from tools.desk.talk import talker
from tools.desk.talk.endpoint import TalkEndpoint
from tools.desk.web.page import DeskPage
from tools.ending import end

_STEP_S = 0.02


class Flat:
    """The flat's sound: says `hz` all the time, keeps what it hears."""

    def __init__(self, unit, hz):
        self.unit, self._hz = unit, hz
        self.heard = talker.Recorder("PCMA", seconds_max=300)
        self._end = None
        unit.speech.make_media = self._media

    def _media(self, offered):
        self.close()
        self._end = TalkEndpoint("127.0.0.1")
        answer = self._end.offer()
        answer["formats"] = [item for item in answer["formats"] if item["name"] in ("PCMA", "telephone-event")]
        self._end.accept(offered)
        self._end.attach(self.heard)
        self._end.play(talker.source(talker.tone(self._hz, 120), "PCMA"))
        return answer

    def newest(self):
        """(samples, rate in Hz) of the last second."""
        return [talker.sample_of_alaw(code) for frame in self.heard.frames[-50:] for code in frame], 8000

    def close(self):
        if self._end:
            self._end.close()


@contextlib.asynccontextmanager
async def shift(tmp_path, hz=1204, calls=1, slower=1.0, **chromium):
    """(browser page with the operator Mary of the centre signed in, wire, flat). `chromium`: as for `browser`."""
    unit = FakeUnit(KEY, slower=slower)
    wire = Wire(tmp_path, unit, timers={"media_silent_s": 3600})
    wire.now_ms = _now_ms()
    flat = Flat(unit, hz)
    unit.will()
    wire.up(unit.connected(wire.now_ms))
    for _ in range(calls):
        wire.up(unit.trigger(wire.now_ms))
    pump = asyncio.create_task(_carry(wire))
    try:
        async with DeskPage(wire.desk, TOKEN, wire.desk.talks.endpoint) as desk_page, browser(**chromium) as page:
            page.errors = []
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            await page.goto(desk_page.link())
            await page.wait_for_url(f"http://127.0.0.1:{desk_page.port}/")
            await page.fill("#name", "Mary")
            await page.check("text=the 24-hour centre")
            await page.check("text=I use a headset")  # nothing is done to the voice, so that a tone stays a tone
            await page.click("text=Begin, with ringing")
            yield page, wire, flat
            if page.errors:
                raise AssertionError(page.errors)
    finally:
        await end([pump])
        flat.close()
        wire.close()


def _now_ms():
    return time.monotonic_ns() // 1_000_000


async def _carry(wire):
    while True:
        wire.now_ms = _now_ms()
        for unit in wire.units.values():
            wire.up(unit.tick(wire.now_ms))
        await wire.settle()
        await asyncio.sleep(_STEP_S)
