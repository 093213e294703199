"""Hostile packets by the thousand while the flat speaks: what is left of the lawful peer's speech, of the ticker, of an alarm."""

import asyncio
import random
import socket
import time

from tools.bench import hearing
from tools.bench.figure import Figure
from tools.bench.figures import speech_ticker
from tools.bench.talking import Talking

NAMES = ("speech_hostile", "speech_hostile_spoofed", "speech_hostile_ticker", "speech_hostile_alarm")
_PER_S = 10_000
_SPOOFED_PER_S = 200  # what the six datagrams that wait for a socket on the board let through beside the peer's 50
_STEP_S = 0.005
_GAP_MS = 60
_TICKER_MS, _ALARM_MS = 5, 1000
_TAIL_S = 0.5
_HEAD, _TAG = 12, 10
KINDS = ("truncated", "replayed", "forged", "random")


class Forger:
    """Packets of each kind, made of the newest lawful one: `make(kind, i)`."""

    def __init__(self, network):
        self._network = network
        self._chance = random.Random(1)

    def make(self, kind, i):
        lawful = self._network.last["down"]
        if kind == "truncated":
            return lawful[: i % len(lawful)]  # each length there is, the empty one too
        if kind == "replayed":
            return lawful
        if kind == "forged":  # the right source and a number that comes next; only the tag tells
            number = int.from_bytes(lawful[2:4], "big") + 1 + i % 3 & 0xFFFF
            return lawful[:2] + number.to_bytes(2, "big") + lawful[4:_HEAD] + self._chance.randbytes(len(lawful) - _HEAD)
        return self._chance.randbytes(1 + i % 240)

    def mixed(self, i):
        return self.make(KINDS[i % len(KINDS)], i // len(KINDS))


async def measure_all(lab):
    seconds = 1.2 if lab.quick else 10
    main = (lab.device / "unit_ticker.py").read_text()
    async with Talking(lab, "speech-hostile", main=main) as talk:
        await talk.begin()
        forger = Forger(talk.network)
        lab.say(f"{_PER_S} hostile packets a second from elsewhere ...")
        runs = {f"{_PER_S}/s from elsewhere": await _under(talk, seconds, _elsewhere(talk, forger, seconds))}
        for kind in KINDS:
            lab.say(f"{_SPOOFED_PER_S} {kind} packets a second in the peer's name ...")
            flood = talk.network.flood("down", _SPOOFED_PER_S, seconds / 2, lambda i, kind=kind: forger.make(kind, i))
            runs[f"{_SPOOFED_PER_S}/s {kind}, in the peer's name"] = await _under(talk, seconds / 2, flood)
        lab.say(f"{_PER_S} a second in the peer's name, and an alarm ...")
        spoofed = await _under(talk, seconds, talk.network.flood("down", _PER_S, seconds, forger.mixed), press=True)
    return _figures(runs, spoofed)


async def _elsewhere(talk, forger, seconds):
    """From another port than the peer's, straight to the unit's."""
    begun_s, sent = time.monotonic(), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while (gone_s := time.monotonic() - begun_s) < seconds:
            while sent < gone_s * _PER_S:
                sock.sendto(forger.mixed(sent), ("127.0.0.1", talk.media["port"]))
                sent += 1
            await asyncio.sleep(_STEP_S)
    return sent


async def _under(talk, seconds, flood, press=False):
    """What happened while `flood` (a coroutine that gives the number of its packets) ran."""
    before, since_ms, since_s = await talk.counters(), talk.board.now_ms(), time.monotonic()
    flooding = asyncio.create_task(flood)
    alarm_ms = None
    if press:
        await asyncio.sleep(seconds / 3)
        alarm_ms = await _alarm(talk)
    packets, until_s = await flooding, time.monotonic()
    await asyncio.sleep(_TAIL_S)
    after = await talk.counters()
    log = [event for event in talk.board.log if event["t_ms"] > since_ms]
    return {
        "packets": packets, "seconds": round(until_s - since_s, 1), "alarm_ms": alarm_ms,
        "flat": talk.in_flat(since_s, until_s), "far": talk.at_far_end(since_s, until_s), "usual": talk.usual,
        "refused": {name: after[name] - before[name] for name in sorted(after) if name.startswith("refused_")},
        "ticks": speech_ticker.total(speech_ticker.seconds_of(log)),
    }  # fmt: skip


async def _alarm(talk):
    """ms from a press to the service's having the alarm of it."""
    said, pressed_s = len(talk.caller.said), time.monotonic()
    pressing = asyncio.create_task(talk.board.press("button", 100))
    at_s, _ = await talk.caller.heard(lambda m: m["type"] == "alarm" and m["triggers"] > 1, said)
    await pressing
    return (at_s - pressed_s) * 1000


def lost_ms(run):
    """Silences that no jitter buffer and no concealment bears, of both recordings."""
    both = hearing.silences_ms(run["flat"], run["usual"]) + hearing.silences_ms(run["far"])
    return sum(length for length in both if length > _GAP_MS)


def _words(run):
    refused = ", ".join(f"{name[8:]} {count}" for name, count in run["refused"].items() if count) or "none reached the unit"
    return f"{run['packets']} packets in {run['seconds']} s; refused: {refused}; speech lost {lost_ms(run)} ms"


def _figures(runs, spoofed):
    peers = {name: _words(run) for name, run in runs.items()}
    how = (
        f"whole unit in a call with SRTP; silences longer than {_GAP_MS} ms of the tones at both ends, all floods together. "
        "What comes from elsewhere is dropped by the connected socket"
    )
    heard = 100 * sum(size > spoofed["usual"] / 4 for size in spoofed["flat"]) / max(len(spoofed["flat"]), 1)
    whole = (
        f"share of the time in which the far end is heard while {_PER_S} a second of all kinds come in the peer's own name. No "
        "target: six datagrams wait for a socket on the board; who sends as the peer can fill them. The rest of the unit goes on"
    )
    late = max(speech_ticker.p99(run["ticks"]) for run in (*runs.values(), spoofed) if run["ticks"])
    ticker = "a 10 ms ticker in the unit, how late it is, 99 of 100, in the worst of all these floods"
    alarm = (
        f"from a further press to the service's having the alarm, {_PER_S} a second in the peer's name; with its debounce"
    )
    return [
        Figure("speech_hostile", sum(lost_ms(run) for run in runs.values()), "ms", how, 0, "equal", peers=peers),
        Figure("speech_hostile_spoofed", heard, "%", whole, peers={"flood": _words(spoofed)}),
        Figure("speech_hostile_ticker", late, "ms", ticker, _TICKER_MS),
        Figure("speech_hostile_alarm", spoofed["alarm_ms"], "ms", alarm, _ALARM_MS),
    ]
