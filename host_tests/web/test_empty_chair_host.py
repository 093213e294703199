"""Whoever speaks with the flat and whose page is gone has left: the tenant does not go on speaking to nobody."""

import asyncio

import pytest

from host_tests.desk.talk.scene import call_flat, play, session, speaking
from host_tests.web.served import TOKEN, Browser
from tools.desk.web.page import DeskPage

_WAIT_S = 10


async def until(wire, condition):
    for _ in range(_WAIT_S * 50):
        await wire.settle()
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited {_WAIT_S} s")


async def leave(wire, page, back=False):
    """A browser takes the sound of the session and goes; `back`: another one comes at once and stays until `release()`."""
    browser = await Browser(page).enter(page)
    path = "/sound?sid=" + session(wire)["sid"]
    async with browser.socket(path) as socket:
        await socket.recv()
    if not back:
        return None
    again = browser.socket(path)
    socket = await again.__aenter__()
    await socket.recv()
    return again


def test_a_call_whose_speaker_s_page_is_gone_rings_again_and_the_speech_ends(tmp_path):
    async def script(wire, unit):
        await speaking(wire, unit)
        async with DeskPage(wire.desk, TOKEN, wire.desk.talks.endpoint, alone_s=0.1) as page:
            await leave(wire, page)
            await until(wire, lambda: wire.call()["state"] == "open")
        alerts = wire.events("alert")
        assert "the page of Mary" in alerts[-1]["note"] and alerts[-1]["number"] == wire.call()["n"]

    play(tmp_path, script)


def test_a_welfare_call_whose_page_is_gone_is_cleared_down(tmp_path):
    async def script(wire, unit):
        await call_flat(wire)
        await wire.run(10)
        assert session(wire)["state"] == "connected"
        sid = session(wire)["sid"]
        async with DeskPage(wire.desk, TOKEN, wire.desk.talks.endpoint, alone_s=0.1) as page:
            await leave(wire, page)
            await until(wire, lambda: sid not in wire.desk.talks.sessions or session(wire)["state"] in ("ending", "ended"))

    play(tmp_path, script)


@pytest.mark.parametrize("alone_s", [0.5])
def test_a_page_that_is_loaded_again_keeps_call_and_speech(tmp_path, alone_s):
    async def script(wire, unit):
        await speaking(wire, unit)
        async with DeskPage(wire.desk, TOKEN, wire.desk.talks.endpoint, alone_s=alone_s) as page:
            again = await leave(wire, page, back=True)
            await asyncio.sleep(3 * alone_s)
            await wire.settle()
            assert wire.call()["state"] == "answered" and session(wire)["state"] == "connected"
            await again.__aexit__(None, None, None)

    play(tmp_path, script)
