"""The real unit on a battery that empties: what it does without, and that a press has all of it back (P1, P4)."""

import asyncio
import json
import time

from host_tests import real_unit
from host_tests.fakes.broker import FakeBroker
from host_tests.real_unit import SOON_S, started
from tools.vboard import VirtualBoard

QUICK = {"mains_report_ms": 1000, "mains_spread_ms": 1000, "battery_read_ms": 500}


def on_battery(tmp_path, scene, charge_pct=100):
    """Runs `scene(board, broker)` with a unit that is on line, its mains on and its cell at `charge_pct`."""

    async def inside():
        async with FakeBroker() as broker:
            root = real_unit.make_root(tmp_path, port=broker.port)
            file = root / "settings.json"
            file.write_text(json.dumps({**json.loads(file.read_text()), "timers": QUICK}))
            async with VirtualBoard(root, tmp_path / "state") as board:
                await started(board)
                await until(lambda: broker.subscribed and told(broker, "started"))
                board.battery(charge_pct)
                await asyncio.wait_for(scene(board, broker), 90)

    asyncio.run(inside())


async def until(wanted, within_s=SOON_S):
    deadline = time.monotonic() + within_s
    while not wanted():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.02)


def told(broker, event):
    """All events of that name so far."""
    found = [json.loads(one.payload) for one in broker.published if one.topic.endswith("/event")]
    return [one for one in found if one["event"] == event]


def alarms(broker):
    return [one for one in broker.published if one.topic.endswith("/alarm")]


def test_a_dying_unit_rests_its_radio_and_a_press_has_the_alarm_out_all_the_same(tmp_path):
    async def scene(board, broker):
        await board.mains(False)
        await until(lambda: [one["state"] for one in told(broker, "battery")][-1:] == ["dying"])
        await board.wait_for(lambda status: not status["radio"], SOON_S)
        assert board.status()["mhz"] == 80
        since_ms = board.now_ms()
        await board.press("button", 200)
        await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, SOON_S, since_ms)
        await until(lambda: alarms(broker))
        assert board.status()["radio"] and board.status()["mhz"] == 160 and board.status()["power_save"] == "none"
        written = [e for e in board.log if e["event"] == "flash" and e["t_ms"] >= since_ms]
        assert written == [], "no flash is written below the board's limit"

    on_battery(tmp_path, scene, charge_pct=1.6)


def test_with_the_report_of_the_mains_the_broker_is_told_the_calm_pace_and_the_usual_one_again(tmp_path):
    async def scene(board, broker):
        await board.mains(False)
        await until(lambda: told(broker, "mains"))
        assert not told(broker, "mains")[0]["on"]
        await until(lambda: broker.keepalives_s == [12, 60])
        await board.wait_for(lambda status: status["power_save"] == "powersave" and status["mhz"] == 80, SOON_S)
        await board.mains(True)
        await until(lambda: broker.keepalives_s == [12, 60, 12])
        await board.wait_for(lambda status: status["power_save"] == "performance" and status["mhz"] == 160, SOON_S)

    on_battery(tmp_path, scene)


def test_the_last_state_is_saved_before_the_battery_is_critical_and_the_next_start_is_a_clean_one(tmp_path):
    async def scene(board, broker):
        await board.mains(False)
        await until(lambda: "critical" in [one["state"] for one in told(broker, "battery")])
        assert (board.root / "last.bin").exists()
        await board.power_cut()
        await board.mains(True)
        await board.power_on()
        await until(lambda: len(told(broker, "started")) == 2)
        start = told(broker, "started")[1]
        assert (start["cause"], start["clean"]) == ("power_on", True)
        assert not [one for one in told(broker, "fault") if one["input"] == "missing"]

    on_battery(tmp_path, scene, charge_pct=3.5)


def test_power_that_goes_without_warning_is_no_clean_end_and_no_battery_that_carried(tmp_path):
    async def scene(board, broker):
        await board.power_cut()
        await board.power_on()
        await until(lambda: len(told(broker, "started")) == 2)
        assert not told(broker, "started")[1]["clean"]
        await until(lambda: [one for one in told(broker, "fault") if one["input"] == "missing" and one["open"]])

    on_battery(tmp_path, scene)
