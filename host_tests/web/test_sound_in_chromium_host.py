"""A voice through a real browser: microphone -> page -> desk -> SRTP to the flat, and back, measured at both ends."""

import asyncio
import json
import struct

import pytest

from firmware.core.media import g711  # proven against the recommendation's tables by its own tests
from host_tests.web.chromium import browser, heard, loud_enough, over_the_rest_db, write_tone
from host_tests.web.served import SID, rtp_pair, served
from tools.desk.talk import talker

OPERATOR_HZ, TENANT_HZ = 1004, 1204
SAMPLE_OF = {"PCMA": talker.sample_of_alaw, "PCMU": talker.sample_of_ulaw}
WANTED_DB = 35  # A-law itself leaves 38 to 39 dB
# What the page's own script does after the click on "Answer and talk", with nothing else of the desk around it.
_TALK = """async (sid) => {
  const { Sound, beside, openMicrophone } = await import("/static/sound.js");
  const { CODECS } = await import("/static/g711.js");
  window.levels = [0, 0];
  const on = { level: (...levels) => { window.levels = levels; }, counters: (all) => { window.counted = all; },
               end: (code) => { window.endedWith = code; } };
  window.sound = new Sound(beside(`/sound?sid=${sid}`), (first) => CODECS[first.codec], on);
  await window.sound.start(await openMicrophone(true));
  return window.sound.context.sampleRate;
}"""
# A browser that has its sound card's rate and no other, as some have.
_ONLY_48_KHZ = """
const Real = AudioContext;
window.AudioContext = class extends Real {
  constructor(options = {}) {
    if (options.sampleRate) throw new DOMException("no such rate here", "NotSupportedError");
    super({ sampleRate: 48000 });
  }
};
"""


async def talk_through(tmp_path, codec, before=""):
    """(rate of the page's AudioContext, dB at the page, dB at the flat, counters in the page)."""
    write_tone(tmp_path / "voice.wav", OPERATOR_HZ)
    with rtp_pair(codec) as (desk_end, flat_end):
        recorder = talker.Recorder(codec, seconds_max=120)
        flat_end.attach(recorder)
        flat_end.play(talker.source(talker.tone(TENANT_HZ, 90), codec))
        async with served(tmp_path, {SID: desk_end}) as (_, desk_page), browser(tmp_path / "voice.wav") as page:
            await page.add_init_script(before)
            await page.goto(desk_page.link())
            await page.wait_for_url(f"http://127.0.0.1:{desk_page.port}/")
            page_hz = await page.evaluate(_TALK, SID)

            async def played():
                sound = await heard(page)
                return sound["samples"], sound["rate_hz"]

            async def arrived():
                frames = recorder.frames[-50:]
                return [SAMPLE_OF[codec](code) for frame in frames for code in frame], 8000

            at_page, at_flat = await loud_enough(played, TENANT_HZ, WANTED_DB), await loud_enough(arrived, OPERATOR_HZ, WANTED_DB)
            return page_hz, at_page, at_flat, await page.evaluate("({...window.counted, levels: window.levels})")


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
def test_a_tone_is_found_at_both_ends_35_db_over_the_rest(tmp_path, codec):
    page_hz, at_page, at_flat, counted = asyncio.run(talk_through(tmp_path, codec))
    assert page_hz == 8000
    assert at_page >= WANTED_DB and at_flat >= WANTED_DB, (at_page, at_flat, counted)
    assert counted["refused_auth"] == counted["refused_size"] == counted["refused_rate"] == 0, counted
    assert 0.2 < counted["levels"][0] < 0.5 and counted["levels"][1] > 0.05, counted


def test_a_browser_without_8_khz_converts_in_the_worklet_and_loses_nothing(tmp_path):
    page_hz, at_page, at_flat, counted = asyncio.run(talk_through(tmp_path, "PCMA", _ONLY_48_KHZ))
    assert page_hz == 48_000
    assert at_page >= WANTED_DB and at_flat >= WANTED_DB, (at_page, at_flat, counted)


def in_page(tmp_path, script, *values):
    """What `script` gives in the desk's page (as JSON)."""

    async def inner():
        async with served(tmp_path) as (_, desk_page), browser() as page:
            await page.goto(desk_page.link())
            await page.wait_for_url(f"http://127.0.0.1:{desk_page.port}/")
            return json.loads(await page.evaluate(script, *values))

    return asyncio.run(inner())


def test_the_page_s_g711_equals_the_recommendation_on_all_inputs(tmp_path):
    script = """async () => {
      const { CODECS } = await import("/static/g711.js");
      const all = Float32Array.from({ length: 65536 }, (_, i) => (i - 32768) / 32768);
      const codes = Uint8Array.from({ length: 256 }, (_, i) => i).buffer;
      const of = (law) => [Array.from(law.encode(all)), Array.from(law.decode(codes), (x) => x * 32768)];
      return JSON.stringify({ PCMA: of(CODECS.PCMA), PCMU: of(CODECS.PCMU) });
    }"""
    found = in_page(tmp_path, script)
    pcm16, all_codes = struct.pack("<65536h", *range(-32768, 32768)), bytes(range(256))
    for codec, encode, decode in (("PCMA", g711.alaw_encode, g711.alaw_decode), ("PCMU", g711.ulaw_encode, g711.ulaw_decode)):
        codes, samples = bytearray(65536), bytearray(512)
        encode(pcm16, codes, 65536)
        decode(all_codes, samples, 256)
        assert bytes(found[codec][0]) == codes, codec
        assert found[codec][1] == list(struct.unpack("<256h", samples)), codec


def test_the_resampler_keeps_the_voice_and_keeps_out_what_would_fold_into_it(tmp_path):
    script = """async () => {
      const { Resampler } = await import("/static/resample.js");
      const made = (from, to, hz) => {
        const resampler = new Resampler(from, to);
        const out = [];
        for (let start = 0; start < from; start += 128) {
          const sine = (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * (start + i)) / from);
          out.push(...resampler.process(Float32Array.from({ length: 128 }, sine)));
        }
        return out;
      };
      const cases = [[48000, 8000], [44100, 8000], [8000, 48000], [16000, 44100], [48000, 16000]];
      return JSON.stringify({
        voice: cases.map(([from, to]) => [from, to, made(from, to, 1004)]),
        folded: [made(48000, 8000, 5000), made(44100, 8000, 6990)],
      });
    }"""
    found = in_page(tmp_path, script)
    for from_hz, to_hz, samples in found["voice"]:
        assert abs(len(samples) - to_hz) < to_hz * 0.02, (from_hz, to_hz, len(samples))
        middle = samples[len(samples) // 4 : len(samples) * 3 // 4]
        assert over_the_rest_db(middle, 1004, to_hz) > 50, (from_hz, to_hz)
        assert 0.49 < max(middle) < 0.51, (from_hz, to_hz, max(middle))
    for samples in found["folded"]:
        assert max(abs(x) for x in samples[500:-500]) < 0.5 / 300, "50 dB down"
