"""The real unit proves its paths over real brokers, and hears itself in a room (P3, P4, P5, P7, G9)."""

import asyncio

from host_tests import real_unit
from host_tests.small_service import SmallService
from tools.brokers import Broker
from tools.vboard import VirtualBoard

NOON = 20_800 * 86400 + 11 * 3600 + 50 * 60  # 2026-12-13 11:50 UTC: within the two hours from any minute of 11:00 to 11:39
DAY = 86400
FAST = {"calm_ms": 1000}


async def day(service, number):
    """It is noon of that day. Returns the number of the newest message before."""
    since = len(service.messages)
    await service.tell_time(NOON + number * DAY)
    return since


def test_of_two_brokers_one_is_proven_the_dead_one_is_a_fault_and_the_unit_stays_on_line_p5(tmp_path):
    async def inside():
        async with (Broker(dir=tmp_path / "b1") as first, Broker(dir=tmp_path / "b2") as second,
                    SmallService([first.port]) as service):
            brokers = [{"host": "127.0.0.1", "port": one.port, "server_name": "x", "tls": False} for one in (first, second)]
            root = real_unit.make_root(tmp_path, real_unit.edit_settings(brokers=brokers, self_test={"hour": 11, "audio": False}),
                                       timers=FAST)
            await second.stop()
            async with VirtualBoard(root, tmp_path / "state") as board:
                await asyncio.wait_for(scene(board, service, second), 150)

    async def scene(board, service, second):
        await service.event("started")
        since = await day(service, 0)
        assert (await service.event("proven", since, what="path:broker1"))["ok"] is True
        assert (await service.event("proven", since, what="path:broker2"))["ok"] is False
        await service.event("fault", since, fault="path", input="broker2", open=True)
        states = service.all("state", since=since)
        assert states == [], "it has not left its broker for a moment"

        await second.start()
        async with SmallService([second.port]) as other:
            since = await day(service, 1)
            assert (await other.event("proof"))["path"] == "broker2"
            assert (await service.event("proven", since, what="path:broker2"))["ok"] is True, "told where it is at home"
            assert service.all("event", "proven", since)[0]["what"] == "path:broker1"
            health = await service.health(lambda message: True)
            assert "path:broker2" not in health["faults"]

            # A press in the middle of the next proof, at the other broker: received at the broker where the service is.
            since, elsewhere = await day(service, 2), len(other.messages)
            await other.heard("state", lambda message: message["online"], elsewhere)
            other.answers = False
            await board.press("button", 200)
            await service.event("cleared", since, within_s=15)

    asyncio.run(inside())


def test_a_broker_behind_which_nobody_answers_is_found_and_the_call_that_comes_meanwhile_is_not_held_up_p4(tmp_path):
    async def inside():
        async with (Broker(dir=tmp_path / "b1") as first, Broker(dir=tmp_path / "b2") as second,
                    SmallService([first.port]) as service):
            brokers = [{"host": "127.0.0.1", "port": one.port, "server_name": "x", "tls": False} for one in (first, second)]
            root = real_unit.make_root(tmp_path, real_unit.edit_settings(brokers=brokers, self_test={"hour": 11, "audio": False}),
                                       timers=FAST)
            async with VirtualBoard(root, tmp_path / "state") as board:
                await asyncio.wait_for(scene(board, service), 120)

    async def scene(board, service):
        await service.event("started")
        since = await day(service, 0)
        found = await service.event("proven", since, what="path:broker2")
        assert found["ok"] is False and found["detail"] == "no answer from the service"
        assert "path:broker2" in (await service.health(lambda message: True))["faults"]
        since = await day(service, 1)
        await service.heard("state", lambda message: message["online"] is False, since)  # it is at the deaf one
        pressed_ms = board.now_ms()
        await board.press("button", 200)
        await service.event("cleared", since, within_s=15)
        assert board.now_ms() - pressed_ms < 8000
        await service.event("proven", since, what="path:broker1")
        told = [message["what"] for message in service.all("event", "proven", since)]
        assert told == ["path:broker1"], "the other is not judged"

    asyncio.run(inside())


def test_dead_loudspeaker_dead_microphone_noise_and_a_room_that_is_well_are_told_apart_day_by_day(tmp_path):
    days = (
        ({}, -20, -60, "ok", []),
        ({"speaker": "dead"}, -20, -60, "speaker", ["speaker"]),
        ({}, -20, -12, "noise", ["speaker"]),
        ({}, -20, -60, "ok", []),
        ({"microphone": "silent"}, -20, -60, "microphone", ["microphone"]),
        ({"microphone": "stall"}, -20, -60, "microphone", ["microphone"]),
        ({}, -20, -60, "ok", []),
    )

    async def inside():
        async with Broker(dir=tmp_path / "b1") as broker, SmallService([broker.port]) as service:
            root = real_unit.make_root(tmp_path, port=broker.port, timers=FAST)
            async with VirtualBoard(root, tmp_path / "state") as board:
                await asyncio.wait_for(scene(board, service), 200)

    async def scene(board, service):
        await service.event("started")
        for number, (faults, echo_db, noise_db, verdict, opened) in enumerate(days):
            board.fault("none")
            board.room(echo_db=echo_db, noise_db=noise_db)
            for part, kind in faults.items():
                board.fault(part, kind=kind)
            since, quiet_ms = await day(service, number), board.now_ms()
            found = await service.event("proven", since, what="audio")
            assert found["ok"] is (verdict == "ok") and found["detail"].startswith(verdict + ":"), (number, found)
            told = [(message["open"], message["why"], message["kind"]) for message in service.all("event", "microphone", since)]
            assert told == [(True, "self_test", "test"), (False, "self_test", "test")]
            lit = [e["t_ms"] for e in board.log if e["event"] == "light" and e["t_ms"] >= quiet_ms and e["level"]]
            assert lit, "P3: the light is on while the microphone is"
            health = await service.health(lambda message: True)
            assert sorted(set(health["faults"]) & {"speaker", "microphone"}) == opened, (number, health["faults"])
            if service.all("event", "fault", since):  # it is spoken of, for 5 s; the unit does not listen to itself meanwhile
                said_s = health["uptime_s"]
                await service.health(lambda message, over_s=said_s + 8: message["uptime_s"] >= over_s)
        await board.pull("privacy")
        since = await day(service, len(days))
        await service.event("proven", since, what="path:broker1")
        uptime_s = (await service.health(lambda message: True))["uptime_s"]
        await service.health(lambda message: message["uptime_s"] >= uptime_s + 3)
        assert service.all("event", "microphone", since) == [], "never with the privacy switch on"

    asyncio.run(inside())
