"""QoS 1, publish to PUBACK: in time and in instructions, beside a raw asyncio socket."""

import asyncio
import json
import shutil

from tools.bench import measure
from tools.bench.figure import Figure
from tools.bench.lab import settle
from tools.bench.peers import Peer

NAMES = ("round_trip_ratio", "instructions_per_publish")
_RAW = Peer("raw asyncio socket", "raw_socket", (), "nothing is kept, checked or repeated", "")
_COUNT_S = 120.0  # valgrind makes all about 30 times slower
_BLOCK = 20


async def measure_all(lab):
    return [await _times(lab), await _instructions(lab)]


async def _times(lab):
    count = 40 if lab.quick else 200
    lab.say("QoS 1 round trips: this link ...")
    raw, ours = await _medians(lab, lab.ours, False, count)
    results = dict(lab.left_out)
    for peer in () if lab.quick else lab.peers:
        lab.say(f"QoS 1 round trips: {peer.name} ...")
        both = await asyncio.gather(*(_medians(lab, peer, tight, count) for tight in (False, True)))
        for setting, (_, us) in zip(("defaults", "tightest"), both, strict=True):
            results[f"{peer.name}, {setting}"] = "no answer" if us is None else f"{us:.0f} us"
    how = (
        f"medians over {count} of each, one at a time, in one MicroPython process that changes between the raw asyncio socket "
        f"and the link every {_BLOCK}; {lab.kind} on the loopback, 300 bytes, a topic nobody hears"
    )
    detail = {"raw_us": raw, "link_us": ours}
    return Figure(
        "round_trip_ratio",
        ours / raw,
        "x raw",
        how,
        1.5,
        peers={"raw": f"{raw:.0f} us", "this link": f"{ours:.0f} us", **results},
        detail=detail,
    )


async def _medians(lab, client, tight, count):
    """(raw us, client us); (None, None) when the client got stuck."""
    async with lab.probe(client, tight=tight) as probe:
        await probe.up()
        await settle()
        done, pairs = await probe.pairs("round_trips", 60.0, "trips", count=count, block=_BLOCK, heard=False)
        if done is None:
            return None, None
        return measure.median([raw for raw, _ in pairs]), measure.median([own for _, own in pairs])


async def _instructions(lab):
    name, unit = "instructions_per_publish", "instructions"
    how = "valgrind --tool=callgrind, QoS 1 publish to PUBACK; difference of two run lengths, so that the start cancels; defaults"
    if not shutil.which("valgrind"):
        return Figure(name, None, unit, how, why_not="valgrind is not installed (Debian: apt-get install valgrind)")
    lengths = (10, 30) if lab.quick else (50, 150)
    limit = asyncio.Semaphore(2)
    clients = (_RAW, lab.ours) if lab.quick else (_RAW, *lab.everyone)
    counts = await asyncio.gather(*(_count(lab, client, lengths, limit) for client in clients))
    by_name = {client.name: count for client, count in zip(clients, counts, strict=True)}
    ours = by_name.pop(lab.ours.name)
    return Figure(name, ours, unit, how, peers=by_name | lab.left_out, why_not="" if ours else "the counted run did not end")


async def _count(lab, client, lengths, limit):
    """Instructions for one publish, or None when a run did not end in time."""
    totals = []
    for length in lengths:
        async with limit:
            lab.say(f"counting instructions: {client.name}, {length} publishes ...")
            totals.append(await _run_counted(lab, client, length))
    if None in totals:
        return None
    return round(measure.per_item(*zip(lengths, totals, strict=True)))


async def _run_counted(lab, client, length):
    spec = {**lab.spec(client), "count": length}
    path = lab.dir / f"{spec['id']}.json"
    path.write_text(json.dumps(spec))
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    program = [*lab.micropython, "-X", "heapsize=320k", str(lab.device / "probe.py"), str(path)]
    process = await asyncio.create_subprocess_exec(
        *valgrind, *program, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, text = await asyncio.wait_for(process.communicate(), _COUNT_S)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        return None
    return collected(text.decode(errors="replace"))


def collected(text):
    """The instruction count in callgrind's closing lines, or None."""
    for line in text.splitlines():
        if "Collected :" in line:
            return int(line.split(":")[1].split()[0])
    return None
