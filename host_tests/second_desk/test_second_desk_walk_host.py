"""An engineer's test of the real unit that nobody but the second desk begins, follows, answers and files.

What is tested is whether docs/protocol.md is enough for that: the second desk was written from it alone.
"""

import asyncio
import json

from .house import ADDRESS, until
from .scene import closes, scene_of, word
from .walker import TIMERS, Walker

_REST_S = 0.15  # a contact that opens for less has only bounced


def _lines(record):
    return [json.loads(line) for line in record["text"].splitlines()]


async def _words_that_fit_nothing(walker):
    assert await walker.says("start") == (False, "running")
    assert await walker.says("stop", test="00000000") == (False, "no_test")
    assert await walker.says("answer", step="ask:nothing", value="yes") == (False, "no_step")
    assert await walker.says("answer", step="pull:button", value="yes") == (False, "no_step")
    assert await walker.says("answer", step="ask:light", value="perhaps") == (False, "field")
    assert await walker.says("skip", step="load", value="") == (False, "field")


async def _a_whole_test(walker):
    await walker.begins()
    await _words_that_fit_nothing(walker)
    assert await walker.says("answer", step="ask:cord1:reach", value="no") == (True, ""), "in any order"
    assert await walker.says("answer", step="ask:cord1:reach", value="yes") == (False, "no_step"), "it has its answer"
    assert await walker.says("skip", step="load", value="no time today") == (True, "")
    assert await walker.pulls("pendant") == "pass", "in any order"
    await walker.does_all_that_is_left()
    assert walker.course["verdict"] == "PASS WITH DEFECTS" and walker.course["left"] == []


def test_a_whole_test_is_made_and_its_records_are_a_chain(tmp_path):
    async def scene():
        async with scene_of("nats", tmp_path, timers=TIMERS) as (house, flat, desk):
            walker, exams = Walker(flat, desk), desk.exams
            await flat.control.do("room", echo_db=-20)
            await _a_whole_test(walker)
            records = await until(lambda: exams.records.get(ADDRESS), "its record")
            head, *results, end = _lines(records[0])
            assert (head["unit"], head["engineer"], head["witness"], head["by"]) == (ADDRESS, "E. Ngineer", "A. Tenant", "desk")
            told = [[step, result, detail or ("" if ms is None else "%d ms" % ms)] for step, result, detail, ms in results]
            assert walker.course["results"] == told, "the course told all of it, in order"
            assert (end["verdict"], end["defects"], end["untested"]) == (
                "PASS WITH DEFECTS", ["ask:cord1:reach"], [["load", "no time today"]])
            assert exams.proofs == ["broker1"] and (await house.hears("event", event="proven", what="path:broker1"))["ok"]
            assert desk.rung == [] and len(desk.calls) == 4 and all(record["closed"] for record in desk.calls.values())
            await word(desk, desk.send(ADDRESS, "query"))
            await until(lambda: desk.units[ADDRESS].health["tested"], "the report names the day")
            assert desk.units[ADDRESS].health["due"] == end["due"]
            assert {name: hours for name, hours in desk.units[ADDRESS].health["proven"].items() if hours is None} == {}
            await _a_second_one_that_is_not_stored_at_once(house, flat, desk, walker)

    asyncio.run(scene())


