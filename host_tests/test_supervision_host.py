"""The real unit through resets, power cuts and restart storms, with a real broker and a small service (P1, P5, P8)."""

import asyncio

from host_tests import real_unit
from host_tests.small_service import SmallService
from host_tests.test_shell_host import HANG, poison
from tools.brokers import Broker
from tools.vboard import VirtualBoard


def run(tmp_path, scene, damage=None, partitions=None, answers=True, **changes):
    """scene(board, service): a unit at a broker, with a service that answers."""

    async def inside():
        async with Broker(dir=tmp_path / "broker") as broker, SmallService([broker.port], answers) as service:
            root = real_unit.make_root(tmp_path, damage, port=broker.port, **changes)
            options = {"partitions": partitions} if partitions else {}
            async with VirtualBoard(root, tmp_path / "state", **options) as board:
                await asyncio.wait_for(scene(board, service), 120)

    asyncio.run(inside())


def test_a_held_cord_is_still_a_fault_after_a_power_cut_until_the_cord_is_seen_at_rest_p5(tmp_path):
    async def scene(board, service):
        await service.event("started")
        await board.pull("cord1")
        await service.event("fault", fault="held", input="cord1", open=True)
        for _ in range(150):
            if (board.root / "kept.bin").exists():
                break
            await asyncio.sleep(0.1)
        await board.power_cut()
        await board.release("cord1")
        since = len(service.messages)
        await board.power_on()
        started = await service.event("started", since)
        assert started["clean"] is False and started["mode"] == "full"
        await service.event("fault", since, fault="held", input="cord1", open=True)
        health = await service.heard("health", lambda message: True, since)
        assert "held:cord1" in health["faults"] and health["resets"] == {"brown_out": 1}
        await service.event("fault", since, fault="held", input="cord1", open=False)
        health = await service.heard("health", lambda message: message["proven"]["cord1"] is None, since)
        assert set(health["proven"]) >= {"button", "cord1", "pendant"}

    run(tmp_path, scene, timers={"held_ms": 1000})


def hanging(root):
    """A `damage`: the heart hangs for as long as there is a file `hang`."""
    (root / "firmware" / "hang.py").write_text(HANG)
    hangs = "        from firmware.hang import hang\n        hang()\n"
    poison("firmware/senses.py", "        now_ms = self._now()\n", hangs)(root)


async def hang(board):
    """Hangs until the watchdog bites, which takes 20 s."""
    since = board.newest
    (board.root / "hang").touch()
    await board.wait_event(lambda e: e["event"] == "watchdog", 40, since=since)
    (board.root / "hang").unlink()


def test_what_went_before_a_watchdog_reset_is_told_after_it_and_a_pull_that_was_proven_is_known_p8(tmp_path):
    async def scene(board, service):
        await service.event("started")
        await board.press("cord1", 300)
        await service.event("cleared")
        await service.tell_time(1_900_000_000)
        health = await service.health(lambda message: message["proven"]["cord1"] is not None)
        assert health["proven"]["cord1"] == 0, "also of a pull before anybody has told the time"
        since = len(service.messages)
        await hang(board)
        started = await service.event("started", since)
        assert (started["cause"], started["clean"]) == ("watchdog", True)
        flight = await service.event("flight", since)
        words = [(word, detail) for _, word, detail in flight["records"]]
        for word in ("start power_on", "link", "raised", "received", "cleared", "clock"):
            assert word in [one for one, _ in words], (word, words)
        order = [words.index((word, 1)) for word in ("raised", "received", "cleared")]
        assert order == sorted(order) and flight["part"] == flight["parts"] == 1
        ages = [seconds for seconds, _, _ in flight["records"]]
        assert ages == sorted(ages, reverse=True) and ages[-1] == 0 and ages[0] <= 30, "what hangs counts no time"
        health = await service.heard("health", lambda message: message["reset_cause"] == "watchdog", since)
        assert health["resets"]["watchdog"] == 1 and health["mode"] == "full"

    run(tmp_path, scene, hanging)


def test_a_storm_of_power_cuts_leads_to_a_reduced_unit_that_calls_and_back_into_full_service_p8(tmp_path):
    async def scene(board, service):
        since_ms = 0
        for _ in range(5):
            await real_unit.started(board, since_ms)
            await board.power_cut()
            since_ms = board.now_ms()
            await board.power_on()
        since = len(service.messages)
        started = await service.heard("event", lambda message: message["event"] == "started" and message["mode"] == "reduced")
        await service.event("fault", fault="restarts", open=True)
        await board.press("button", 200)
        alarm = await service.heard("alarm", lambda message: message["session"] == started["session"])
        await service.event("cleared", call=alarm["call"])
        health = await service.heard("health", lambda message: message["session"] == started["session"])
        assert health["mode"] == "reduced" and "restarts" in health["faults"]
        again = await service.heard("event", lambda message: message["event"] == "started" and message["mode"] == "full" and
                                    message["cause"] == "hard", since, 60)
        await service.event("fault", since, fault="restarts", open=False, session=again["session"])

    run(tmp_path, scene, timers={"calm_ms": 6000, "full_again_ms": 12000})


def test_a_call_that_flash_could_not_take_outlives_a_watchdog_reset_and_is_answered_once_it_is_received_p1(tmp_path):
    async def scene(board, service):
        await service.event("started")
        await board.press("cord1", 200)
        first = await service.heard("alarm", lambda message: True)
        since = len(service.messages)
        await hang(board)
        again = await service.heard("alarm", lambda message: message["session"] != first["session"], since)
        assert again["resumed"] is True and again["inputs"][0]["input"] == "cord1" and again["call"] != first["call"]
        assert again["call"].split("-")[1] == again["session"][:8], "an id of this session"
        port = service.messages[-1][0]
        await service.see_to(port, again)
        await service.event("cleared", call=again["call"])
        since = len(service.messages)
        await hang(board)
        await service.event("started", since, open_call=None)

    def spoilt(root):
        hanging(root)
        real_unit.no_files_of_calls(root)

    run(tmp_path, scene, spoilt, partitions={"other": 16}, answers=False)


def test_a_unit_with_nothing_to_connect_with_lives_on_and_shows_a_call_p8(tmp_path):
    async def scene(board):
        await real_unit.started(board)
        await real_unit.calls(board)
        for _ in range(200):
            if (board.root / "kept.bin").exists():  # so the chores have run for 10 s and more
                break
            await asyncio.sleep(0.1)
        assert (board.root / "kept.bin").exists()
        assert not [event for event in board.log if event["event"] == "console" and " ended " in event["text"]]

    real_unit.run(tmp_path, scene, real_unit.edit_settings(wifi=None))
