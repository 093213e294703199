"""All figures: a table, and one JSON object in build/bench.json.

python -m tools.bench [--only NAME] [--quick] [--check] [--broker nats] [--list]
"""

import argparse
import asyncio
import datetime
import json
import os
import platform
import shutil
import sys
import time
from pathlib import Path

from tools import brokers, fetch_lib
from tools.bench.figure import Figure, table
from tools.bench.figures import (
    alarm_path,
    codec,
    codec_tables,
    half_open,
    heap,
    outage,
    round_trip,
    runtime,
    speech_delay,
    speech_heap,
    speech_hostile,
    speech_loss,
    speech_survival,
    speech_ticker,
    ticker,
    voice_switch,
)
from tools.bench.lab import Lab
from tools.bench.probe import ProbeError
from tools.deploy import DeployError
from tools.desk.client import DeskError
from tools.scenario.deskside import StartError
from tools.vboard import BoardError

ROOT = Path(__file__).resolve().parent.parent.parent
GROUPS = {
    "alarm_path": alarm_path,
    "ticker": ticker,
    "round_trip": round_trip,
    "half_open": half_open,
    "outage": outage,
    "heap": heap,
    "runtime": runtime,
    "codec": codec,
    "codec_tables": codec_tables,
    "voice_switch": voice_switch,
    "speech_call_loss": speech_loss,
    "speech_call_delay": speech_delay,
    "speech_call_ticker": speech_ticker,
    "speech_call_survival": speech_survival,
    "speech_call_heap": speech_heap,
    "speech_call_hostile": speech_hostile,
}
_FORMAT = 1  # of build/bench.json
_TROUBLE = (ProbeError, BoardError, DeskError, StartError, DeployError, OSError, ValueError, RuntimeError, asyncio.TimeoutError)


def arguments(argv):
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", help="one group or one figure (its whole group is run)")
    parser.add_argument("--quick", action="store_true", help="short runs: the same figures, less to be relied on")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a target is missed")
    parser.add_argument("--broker", choices=brokers.KINDS, help="default: mosquitto if it is installed, else nats")
    parser.add_argument("--list", action="store_true", help="names of groups and figures, then end")
    return parser.parse_args(argv)


def chosen(only):
    """The groups to run. Raises ValueError for a name that is none."""
    groups = {name: group for name, group in GROUPS.items() if only in (None, name, *group.NAMES)}
    if not groups:
        raise ValueError(f"there is no figure or group {only!r}; `--list` names them")
    return groups


def default_broker():
    """mosquitto answers soonest, so what a client adds shows most. Else the one that comes with the packages."""
    try:
        brokers.program("mosquitto")
    except brokers.BrokerError:
        return "nats"
    return "mosquitto"


async def run(options, groups):
    begun_s = time.monotonic()

    def say(text):
        print(f"[{time.monotonic() - begun_s:5.0f} s] {text}", file=sys.stderr, flush=True)

    kind = options.broker or default_broker()
    figures = []
    directory = ROOT / "build" / f"bench-{os.getpid()}"  # its own, so that two runs at a time do not mix
    async with Lab(directory, kind, options.quick, say) as lab:
        peers = {peer.name: {"defaults": peer.defaults, "tightest": peer.tightest} for peer in lab.everyone}
        for group in groups.values():
            figures += await _measured(lab, group)
    if all(figure.value is not None for figure in figures):
        shutil.rmtree(directory)  # else kept: the logs in it may say why
    if options.only in [name for group in groups.values() for name in group.NAMES]:
        figures = [figure for figure in figures if figure.name == options.only]
    return figures, peers, kind, time.monotonic() - begun_s


async def _measured(lab, group):
    """A group that breaks down costs its own figures only, and each of them says why."""
    try:
        return await group.measure_all(lab)
    except _TROUBLE as error:
        why = f"{type(error).__name__}: {error}"
        lab.say(why)
        return [Figure(name, None, "", "", 0, why_not=why) for name in group.NAMES]


def as_object(figures, peers, kind, took_s, quick):
    """What build/bench.json holds."""
    return {
        "v": _FORMAT,
        "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "quick": quick,
        "took_s": round(took_s),
        "broker": kind,
        "machine": platform.platform(),
        "interpreter": "MicroPython, unix port, -X heapsize=320k",
        "clients": peers,
        "missed": [figure.name for figure in figures if figure.met is False],
        "figures": [figure.as_dict() for figure in figures],
    }


def verdict(figures):
    """Plain words for the end of the table."""
    missed = [figure for figure in figures if figure.met is False]
    if not missed:
        return "All targets are met."
    words = [f"  {figure.name}: {figure.value_text()}, wanted {figure.target_text()}" for figure in missed]
    return "\n".join(["Targets missed:", *words])


def main(argv=None):
    options = arguments(argv)
    if options.list:
        for name, group in GROUPS.items():
            print(f"{name}: {', '.join(group.NAMES)}")
        return 0
    try:
        groups = chosen(options.only)
        figures, peers, kind, took_s = asyncio.run(run(options, groups))
    except (ValueError, brokers.BrokerError, fetch_lib.FetchError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    result = as_object(figures, peers, kind, took_s, options.quick)
    print(table(figures))
    print(verdict(figures))
    text = json.dumps(result)
    print(text)
    path = ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n")
    return 1 if options.check and result["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
