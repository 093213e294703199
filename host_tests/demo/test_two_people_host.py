"""Two people talk: a browser at the desk, a browser in the flat, and between them the real firmware, SRTP and a broker."""

import asyncio
import contextlib

from playwright.async_api import expect

from host_tests.peers import need
from host_tests.web.chromium import browser, heard, loud_enough, write_tone
from tools.demo.flat_web.page import FlatPage
from tools.demo.room import Room
from tools.scenario.stage import Stage
from tools.scenario.timeline import Timeline

OPERATOR_HZ, TENANT_HZ = 1004, 1204
WANTED_DB = 35  # 38 to 39 are seen: gain control, limiter and four changes of the rate cost less than A-law itself
_SOON_MS = 30_000


@contextlib.asynccontextmanager
async def two_people(tmp_path):
    """(the operator's page, the tenant's page, the stage)."""
    for name, hz in (("operator", OPERATOR_HZ), ("tenant", TENANT_HZ)):
        write_tone(tmp_path / f"{name}.wav", hz, seconds=150, level=0.25)
    async with contextlib.AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path / "stage", lambda view: Timeline(view, print), page=True))
        board = stage.flat.board
        flat_page = await stack.enter_async_context(FlatPage(board, Room(board), "Flat 12"))
        operator = await stack.enter_async_context(browser(tmp_path / "operator.wav"))
        tenant = await stack.enter_async_context(browser(tmp_path / "tenant.wav"))
        await operator.goto((await stage.desk.client.request("page"))["url"])
        await operator.fill("#name", "Mary")
        await operator.check("text=I use a headset")
        await operator.click("text=Begin, with ringing")
        await tenant.goto(flat_page.link())
        await tenant.check("#headset")
        await tenant.click("#join")
        await expect(operator.locator("#units .card")).to_contain_text("On line", timeout=_SOON_MS)
        yield operator, tenant, stage


async def level_at(page, hz):
    async def played():
        sound = await heard(page)
        return sound["samples"], sound["rate_hz"]

    return await loud_enough(played, hz, WANTED_DB)


async def mode(operator, name):
    one = operator.get_by_role("button", name=name)
    await one.click()
    await expect(one).to_have_attribute("aria-pressed", "true")
    await expect(operator.locator("#speech-trouble")).to_be_empty()


def test_a_tenant_presses_the_operator_answers_and_each_hears_the_other(tmp_path):
    need("nats")

    async def script():
        async with two_people(tmp_path) as (operator, tenant, stage):
            await expect(tenant.locator("#microphone")).to_have_text("closed")
            await tenant.click("text=Press the button")
            await expect(tenant.locator("#pattern")).to_contain_text("received", timeout=_SOON_MS)
            await operator.get_by_role("button", name="Answer and talk").click()
            await expect(operator.locator("#speech-state")).to_have_text("Connected. Speak now.", timeout=_SOON_MS)
            await expect(tenant.locator("#microphone")).to_have_text("open: somebody listens")
            await mode(operator, "I listen")
            at_desk = await level_at(operator, TENANT_HZ)
            await mode(operator, "I talk")
            in_flat = await level_at(tenant, OPERATOR_HZ)
            assert at_desk >= WANTED_DB and in_flat >= WANTED_DB, (at_desk, in_flat)
            await operator.get_by_role("button", name="End the speech").click()
            await expect(tenant.locator("#microphone")).to_have_text("closed")
            await expect(tenant.locator("#pattern")).to_contain_text("somebody has the call")
            await operator.get_by_role("button", name="Clear …").click()
            await operator.get_by_label("A mistake").check()
            await operator.get_by_label("Somebody is in the flat").check()
            await operator.get_by_role("button", name="Clear the call").click()
            await expect(tenant.locator("#pattern")).to_have_text("off", timeout=_SOON_MS)
            await operator.click("#microphone summary")
            await expect(operator.locator("#microphone td").nth(3)).to_have_text("Mary")

    asyncio.run(script())
