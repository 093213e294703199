"""An engineer's test from the desk's page, in a real browser: begin, answer, leave out, stop, read and print the record."""

import asyncio
import io

import pypdf
import pytest
from playwright.async_api import expect

from host_tests.web.served import Browser, served
from host_tests.web.shift import shift
from host_tests.web.test_operator_in_chromium_host import _FAINT, _NAMELESS


def on_shift(tmp_path, script, **options):
    async def inner():
        async with shift(tmp_path, calls=0, **options) as (page, wire, flat):
            await script(page, wire, flat.unit)

    asyncio.run(inner())


def button(page, name):
    return page.get_by_role("button", name=name)


def card(page):
    return page.locator("#tests > .card")


async def begin(page, engineer="E. Ngineer", witness="A. Tenant"):
    await button(page, "Start a test").click()
    await page.fill("#test-who", engineer)
    await page.fill("#test-witness", witness)
    await button(page, "Begin the test").click()
    await expect(card(page)).to_contain_text("What is left: 5")


def test_a_test_is_begun_answered_and_ends_with_a_record_to_print(tmp_path):
    async def script(page, wire, unit):
        await expect(page.locator("#due-late")).to_contain_text("flat f12: never passed a test")
        wire.desk.config.units["demo/f12/u1"].locations["cord1"] = "bathroom"
        wire.up(unit.event("fault", fault="clock", input="", open=True))  # brings a new view of the flat
        await expect(page.locator("#units")).to_contain_text("Faults: clock")
        await begin(page)
        await expect(card(page)).to_contain_text("Engineer E. Ngineer, witness A. Tenant")
        await expect(card(page)).to_contain_text("Now: Pull or press cord1 (bathroom), and let go")
        await expect(card(page).locator("> .buttons").get_by_role("button", name="Yes")).to_be_hidden()
        wire.up(unit.test.pulled("cord1", 231))
        await expect(card(page)).to_contain_text("Now: Does the cord cord1 (bathroom) reach the floor")
        await card(page).locator("> .buttons").get_by_role("button", name="Yes").click()
        await expect(card(page)).to_contain_text("What is left: 3")
        await button(page, "No: Did the red light flash").click()
        await expect(card(page)).to_contain_text("What is left: 2")
        wire.up(unit.test.done("path:broker1", "pass"))
        await card(page).locator("> .buttons").get_by_role("button", name="Leave this step out").click()
        await page.fill("#skip-why", "no memory card")
        await button(page, "Leave it out").click()
        await expect(card(page)).to_contain_text("Ended: FAIL")
        await card(page).locator("details >> nth=1").locator("summary").click()
        await expect(card(page).locator("table")).to_contain_text("left out: no memory card")
        await page.click("#test-records summary")
        await expect(page.locator("#test-records td").nth(2)).to_have_text("FAIL")
        async with page.expect_download() as download:
            await page.locator("#test-records a").click()
        text = pypdf.PdfReader(await (await download.value).path()).pages[0].extract_text()
        assert "E. Ngineer" in text and "A. Tenant" in text and "no memory card" in text and "bathroom" in text
        assert [result for _, result, *_ in unit.test.results] == ["pass", "pass", "fail", "pass", "skip"]
        assert not unit.test.unstored

    on_shift(tmp_path, script)


def test_a_stopped_test_is_incomplete_and_the_flat_stays_to_be_tested(tmp_path):
    async def script(page, wire, unit):
        await begin(page)
        await card(page).locator("> .buttons").get_by_role("button", name="Stop the test").click()
        await expect(page.locator("#stop-test")).to_contain_text("INCOMPLETE")
        await button(page, "Go on with the test").click()
        assert unit.test.is_on
        await card(page).locator("> .buttons").get_by_role("button", name="Stop the test").click()
        await button(page, "Stop it").click()
        await expect(card(page)).to_contain_text("Ended: INCOMPLETE")
        await expect(page.locator("#due-late")).to_contain_text("never passed")
        await page.get_by_text("When each flat is to be tested").click()
        await expect(page.locator("#due-all td").nth(5)).to_have_text("INCOMPLETE")

    on_shift(tmp_path, script)


