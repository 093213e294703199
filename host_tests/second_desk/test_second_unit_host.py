"""The reference desk, started by its command line and used through docs/desk-api.md only, serves the second unit.

Every message of the desk is held against seal, page and schema by the house's witness.
"""

import asyncio

from .house import ADDRESS, until
from .office import events_of, heard_by, office_of


async def _view(api, number=1):
    return (await api.do("call", call=number))["call"]


def test_an_alarm_is_stored_answered_and_closed_only_by_the_units_word(tmp_path):
    async def scene():
        async with office_of(tmp_path) as (house, api, unit):
            unit.obeys = False
            unit.pull()
            await until(lambda: unit.light == "flashing", "the receipt")
            receipt, view = heard_by(unit, "receipt")[0], await _view(api)
            assert (receipt["call"], receipt["triggers"], receipt["escalation"]) == (view["call"], 1, 0)
            assert (view["state"], view["label"], view["inputs"][0]["location"]) == ("open", "Flat 12", "bathroom, by the door")
            assert view["stored_at"] <= events_of(api, "receipt")[0]["at"]
            refusal = await api.ask("clear", call=1, outcome="test", basis="present", who="Mary")
            assert refusal["error"]["code"] == "not_answered"
            await api.do("answer", call=1, party="centre", who="Mary")
            await until(lambda: len(heard_by(unit, "answered")) >= 3, "answered is repeated")
            assert unit.light == "double" and {message["who"] for message in heard_by(unit, "answered")} == {"Mary"}
            asked = await api.do("clear", call=1, outcome="help_sent", basis="present", who="A. Jones")
            assert asked["call"]["state"] == "clearing"
            await until(lambda: len(heard_by(unit, "clear")) >= 3, "clear is sent again")
            assert (await _view(api))["state"] == "clearing"
            unit.obeys = True
            closed = await until(lambda: events_of(api, "call", why="CLEARED"), "closed")
            assert {name: closed[0]["view"]["closed"][name] for name in ("by", "outcome", "who")} == {
                "by": "service", "outcome": "help_sent", "who": "A. Jones"}
            assert (await _view(api))["state"] == "closed" and unit.light == "off"
            assert len({message["ctr"] for message in unit.heard}) == len(unit.heard)

    asyncio.run(scene())


def test_copies_make_no_second_call_and_each_gets_its_receipt(tmp_path):
    async def scene():
        async with office_of(tmp_path, "mosquitto") as (house, api, unit):
            payload = unit.pull()
            await until(lambda: heard_by(unit, "receipt"), "the receipt")
            for _ in range(3):
                await house.say(payload, unit.base + "alarm")  # byte for byte, as a broker may
            unit.alarm()
            await until(lambda: len(heard_by(unit, "receipt")) == 5, "a receipt for each")
            calls = (await api.do("calls", closed=True))["calls"]
            assert [(view["call"], view["copies"], view["triggers"]) for view in calls] == [(unit.call["call"], 5, 1)]
            assert len(events_of(api, "ring")) == 1
            unit.pull()
            assert unit.light == "steady"
            await until(lambda: unit.light == "flashing", "the receipt for two")
            assert heard_by(unit, "receipt")[-1]["triggers"] == 2
            assert [view["triggers"] for view in (await api.do("calls"))["calls"]] == [2]

    asyncio.run(scene())


def test_duty_decides_who_is_rung_and_off_hands_the_call_to_the_centre(tmp_path):
    async def scene():
        async with office_of(tmp_path) as (_, api, unit):
            assert (await api.do("duty", scheme="demo", on=True))["duty"] == {"demo": True}
            unit.pull()
            await until(lambda: events_of(api, "ring", parties=["coordinator"]), "the coordinator is rung")
            assert (await _view(api))["ringing"] == ["coordinator"]
            await api.do("duty", scheme="demo", on=False)
            await until(lambda: events_of(api, "ring", parties=["centre"]), "the centre is rung")
            assert (await _view(api))["ringing"] == ["centre"]
            taken = (await api.do("answer", call=1, who="Noor"))["call"]
            assert (taken["state"], taken["held_by"]["party"], taken["ringing"]) == ("answered", "centre", [])
            await until(lambda: events_of(api, "command", do="answered", ok=True), "the unit took it")
            await api.do("release", call=1)
            await until(lambda: heard_by(unit, "released") and unit.light == "flashing", "released")
            await until(lambda: len(events_of(api, "ring")) == 3, "it rings again")

    asyncio.run(scene())


def test_withheld_receipts_leave_the_light_steady_and_the_desk_sees_report_and_will(tmp_path):
    async def scene():
        async with office_of(tmp_path) as (house, api, unit):
            await api.do("inject", mode="withhold_receipts", value=-1)
            unit.pull()
            await house.hears("alarm", attempt=2)
            assert (unit.light, heard_by(unit, "receipt"), (await _view(api))["state"]) == ("steady", [], "open")
            await api.do("inject", mode="withhold_receipts", value=0)
            await api.do("query", unit=ADDRESS)
            await until(lambda: unit.light == "flashing", "the receipt")
            await until(lambda: events_of(api, "health"), "the report")
            view = (await api.do("units"))["units"][0]
            assert (view["status"], view["health"]["board"], view["firmware"]) == ("online", "none", "second")
            unit.say("state", online=False, conn=1)  # what the broker would say for it
            await until(lambda: events_of(api, "unit")[-1]["view"]["reason"] == "will", "the will")
            assert (await api.do("units"))["units"][0]["status"] == "silent"

    asyncio.run(scene())
