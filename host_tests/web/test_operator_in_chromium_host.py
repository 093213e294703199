"""What an operator does on the page, in a real browser: answer, talk, clear, welfare calls; with eyes, without, with keys."""

import asyncio

import pytest
from playwright.async_api import expect

from host_tests.fakes.desk import write_config
from host_tests.fakes.wire import WireLink
from host_tests.web.chromium import browser, heard, loud_enough, write_tone
from host_tests.web.served import TOKEN
from host_tests.web.shift import shift
from tools.desk.config import load
from tools.desk.desk import Desk
from tools.desk.web.page import DeskPage

WANTED_DB = 35
# Ratio of luminances of each text and what lies behind it, by WCAG 2's formula; gives those below 4.5.
_FAINT = r"""() => {
  const parts = (c) => c.match(/[\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = parts(c).map((v) => { const x = v / 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const c = getComputedStyle(n).backgroundColor;
      if (parts(c)[3] !== 0) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !node.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push([texts.currentNode.textContent.trim(), ratio]);
  }
  return faint;
}"""
_NAMELESS = """() => [...document.querySelectorAll("button, input, textarea, summary, meter")]
  .filter((n) => n.type !== "hidden" && !(n.getAttribute("aria-label") || n.textContent.trim() || (n.labels && n.labels.length)))
  .map((n) => n.outerHTML)"""


def on_shift(tmp_path, script, **options):
    async def inner():
        async with shift(tmp_path, **options) as (page, wire, flat):
            await script(page, wire, flat)

    asyncio.run(inner())


def button(page, name):
    return page.get_by_role("button", name=name)


def test_an_operator_answers_talks_commands_hangs_up_and_clears(tmp_path):
    write_tone(tmp_path / "voice.wav", 1004)

    async def script(page, wire, flat):
        speech = flat.unit.speech
        await expect(page.locator("#calls .card")).to_contain_text("Nobody has it")
        await expect(page).to_have_title("CALL flat f12 (1)")
        await button(page, "Answer and talk").click()
        await expect(page.locator("#speech-state")).to_have_text("Connected. Speak now.")
        await expect(page).to_have_title("Alarm desk")

        async def played():
            sound = await heard(page)
            return sound["samples"], sound["rate_hz"]

        async def arrived():
            return flat.newest()

        assert await loud_enough(played, 1204, WANTED_DB) >= WANTED_DB
        assert await loud_enough(arrived, 1004, WANTED_DB) >= WANTED_DB
        await button(page, "I listen").click()
        await expect(button(page, "I listen")).to_have_attribute("aria-pressed", "true")
        await page.keyboard.press("1")
        await expect(button(page, "I talk")).to_have_attribute("aria-pressed", "true")
        await button(page, "Louder there").click()
        await button(page, "Hold").click()
        await expect(page.locator("#speech-state")).to_contain_text("On hold")
        await button(page, "Go on").click()
        await expect(page.locator("#speech-state")).to_have_text("Connected. Speak now.")
        await page.click("#quality >> xpath=..")
        await expect(page.locator("#quality")).to_contain_text("jitter ms")
        await button(page, "End the speech").click()
        await expect(page.locator("#speech-state")).to_have_text("Speech has ended: ended at the desk")
        assert [*speech.controls] == ["listen", "talk", "volume_up", "hold", "resume", "clear_down"]
        assert wire.call()["state"] == "answered", "ending the speech never clears the call"
        await button(page, "Clear …").click()
        await page.get_by_label("A mistake").check()
        await page.get_by_label("Somebody is in the flat").check()
        await button(page, "Clear the call").click()
        await expect(page.locator("#no-calls")).to_be_visible()
        assert wire.call()["closed"]["who"] == "Mary"
        await page.click("#microphone summary")
        await expect(page.locator("#microphone td").nth(2)).to_have_text("closed")
        await expect(page.locator("#microphone")).to_contain_text("Mary")

    on_shift(tmp_path, script, microphone=tmp_path / "voice.wav")


def test_a_welfare_call_asks_the_set_questions_and_keeps_the_answers(tmp_path):
    async def script(page, wire, flat):
        flat.unit.speech.answering = "press"
        await button(page, "Welfare call").click()
        await expect(page.locator("#speech-state")).to_contain_text("announcement")
        await expect(page.locator("#speech-state")).to_contain_text("has to press")
        wire.up(flat.unit.speech.press())
        await expect(page.locator("#speech-state")).to_have_text("Connected. Speak now.")
        for question in ("feeling well", "any help"):
            await page.get_by_role("group", name=question).get_by_label("Yes").check()
        await page.get_by_role("group", name="spirits").get_by_label("4").check()
        await button(page, "Keep the answers").click()
        await expect(page.locator("#welfare .trouble")).to_have_text("Choose the outcome first.")
        await page.get_by_label("All is well").check()
        await page.get_by_label("Note", exact=True).fill("Daughter visits today")
        await button(page, "Keep the answers").click()
        await expect(page.get_by_text("Kept.")).to_be_visible()
        (row,) = wire.desk.talks.store.outcomes("", 0, 10)
        body = row[-1]
        assert body["answers"] == {"well": True, "help": True, "mood": 4} and body["note"] == "Daughter visits today"
        assert body["outcome"] == "well" and row[-2] == "Mary"

    on_shift(tmp_path, script, calls=0, slower=0.3)


