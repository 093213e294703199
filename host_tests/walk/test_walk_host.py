"""A whole unit is tested, by an engineer at the service's end: every step, and every verdict (P7)."""

import json

from host_tests.walk import bell

QUESTIONS = ("reach", "free", "untied", "bangles")


async def pull(board, service, name):
    """Pulled and released; the progress that tells what became of it."""
    since = len(service.said)
    await board.press(name, 300)
    return (await service.progress(lambda m: m["last"] and m["last"][0] == "pull:" + name, since))["last"]


async def begun(board, service):
    """A test whose pulls count from now on; its id."""
    test = await service.start()
    await service.progress(lambda m: m["test"] == test and m["step"] == "pull:button")
    return test


async def walked(board, service, test, answers=None):
    """Everything that a human does, up to the tone."""
    for name in ("button", "answer", "privacy", "pendant", "cord1", "cord2"):
        assert (await pull(board, service, name))[1] == "pass", name
    for step in ["ask:%s:%s" % (cord, what) for cord in ("cord1", "cord2") for what in QUESTIONS] + ["ask:light", "ask:sounder"]:
        assert await service.test("answer", test, step, (answers or {}).get(step, "yes")) == ""


def results(record):
    """{step: [result, detail, ms]} and the last line of a record."""
    lines = [json.loads(line) for line in record.splitlines()]
    return {line[0]: line[1:] for line in lines[1:-1]}, lines[-1]


async def kept(service, test):
    """The record as the service has it."""
    await service.heard(lambda m: m.get("event") == "test_record" and m["part"] == m["parts"] and m["test"] == test)
    return results(service.records[test])


def test_a_flat_in_which_all_is_well_passes_with_the_mains_out_and_back(tmp_path):
    async def scene(board, service):
        board.room(echo_db=-20)
        test = await begun(board, service)
        await walked(board, service, test)
        await service.progress(lambda m: m["step"] == "mains_off")
        await board.mains(False)
        await service.progress(lambda m: m["step"] == "load")
        await service.progress(lambda m: m["step"] == "mains_on", timeout_s=110)
        await board.mains(True)
        ended = await service.progress(lambda m: m["state"] == "ended", timeout_s=60)
        found, last = await kept(service, test)
        assert (ended["verdict"], last["verdict"]) == ("PASS", "PASS"), found
        assert last["defects"] == last["untested"] == [] and last["due"]
        assert all(0 <= found["pull:" + name][2] < 5000 for name in ("button", "pendant", "cord1", "cord2"))
        assert found["load"][2] >= 2000 and "mV" in found["load"][1] and found["tone"][1].startswith("ok")
        alarms = [m for m in service.said if m["type"] == "alarm"]
        assert len(alarms) >= 4 and all(m["test"] for m in alarms)

    bell.run(tmp_path, scene, limit_s=150, timers=dict(bell.QUICK, load_rest_ms=4000, load_ms=2000))


def test_what_is_left_is_always_shown_and_each_change_is_told(tmp_path):
    async def scene(board, service):
        test = await begun(board, service)
        before = await service.progress(lambda m: m["step"] == "pull:button")
        assert before["left"][0] == "pull:button" and len(before["left"]) == 23 and before["verdict"] == ""
        since = len(service.said)
        await pull(board, service, "cord1")
        after = await service.progress(lambda m: (m["last"] or ())[:2] == ["pull:cord1", "pass"], since)
        assert after["left"] == [step for step in before["left"] if step != "pull:cord1"] and after["step"] == "pull:button"
        assert await service.test("stop", test) == ""
        ended = await service.progress(lambda m: m["state"] == "ended")
        assert ended["verdict"] == "INCOMPLETE"
        found, last = await kept(service, test)
        assert found["pull:cord1"][0] == "pass" and found["pull:cord2"][0] == "open" and len(last["untested"]) == 22

    bell.run(tmp_path, scene)


def test_commands_that_cannot_be_are_refused_with_a_reason_and_change_nothing(tmp_path):
    async def scene(board, service):
        assert await service.test("answer", "00000000", "ask:light", "yes") == "no_test"
        test = await begun(board, service)
        assert await service.test("start", who="other") == "running"
        assert await service.test("answer", "00000000", "ask:light", "yes") == "no_test"
        assert await service.test("answer", test, "ask:light", "maybe") == "field"
        assert await service.test("answer", test, "tone", "yes") == "no_step"
        assert await service.test("skip", test, "pull:cord1", "") == "field"
        assert await service.test("skip", test, "pull:cord9", "why") == "no_step"
        assert await service.test("stop", test) == ""
        await service.progress(lambda m: m["state"] == "ended")
        await board.press("cord1", 300)
        alarm = await service.alarm(lambda m: not m["test"])
        assert await service.test("start") == "busy"
        await service.people(alarm["call"])

    bell.run(tmp_path, scene)


def test_an_engineer_who_walks_away_leaves_an_incomplete_test(tmp_path):
    async def scene(board, service):
        test = await begun(board, service)
        await pull(board, service, "cord1")
        ended = await service.progress(lambda m: m["state"] == "ended")
        assert ended["verdict"] == "INCOMPLETE"
        assert (await kept(service, test))[1]["verdict"] == "INCOMPLETE"
        await board.press("cord2", 300)
        alarm = await service.alarm(lambda m: not m["test"])
        assert alarm["inputs"][0]["cause"] == "activated"

    bell.run(tmp_path, scene, timers=dict(bell.QUICK, test_idle_ms=4000))


def test_a_pull_without_receipt_fails_and_the_call_goes_on_p1(tmp_path):
    async def scene(board, service):
        test = await begun(board, service)
        service.deaf = True
        since = len(service.said)
        await board.press("cord1", 300)
        told = await service.progress(lambda m: m["last"] and m["last"][0] == "pull:cord1", since)
        assert told["last"] == ["pull:cord1", "fail", "no receipt"]
        service.deaf = False
        alarm = await service.alarm(lambda m: m["attempt"] > 1, since)
        assert alarm["test"] and alarm["inputs"][0]["input"] == "cord1"
        await service.heard(lambda m: m.get("event") == "cleared" and m["call"] == alarm["call"], since)
        await service.test("stop", test)

    bell.run(tmp_path, scene, timers=dict(bell.QUICK, test_receipt_ms=1500))


def test_a_unit_that_loses_its_power_in_a_test_has_an_incomplete_record_and_at_the_load_a_failed_battery(tmp_path):
    async def scene(board, service):
        for step in ("pull:cord1", "mains_off"):
            test = await begun(board, service)
            if step == "mains_off":
                left = (await service.progress(lambda m, test=test: m["test"] == test))["left"]
                for one in left[: left.index("mains_off")]:
                    await service.test("skip", test, one, "not now")
                await service.progress(lambda m, test=test: m["test"] == test and m["step"] == "mains_off")
            else:
                await pull(board, service, "button")
            await board.power_cut()
            await board.power_on()
            found, last = await kept(service, test)
            assert last["verdict"] == "INCOMPLETE"
            if step == "mains_off":
                assert found["load"][0] == "fail" and "load" in last["defects"]
            else:
                assert found["pull:button"][0] == "pass" and found["load"][0] == "open"

    bell.run(tmp_path, scene)
