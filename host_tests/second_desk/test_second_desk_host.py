"""A unit served by nobody but the second desk: what docs/protocol.md says is enough to write a service.

The unit is the whole firmware on a virtual board, started by its command line and touched only through docs/control-channel.md.
Every message that it sends is held against seal, page and schema.
"""

import asyncio

import pytest

from .house import ADDRESS, until
from .scene import closes, scene_of, word
from .wire import sealed

_VECTOR = b'{"v":1,"type":"query","mac":"86daf0813f73c3db9b0e02deb7b69f195132cc96b4ffdf114852e933b7ca8f64"}'


def test_the_pages_test_vector_is_what_the_second_desk_makes():
    assert sealed(bytes(range(32)), "ils/v1/demo/f12/u1/down", {"v": 1, "type": "query"}) == _VECTOR


@pytest.mark.parametrize("kind", ["nats", "mosquitto"])
def test_a_call_is_received_answered_and_cleared_by_the_second_desk(kind, tmp_path):
    async def scene():
        async with scene_of(kind, tmp_path) as (house, flat, desk):
            desk.withhold = True
            await flat.control.do("press", input="button")
            await flat.shows("steady")
            first = await house.hears("alarm", attempt=2, bound_s=15)
            assert flat.patterns() == ["steady"], "sent, acknowledged by the broker, but not received"
            desk.withhold = False
            desk.send(ADDRESS, "query")  # asks for the open call again
            await flat.shows("flashing")
            call = first["call"]
            assert await word(desk, desk.answer(call, "Mary")) == (True, "")
            await flat.shows("double")
            await flat.control.do("pull", input="cord1")
            second = await house.hears("alarm", call=call, triggers=2)
            assert [item["input"] for item in second["inputs"]] == ["button", "cord1"]
            assert await word(desk, desk.clear(call, 1, "mistake", "present", "A. Jones")) == (False, "newer_trigger")
            assert not desk.calls[call]["closed"]
            assert await word(desk, desk.answer(call, "Mary")) == (True, "")
            assert await word(desk, desk.clear(call, 2, "help_sent", "present", "A. Jones")) == (True, "")
            await flat.shows("off")
            await closes(desk, call)
            assert list(desk.calls) == [call]
            assert (await house.hears("event", event="cleared"))["outcome"] == "help_sent"

    asyncio.run(scene())


def test_a_power_cut_resumes_the_open_call_once_under_its_id(tmp_path):
    async def scene():
        async with scene_of("nats", tmp_path) as (house, flat, desk):
            await flat.control.do("press", input="pendant")
            await flat.shows("flashing")
            call = (await house.hears("alarm"))["call"]
            await flat.control.do("power", on=False)
            before = len(house.all("alarm"))
            await flat.control.do("power", on=True)
            started = await house.hears("event", event="started", open_call=call)
            resumed = await house.hears("alarm", call=call, resumed=True)
            assert resumed["session"] == started["session"]
            await flat.shows("flashing")
            assert await word(desk, desk.answer(call, "Mary")) == (True, "")
            assert await word(desk, desk.clear(call, 1, "test", "present", "A. Jones")) == (True, "")
            await flat.shows("off")
            await closes(desk, call)
            after = house.all("alarm")[before:]
            assert {(alarm["call"], alarm["resumed"]) for alarm in after} == {(call, True)}
            assert len(house.all("event", event="started", session=resumed["session"])) == 1
            await flat.control.do("reset")
            assert (await house.hears("event", event="started", boot=started["boot"] + 1))["open_call"] is None
            assert list(desk.calls) == [call]

    asyncio.run(scene())


def test_state_will_and_health_tell_whether_the_unit_is_there(tmp_path):
    async def scene():
        async with scene_of("nats", tmp_path) as (house, flat, desk):
            unit = desk.units[ADDRESS]
            await until(lambda: (unit.online, unit.conn) == (True, 1), "the first word of the unit")
            await flat.control.do("link", mode="reset")
            await until(lambda: unit.conn >= 2 and unit.online, "a second connection is seen")
            await word(desk, desk.send(ADDRESS, "query"))
            await until(lambda: unit.health["call"] is None and unit.health["seq"] > 5, "a report on request")
            assert unit.health["board"] == "ESP32_GENERIC"
            await flat.control.do("power", on=False)
            await until(lambda: unit.online is False, "the will", bound_s=25)
            await until(lambda: not house.all("state")[-1]["online"], "the witness has it too")

    asyncio.run(scene())
