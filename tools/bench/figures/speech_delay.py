"""From a mouth to the other end, each way: what the unit and its sound card add to the network's own time."""

import asyncio

from tools.bench import hearing
from tools.bench.figure import Figure
from tools.bench.measure import median
from tools.bench.probe import ProbeError
from tools.bench.talking import FAR_HZ, IN_FLAT_HZ, Talking

NAMES = ("speech_delay_to_flat", "speech_delay_from_flat")
_RATE_HZ = 16000
_CLICK_S, _APART_S = 0.06, 0.34  # a click is a short tone; the next one comes when the buffers are empty again
_TAIL_S = 0.6
_LEAST_SHARE = 0.25  # of the size at which it begins
_CLICK_SIZE = 6000


async def measure_all(lab):
    count = 4 if lab.quick else 40
    async with Talking(lab, "speech-delay") as talk:
        await talk.begin()
        lab.say(f"delay from mouth to ear, {count} clicks each way ...")
        return [await _to_flat(talk, count), await _from_flat(talk, count)]


async def _to_flat(talk, count):
    """Each click begins with a frame that is handed to the network at a known time."""
    said = []
    talk.mute = True
    await asyncio.sleep(_APART_S)
    for _ in range(count):
        at = len(talk.pulled)
        talk.mute = False
        await asyncio.sleep(_CLICK_S)
        talk.mute = True
        said.append(talk.pulled[at])
        await asyncio.sleep(_APART_S)
    await asyncio.sleep(_TAIL_S)
    first, least = talk.room_since_s, _LEAST_SHARE * talk.usual
    samples = talk.room[round((said[0] - first) * _RATE_HZ) :]
    heard = [said[0] + place / _RATE_HZ for place in hearing.onsets(samples, least, _RATE_HZ // 10)]
    delays = delays_ms(said, heard)
    how = (
        f"a click of {FAR_HZ} Hz, from when its first packet leaves the far end to the loudspeaker, median of {len(delays)}: "
        f"{min(delays):.0f} to {max(delays):.0f} ms. With SRTP, the jitter buffer at its start of 3 frames, over loopback; the "
        "20 ms in which the far end fills a packet come on top"
    )
    return Figure("speech_delay_to_flat", median(delays), "ms", how)


async def _from_flat(talk, count):
    """Clicks in a file that is played in front of the microphone."""
    click = hearing.tone(IN_FLAT_HZ, _CLICK_S, _CLICK_SIZE) + [0] * round(_APART_S * _RATE_HZ)
    lead_s = _APART_S
    before = len(talk.came)
    begun_s = await talk.say([0] * round(lead_s * _RATE_HZ) + click * count)
    period_s = len(click) / _RATE_HZ
    await asyncio.sleep(lead_s + count * period_s + _TAIL_S)
    said = [begun_s + lead_s + i * period_s for i in range(count)]
    heard = []
    for at_s, codes, _ in talk.came[before:]:
        places = hearing.onsets(talk.decoded(codes), _LEAST_SHARE * _CLICK_SIZE, len(codes))
        if places and at_s > begun_s + lead_s and (not heard or at_s - heard[-1] > _APART_S / 2):
            heard.append(at_s + places[0] / 8000)
    delays = delays_ms(said, heard)
    how = (
        f"a click of {IN_FLAT_HZ} Hz at the microphone, to where it would be heard if its packet were played on arrival; "
        f"median of {len(delays)}: {min(delays):.0f} to {max(delays):.0f} ms. A packet waits for its 20 ms, and for the "
        "microphone's blocks of 16 ms; the far end's own jitter buffer comes on top"
    )
    return Figure("speech_delay_from_flat", median(delays), "ms", how)


def delays_ms(said, heard):
    """For each time of `said` the ms to the first of `heard` behind it, before the next is said. Raises ProbeError for none."""
    made = []
    for at, at_s in enumerate(said):
        until_s = said[at + 1] if at + 1 < len(said) else at_s + _CLICK_S + _APART_S
        made += [(later_s - at_s) * 1000 for later_s in heard if at_s <= later_s < until_s][:1]
    if not made:
        raise ProbeError("no click was heard")
    return made
