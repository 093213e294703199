"""Power, proofs and the unit's own tests at the desk: judged, shown, kept, and a unit on battery is given time."""

import asyncio
import json

import pytest

from host_tests.desk.test_call_in_memory_host import play
from host_tests.fakes.desk import KEY
from host_tests.fakes.unit import FakeUnit, seal
from host_tests.fakes.wire import joined
from tools.desk import watch as w
from tools.desk.requests import REQUESTS
from tools.desk.supply import Supply
from tools.desk.view import power_words

LOW = {"state": "low", "mv": 3550, "why": "", "hours": 2.5}


def log(wire, name):
    return REQUESTS[name + "_log"](wire.desk, {})["entries"]


def test_every_word_on_power_and_proofs_is_shown_and_kept_once(tmp_path):
    async def script(wire, unit):
        said = unit.event("mains", on=False, for_s=60, edges=3) + unit.event("battery", **LOW)
        said += unit.event("proven", what="path:b0", ok=False, detail="no word in 5 s") + unit.event("reminder", state="missed")
        said += unit.event("flight", part=1, parts=1, records=[[12, "reset", 1], [None, "press", 0]])
        said += unit.event("bearer", bearer="wifi", was="ethernet", why="supply") + unit.event("service", state="opened", tries=2)
        wire.up(said + said)
        await wire.settle()
        view = wire.unit_view()
        assert (view["bearer"], view["service"]) == ("wifi", True)
        assert (view["mains"], view["battery"]) == (False, {**LOW, "by": ""})
        for name in ("mains", "battery", "proven", "reminder", "flight", "bearer", "service"):
            assert (len(log(wire, name)), len(wire.events(name))) == (1, 1), name
        assert (log(wire, "mains")[0]["for_s"], log(wire, "flight")[0]["records"][0]) == (60, [12, "reset", 1])

    play(tmp_path, script)


def test_service_mode_is_over_with_the_next_start_and_a_refused_code_is_none(tmp_path):
    async def script(wire, unit):
        wire.up(unit.event("service", state="refused", tries=1))
        await wire.settle()
        assert wire.unit_view()["service"] is False and log(wire, "service")[0]["tries"] == 1
        wire.up(unit.event("service", state="opened", tries=0))
        await wire.settle()
        assert wire.unit_view()["service"] is True
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        assert wire.unit_view()["service"] is False

    play(tmp_path, script)


def test_what_was_held_back_through_a_reset_is_kept_as_late_and_changes_nothing_that_is_shown(tmp_path):
    async def script(wire, unit):
        old = unit.event("mains", on=False, for_s=60, edges=1)
        unit.boot(wire.now_ms)
        unit.will()
        wire.up(unit.connected(wire.now_ms))
        await wire.settle()
        wire.up(old)
        await wire.settle()
        assert (wire.unit_view()["mains"], log(wire, "mains")[0]["late"]) == (True, True)

    play(tmp_path, script)


def test_health_and_start_tell_mode_power_resets_proven_pulls_and_the_due_date(tmp_path):
    async def script(wire, unit):
        wire.up(unit.health())
        await wire.settle()
        view = wire.unit_view()
        wanted = {"mode": "full", "clean": True, "mains": True, "tested": "2026-11-01", "due": "2027-01-30"}
        assert {name: view[name] for name in wanted} == wanted
        assert (view["proven"], view["resets"]) == ({"cord1": 26, "button": None}, {"power_on": 1})
        assert wire.events("started")[0]["clean"] is True
        assert power_words(view) == "mains, 4.10 V, 30.5 h (model)"

    play(tmp_path, script)


def test_an_older_unit_that_says_none_of_it_is_heard_and_shown_as_not_known(tmp_path):
    async def script(wire, unit):
        for topic, payload in unit.health() + unit.event("started", cause="soft", firmware="0.2", open_call=None):
            gone = ("mac", "mode", "mains", "battery", "resets", "proven", "tested", "due")
            wire.raw(topic, seal(unit.key, topic, {k: v for k, v in json.loads(payload).items() if k not in gone}))
        await wire.settle()
        assert wire.unit_view()["refused"] == {}

    play(tmp_path, script)


def test_a_reading_without_a_value_says_why():
    supply = Supply()
    assert power_words(supply.view()) == "-"
    supply.event({"event": "battery", "state": "on_battery", "mv": None, "why": "jump", "hours": None})
    assert power_words(supply.view()) == "NO MAINS, no value (jump)"
    supply.event({"event": "battery", **LOW})
    assert power_words(supply.view()) == "NO MAINS LOW, 3.55 V, 2.5 h"


