"""Speech over a bad network and over holds: what the unit itself loses of what has reached it, and how soon it is heard again."""

import asyncio
import time

from tools.bench import hearing
from tools.bench.figure import Figure
from tools.bench.talking import Talking

NAMES = ("speech_loss", "speech_hold_lost", "speech_pause_lost")
_LOSS_PCT, _JITTER_MS = 3, 20
_ALLOWED_PCT = 2
_SILENT_AFTER_MS = 200  # after a resume; from then on nothing may be missing
_AFTER_S = 1.0
_TAIL_S = 0.5  # what was played last is in the recording, what was late has come
_OURS = ("late", "early", "dropped")
_FRAME_MS = 20
_BLOCK_S = 0.032  # of the sound card: what it has played is in the recording
_LOST = f"of a tone of {_AFTER_S * 1000:.0f} ms that the far end begins {_SILENT_AFTER_MS} ms after it, what is not heard"


async def measure_all(lab):
    weather_s, hold_s = (3, 1) if lab.quick else (60, 10)
    async with Talking(lab, "speech-loss") as talk:
        await talk.begin()
        lab.say(f"a call on hold for {hold_s} s, and a network that pauses as long ...")
        hold = await _hold(talk, hold_s)
        pause = await _pause(talk, hold_s)
        lab.say(f"a call over {_LOSS_PCT} % loss and {_JITTER_MS} ms jitter ...")
        loss = await _loss(talk, weather_s)
    return [loss, hold, pause]


async def _loss(talk, seconds):
    network, before = talk.network, await talk.counters()
    passed, vanished = network.passed["down"], network.lost["down"]
    since_s, control = time.monotonic(), talk.far.counters["rtcp_sent"]
    network.loss_pct, network.jitter_ms = _LOSS_PCT, _JITTER_MS
    await asyncio.sleep(seconds)
    until_s = time.monotonic()
    network.loss_pct = network.jitter_ms = 0
    await asyncio.sleep(_TAIL_S)
    after = await talk.counters()
    counted = {name: after[name] - before[name] for name in after}
    reached = network.passed["down"] - passed - (talk.far.counters["rtcp_sent"] - control)
    vanished = network.lost["down"] - vanished
    missed = max(reached - counted["received"] - _refused(counted), 0)
    ours = missed + sum(counted[name] for name in _OURS)
    silences = hearing.silences_ms(talk.in_flat(since_s, until_s))
    detail = {
        "reached": reached, "never_read": missed, **{name: counted[name] for name in (*_OURS, "concealed", "jitter_ms")},
        "lost_on_the_way": vanished, "silences_ms": silences,
    }  # fmt: skip
    how = (
        f"whole unit with SRTP, {seconds} s of a network with {_LOSS_PCT} % loss and exponential jitter of {_JITTER_MS} ms mean: "
        "packets late, early, dropped or never read, of those that reached its socket. "
        f"Concealed: {counted['concealed']} frames of {round(seconds * 50)}, {vanished} packets were lost on the way; "
        f"silences of the tone: {sum(silences)} ms in all, the longest {max(silences, default=0)} ms"
    )
    return Figure("speech_loss", 100 * ours / max(reached, 1), "%", how, _ALLOWED_PCT, detail=detail)


def _refused(counted):
    return sum(count for name, count in counted.items() if name.startswith("refused_"))


async def _hold(talk, seconds):
    """The operator's hold: the unit is told, and told again."""
    await talk.caller.control(talk.sid, "hold")
    held_s = time.monotonic()
    await asyncio.sleep(seconds)
    found = talk.in_flat(held_s + _TAIL_S, time.monotonic() - _TAIL_S)
    talk.mute = True
    resumed_s = await talk.caller.control(talk.sid, "resume")
    value = await _lost(talk, resumed_s)
    how = (
        f"operator's hold of {seconds} s (packets go on), then resume: {_LOST}; on hold {sum(size > 100 for size in found)} of "
        f"{len(found)} windows of 10 ms were heard"
    )
    return Figure("speech_hold_lost", value, "ms", how, 0, "equal")


async def _pause(talk, seconds):
    """The network lets nothing through for so long: as a far end does that is on hold and sends nothing."""
    talk.network.swallowing = talk.mute = True
    await asyncio.sleep(seconds)
    talk.network.swallowing = False
    value = await _lost(talk, time.monotonic())
    how = f"no packet either way for {seconds} s, then packets again: {_LOST}"
    before = {"a jitter buffer that does not begin anew, tried before": "1 s of speech lost after a hold of 1 s"}
    return Figure("speech_pause_lost", value, "ms", how, 0, "equal", before)


async def _lost(talk, resumed_s):
    """Of a tone that the far end begins to send when it is allowed to be heard: the ms that never came."""
    await asyncio.sleep(max(0, resumed_s + _SILENT_AFTER_MS / 1000 - time.monotonic()))
    said, usual = len(talk.pulled), talk.usual
    talk.mute = False
    await asyncio.sleep(_AFTER_S)
    talk.mute = True
    said_ms = (len(talk.pulled) - said) * _FRAME_MS
    await asyncio.sleep(_TAIL_S)
    found = talk.in_flat(resumed_s, time.monotonic() - _BLOCK_S)
    talk.mute = False
    await asyncio.sleep(_TAIL_S)
    return max(0, said_ms - sum(size > usual / 2 for size in found) * hearing.WINDOW_MS)
