"""An alarm on a link that is dead without saying so, and after a blackout of the network."""

import asyncio

from tools.bench.figure import Figure
from tools.bench.lab import settle
from tools.bench.probe import ProbeError

NAMES = (
    "half_open_defaults",
    "half_open_ahead_of_peers",
    "half_open_tightest",
    "blackout_8s",
    "blackout_45s",
    "dead_idle_link",
)
_SETTINGS = ("defaults", "tightest")
_FIRST_ACK_S = 20.0
_ORDINARY = 5  # alarms on the good link before


async def measure_all(lab):
    patience_s = 4.0 if lab.quick else 60.0
    ours = {setting: await _ours_half_open(lab, setting) for setting in _SETTINGS}
    idle = await _ours_idle(lab)
    lab.say(f"half-open links, blackouts and dead idle links: all clients side by side, up to {patience_s:.0f} s each ...")
    short_s, long_s = (2, 4) if lab.quick else (8, 45)
    jobs = [
        _peers(lab, lambda peer, tight: _half_open(lab, peer, tight, patience_s)),
        _peers(lab, lambda peer, tight: _idle(lab, peer, tight, patience_s)),
        _everyone(lab, lambda client, tight: _blackout(lab, client, tight, short_s, patience_s)),
        _everyone(lab, lambda client, tight: _blackout(lab, client, tight, long_s, patience_s)),
    ]
    half_open, dead, short, long = await asyncio.gather(*jobs)
    return [
        *_half_open_figures(ours, half_open, patience_s),
        _blackout_figure("blackout_8s", short, 0.7, short_s, patience_s),
        _blackout_figure("blackout_45s", long, 1.0, long_s, patience_s),
        _idle_figure(idle, dead, patience_s),
    ]


# -- the figures


def _half_open_figures(ours, peers, patience_s):
    how = (
        "the connection swallows all bytes, new ones work; from handing over the alarm to its PUBACK, worst of "
        f"{len(ours['defaults'])} runs after {_ORDINARY} ordinary alarms; peers one run each, waited for {patience_s:.0f} s"
    )
    yield Figure(
        "half_open_defaults",
        max(ours["defaults"]),
        "s",
        how,
        1.5,
        peers=_texts(peers, "defaults", patience_s),
        detail={"runs": ours["defaults"]},
    )
    best = min([patience_s if value is None else value for (_, setting), value in peers.items() if setting == "defaults"])
    ratio = best / max(ours["defaults"])
    yield Figure("half_open_ahead_of_peers", ratio, "x", "the fastest peer's time at defaults over ours", 5, "higher")
    yield Figure(
        "half_open_tightest",
        max(ours["tightest"]),
        "s",
        how,
        0.4,
        peers=_texts(peers, "tightest", patience_s),
        detail={"runs": ours["tightest"]},
    )


def _blackout_figure(name, times, target_s, length_s, patience_s):
    ours = times.pop(("this link", "defaults"))
    own_tightest = times.pop(("this link", "tightest"))
    how = (
        f"{length_s} s during which connections swallow all bytes and no SYN is answered; the alarm is raised 1 s into it; from "
        f"its end to the PUBACK over a new connection, at defaults; waited for {patience_s:.0f} s"
    )
    peers = {"this link, tightest": _text(own_tightest, patience_s)}
    for setting in _SETTINGS:
        peers.update({f"{key}, {setting}": text for key, text in _texts(times, setting, patience_s).items()})
    return Figure(name, ours, "s", how, target_s, peers=peers, why_not="" if ours is not None else f"not in {patience_s:.0f} s")


def _idle_figure(ours, peers, patience_s):
    texts = {f"{name}, {setting}": _text(value, patience_s) for (name, setting), value in peers.items()}
    how = (
        "no traffic, the connection starts to swallow bytes; to the client's own word that it is down; "
        f"tightest, worst of {len(ours)} run(s)"
    )
    return Figure("dead_idle_link", max(ours), "s", how, 1.6, peers=texts, detail={"runs": ours})


def _texts(times, setting, patience_s):
    return {name: _text(value, patience_s) for (name, own), value in times.items() if own == setting}


def _text(value, patience_s):
    return f"never in {patience_s:.0f} s" if value is None else f"{value:.2f} s"


# -- the runs


async def _ours_half_open(lab, setting):
    lab.say(f"half-open link: this link, {setting} ...")
    tight = setting == "tightest"
    return [await _half_open(lab, lab.ours, tight, 20.0) or 20.0 for _ in range(1 if lab.quick else 5)]


async def _ours_idle(lab):
    lab.say("dead idle link: this link ...")
    return [await _idle(lab, lab.ours, True, 20.0) or 20.0 for _ in range(1 if lab.quick else 3)]


async def _peers(lab, run):
    return await _gather(lab.peers, run)


async def _everyone(lab, run):
    return await _gather(lab.everyone, run)


async def _gather(clients, run):
    keys = [(client, setting) for client in clients for setting in _SETTINGS]
    values = await asyncio.gather(*(run(client, setting == "tightest") for client, setting in keys))
    return {(client.name, setting): value for (client, setting), value in zip(keys, values, strict=True)}


async def _ordinary_alarm(lab, probe):
    """Some alarms on the good link, one after the other: a client that learns its round trip can learn it."""
    await probe.up()
    for n in range(-_ORDINARY, 0):
        probe.send("raise_alarms", first=n, count=1)
        if await lab.service.wait_all(probe.spec["id"], [n], _FIRST_ACK_S):
            continue
        raise ProbeError(f"{probe.spec['id']}: an alarm did not arrive on a good link; {probe.log_tail()}")
    await settle(1.0)
    await probe.pairs("report", 5.0, "acks")


async def _acked_s(probe, n, timeout_s):
    """When the client had the PUBACK of alarm `n`, by its own clock, in s; None when not in time."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timeout_s
    while loop.time() < deadline_s:
        _, acks = await probe.pairs("report", max(0.1, deadline_s - loop.time()), "acks")
        for number, at_us in acks:
            if number == n:
                return at_us / 1e6
        await asyncio.sleep(0.1)
    return None


async def _half_open(lab, client, tight, patience_s):
    async with lab.network() as network, lab.probe(client, tight=tight, port=network.port) as probe:
        await _ordinary_alarm(lab, probe)
        network.set("half_open")
        since = len(probe.events)
        probe.send("raise_alarms", first=1, count=1)
        acked_s = await _acked_s(probe, 1, patience_s)
        raised = await probe.wait(lambda e: e["event"] == "raised", 1.0, since)
        return None if acked_s is None else acked_s - raised["raised_us"] / 1e6


async def _blackout(lab, client, tight, length_s, patience_s):
    async with lab.network() as network, lab.probe(client, tight=tight, port=network.port) as probe:
        await _ordinary_alarm(lab, probe)
        network.set("dark")
        await asyncio.sleep(1.0)
        probe.send("raise_alarms", first=1, count=1)
        await asyncio.sleep(length_s - 1.0)
        back_s = network.set("pass")
        acked_s = await _acked_s(probe, 1, patience_s)
        return None if acked_s is None else acked_s - back_s


async def _idle(lab, client, tight, patience_s):
    async with lab.network() as network, lab.probe(client, tight=tight, port=network.port) as probe:
        await _ordinary_alarm(lab, probe)
        since = len(probe.events)
        dead_s = network.set("half_open")
        event = await probe.wait(lambda e: e["event"] == "link" and not e["up"], patience_s, since)
        return None if event is None else event["at_us"] / 1e6 - dead_s
