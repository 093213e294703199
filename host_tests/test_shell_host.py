"""Tasks that hang or die, power that goes, flash that lies: the real unit comes back with its call (P1, P8)."""

import asyncio
import json

import pytest

from host_tests import real_unit
from host_tests.fakes.broker import FakeBroker
from host_tests.real_unit import calls, edit_settings, said, started
from tools.brokers import free_port
from tools.vboard import VirtualBoard

HANG = """import os


def hang():
    try:
        os.stat("/hang")
    except OSError:
        return
    while True:
        pass
"""
CHORES = '            self._beats["chores"] += 1\n'


def poison(path, before, inserted):
    """A `damage` that puts a fault into one line of the deployed firmware."""

    def damage(root):
        text = (root / path).read_text()
        assert before in text, path
        (root / path).write_text(text.replace(before, inserted + before, 1))

    return damage


def flash_events(board, operation, since_ms):
    return [e for e in board.log if e["event"] == "flash" and e["operation"] == operation and e["t_ms"] >= since_ms]


async def housekeeping_done(board):
    """The journal makes room after a start, one step a second: waits until it has taken none for longer than that."""
    for _ in range(200):
        newest_ms = max((e["t_ms"] for e in board.log if e["event"] == "flash"), default=0)
        if board.now_ms() - newest_ms > 1500:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the journal never rests")


def test_a_press_is_on_flash_before_the_light_with_one_program_and_no_erase_p1(tmp_path):
    async def scene(board):
        await started(board)
        await board.wait_event(lambda e: e["event"] == "radio", real_unit.SOON_S, 0)
        await housekeeping_done(board)
        since_ms = board.now_ms()
        await calls(board)
        order = [e for e in board.log if e["t_ms"] >= since_ms and e["event"] in ("flash", "light")]
        assert [e["event"] for e in order[:2]] == ["flash", "light"]
        light_ms = order[1]["t_ms"]
        assert len([e for e in flash_events(board, "program", since_ms) if e["t_ms"] <= light_ms]) == 1
        assert flash_events(board, "erase", since_ms) == []

    real_unit.run(tmp_path, scene)


def test_a_pull_is_on_flash_long_before_a_second_has_passed(tmp_path):
    """Held all the while: no second interrupt wakes the heart, its own debounce does. The best of three, as the box is shared."""

    async def scene(board):
        await started(board)
        await board.wait_event(lambda e: e["event"] == "radio", real_unit.SOON_S, 0)
        took_ms = []
        for _ in range(3):
            since_ms = board.now_ms()
            await board.pull("cord1")
            event = await board.wait_event(lambda e: e["event"] == "flash", real_unit.SOON_S, since_ms)
            took_ms.append(event["t_ms"] - since_ms)
            await board.release("cord1")
            await asyncio.sleep(0.2)
        assert min(took_ms) < 500, took_ms

    real_unit.run(tmp_path, scene)


@pytest.mark.parametrize("again", [1, 3])
def test_an_open_call_comes_back_after_every_power_cut_p1(tmp_path, again):
    async def scene(board):
        await started(board)
        await calls(board)
        for _ in range(again):
            await board.power_cut()
            since_ms = board.now_ms()
            await board.power_on()
            assert "1 open calls" in await said(board, "started, session", since_ms)
            await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, real_unit.SOON_S, since_ms)

    real_unit.run(tmp_path, scene)


def test_a_heart_that_hangs_is_bitten_by_the_watchdog_and_the_call_is_taken_up_p8(tmp_path):
    def damage(root):
        (root / "firmware" / "hang.py").write_text(HANG)
        hanging = "        from firmware.hang import hang\n        hang()\n"
        poison("firmware/senses.py", "        now_ms = self._now()\n", hanging)(root)

    async def scene(board):
        await started(board)
        await calls(board)
        (board.root / "hang").touch()
        since_ms = board.now_ms()
        await board.wait_event(lambda e: e["event"] == "watchdog", 40, since_ms)
        (board.root / "hang").unlink()
        assert "1 open calls" in await said(board, "started, session", since_ms)
        assert board.status()["reset_cause"] == "watchdog"

    real_unit.run(tmp_path, scene, damage)