def test_a_flat_that_does_not_answer_is_shown_with_its_evidence(tmp_path):
    async def script(page, wire, flat):
        flat.unit.speech.answering = "press"
        await button(page, "Call the flat").click()
        warning = page.locator("#warnings li").filter(has_text="did not answer")
        await expect(warning).to_contain_text("rang 9 times")
        await warning.get_by_role("button", name="Seen").click()
        await expect(warning).to_be_hidden()
        await expect(page.locator("#speech-state")).to_contain_text("nobody answered in the flat")
        await page.click("#no-answer summary")
        await expect(page.locator("#no-answer td").last).to_contain_text("last activity in the flat: 2 h before")

    on_shift(tmp_path, script, calls=0, slower=0.02)


def test_a_call_that_comes_while_somebody_speaks_is_on_top_of_the_page_at_every_place(tmp_path):
    async def script(page, wire, flat):
        await button(page, "Welfare call").click()
        await expect(page.locator("#speech-state")).to_have_text("Connected. Speak now.")
        await page.get_by_label("Note", exact=True).fill("x")
        await page.get_by_label("Note", exact=True).scroll_into_view_if_needed()
        await expect(page.locator("#waiting")).to_be_hidden()
        wire.up(flat.unit.trigger(wire.now_ms))
        await expect(page.locator("#waiting")).to_have_text("1 open: flat f12, bathroom (pull cord). Nobody has it.")
        await expect(page.locator("#waiting")).to_be_in_viewport()
        await expect(page.locator("#announce")).to_contain_text("Call from flat f12: bathroom")
        await page.click("#waiting")
        await button(page, "Answer only").click()
        await expect(page.locator("#waiting")).to_be_hidden()

    on_shift(tmp_path, script, calls=0, slower=0.1, viewport={"width": 320, "height": 600})


def test_a_refused_microphone_is_said_and_the_operator_still_hears_the_flat(tmp_path):
    async def script(page, wire, flat):
        await button(page, "Answer and talk").click()
        await expect(page.locator("#speech-trouble")).to_contain_text("cannot hear you")
        await expect(page.locator("#speech-trouble")).to_contain_text("not allowed to use the microphone")

        async def played():
            sound = await heard(page)
            return sound["samples"], sound["rate_hz"]

        assert await loud_enough(played, 1204, WANTED_DB) >= WANTED_DB
        await expect(button(page, "Try my microphone again")).to_be_visible()

    on_shift(tmp_path, script, refuse=True)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_text_stands_out_and_every_control_has_a_name_also_on_a_narrow_screen(tmp_path, scheme):
    async def script(page, wire, flat):
        await button(page, "Answer and talk").click()
        await expect(page.locator("#speech-state")).to_contain_text("Connected")
        assert await page.evaluate(_FAINT) == []
        assert await page.evaluate(_NAMELESS) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        too_small = "[...document.querySelectorAll('button')].filter((b) => b.checkVisibility() && b.offsetHeight < 36).length"
        assert await page.evaluate(too_small) == 0
        await button(page, "Clear …").click()
        assert await page.evaluate(_FAINT) == []

    on_shift(tmp_path, script, viewport={"width": 320, "height": 700}, color_scheme=scheme)


def test_the_whole_answer_is_possible_with_the_keyboard_alone_and_the_focus_is_never_lost(tmp_path):
    async def script(page, wire, flat):
        for _ in range(20):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.textContent") == "Answer only":
                break
        await page.keyboard.press("Enter")
        await expect(page.locator("#calls .card")).to_contain_text("With Mary")
        assert await page.evaluate("document.activeElement.tagName") != "BODY"
        for _ in range(20):
            if await page.evaluate("document.activeElement.textContent") == "Talk":
                break
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#speech-state")).to_contain_text("Connected")
        assert await page.evaluate("document.activeElement.id") == "speech"
        await page.keyboard.press("0")
        await expect(page.locator("#speech-state")).to_contain_text("ended at the desk")

    on_shift(tmp_path, script)


def test_a_page_under_a_name_that_gets_no_microphone_says_so_at_once(tmp_path):
    async def script():
        desk = Desk(load(write_config(tmp_path, [1])), WireLink)
        served = DeskPage(desk, TOKEN, desk.talks.endpoint, remote=True)
        async with served as desk_page, browser(names="MAP desk.example 127.0.0.1") as page:
            await page.goto(desk_page.link().replace("127.0.0.1", "desk.example"))
            await page.wait_for_url(f"http://desk.example:{desk_page.port}/")
            await expect(page.locator("#warnings")).to_contain_text("no microphone")
            await expect(page.locator("#warnings")).to_contain_text("http://localhost")
        desk.close()

    asyncio.run(script())
