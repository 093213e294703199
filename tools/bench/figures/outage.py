"""200 alarms raised while the broker is down: how soon are they all there, in order, once each, and without a storm?"""

import asyncio
from dataclasses import dataclass

from tools.bench import measure
from tools.bench.figure import Figure
from tools.bench.lab import settle

NAMES = ("outage_all_through", "outage_order_kept", "outage_doubled", "outage_attempts")
_ALARMS = 200
_DOWN_S = 5.0
# One try each 100 ms, the fastest that the link allows itself, is 50 in 5 s. A 20 ms retry, fastest in a bench, would be 250.
_ATTEMPTS_MAX = 50


@dataclass
class Outage:
    """`through_s`: None when not all arrived in time. `attempts`: TCP sockets made from the outage's start to the end."""

    through_s: float | None
    arrived: int
    in_order: bool
    doubled: int
    attempts: int | None


async def measure_all(lab):
    down_s = 2.0 if lab.quick else _DOWN_S
    patience_s = 8.0 if lab.quick else 40.0
    runs = []
    for _ in range(1 if lab.quick else 3):
        lab.say("200 alarms while the broker is down: this link ...")
        runs.append(await _outage(lab, lab.ours, False, down_s, patience_s))
    lab.say("200 alarms while the broker is down: the peers side by side ...")
    keys = [] if lab.quick else [(peer, tight) for peer in lab.peers for tight in (False, True)]
    results = await asyncio.gather(*(_outage(lab, peer, tight, down_s, patience_s) for peer, tight in keys))
    texts = {
        f"{peer.name}, {'tightest' if tight else 'defaults'}": _text(result, patience_s)
        for (peer, tight), result in zip(keys, results, strict=True)
    }
    return _figures(runs, texts | lab.left_out, down_s)


def _figures(runs, peers, down_s):
    how = (
        f"connections are reset and refused for {down_s:.0f} s, {_ALARMS} alarms are raised meanwhile; from the moment "
        f"connections are taken again to the last alarm's arrival at the subscriber; defaults, worst of {len(runs)} run(s)"
    )
    times = [run.through_s for run in runs]
    value = None if None in times else max(times)
    attempts = max((run.attempts or 0) * _DOWN_S / down_s for run in runs)
    detail = {"runs_s": times}
    return [
        Figure(
            "outage_all_through",
            value,
            "s",
            how,
            0.3,
            peers=peers,
            detail=detail,
            why_not="" if value else "not all arrived",
        ),
        Figure(
            "outage_order_kept",
            int(all(run.in_order for run in runs)),
            "",
            "1: first arrivals in the order raised",
            1,
            "equal",
        ),
        Figure(
            "outage_doubled",
            max(run.doubled for run in runs),
            "alarms",
            "arrivals beyond the first of each",
            0,
            "equal",
        ),
        Figure(
            "outage_attempts",
            round(attempts),
            "sockets",
            f"TCP sockets made in a {_DOWN_S:.0f} s outage; more than {_ATTEMPTS_MAX} would be a storm",
            _ATTEMPTS_MAX,
        ),
    ]


def _text(result, patience_s):
    if result.through_s is None:
        return f"{result.arrived} of {_ALARMS} after {patience_s:.0f} s, {result.doubled} doubled, {result.attempts} attempts"
    order = "in order" if result.in_order else "NOT in order"
    return f"{result.through_s:.2f} s, {order}, {result.doubled} doubled, {result.attempts} attempts"


async def _outage(lab, client, tight, down_s, patience_s):
    async with lab.network() as network, lab.probe(client, tight=tight, port=network.port) as probe:
        await probe.up()
        await settle()
        await probe.ask("reset", 5.0)
        network.set("refuse")
        probe.send("raise_alarms", first=1, count=_ALARMS)
        await asyncio.sleep(down_s)
        back_s = network.set("pass")
        sender, wanted = probe.spec["id"], range(1, _ALARMS + 1)
        last_s = await lab.service.wait_all(sender, wanted, patience_s)
        await settle()
        report = await probe.ask("report", 5.0)
        numbers = lab.service.numbers(sender)
        return Outage(
            None if last_s is None else last_s - back_s,
            len(set(numbers)),
            measure.order_kept(numbers),
            measure.doubled(numbers),
            report["sockets"] if report else None,
        )