@pytest.mark.parametrize("task", ["chores", "heart"])
def test_a_task_that_dies_is_started_again_and_the_button_works_p8(tmp_path, task):
    beat = '            self._beats["%s"] += 1\n' % task
    fault = '            if self._beats["%s"] == 5:\n                self._beats["%s"] += 1\n' % (task, task)
    damage = poison("firmware/shell.py", beat, fault + '                raise ValueError("injected")\n')

    async def scene(board):
        await said(board, "task %s ended and is started again" % task)
        await calls(board)
        assert board.status()["boots"] == 1

    real_unit.run(tmp_path, scene, damage)


def test_a_task_that_dies_again_and_again_ends_in_a_watchdog_reset_p8(tmp_path):
    damage = poison("firmware/shell.py", CHORES, '            raise ValueError("injected")\n')

    async def scene(board):
        await said(board, "task chores is stale")
        await board.wait_for(lambda status: status["resets"]["watchdog"] >= 1, 60)

    real_unit.run(tmp_path, scene, damage)


def test_after_noise_in_every_record_of_the_journal_the_next_call_is_durable_again_p1(tmp_path):
    async def scene(board):
        await started(board)
        await calls(board)
        await board.power_cut()
        path = next(board.state.glob("flash_journal*"))
        image = bytearray(path.read_bytes())
        for at in range(0, len(image), 29):
            image[at] ^= 0x5A
        path.write_bytes(image)
        since_ms = board.now_ms()
        await board.power_on()
        await started(board, since_ms)
        await calls(board)
        assert flash_events(board, "program", since_ms)
        await board.power_cut()
        since_ms = board.now_ms()
        await board.power_on()
        assert "1 open calls" in await said(board, "started, session", since_ms)

    real_unit.run(tmp_path, scene)


def test_a_press_while_the_loop_is_blocked_is_seen_afterwards(tmp_path):
    """50 ms of press inside a second of blocked loop: nobody could look, so it counts."""
    fault = '            if self._beats["chores"] == 3:\n                print("blocked")\n                time.sleep_ms(1000)\n'
    damage = poison("firmware/shell.py", CHORES, fault)

    async def scene(board):
        await said(board, "blocked")
        since_ms = board.now_ms()
        await board.press("button", 50)
        await board.wait_event(lambda e: e["event"] == "light" and e["level"] == 1, real_unit.SOON_S, since_ms)

    real_unit.run(tmp_path, scene, damage)


@pytest.mark.parametrize("partitions", [{"journal": 16}, {"vfs": 16}])
def test_a_wifi_that_never_comes_resets_the_unit_unless_a_call_would_go_with_it_p1(tmp_path, partitions):
    def hasty(root):
        """The ladder has two rungs of 1 s."""
        path = root / "firmware" / "transports" / "wifi.py"
        text = path.read_text()
        for name, before, after in (("_RECONNECT_MS", 10000, 1000), ("_CYCLES_MAX", 20, 1)):
            assert "%s = const(%d)" % (name, before) in text
            text = text.replace("%s = const(%d)" % (name, before), "%s = const(%d)" % (name, after))
        path.write_text(text)
        if "journal" not in partitions:
            real_unit.no_files_of_calls(root)

    async def scene(board):
        board.wifi(False)
        await started(board)
        await calls(board)
        since_ms = board.now_ms()
        if "journal" in partitions:
            await said(board, "nothing has helped", since_ms)
            assert "1 open calls" in await said(board, "started, session", since_ms)
            return
        turned = lambda: len([e for e in board.log if e["event"] == "radio" and e["t_ms"] >= since_ms])  # noqa: E731
        await board.wait_for(lambda status: turned() >= 6, real_unit.SOON_S)  # off and on, three times
        assert board.status()["boots"] == 1 and board.light_pattern() == "steady"

    real_unit.run(tmp_path, scene, hasty, partitions=partitions)


def test_wrapping_ticks_change_nothing(tmp_path):
    async def inside():
        async with VirtualBoard(real_unit.make_root(tmp_path), tmp_path / "state", ticks_start=(1 << 30) - 3000) as board:
            await started(board)
            await calls(board)
            await asyncio.sleep(4)
            assert board.light_pattern() == "steady" and board.status()["boots"] == 1

    asyncio.run(inside())