async def _a_second_one_that_is_not_stored_at_once(house, flat, desk, walker):
    exams, (first,) = desk.exams, desk.exams.records[ADDRESS]
    exams.withhold = True
    await flat.control.do("mains", on=False)  # told after a while, whatever else goes on
    await walker.begins()
    assert await walker.says("stop") == (True, "")
    await until(lambda: walker.course["state"] == "ended", "it has ended")
    assert (walker.course["verdict"], walker.course["left"]) == ("INCOMPLETE", [])
    second = walker.course["test"]
    await until(lambda: len(exams.records[ADDRESS]) == 2, "its record")
    _, *results, end = _lines(exams.records[ADDRESS][1])
    assert {result[1] for result in results} == {"open"} and "pull:cord1" in [result[0] for result in results]
    assert [step for step, _ in end["untested"]] == [result[0] for result in results] and end["verdict"] == "INCOMPLETE"
    assert _lines(exams.records[ADDRESS][1])[0]["prev"] == first["sha256"] and not exams.records[ADDRESS][1]["gap"]
    parts = house.all("event", event="test_record", test=second)[-1]["parts"]
    await flat.control.do("link", mode="reset")
    await until(lambda: len(house.all("event", event="test_record", test=second)) == 2 * parts, "again: nobody said stored", 20)
    exams.withhold = False
    await flat.control.do("link", mode="reset")
    await until(lambda: len(house.all("event", event="test_record", test=second)) == 3 * parts, "and again", 20)
    await until(lambda: house.all("down", type="test", do="stored", test=second), "stored")
    before = desk.units[ADDRESS].conn
    await flat.control.do("link", mode="reset")
    await until(lambda: desk.units[ADDRESS].conn > before and desk.units[ADDRESS].online, "a new connection", 20)
    await walker.begins()
    assert await walker.says("stop") == (True, "")
    await until(lambda: len(exams.records[ADDRESS]) == 3, "a third record, behind which nothing waits", 20)
    assert len(house.all("event", event="test_record", test=second)) == 3 * parts, "kept is kept"
    assert [record["gap"] for record in exams.records[ADDRESS]] == [False] * 3 and exams.wrong == []
    assert (await house.hears("event", event="battery", state="on_battery"))["hours"] > 1
    assert (await house.hears("event", event="mains", on=False))["for_s"] >= 1


def test_a_test_pull_that_becomes_real_rings_people_at_every_moment(tmp_path):
    async def scene():
        async with scene_of("nats", tmp_path, timers=TIMERS) as (house, flat, desk):
            walker = Walker(flat, desk)
            await walker.begins()
            for moment in (_before_the_receipt, _after_the_automatic_answer, _while_the_clear_is_on_its_way):
                call = await moment(house, flat, desk)
                assert desk.rung == [call] and not desk.calls[call]["closed"]
                await until(lambda: walker.course["state"] == "paused", "the test waits")
                await flat.shows("flashing")
                assert await word(desk, desk.answer(call, "test")) == (False, "newer_trigger"), "nobody answers as test"
                assert await word(desk, desk.answer(call, "Mary")) == (True, "")
                await flat.shows("double")
                desk.clear(call, desk.calls[call]["triggers"], "mistake", "present", "E. Ngineer")
                await closes(desk, call)
                await walker.is_ready()
                desk.rung.clear()
            assert await walker.pulls("cord2") == "pass" and desk.rung == []
            assert await walker.says("stop") == (True, "")
            await until(lambda: walker.course["state"] == "ended", "it has ended")

    asyncio.run(scene())


async def _before_the_receipt(house, flat, desk):
    """The same input is pulled twice while the service has not received the first pull."""
    desk.withhold = True
    await flat.control.do("press", input="button")
    call = (await house.hears("alarm", test=True))["call"]
    await asyncio.sleep(_REST_S)
    await flat.control.do("press", input="button")
    real = await house.hears("alarm", call=call, triggers=2)
    assert not real["test"] and [item["cause"] for item in real["inputs"]] == ["test", "activated"]
    await flat.shows("steady")
    desk.withhold = False
    desk.send(ADDRESS, "query")
    await until(lambda: desk.rung, "people ring")
    return call


async def _after_the_automatic_answer(house, flat, desk):
    """A pull that is held is no test: somebody hangs on that cord."""
    desk.clears_tests = False
    await flat.control.do("pull", input="cord1")
    await flat.shows("double")
    await until(lambda: desk.rung, "people ring")
    await flat.control.do("release", input="cord1")
    call = desk.rung[0]
    assert (await house.hears("alarm", call=call, triggers=2))["inputs"][1]["cause"] == "activated"
    desk.clears_tests = True
    return call


async def _while_the_clear_is_on_its_way(house, flat, desk):
    """The network holds the clear back until the cord has been pulled again."""
    desk.clears_tests = False
    await flat.control.do("press", input="pendant")
    await flat.shows("double")
    call = list(desk.calls)[-1]
    await flat.control.do("link", mode="hold")
    desk.clear(call, 1, "test", "present", "test")
    await house.hears("down", type="clear", who="test", call=call)
    await flat.control.do("press", input="pendant")
    assert not desk.rung
    await flat.control.do("link", mode="pass")
    await until(lambda: desk.rung, "people ring")
    await house.hears("event", event="command", do="clear", ok=False, reason="not_answered")
    assert not house.all("event", event="cleared", call=call)
    desk.clears_tests = True
    return call
