"""A broker that forges, repeats and mangles: the unit's light does not flash, nothing is cleared, and it says why.

Each kind of lie is told in a session of its own, as the unit reports what it refused at most once a minute.
"""

import asyncio

from .house import ADDRESS, BASE, KEY, OTHER_KEY, until
from .scene import scene_of, word
from .wire import sealed, sealed_bytes

DOWN = BASE + "down"
_NOT_YET = [(False, "not_received"), (False, "not_answered")]  # both are true then, and the page does not say which comes first


def _down(kind, key=KEY, **fields):
    """A message downwards by somebody who writes what he likes."""
    return sealed(key, DOWN, {"v": 1, "type": kind, "unit": "u1", "from": "stranger", "ctr": 1, **fields})


def _counted_lies(session, call, used, old):
    """The reason under which the unit must count it, and a lie. `used`: a number that was spent; `old`: a true old receipt."""
    receipt = {"session": session, "call": call, "triggers": 1, "escalation": 0}
    return [
        ("seal", _down("receipt", OTHER_KEY, **receipt)),
        ("size", _down("receipt", **receipt, padding="x" * 1024)),
        ("json", sealed_bytes(KEY, DOWN, b"receipt")),
        ("version", _down("receipt", **{**receipt, "v": 2})),
        ("type", _down("recepit", **receipt)),
        ("field", _down("receipt", **{**receipt, "triggers": 0})),
        ("session", old),
        ("replay", _down("receipt", **{**receipt, "from": "desk2", "ctr": used})),
    ]


def _more_lies(session, call, other):
    """Lies that need no count: a forged clear, a message of another channel, no message at all, a receipt for another call."""
    receipt = {"session": session, "call": call, "triggers": 1, "escalation": 0}
    return [
        _down("clear", OTHER_KEY, **receipt, outcome="mistake", basis="present", who="A. Jones"),
        sealed(KEY, BASE + "alarm", {"v": 1, "type": "receipt", "unit": "u1", "from": "desk2", "ctr": 2**30, **receipt}),
        b"",
        b"not a message",
        _down("receipt", **{**receipt, "call": other}),
        _down("receipt", ctr=2, **{**receipt, "session": "0123456789abcdef"}),
    ]


async def _served_call(house, flat, desk):
    """A whole call, over and done; its id and its receipt, byte for byte."""
    await flat.control.do("press", input="button")
    await flat.shows("flashing")
    call = (await house.hears("alarm"))["call"]
    desk.answer(call, "Mary")
    desk.clear(call, 1, "test", "present", "A. Jones")
    await flat.shows("off")
    return call, next(payload for channel, payload, message in house.heard if message["type"] == "receipt")


def test_a_hostile_broker_makes_no_light_flash_and_clears_nothing(tmp_path):
    async def scene():
        async with scene_of("nats", tmp_path, lies=True) as (house, flat, desk):
            other, receipt = await _served_call(house, flat, desk)
            desk.withhold = True
            await flat.control.do("pull", input="cord2")
            await flat.shows("steady")
            alarms = await until(lambda: [alarm for alarm in house.all("alarm") if alarm["call"] != other], "a second call")
            call, seen = alarms[0]["call"], flat.darkened()
            for turn in range(8):
                boot = desk.units[ADDRESS].boot
                await flat.control.do("reset")
                session = (await house.hears("alarm", call=call, resumed=True, boot=boot + 1))["session"]
                await word(desk, used := desk.send(ADDRESS, "query"))
                reason, lie = _counted_lies(session, call, used, receipt)[turn]
                await house.say(lie)
                counts = (await house.hears("event", event="refused", session=session))["counts"]
                assert {name: count for name, count in counts.items() if count} == {reason: 1}
            for lie in _more_lies(session, call, other):
                await house.say(lie)
            assert await word(desk, desk.clear(call, 1, "test", "present", "A. Jones")) in _NOT_YET
            assert await word(desk, desk.answer(call, "Mary")) == (False, "not_received")
            assert flat.darkened() - seen == turn + 1  # at the resets alone, whatever their rhythm looked like
            assert house.all("event", event="cleared", call=call) == []
            desk.calls[call].update(held_by=None, clear=None)
            desk.withhold = False
            desk.send(ADDRESS, "query")
            await flat.shows("flashing")

    asyncio.run(scene())
