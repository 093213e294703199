"""How a test begins without the service's tool, what it costs in heap, and the monthly reminder."""

import asyncio
import datetime
import json

from host_tests import real_unit
from host_tests.walk import bell
from host_tests.walk.test_walk_host import kept


def asked(content):
    def damage(root):
        (root / "test.req").write_bytes(content)

    return damage


def test_a_test_that_was_asked_for_by_a_file_begins_at_the_start_and_the_file_is_gone(tmp_path):
    async def scene(board, service):
        begun = await service.progress(lambda m: m["state"] == "running")
        assert not (tmp_path / "root" / "test.req").exists()
        assert await service.test("stop", begun["test"]) == ""
        await kept(service, begun["test"])
        head = json.loads(service.records[begun["test"]].split("\n")[0])
        assert (head["by"], head["engineer"], head["witness"]) == ("console", "E. Ngineer", "A. Tenant")
        assert head["unit"] == "demo/f12/u1"
        assert len(head["board_sha256"]) == len(head["config_sha256"]) == 64 and head["board"] == "ESP32_GENERIC"

    bell.run(tmp_path, scene, damage=asked(b'{"who": "E. Ngineer", "witness": "A. Tenant"}'))


def test_garbage_in_that_file_is_refused_with_a_line_and_the_unit_works(tmp_path):
    async def scene(board, service):
        assert "no test" in await real_unit.said(board, "test.req")
        assert not (tmp_path / "root" / "test.req").exists()
        await board.press("cord1", 300)
        assert not (await service.alarm(lambda m: True))["test"]
        assert not [m for m in service.said if m.get("event") == "test"]

    bell.run(tmp_path, scene, damage=asked(b'{"who": 7}' + b"\xff" * 90))


def test_the_press_pattern_on_the_answer_button_begins_a_test_and_the_button_then_answers_its_questions(tmp_path):
    async def scene(board, service):
        await asyncio.sleep(3.2)  # the button rests, as the pattern wants it
        for ms in (250, 250, 2000, 250):
            await board.press("answer", ms)
            await asyncio.sleep(0.4)  # part of the rhythm
        begun = await service.progress(lambda m: m["step"] == "pull:button")
        test = begun["test"]
        for name in ("button", "answer", "privacy", "pendant", "cord1"):
            await board.press(name, 300)
            await service.progress(lambda m, name=name: m["last"] and m["last"][0] == "pull:" + name)
        for what, ms, result in (("reach", 300, "pass"), ("free", 2000, "fail")):
            await service.progress(lambda m, what=what: m["step"] == "ask:cord1:" + what)
            await board.press("answer", ms)
            told = await service.progress(lambda m, what=what: m["last"] and m["last"][0] == "ask:cord1:" + what)
            assert told["last"][1] == result
        await service.test("stop", test)
        await kept(service, test)
        assert json.loads(service.records[test].split("\n")[0])["by"] == "unit"

    bell.run(tmp_path, scene)


async def free_now(service):
    since = len(service.said)
    await service.send("query")
    return (await service.heard(lambda m: m["type"] == "health", since))["heap_free_bytes"]


def test_twenty_tests_one_after_the_other_leave_no_heap_behind(tmp_path):
    async def scene(board, service):
        free = []
        for _ in range(22):
            test = await service.start()
            await service.progress(lambda m, test=test: m["test"] == test and m["step"] == "pull:button")
            await service.test("stop", test)
            await kept(service, test)
            free.append(max([await free_now(service) for _ in range(5)]))  # the first may come while the record is being sent
        print("heap free after each test:", free)
        assert max(free[12:]) >= max(free[2:12]) - 800, free

    bell.run(tmp_path, scene, limit_s=200, timers=bell.QUICK)


def test_once_a_month_the_unit_asks_to_be_tried_and_only_the_first_press_is_a_test_call(tmp_path):
    def speaks(root):
        for name in ("reminder", "reminder_done"):
            path = root / "prompts" / "en" / (name + ".al")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\xd5" * 160 * 20)

    async def scene(board, service):
        noon = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=0, second=0) + datetime.timedelta(days=1)
        next_month = (noon.replace(day=28) + datetime.timedelta(days=5)).replace(day=28)  # the last day on which it can be due
        service.unix_s = lambda: int(noon.timestamp())
        await service.send("query")
        await asyncio.sleep(1.5)  # the unit looks at its calendar once a second when it learns the time
        service.unix_s = lambda: int(next_month.timestamp())
        await service.send("query")
        await service.heard(lambda m: m.get("event") == "reminder" and m["state"] == "spoken", timeout_s=90)
        await asyncio.sleep(2)  # behind its words
        await board.press("button", 200)
        first = await service.alarm(lambda m: True)
        assert first["test"] and first["inputs"][0]["cause"] == "test"
        await service.heard(lambda m: m.get("event") == "reminder" and m["state"] == "pressed")
        await service.heard(lambda m: m.get("event") == "cleared" and m["call"] == first["call"])
        since = len(service.said)
        await asyncio.sleep(0.3)  # a gap shorter than the debounce would be one press
        await board.press("button", 200)
        second = await service.alarm(lambda m: True, since)
        assert not second["test"]
        assert len([m for m in service.said if m.get("event") == "reminder"]) == 2

    bell.run(tmp_path, scene, damage=speaks, limit_s=150)