def test_mains_and_battery_never_contradict_each_other():
    supply = Supply()
    for state in ("on_battery", "low", "critical", "dying"):
        assert supply.event({"event": "battery", **LOW, "state": state})
        assert (supply.on_battery, supply.view()["mains"]) == (True, False)
    assert supply.event({"event": "mains", "on": True, "for_s": 60, "edges": 1})
    assert (supply.on_battery, supply.view()["battery"]["state"]) == (False, "mains")
    assert not supply.event({"event": "mains", "on": True, "for_s": 90, "edges": 0})
    supply.event({"event": "battery", **LOW, "state": "unknown"})
    assert (supply.on_battery, supply.view()["mains"]) == (False, True)


# --- silence


def heard():
    unit = w.UnitWatch(0, 20_000, 600_000, 90_000)
    unit.handle(w.HEARD, 100)
    unit.handle(w.HEARD, 200)
    return unit


@pytest.mark.parametrize(("on_battery", "silent_ms"), [(False, 20_000), (True, 90_000)])
def test_a_reply_is_owed_for_20_s_on_mains_and_for_90_s_on_battery(on_battery, silent_ms):
    unit = heard()
    unit.supplied(on_battery, 300)
    unit.handle(w.ASKED, 1000)
    assert unit.handle(w.TICK, 1000 + silent_ms - 1) == []
    assert unit.handle(w.TICK, 1000 + silent_ms) == [("SHOW",), ("QUERY",)]


def test_a_reply_that_is_owed_when_the_mains_fail_gets_the_longer_time_and_never_a_shorter_one():
    unit = heard()
    unit.handle(w.ASKED, 1000)
    unit.supplied(True, 5000)
    assert (unit.handle(w.TICK, 90_999), unit.state) == ([], "online")
    unit.supplied(False, 90_999)
    assert unit.handle(w.TICK, 90_999) == []
    assert unit.handle(w.TICK, 91_000) == [("SHOW",), ("QUERY",)]


def test_on_battery_health_is_overdue_after_six_periods_and_after_two_once_the_mains_are_back():
    unit = heard()
    unit.supplied(True, 1000)
    assert unit.handle(w.TICK, 1000 + 6 * 600_000 - 1) == []
    assert unit.handle(w.TICK, 1000 + 6 * 600_000) == [("SHOW",), ("QUERY",)]
    unit.handle(w.HEALTH_HEARD, 3_700_000)
    unit.supplied(False, 3_700_000)
    assert unit.handle(w.TICK, 3_700_000 + 2 * 600_000) == [("SHOW",), ("QUERY",)]


def test_a_unit_on_battery_that_is_mute_is_silent_after_90_s_also_after_a_restart_of_the_desk(tmp_path):
    async def script(wire, unit):
        for restart in (False, True):
            wire.up(unit.event("mains", on=False, for_s=60, edges=1))
            unit.supply["mains"] = False
            await wire.settle()
            if restart:
                wire.kill_desk()
                wire.start_desk()
            else:
                wire.desk.act(lambda: wire.desk.query(wire.desk.units["demo/f12/u1"]))
            wire.lose_up = lambda topic, payload: True
            await wire.run(85)
            assert wire.unit_view()["status"] != "silent", restart
            await wire.run(10)
            assert wire.unit_view()["status"] == "silent", restart
            wire.lose_up = lambda topic, payload: False
            wire.up(unit.health())
            await wire.settle()
            assert wire.unit_view()["status"] == "online"

    play(tmp_path, script)


# --- proofs


def test_a_proof_is_answered_once_over_the_path_that_brought_it(tmp_path):
    async def run():
        unit = FakeUnit(KEY)
        with joined(tmp_path, unit, brokers=2) as wire:
            unit.will()
            wire.up(unit.connected(wire.now_ms), link=0)
            await wire.settle()
            for link in (1, 0):
                (proof,) = unit.event("proof", id=f"c0ffee0{link}", path=f"broker{link + 1}")
                wire.up([proof], link=link)
                wire.up([proof], link=link)
                wire.up(unit.fault("held", "cord1", True), link=1 - link)  # the newest word comes by the other path
                await wire.desk.step()
                sent = [[json.loads(payload).get("id") for _, payload in one.sent] for one in wire.desk.links]
                assert sent[link].count(f"c0ffee0{link}") == 1
                assert f"c0ffee0{link}" not in sent[1 - link]
                await wire.settle()
            assert unit.proven == ["c0ffee01", "c0ffee00"]
            assert wire.unit_view()["refused"] == {"duplicate": 2}
            assert [event["broker"] for event in wire.events("proof")] == ["b1", "b0"]

    asyncio.run(run())