def test_what_desk_or_unit_refuses_is_said_where_the_engineer_looks(tmp_path):
    async def script(page, wire, unit):
        await begin(page)
        await button(page, "Start a test").click()
        await button(page, "Begin the test").click()
        await expect(page.locator("#start-test .trouble")).to_contain_text("under way")
        await page.keyboard.press("Escape")
        unit.faults.add("test_refused")
        await button(page, "Yes: Did the red light flash").click()
        await expect(page.locator("#alert")).to_contain_text("a call or speech is on")

    on_shift(tmp_path, script)


def test_a_real_call_in_a_test_is_on_top_and_the_test_waits(tmp_path):
    async def script(page, wire, unit):
        await begin(page)
        wire.up(unit.test.pause())
        wire.up(unit.trigger(wire.now_ms))
        await expect(card(page)).to_contain_text("Waits: a real call is open")
        await expect(page.locator("#calls .card")).to_contain_text("Nobody has it")
        await expect(page).to_have_title("CALL flat f12 (1)")
        await expect(card(page).locator("> .buttons").get_by_role("button", name="Stop the test")).to_be_visible()
        await expect(card(page).locator("> .buttons").get_by_role("button", name="Leave this step")).to_be_hidden()

    on_shift(tmp_path, script)


def test_a_test_call_rings_nobody_on_the_page(tmp_path):
    async def script(page, wire, unit):
        wire.desk.config.timers["test_call_s"] = 60
        wire.up(unit.trigger(wire.now_ms, cause="test"))
        await expect(page.locator("#calls .card")).to_contain_text("A test: nobody is rung.")
        await expect(page).to_have_title("Alarm desk")
        await expect(page.locator("#waiting")).to_be_hidden()

    on_shift(tmp_path, script)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_panel_can_be_read_and_used_without_eyes_and_on_a_small_screen(tmp_path, scheme):
    async def script(page, wire, unit):
        await page.emulate_media(color_scheme=scheme)
        await begin(page)
        wire.up(unit.test.pulled("cord1", 231))
        await expect(card(page)).to_contain_text("reach the floor")
        assert await page.evaluate(_FAINT) == []
        assert await page.evaluate(_NAMELESS) == []
        await page.set_viewport_size({"width": 320, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        await expect(page.locator("#announce")).to_contain_text("cord1, pulled and released: passed")

    on_shift(tmp_path, script)


def test_papers_are_for_those_who_have_entered_and_nonsense_finds_none(tmp_path):
    async def inner():
        async with served(tmp_path) as (_, page):
            stranger = Browser(page)
            for path in ("/record.pdf?record=1", "/tests.csv"):
                assert (await stranger.fetch(path))[0] == 401
                assert (await stranger.fetch(path, Host="evil.example"))[0] == 421
            known = Browser(page)
            await known.enter(page)
            for number in ("", "0", "9", "-1", "x", "1e9", "9" * 40, "%D9%A1"):
                assert (await known.fetch(f"/record.pdf?record={number}"))[0] == 404, number
            status, headers, text = await known.fetch("/tests.csv")
            assert status == 200 and "attachment" in headers["content-disposition"] and "never tested" in text

    asyncio.run(inner())


def test_a_record_that_came_over_the_air_is_the_one_that_is_printed(tmp_path):
    """The PDF's hash is that which the unit gave."""

    async def script(page, wire, unit):
        await begin(page)
        wire.up(unit.test.end())
        await page.click("#test-records summary")
        await expect(page.locator("#test-records a")).to_have_count(1)
        data = await (await page.request.get(await page.locator("#test-records a").evaluate("a => a.href"))).body()
        assert unit.test.records[0] in pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()

    on_shift(tmp_path, script)