def faults_told(broker):
    """(fault, input, open) of every event so far, in order."""
    events = [json.loads(one.payload) for one in broker.published if one.topic.endswith("/event")]
    return [(event["fault"], event["input"], event["open"]) for event in events if event["event"] == "fault"]


async def told(broker, *wanted):
    for _ in range(real_unit.SOON_S * 20):
        if not set(wanted) - set(faults_told(broker)):
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{wanted} wanted; the unit told {faults_told(broker)}")


def test_what_is_broken_is_told_as_a_fault_each_by_its_name_p5(tmp_path):
    """Settings, an input, the journal in either form and a task, all in one unit; the button still works."""

    def damage(root):
        edit_settings(timers={"repeat_ns": 5})(root)
        real_unit.no_files_of_calls(root)
        board = root / "board_configs" / "ESP32_GENERIC.json"
        data = json.loads(board.read_text())
        data["inputs"][1]["pin"] = 29
        board.write_text(json.dumps(data))
        poison("firmware/shell.py", CHORES, '            if self._beats["chores"] == 3:\n'
               '                self._beats["chores"] += 1\n                raise ValueError("injected")\n')(root)

    async def inside():
        async with FakeBroker() as broker:
            root = real_unit.make_root(tmp_path, damage, port=broker.port)
            async with VirtualBoard(root, tmp_path / "state", partitions={"vfs": 16}) as board:
                await started(board)
                everything = (("settings", ""), ("input", "cord1"), ("storage", ""), ("task", "chores"))
                await told(broker, *[fault + (True,) for fault in everything])
                assert len(faults_told(broker)) == len(everything), "each once, and nothing that works"
                await calls(board)

    asyncio.run(inside())


def test_what_the_journal_finds_wrong_later_is_told_as_a_fault_p5(tmp_path):
    step = "        try:\n            return self._step()\n"
    damage = poison("firmware/drivers/journal.py", step, '        self._note_fault("journal sector 3 retired: injected")\n')

    async def inside():
        async with FakeBroker() as broker:
            root = real_unit.make_root(tmp_path, damage, port=broker.port)
            async with VirtualBoard(root, tmp_path / "state") as board:
                assert "sector 3" in await said(board, "storage:")
                await told(broker, ("storage", "", True))

    asyncio.run(inside())


def test_a_link_that_stays_away_is_a_fault_until_it_is_back_p5(tmp_path):
    def hasty(root):
        path = root / "firmware" / "shell.py"
        text = path.read_text()
        assert "_OFFLINE_S = const(90)" in text
        path.write_text(text.replace("_OFFLINE_S = const(90)", "_OFFLINE_S = const(3)"))

    async def inside():
        broker = FakeBroker()
        broker.port = free_port()
        root = real_unit.make_root(tmp_path, hasty, port=broker.port)
        async with VirtualBoard(root, tmp_path / "state") as board:
            assert "refused" in await said(board, "link:")
            await board.wait_event(lambda e: e["event"] == "tone" and e["hz"], real_unit.SOON_S, 0)
            async with broker:
                await told(broker, ("link", "", True), ("link", "", False))
                assert faults_told(broker) == [("link", "", True), ("link", "", False)]

    asyncio.run(inside())


def test_flash_is_tidied_up_in_stand_by_and_never_while_an_alarm_waits_p1(tmp_path):
    """An erase stands the chip still for 80 ms."""

    def damage(root):
        poison("firmware/shell.py", CHORES, '            print("chore")\n')(root)
        step = "        try:\n            return self._step()\n"
        poison("firmware/drivers/journal.py", step, '        print("tidying")\n')(root)

    async def scene(board):
        await started(board)
        await said(board, "tidying", board.now_ms())
        await calls(board)
        since_ms = board.now_ms()

        def texts():
            return [e["text"] for e in board.log if e["event"] == "console" and e["t_ms"] > since_ms]

        await board.wait_for(lambda status: texts().count("chore") >= 3, real_unit.SOON_S)
        assert "tidying" not in texts()

    real_unit.run(tmp_path, scene, damage)
