"""Memory of a call: what is free in it, how much garbage it makes and of what, and whether half an hour of it leaves anything."""

import asyncio
import json
import re
from statistics import mean

from tools.bench.figure import Figure
from tools.bench.probe import ProbeError
from tools.bench.talking import Talking

NAMES = ("speech_heap_free", "speech_garbage", "speech_heap_growth")
_MARK = "bench-heap"
_GARBAGE_BYTES_S = 2048
_FRAMES_S = 50
_LONG_S = 1800
_QUICK_S = 360
_LIMIT_S = 180.0
_WAIT_S = 20.0
_ENGINE = "Talk.step"
_PARTS = {
    "Talk.step": "engine of the speech (talk.py): packets, signals, reports", "MediaPath.poll": "packets in (part of the engine)",
    "MediaPath.housekeep": "RTCP, once a second (part of the engine)", "Speech.tick": "session: timers, what became of the media",
}  # fmt: skip


async def measure_all(lab):
    looks = 1 if lab.quick else 10
    lab.say("heap of a whole unit over TLS, in stand-by and in a call with SRTP ...")
    async with Talking(lab, "speech-heap", main=(lab.device / "unit_heap.py").read_text(), tls=True) as talk:
        standby = await _looks(talk, looks)
        await talk.begin()
        call = await _looks(talk, looks)
    seconds = _QUICK_S if lab.quick else _LONG_S
    lab.say(f"a call of {seconds // 60} minutes in virtual time ...")
    return [*_of_unit(standby, call), _growth(await _long(lab, seconds * _FRAMES_S), seconds)]


async def _looks(talk, count):
    """So many readings that begin from now on, or after the start."""
    begun, found = talk.board.newest, []
    looked = any(_MARK in event.get("text", "") for event in talk.board.log)
    while len(found) < count + (looked or talk.call is not None):  # the first one began before
        event = await talk.board.wait_event(lambda e: e["event"] == "console" and _MARK in e["text"], _WAIT_S, since=begun)
        begun = event["n"]
        found.append(reading(event["text"]))
    return found[-count:]


def reading(text):
    """A line of the unit as {"free", "used": bytes, "all": bytes/s, part: bytes/s}. Raises ValueError."""
    found = re.search(_MARK + r" (\d+) (\d+) (-?\d+) (\d+) (.*)", text)
    if not found:
        raise ValueError(f"not a line about the heap: {text!r}")
    free, used, grown, ms = (int(group) for group in found.groups()[:4])
    parts = {name: int(count) * 1000 / ms for name, count in re.findall(r"(\S+)=(-?\d+)", found[5])}
    return {"free": free, "used": used, "all": grown * 1000 / ms, **parts}


def _of_unit(standby, call):
    free = min(100 * one["free"] / (one["free"] + one["used"]) for one in call)
    idle, whole = (mean([one["all"] for one in looks]) for looks in (standby, call))
    parts = {words: mean([one[name] for one in call]) for name, words in _PARTS.items()}
    texts = {words: f"{value:.0f} bytes/s" for words, value in parts.items()}
    inside = sum(mean([one[name] for one in call]) for name in (_ENGINE, "Speech.tick"))
    texts["the rest: tasks that wait, the link, the heart"] = f"{whole - inside:.0f} bytes/s"
    texts["stand-by"] = f"{idle:.0f} bytes/s"
    kept = call[-1]["used"] - standby[-1]["used"]
    fits = (
        "whole unit in a call with SRTP, over TLS, -X heapsize=320k, its modules in an image, after a collection; the virtual "
        f"board's stand-ins are in the same heap. The call takes {kept} bytes more than stand-by"
    )
    how = f"allocated with the collector off, mean of {len(call)} times 2 s in the call, less the same in stand-by"
    return [
        Figure("speech_heap_free", free, "%", fits, better="higher", detail={"bytes": call[-1]["free"]}),
        Figure("speech_garbage", max(whole - idle, 0), "bytes/s", how, _GARBAGE_BYTES_S, peers=texts),
    ]


def _growth(found, seconds):
    counted = found["counters"]
    how = (
        f"the unit's engine in virtual time, {counted['sent']} frames each way with SRTP ({seconds // 60} minutes), in 320 KB: "
        f"heap in use after a collection, at the end less after 20 s. {counted['concealed']} frames were lost and concealed; "
        f"in 10 s it allocates {found['garbage']} bytes"
    )
    return Figure("speech_heap_growth", found["after"] - found["before"], "bytes", how, 0, "equal", detail=found)


async def _long(lab, frames):
    """What device/speech_long.py printed. Raises ProbeError when it fails or does not end."""
    path = f"{lab.source}:{lab.source / 'lib'}"
    program = [*lab.micropython, "-X", "heapsize=320k", str(lab.device / "speech_long.py"), path, str(frames)]
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*program, **pipes)
    try:
        out, errors = await asyncio.wait_for(process.communicate(), _LIMIT_S)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        raise ProbeError(f"speech_long.py did not end in {_LIMIT_S:.0f} s") from None
    if process.returncode:
        raise ProbeError(f"speech_long.py: {(out + errors).decode(errors='replace')[-600:]}")
    return json.loads(out)
