"""Speech while the broker is dead, and the alarm when speech is."""

import asyncio
import time

from firmware.core import timer_table
from tools import brokers
from tools.bench import hearing
from tools.bench.figure import Figure
from tools.bench.probe import ProbeError
from tools.bench.talking import Talking

NAMES = ("speech_broker_killed", "speech_lost_raised")
_GAP_MS = 60  # three packets: what a jitter buffer and concealment bear
_TAIL_S = 0.5
_RAISED_WITHIN_S = 1  # of the end of a speech that is lost: 31 s in all
_BACK_S = 30.0
_END = "loss_end_ms"
_QUICK = {"loss_report_ms": 500, "loss_tone_ms": 1000, "loss_reoffer_ms": 2000, _END: 3000}


async def measure_all(lab):
    dead_s = 2 if lab.quick else 20
    timers = _QUICK if lab.quick else {}
    async with (
        brokers.Broker(lab.kind, dir=lab.dir / "broker-of-survival") as broker,
        Talking(lab, "speech-survival", broker=broker, timers=timers) as talk,
    ):
        await talk.begin()
        lab.say(f"a call whose broker is killed and stays away for {dead_s} s ...")
        killed = await _killed(talk, broker, dead_s)
        end_s = timers.get(_END, timer_table.TABLE[_END][0]) / 1000
        lab.say(f"a call whose media is lost: raised again after {end_s:.0f} s ...")
        raised = await _raised(talk, end_s, lab.quick)
    return [killed, raised]


async def _killed(talk, broker, dead_s):
    since_s, said = time.monotonic(), len(talk.caller.said)
    await broker.kill()
    await asyncio.sleep(dead_s)
    await broker.start()
    _, alive = await _again(talk, said)
    until_s = time.monotonic()
    await asyncio.sleep(_TAIL_S)
    flat, far = talk.in_flat(since_s, until_s), talk.at_far_end(since_s, until_s)
    gaps = [hearing.silences_ms(found) for found in (flat, far)]
    lost = sum(gap for found in gaps for gap in found if gap > _GAP_MS)
    missing_s = sum(until_s - since_s - len(found) * hearing.WINDOW_MS / 1000 for found in (flat, far))
    how = (
        f"whole unit in a call with SRTP, its broker killed for {dead_s} s and started again, until the session is answered for "
        f"({until_s - since_s:.1f} s): silences of the tones at both ends longer than {_GAP_MS} ms; the longest "
        f"{max(gaps[0], default=0)} ms in the flat, {max(gaps[1], default=0)} ms at the far end; mode {alive['mode']} kept"
    )
    detail = {"silences_ms": gaps, "recordings_short_s": round(missing_s, 3)}
    return Figure("speech_broker_killed", lost, "ms", how, 0, "equal", detail=detail)


async def _again(talk, said):
    """The flat's word that the session goes on, once it is back at its broker."""
    deadline_s = time.monotonic() + _BACK_S
    while True:
        try:
            await talk.caller.send("alive", sid=talk.sid)
            return await talk.caller.heard(lambda m: m.get("say") in ("alive", "ended"), said, 0.5)
        except ProbeError:
            if time.monotonic() > deadline_s:
                raise
            await asyncio.sleep(0.1)


async def _raised(talk, end_s, quick):
    said, lost_s = len(talk.caller.said), time.monotonic()
    talk.network.swallowing = True
    raised_s, alarm = await talk.caller.heard(lambda m: m["type"] == "alarm" and m["escalation"] > 0, said, end_s + 15)
    words = [m.get("say") for _, m in talk.caller.said[said:] if m["type"] == "speech"]
    _, closed = await talk.caller.heard(lambda m: m.get("event") == "microphone", said)
    short = f" (timers of a loss shortened: {end_s:.0f} s to its end; the product's is 30 s)" if quick else ""
    how = (
        f"no packet either way any more: until the alarm of call {alarm['call']} is raised again and with the service{short}. "
        f"Before it the unit says: {', '.join(words)}; microphone open: {closed['open']}"
    )
    target = end_s + _RAISED_WITHIN_S
    return Figure("speech_lost_raised", raised_s - lost_s, "s", how, target, detail={"end_s": end_s})
