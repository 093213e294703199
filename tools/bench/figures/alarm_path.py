"""From the finger to the flash, the wire and the light: the journal on its own, then the whole unit on the virtual board."""

import asyncio
import json
import time

from tools.bench import measure
from tools.bench.figure import Figure
from tools.bench.probe import ProbeError
from tools.bench.whole import Flat

NAMES = (
    "record_programs",
    "record_erases",
    "record_bytes",
    "press_to_publish_p50",
    "press_to_publish_p99",
    "press_to_flash",
)
_ALARMS = 200
_INPUTS = ("button", "cord1", "pendant")
_PRESS_MS = 100
_PAUSE_S = 0.13  # longer than the debounce at both ends, so that each press stands alone
_CALL_S = 15.0


async def measure_all(lab):
    lab.say("press to durable record: the journal on the flash model ...")
    return [*record_figures(count_records(_ALARMS)), *await _whole(lab)]


# -- the record


def count_records(alarms):
    """[(programs, erases, bytes)] of each `Journal.trigger`, with housekeeping between calls as the unit does it."""
    import tools.vboard.standins  # noqa: F401 - puts `micropython` on the path of this Python
    from firmware.drivers.journal import Journal
    from tools.vboard.standins.nor import NorFlash

    flash = NorFlash()
    journal = Journal(flash, lambda count: bytes(range(count)))
    journal.open()
    costs = []
    for _ in range(alarms):
        while journal.idle():
            pass
        call = journal.next_call_n()
        before = flash.programs, flash.erases, flash.program_bytes
        journal.trigger(call, 1, 0, 0, 0)
        after = flash.programs, flash.erases, flash.program_bytes
        costs.append(tuple(b - a for a, b in zip(before, after, strict=True)))
        journal.cleared(call)
    return costs


def record_figures(costs):
    how = f"drivers/journal.py on the NOR model, worst of {len(costs)} activations; read back and compared within"
    programs, erases, size = (max(cost[i] for cost in costs) for i in range(3))
    return [
        Figure("record_programs", programs, "programs", how, 1, "equal"),
        Figure("record_erases", erases, "erases", how, 0, "equal"),
        Figure("record_bytes", size, "bytes", how, 32),
    ]


# -- the whole unit


async def _whole(lab):
    calls, presses = (1, 8) if lab.quick else (10, 20)
    lab.say(f"the whole unit: {calls * presses} presses in {calls} calls ...")
    wire_ms, light_ms, trips_ms = [], [], []
    async with Flat(lab, "press") as flat:
        flat.board.fault("bounce", on=False)
        await flat.desk.duty(on=True)
        for _ in range(calls):
            taken = await _one_call(flat, presses)
            wire_ms += taken[0]
            light_ms.append(taken[1])
            trips_ms.append(taken[2])
    return _figures(wire_ms, light_ms, trips_ms)


def _figures(wire_ms, light_ms, trips_ms):
    how = (
        "whole unit on the virtual board, from its image, plain TCP so that the packet can be read: from the contact's closing "
        "(no bounce) to its alarm PUBLISH at the relay, less the board's debounce; holds interrupt, record, seal, send; "
        f"{len(wire_ms)} presses"
    )
    flash = (
        f"the same for the first press of {len(light_ms)} calls, to the start of the flashing pattern (its first dark), "
        "less debounce, less the time from PUBLISH to receipt at the relay; worst"
    )
    return [
        Figure("press_to_publish_p50", measure.percentile(wire_ms, 50), "ms", how, None),
        Figure("press_to_publish_p99", measure.percentile(wire_ms, 99), "ms", how, 20),
        Figure("press_to_flash", max(light_ms), "ms", flash, 30, detail={"all_ms": light_ms, "desk_and_back_ms": trips_ms}),
    ]


async def _one_call(flat, presses):
    """([press to wire, ms], press to flashing less the round trip, ms; that round trip, ms) of one call, cleared at its end."""
    first_s, wire_ms = time.monotonic(), []
    wire_ms.append(await _press(flat, _INPUTS[0]))
    light_ms, trip_ms = await _flashing(flat, first_s)
    for n in range(1, presses):
        wire_ms.append(await _press(flat, _INPUTS[n % len(_INPUTS)]))
    view = await flat.call(lambda call: call["state"] != "closed" and call["triggers"] >= presses)
    await flat.desk.answer(view["n"])
    await flat.board.wait_for(lambda status: status["pattern"] == "double", _CALL_S)
    await flat.desk.clear(view["n"], "test", "present", "bench", triggers=presses)
    await flat.call(lambda call: call["n"] == view["n"] and call["state"] == "closed")
    await flat.board.wait_for(lambda status: status["pattern"] == "off", _CALL_S)
    return wire_ms, light_ms, trip_ms


async def _press(flat, name):
    """ms from the contact's closing to the alarm that says so, less the debounce."""
    before = len(flat.published)
    begun_s = time.monotonic()
    await flat.board.press(name, ms=_PRESS_MS)
    await asyncio.sleep(_PAUSE_S)
    debounce_ms = next(one["debounce_ms"] for one in flat.board.facts["inputs"] if one["name"] == name)
    for at_s, topic, _ in flat.published[before:]:
        if topic.endswith("/alarm"):
            return (at_s - begun_s) * 1000 - debounce_ms
    raise ProbeError(f"press of {name}: no alarm left the unit")


async def _flashing(flat, first_s):
    """Of a call's first press: (ms to the start of the flashing less debounce and round trip, that round trip in ms)."""
    await flat.board.wait_for(lambda status: status["pattern"] == "flashing", _CALL_S)
    born_s = time.monotonic() - flat.board.now_ms() / 1000
    dark_s = next(
        born_s + event["t_ms"] / 1000
        for event in flat.board.log
        if event["event"] == "light" and event["level"] == 0 and born_s + event["t_ms"] / 1000 > first_s
    )
    sent_s = next(at_s for at_s, topic, _ in flat.published if at_s > first_s and topic.endswith("/alarm"))
    receipt_s = next(at_s for at_s, _, payload in flat.received if at_s > sent_s and json.loads(payload)["type"] == "receipt")
    debounce_ms = next(one["debounce_ms"] for one in flat.board.facts["inputs"] if one["name"] == _INPUTS[0])
    trip_ms = (receipt_s - sent_s) * 1000
    return (dark_s - first_s) * 1000 - debounce_ms - trip_ms, trip_ms
