"""A real call in a test gets through: at every step, at its beginning and its end, by a second pull or a long one (P4, P7)."""

import asyncio
import secrets
import socket

import pytest

from host_tests.walk import bell
from host_tests.walk.test_walk_host import begun, pull

PLAIN = {"speech": {"plain_rtp": True}}


async def real(board, service, act, input_name):
    """Does `act`; the alarm that is real now, from that input, once the test is paused and the light flashes."""
    since, at_ms = len(service.said), board.now_ms()
    await act()
    alarm = await service.alarm(lambda m: not m["test"], since)
    assert [one["cause"] for one in alarm["inputs"] if one["input"] == input_name][-1] == "activated"
    paused = await service.progress(lambda m: m["state"] == "paused", since)
    assert paused["verdict"] == ""
    await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, 20, at_ms)
    return alarm, paused


async def over(service, alarm):
    """People see to it; the test goes on."""
    since = len(service.said)
    await service.people(alarm["call"])
    return await service.progress(lambda m: m["state"] == "running" and m["step"], since)


async def done(board, service, test, step):
    """What is to be done at a step before the load: what a call hangs on is done, the rest left out."""
    kind, _, name = step.partition(":")
    if kind == "pull" and name in ("cord1", "cord2"):
        assert (await pull(board, service, name))[1] == "pass"
    elif kind == "ask":
        assert await service.test("answer", test, step, "yes") == ""
    else:
        reason = await service.test("skip", test, step, "it was looked at before")
        assert reason == "" or step == "tone"  # which may have its result already


def test_a_second_pull_is_a_real_call_at_every_step_and_the_test_goes_on_where_it_was(tmp_path):
    async def scene(board, service):
        test = await begun(board, service)
        assert (await pull(board, service, "button"))[1] == "pass"
        steps = (await service.progress(lambda m: m["last"] and m["last"][0] == "pull:button"))["left"]
        for step in steps[: steps.index("load")]:
            await service.progress(lambda m, step=step: m["step"] == step, timeout_s=30)
            alarm, paused = await real(board, service, lambda: board.press("button", 200), "button")
            assert paused["step"] == step
            assert await service.test("skip", test, step, "why") == "busy"
            again = await over(service, alarm)
            assert again["step"] == step and again["left"] == paused["left"]
            await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 0, 20, board.now_ms() - 500)
            await done(board, service, test, step)
        ended = await service.progress(lambda m: m["state"] == "ended", timeout_s=60)
        assert ended["verdict"] == "PASS WITH DEFECTS"

    bell.run(tmp_path, scene, limit_s=240)


def test_a_pull_that_is_held_becomes_a_real_call_in_the_same_call_and_waits_anew(tmp_path):
    async def scene(board, service):
        test = await begun(board, service)
        since = len(service.said)
        await board.pull("cord1")
        first = await service.alarm(lambda m: m["test"], since)
        alarm = await service.alarm(lambda m: not m["test"], since)
        assert [one["cause"] for one in alarm["inputs"] if one["input"] == "cord1"][-1] == "activated"
        assert (alarm["call"] == first["call"]) == (alarm["triggers"] == 2)
        await board.release("cord1")
        await over(service, alarm)
        assert (await pull(board, service, "cord1"))[1] == "pass"
        await service.test("stop", test)

    bell.run(tmp_path, scene, timers=dict(bell.QUICK, test_real_ms=1000))


def test_a_cord_that_does_not_let_go_fails(tmp_path):
    async def scene(board, service):
        await begun(board, service)
        since = len(service.said)
        await board.pull("cord1")
        alarm = await service.alarm(lambda m: not m["test"], since)
        await service.people(alarm["call"])
        told = await service.progress(lambda m: m["last"] and m["last"][0] == "pull:cord1", since)
        assert told["last"] == ["pull:cord1", "fail", "not released"]

    bell.run(tmp_path, scene, timers=dict(bell.QUICK, test_real_ms=1000))


def test_a_pull_of_a_cord_that_still_waits_is_real_while_a_real_call_is_open(tmp_path):
    async def scene(board, service):
        await begun(board, service)
        await pull(board, service, "button")
        alarm, _ = await real(board, service, lambda: board.press("button", 200), "button")
        since = len(service.said)
        await board.press("cord1", 300)
        second = await service.alarm(lambda m: m["triggers"] > alarm["triggers"], since)
        assert not second["test"] and second["inputs"][-1] == dict(second["inputs"][-1], input="cord1", cause="activated")

    bell.run(tmp_path, scene)


@pytest.mark.parametrize("late_ms", [0, 40, 120, 250, 500, 800])
def test_a_pull_in_the_moment_in_which_a_test_begins_is_a_real_call(tmp_path, late_ms):
    async def scene(board, service):
        started = asyncio.ensure_future(service.test("start", who="E. Ngineer"))
        await asyncio.sleep(late_ms / 1000)  # the moment that is tried
        await board.press("cord1", 300)
        alarm = await service.alarm(lambda m: True)
        assert not alarm["test"] and alarm["inputs"][0]["cause"] == "activated"
        if await started == "":
            await service.progress(lambda m: m["state"] == "paused")
        await service.people(alarm["call"])

    bell.run(tmp_path, scene, timers=dict(bell.QUICK, test_settle_ms=2000))


@pytest.mark.parametrize("early_ms", [0, 60, 150])
def test_a_pull_in_the_moment_in_which_a_test_ends_is_a_real_call(tmp_path, early_ms):
    async def scene(board, service):
        test = await begun(board, service)
        await pull(board, service, "cord1")
        stopped = asyncio.ensure_future(service.test("stop", test))
        await asyncio.sleep(early_ms / 1000)  # the moment that is tried
        since = len(service.said)
        await board.press("cord1", 300)
        alarm = await service.alarm(lambda m: not m["test"], since)
        assert alarm["inputs"][-1]["cause"] == "activated" and await stopped == ""
        await service.progress(lambda m: m["state"] == "ended")
        await service.people(alarm["call"])
        await service.heard(lambda m: m.get("event") == "test_record" and m["part"] == m["parts"])

    bell.run(tmp_path, scene)


def test_people_speak_with_the_flat_while_the_test_is_paused(tmp_path):
    async def scene(board, service):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.bind(("127.0.0.1", 0))
            ear.settimeout(10)
            test = await begun(board, service)
            await pull(board, service, "button")
            alarm, _ = await real(board, service, lambda: board.press("button", 200), "button")
            await service.send("answered", call=alarm["call"], who="coordinator")
            media = {"address": "127.0.0.1", "port": ear.getsockname()[1], "rtcp": ear.getsockname()[1], "profile": "RTP/AVP",
                     "formats": [{"pt": 8, "name": "PCMA"}], "ptime": 20, "direction": "sendrecv", "crypto": None}
            sid, local = await service.offer(media, call=alarm["call"], sid=secrets.token_hex(8))
            opened = await service.heard(lambda m: m.get("event") == "microphone" and m["open"])
            assert opened["why"] == "alarm"
            packets = [await asyncio.to_thread(ear.recv, 2048) for _ in range(50)]
            assert len({packet[2:4] for packet in packets}) == 50 and local["port"]
            await service.control(sid, "clear_down")
            await over(service, alarm)
            assert (await pull(board, service, "cord1"))[1] == "pass"
            await service.test("stop", test)

    bell.run(tmp_path, scene, **PLAIN)
