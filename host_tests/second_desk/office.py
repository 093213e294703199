"""A house, the reference desk as a process that is used through docs/desk-api.md only, and the second unit that it serves."""

import asyncio
import contextlib
import json

from tools.ending import end

from .house import ADDRESS, KEY, Child, House, Lines, until
from .second_unit import SecondUnit

_TIMERS = {"unanswered_s": 60, "answer_repeat_s": 0.5}  # a short repeat keeps the test short


def _config(house, timers):
    return {"v": 1, "id": "desk", "state": "desk-state",
            "brokers": [{"host": "127.0.0.1", "port": house.broker.port, "user": "desk", "password": "desk-word",
                         "ca_file": str(house.pki.ca_pem), "server_name": house.pki.server_name}],
            "units": [{"scheme": "demo", "flat": "f12", "unit": "u1", "key": KEY.hex(), "label": "Flat 12",
                       "locations": {"cord1": "bathroom, by the door"}}],
            "timers": {**_TIMERS, **timers}, "retry_s": [0.5, 1], "fault_injection": True}


@contextlib.asynccontextmanager
async def office(house, timers=None):
    """The desk's API, once the desk is up and has subscribed at the broker."""
    (house.path / "desk.json").write_text(json.dumps(_config(house, timers or {})))
    state = house.path / "desk-state"
    async with Child("tools.desk", "--config", str(house.path / "desk.json")):
        await until(lambda: (state / "api.json").exists() and (state / "api.json").read_text(), "the desk listens", 20)
        async with Lines(json.loads((state / "api.json").read_text())["port"]) as api:
            await api.do("hello", token=(state / "desk.token").read_text().strip())
            await api.do("events", since=0)
            await until(lambda: events_of(api, "broker", connected=True), "the desk is at its broker", 20)
            yield api


@contextlib.asynccontextmanager
async def office_of(path, kind="nats", timers=None, lies=False):
    """House, desk and unit that are up. At the end no message may have been wrong, but for the unit's when it `lies`."""
    async with House(kind, path) as house, office(house, timers) as api:
        unit = SecondUnit(ADDRESS, KEY)
        living = asyncio.create_task(unit.run(**house.where("demo.f12", "flat-word")))
        try:
            await until(lambda: events_of(api, "started"), "the desk has heard the unit")
            yield house, api, unit
            assert not living.done()
        finally:
            await end([living])
    assert [entry for entry in house.wrong if not lies or entry[0].endswith("/down")] == []
    assert unit.refused == []


def events_of(api, event, **fields):
    return [one for one in api.events if one["event"] == event and all(one.get(name) == value for name, value in fields.items())]


def heard_by(unit, kind):
    """Messages of this type that the unit took, oldest first."""
    return [message for message in unit.heard if message["type"] == kind]
