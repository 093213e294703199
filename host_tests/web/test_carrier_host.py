"""Sound over the WebSocket: 160 bytes each 20 ms both ways; what is wrong, too much or too slow is refused and counted."""

import asyncio
import json

import pytest
import websockets

from host_tests.web.served import SID, Browser, close_code, rtp_pair, served, until
from tools.web.carrier import Carrier

FRAME = bytes(range(160))


def run(tmp_path, script):
    async def inner():
        with rtp_pair() as (desk_end, flat_end):
            async with served(tmp_path, {SID: desk_end}) as (_, page):
                browser = await Browser(page).enter(page)
                await asyncio.wait_for(script(browser, desk_end, flat_end), 60)

    asyncio.run(inner())


async def opened(socket):
    first = json.loads(await asyncio.wait_for(socket.recv(), 10))
    assert first == {"say": "sound", "codec": "PCMA", "sid": SID}


async def next_report(socket):
    while True:
        message = await asyncio.wait_for(socket.recv(), 10)
        if isinstance(message, str):
            return json.loads(message)


def test_frames_of_the_page_reach_the_flat_and_the_flat_s_the_page(tmp_path):
    async def script(browser, desk_end, flat_end):
        heard = []
        flat_end.attach(lambda codes, lost: heard.append(codes))
        async with browser.socket(f"/sound?sid={SID}") as socket:
            await opened(socket)
            flat_end.play(iter([b"\x11" * 160] * 100).__next__)
            for _ in range(10):
                await socket.send(FRAME)
            await until(lambda: heard.count(FRAME) == 10)
            got = 0
            while got < 20:
                message = await asyncio.wait_for(socket.recv(), 10)
                got += message == b"\x11" * 160
            report = await next_report(socket)
            assert report["from_page"] == 10 and report["received"] > 0 and report["refused_auth"] == 0
            flat_end.play(None)

    run(tmp_path, script)


@pytest.mark.parametrize("frame", [b"", b"x" * 159, b"x" * 161, b"x" * 8000, "text", "x" * 160])
def test_a_frame_of_another_size_or_kind_ends_the_sound_and_nothing_of_it_gets_through(tmp_path, frame):
    async def script(browser, desk_end, flat_end):
        heard = []
        flat_end.attach(lambda codes, lost: heard.append(codes))
        async with browser.socket(f"/sound?sid={SID}") as socket:
            await opened(socket)
            await socket.send(frame)
            assert await close_code(socket) == 4400
        await until(lambda: len(heard) > 5)
        assert set(heard) == {b"\xd5" * 160}, "silence goes on"
        async with browser.socket(f"/sound?sid={SID}") as socket:
            await opened(socket)

    run(tmp_path, script)


def test_more_than_the_line_s_pace_is_dropped_and_counted(tmp_path):
    async def script(browser, desk_end, flat_end):
        async with browser.socket(f"/sound?sid={SID}") as socket:
            await opened(socket)
            for _ in range(3000):
                await socket.send(FRAME)
            report = await next_report(socket)
            while report["from_page"] + report["refused_rate"] < 3000:
                report = await next_report(socket)
            assert report["refused_rate"] >= 2000
            assert desk_end.active and report["overruns"] < report["from_page"]

    run(tmp_path, script)


def test_the_newest_page_has_the_sound_and_the_older_one_is_told(tmp_path):
    async def script(browser, desk_end, flat_end):
        async with browser.socket(f"/sound?sid={SID}") as old:
            await opened(old)
            async with browser.socket(f"/sound?sid={SID}") as new:
                await opened(new)
                assert await close_code(old) == 4409
                assert len(desk_end._sinks) == 1
                frames = 0
                while frames < 5:
                    frames += isinstance(await asyncio.wait_for(new.recv(), 10), bytes)
        await until(lambda: not desk_end._sinks)

    run(tmp_path, script)


def test_a_speech_that_does_not_exist_or_is_over_has_no_sound(tmp_path):
    async def script(browser, desk_end, flat_end):
        for path in ("/sound", "/sound?sid=", "/sound?sid=0000000000000000"):
            async with browser.socket(path) as socket:
                assert await close_code(socket) == 4404
        async with browser.socket(f"/sound?sid={SID}") as socket:
            await opened(socket)
            desk_end.codec = "PCMU"
            assert await close_code(socket) == 4410, "the page would play the other law as noise"
            desk_end.codec = "PCMA"
        async with browser.socket(f"/sound?sid={SID}") as socket:
            await opened(socket)
            desk_end.close()
            assert await close_code(socket) == 4410
        async with browser.socket(f"/sound?sid={SID}") as socket:
            assert await close_code(socket) == 4404

    run(tmp_path, script)


class SlowPage:
    """A WebSocket whose browser reads nothing until it is let."""

    def __init__(self):
        self.reads, self.sent = asyncio.Event(), []

    async def send_text(self, text):
        self.sent.append(text)

    async def send_bytes(self, frame):
        await self.reads.wait()
        self.sent.append(frame)

    async def receive(self):
        await asyncio.Event().wait()

    async def close(self, code, reason):
        self.closed = code


def test_a_page_that_reads_slowly_gets_the_newest_speech_and_the_rest_is_counted():
    async def script():
        page = SlowPage()
        carrier = Carrier(page, 160, push=lambda frame: None)
        task = asyncio.create_task(carrier.run({}))
        await until(lambda: page.sent)
        for n in range(200):
            carrier.take(bytes([n]) * 160)
            await asyncio.sleep(0)
        assert carrier.counters["dropped_to_page"] >= 185
        page.reads.set()
        await until(lambda: bytes([199]) * 160 in page.sent)
        assert len([frame for frame in page.sent if isinstance(frame, bytes)]) <= 12
        carrier.end(4410, "done")
        await asyncio.wait_for(task, 5)
        assert page.closed == 4410

    asyncio.run(script())


def test_a_gap_in_the_flat_s_speech_is_shown_to_the_page_as_empty_frames():
    async def script():
        page = SlowPage()
        page.reads.set()
        carrier = Carrier(page, 160, push=lambda frame: None)
        task = asyncio.create_task(carrier.run({}))
        carrier.take(FRAME)
        carrier.take(FRAME, 2)
        await until(lambda: len(page.sent) == 5)
        assert page.sent[1:] == [FRAME, b"", b"", FRAME]
        carrier.take(FRAME, 10_000)
        await until(lambda: page.sent[-1] == FRAME and len(page.sent) > 6)
        assert len(page.sent) <= 5 + 6, "a long gap is not filled"
        carrier.end(1000, "")
        await asyncio.wait_for(task, 5)

    asyncio.run(script())


def test_a_page_that_vanishes_leaves_no_sink_behind(tmp_path):
    async def script(browser, desk_end, flat_end):
        socket = await browser.socket(f"/sound?sid={SID}")
        await opened(socket)
        await until(lambda: desk_end._sinks)
        socket.transport.abort()
        await until(lambda: not desk_end._sinks)
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                await socket.recv()

    run(tmp_path, script)
