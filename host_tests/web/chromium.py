"""Headless Chromium, driven by playwright, with a microphone that is a file; and the measure of what comes out of it."""

import array
import asyncio
import contextlib
import json
import math
import os
import wave

from playwright.async_api import async_playwright

from host_tests.peers import need

WAIT_MS = 15_000
_BOUND_S = 30
# Listens in on what the page plays, without a word of it in the page: what goes to the loudspeaker goes to an analyser too.
_LISTEN_IN = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode && this instanceof AudioWorkletNode) {
    window.heard = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, window.heard);
  }
  return connect.call(this, target, ...rest);
};
"""
_SAMPLES = """() => {
  if (!window.heard) return JSON.stringify({ samples: [], rate_hz: 8000 });
  const samples = new Float32Array(window.heard.fftSize);
  window.heard.getFloatTimeDomainData(samples);
  return JSON.stringify({ samples: Array.from(samples), rate_hz: window.heard.context.sampleRate });
}"""


def write_tone(path, hz, rate_hz=48_000, seconds=60, level=0.5):
    """A WAV file that outlasts the test: where Chromium starts it again there is a gap. `hz`: whole, so that seconds join."""
    second = array.array("h", (round(32767 * level * math.sin(2 * math.pi * hz * i / rate_hz)) for i in range(rate_hz)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(second.tobytes() * seconds)


@contextlib.asynccontextmanager
async def browser(microphone=None, *, refuse=False, names=None, **context):
    """A page of a fresh browser. `microphone`: WAV file, repeated; `refuse`: the microphone is not allowed;

    `names`: a rule of Chromium's --host-resolver-rules; `context`: as for playwright's new_context."""
    flags = ["--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream"]
    if not refuse:
        flags.append("--use-fake-ui-for-media-stream")
    if microphone:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}")
    if names:
        flags.append(f"--host-resolver-rules={names}")
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=need("chromium"), args=flags)
        try:
            page = await (await chromium.new_context(**context)).new_page()
            page.set_default_timeout(WAIT_MS)
            await page.add_init_script(_LISTEN_IN)
            yield page
        finally:
            await chromium.close()


async def heard(page):
    """{samples, rate_hz}: the last 32,768 samples that were played, none before. As text: so many values would stop the loop."""
    return json.loads(await page.evaluate(_SAMPLES))


async def loud_enough(take_samples, hz, wanted_db):
    """Waits until the newest half second holds the tone; returns its dB over the rest, the best seen within the bound.

    `take_samples()`: coroutine that gives (samples, rate in Hz).
    """
    best, end_s = -99.0, asyncio.get_running_loop().time() + _BOUND_S
    while best < wanted_db and asyncio.get_running_loop().time() < end_s:
        samples, rate_hz = await take_samples()
        if len(samples) >= rate_hz // 2:
            best = max(best, await asyncio.to_thread(over_the_rest_db, samples[-rate_hz // 2 :], hz, rate_hz))
        await asyncio.sleep(0.5)
    return best


def over_the_rest_db(samples, hz, rate_hz):
    """Power of the sine nearest to `hz` over that of everything else, in dB; the frequency is fitted within 0.1 %."""
    power = sum(x * x for x in samples)
    step, best_hz = hz / 1000, hz
    for _ in range(8):  # each round halves the step around the best one so far
        tried = [best_hz - step, best_hz, best_hz + step]
        best_hz = max(tried, key=lambda one: _sine_power(samples, one, rate_hz))
        step /= 2
    best = _sine_power(samples, best_hz, rate_hz)
    return 10 * math.log10(best / max(power - best, 1e-12)) if best else -math.inf


def _sine_power(samples, hz, rate_hz):
    """Energy of the projection on sine and cosine; exact as soon as many periods fit in."""
    turn = 2 * math.pi * hz / rate_hz
    in_phase = sum(x * math.cos(turn * i) for i, x in enumerate(samples))
    across = sum(x * math.sin(turn * i) for i, x in enumerate(samples))
    return 2 * (in_phase**2 + across**2) / len(samples)
