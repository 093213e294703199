"""The flat's page on a real virtual board: what the unit shows is what the page shows; fingers and voices get through."""

import asyncio
import contextlib
import json

import pytest
from playwright.async_api import expect

from host_tests.vboard import sample_root
from host_tests.vboard.test_sound_host import LARGE, LOOP
from host_tests.web.chromium import browser, heard, loud_enough, write_tone
from host_tests.web.served import Browser, close_code, until
from tools.demo.flat_web.page import FlatPage
from tools.demo.room import Room
from tools.vboard import VirtualBoard

_SOON_S = 20


# One press is one change of the light, however often the contact bounces, at the press or at the release.
_DEBOUNCED = sample_root.HEARTBEAT.replace(
    "        light.toggle()\n",
    "        await asyncio.sleep_ms(30)\n        pressed.clear()\n"
    "        if button.value():\n            continue\n        light.toggle()\n",
)


@contextlib.asynccontextmanager
async def flat(tmp_path, main=_DEBOUNCED, says="up"):
    """(board, page server) once the unit has printed `says`."""
    root = sample_root.write(tmp_path / "root", main)
    async with VirtualBoard(root=root, state=tmp_path / "state", board="SAMPLE") as board:
        await board.wait_event(lambda event: says in event.get("text", ""), _SOON_S, since=0)
        async with FlatPage(board, Room(board), "Flat 12") as page:
            yield board, page


async def entered(page, flat_page):
    await page.goto(flat_page.link())
    await page.wait_for_url(f"http://127.0.0.1:{flat_page.port}/")


def test_the_lamp_on_the_page_is_the_pin_s_level_and_a_press_there_is_a_press(tmp_path):
    async def script():
        async with flat(tmp_path) as (board, flat_page), browser() as page:
            await entered(page, flat_page)
            await expect(page.locator("#lamp")).not_to_have_class("lamp lit")
            await page.click("text=Press the button")
            await board.wait_for(lambda status: status["light"] == 1, _SOON_S)
            await expect(page.locator("#lamp")).to_have_class("lamp lit")
            await page.click("text=Press the button")
            await expect(page.locator("#lamp")).to_have_class("lamp")
            assert board.status()["light"] == 0
            await board.power_cut()
            await expect(page.locator("#pattern")).to_have_text("off: the unit has no power")

    asyncio.run(script())


def test_cords_and_the_privacy_switch_stay_as_they_are_put(tmp_path):
    async def script():
        async with flat(tmp_path) as (board, flat_page), browser() as page:
            await entered(page, flat_page)
            for words, name in (("Pull the cord (cord)", "cord"), ("Privacy switch", "privacy")):
                one = page.get_by_role("button", name=words)
                await one.click()
                await expect(one).to_have_attribute("aria-pressed", "true")
                assert board.status()["inputs"][name] == "pulled"
                await one.click()
                await expect(one).to_have_attribute("aria-pressed", "false")
                assert board.status()["inputs"][name] == "normal"
            await page.get_by_role("button", name="Press the answer button").click()
            await board.wait_event(lambda event: event.get("input") == "answer", _SOON_S, since=0)

    asyncio.run(script())


def test_a_voice_goes_from_the_browser_into_the_unit_and_out_of_it_again(tmp_path):
    write_tone(tmp_path / "voice.wav", 1004)

    async def script():
        async with flat(tmp_path, LOOP % LARGE, "running") as (board, flat_page), browser(tmp_path / "voice.wav") as page:
            await entered(page, flat_page)
            await expect(page.locator("#microphone")).to_have_text("open: somebody listens")
            await page.check("#headset")
            await page.click("#join")

            async def played():
                sound = await heard(page)
                return sound["samples"], sound["rate_hz"]

            assert await loud_enough(played, 1004, 35) >= 35
            await page.click("#leave")
            await expect(page.locator("#join")).to_be_visible()

    asyncio.run(script())


@pytest.mark.parametrize(
    "message",
    ["", "{}", "[]", '{"do":"reset","input":"button"}', '{"do":"press","input":"cellar"}', '{"do":"press","input":7}', b"\x01"],
)
def test_what_no_finger_does_is_refused(tmp_path, message):
    async def script():
        async with flat(tmp_path) as (board, flat_page):
            visitor = await Browser(flat_page).enter(flat_page)
            async with visitor.socket("/live") as socket:
                assert json.loads(await socket.recv())["label"] == "Flat 12"
                await socket.send(message)
                assert await close_code(socket) == 4400
            assert board.status()["power"]

    asyncio.run(script())


def test_strangers_and_other_sites_cannot_press_the_button(tmp_path):
    async def script():
        async with flat(tmp_path) as (board, flat_page):
            visitor = Browser(flat_page)
            assert (await visitor.fetch("/"))[0] == 401
            async with visitor.socket("/live") as socket:
                assert await close_code(socket) == 4401
            await visitor.enter(flat_page)
            async with visitor.socket("/sound", origin="http://evil.example") as socket:
                assert await close_code(socket) == 4403
            for frame in (b"x" * 160, b"", "text"):
                async with visitor.socket("/sound") as socket:
                    await socket.recv()
                    await socket.send(frame)
                    assert await close_code(socket) == 4400
            async with visitor.socket("/sound") as old:
                await old.recv()
                async with visitor.socket("/sound") as new:
                    await new.recv()
                    assert await close_code(old) == 4409
            await until(lambda: flat_page._carrier is None)

    asyncio.run(script())
