"""The virtual board's power supply: pins, load, charge, flicker, faults and brown-outs, as the unit and an onlooker see them."""

import asyncio
import json
import types

import pytest

from host_tests.vboard import sample_root
from host_tests.vboard.sample_root import POWERED, SOON_S, printed
from tools.vboard import BoardError
from tools.vboard import supply as supply_module
from tools.vboard.bearers import Bearers
from tools.vboard.control import ControlChannel
from tools.vboard.supply import BROWN_OUT_MV, START_MV, Supply

_WATCHER = """
import machine, network, time
mains = machine.Pin(39, machine.Pin.IN)
adc = machine.ADC(machine.Pin(36), atten=machine.ADC.ATTN_11DB)
wlan = network.WLAN()
edges = 0
def edge(pin):
    global edges
    edges += 1
mains.irq(edge, machine.Pin.IRQ_RISING | machine.Pin.IRQ_FALLING)
machine.RTC().memory(b"kept") if machine.RTC().memory() == b"" else None
print("up", machine.reset_cause(), machine.freq())
last = None
while True:
    try:
        with open("/do") as file:
            exec(file.read())
    except OSError:
        pass
    try:
        seen = mains.value(), adc.read_uv() * 2 // 1000, edges
    except OSError as error:
        seen = mains.value(), error.errno, edges
    if seen != last:
        last = seen
        print("sees", *seen)
    time.sleep_ms(20)
"""


def run(tmp_path, test, power=POWERED, main=_WATCHER):
    sample_root.run(tmp_path, test, main, power=power)


def tell(board, program):
    """The unit runs this at its next look, again and again."""
    (board.root / "do").write_text(program)


async def sees(board, mains, low_mv, high_mv=None):
    """Waits until the unit sees this at its pins; gives the voltage of the cell, mV."""
    def fits(event):
        words = event["text"].split() if event["event"] == "console" else []
        return words[:2] == ["sees", str(mains)] and low_mv <= float(words[2]) <= (high_mv or low_mv)

    event = await board.wait_event(fits, SOON_S, since=0)
    return float(event["text"].split()[2])


def test_the_unit_sees_mains_and_the_cell_through_its_pins(tmp_path):
    async def test(board):
        await sees(board, 1, 4170, 4200)
        await board.mains(False)
        await sees(board, 0, 4150, 4180)
        board.battery(30)
        await sees(board, 0, 3700, 3740)
        assert board.status()["charge_pct"] == pytest.approx(30, abs=0.2) and board.status()["power"]
        await board.mains(True)
        await sees(board, 1, 3760, 3830)  # it is charged
        assert board.status()["charging"]

    run(tmp_path, test)


def test_what_is_drawn_follows_clock_radio_and_power_save(tmp_path):
    async def test(board):
        await board.mains(False)
        await sees(board, 0, 4100, 4200)
        for program, load_ma in (
            ("machine.freq(80_000_000)", 29),
            ("wlan.active(True)", 41),
            ("wlan.config(pm=0)", 139),
            ("machine.freq(240_000_000)", 149),
            ("wlan.config(pm=2)", 51),
            ("wlan.active(False)", 39),
        ):
            tell(board, program)
            await board.wait_for(lambda status, wanted=load_ma: status["load_ma"] == wanted, SOON_S)
        assert board.status()["mhz"] == 240 and board.status()["power_save"] == "powersave" and not board.status()["radio"]

    run(tmp_path, test)


def test_each_start_begins_with_160_mhz_but_after_a_soft_reset(tmp_path):
    async def test(board):
        await board.wait_event(lambda e: e["event"] == "console" and e["text"] == "up 5 80000000", SOON_S, since=0)
        tell(board, "")
        await board.reset()
        await board.wait_event(lambda e: e["event"] == "console" and e["text"] == "up 1 160000000", SOON_S, since=board.newest)
        assert board.status()["mhz"] == 160

    boot = "if machine.reset_cause() == 1 and 'do' not in os.listdir():\n    machine.freq(80_000_000)\n    machine.soft_reset()\n"
    run(tmp_path, test, main=_WATCHER.replace("last = None", "import os\n" + boot + "last = None", 1))


def test_hours_pass_for_the_cell_alone(tmp_path):
    async def test(board):
        await board.mains(False)
        board.battery(90)
        since_ms = board.now_ms()
        await board.pass_hours(24, 1.5)
        assert board.now_ms() - since_ms < 5000
        drawn_pct = board.status()["load_ma"] * 24 / 20
        assert board.status()["charge_pct"] == pytest.approx(90 - drawn_pct, abs=1)
        assert board.status()["boots"] == 1

    run(tmp_path, test)


def test_a_flicker_is_seen_edge_by_edge_and_the_battery_carries_it(tmp_path):
    async def test(board):
        await sees(board, 1, 4170, 4200)
        since = board.newest
        await board.flicker(100, 2.0)
        assert (await printed(board, "sees 1", since)).endswith(" 100") or await _edges(board) == 100
        assert board.status()["mains"] and board.status()["boots"] == 1 and board.status()["lost_interrupts"] == 0

    async def _edges(board):
        event = await board.wait_event(lambda e: e["event"] == "console" and e["text"].split()[-1] == "100", SOON_S, since=0)
        return int(event["text"].split()[-1])

    run(tmp_path, test)


def test_no_cell_reads_as_a_full_one_until_the_mains_go(tmp_path):
    async def test(board):
        board.fault("cell", kind="missing")
        await sees(board, 1, 4200)
        await board.mains(False)
        assert not board.status()["power"] and board.status()["brown_outs"] == 0
        await board.mains(True)
        await board.wait_for(lambda status: status["boots"] == 2, SOON_S)
        board.fault("charger", kind="off")
        await sees(board, 1, 0)
        assert board.status()["battery"] == "missing" and board.status()["charge_pct"] is None

    run(tmp_path, test)


def test_without_a_charger_nothing_is_charged(tmp_path):
    async def test(board):
        board.battery(40)
        board.fault("charger", kind="off")
        await board.pass_hours(10, 0.3)
        assert board.status()["charge_pct"] == 40 and not board.status()["charging"]
        await sees(board, 1, 3769, 3771)
        board.fault("none")
        await board.pass_hours(10, 0.3)
        assert board.status()["charge_pct"] > 99

    run(tmp_path, test)


def test_the_charger_s_own_pin_is_obeyed(tmp_path):
    async def test(board):
        board.battery(40)
        await board.wait_for(lambda status: status["charging"], SOON_S)
        tell(board, "machine.Pin(4, machine.Pin.OUT, value=1)")
        await board.wait_for(lambda status: not status["charging"], SOON_S)
        await sees(board, 1, 3769, 3771)

    battery = dict(POWERED["battery"], charger_disable={"pin": 4, "active": "high"})
    run(tmp_path, test, power={**POWERED, "battery": battery})


def test_each_fault_of_the_battery_s_converter_reaches_the_unit(tmp_path):
    async def test(board):
        await board.mains(False)
        await sees(board, 0, 4150, 4180)
        board.fault("adc", input="battery", kind="no_value")
        await sees(board, 0, 116)
        board.fault("adc", input="battery", kind="jump")
        await sees(board, 0, 6000, 6600)
        board.fault("adc", input="battery", kind="ok")
        board.battery(60)
        stuck_mv = await sees(board, 0, 3830, 3850)
        board.fault("adc", input="battery", kind="stuck")
        board.battery(20)
        since = board.newest
        await board.mains(True)
        assert float((await printed(board, "sees 1", since)).split()[0]) == stuck_mv
        board.fault("none")
        await sees(board, 1, 3710, 3800)
        with pytest.raises(BoardError, match="one of ok, no_value, nan, jump, stuck"):
            board.fault("adc", input="battery", kind="gap")

    run(tmp_path, test)


def test_a_dead_cell_lets_the_chip_start_and_takes_it_away_with_the_radio_again_and_again(tmp_path):
    async def test(board):
        board.battery(50)
        board.fault("cell", kind="dead")
        tell(board, "wlan.active(True)")
        await board.wait_for(lambda status: status["radio"], SOON_S)
        assert board.status()["brown_outs"] == 0  # on mains nobody notices
        await board.mains(False)
        status = await board.wait_for(lambda status: status["brown_outs"] == 3, SOON_S)
        assert status["resets"]["power_on"] == status["boots"] >= 3
        browned = [event for event in board.log if event["event"] == "brown_out"]
        assert all(event["mv"] < 2600 and event["load_ma"] > 200 for event in browned)
        await board.mains(True)
        await board.wait_for(lambda status: status["power"] and status["radio"], SOON_S)

    run(tmp_path, test)


def test_a_brown_out_takes_the_rtc_memory_and_reads_as_power_on(tmp_path):
    async def test(board):
        assert await printed(board, "memory") == "b''"
        await board.mains(False)
        board.battery(0)
        board.fault("cell", kind="dead")
        tell(board, "wlan.active(True)")
        await board.wait_for(lambda status: status["brown_outs"] == 1, SOON_S)
        since = board.newest
        tell(board, "")
        assert await printed(board, "memory", since) == "b''"
        assert board.status()["reset_cause"] == "power_on"

    main = "import machine\nprint('memory', machine.RTC().memory())\nmachine.RTC().memory(b'x')\n" + _WATCHER
    run(tmp_path, test, main=main)


def test_an_empty_cell_ends_the_unit_until_the_mains_are_back(tmp_path):
    async def test(board):
        await board.mains(False)
        board.battery(1)
        await board.pass_hours(20, 1.0)
        assert not board.status()["power"] and board.status()["charge_pct"] == 0
        boots = board.status()["boots"]
        await board.mains(True)
        await board.wait_for(lambda status: status["power"] and status["boots"] == boots + 1, SOON_S)

    run(tmp_path, test)


def test_a_power_cut_takes_the_battery_too_and_stays_until_power_is_given(tmp_path):
    async def test(board):
        await board.mains(False)
        await board.power_cut()
        await board.mains(True)
        await asyncio.sleep(0.6)  # longer than a start after a brown-out takes
        assert not board.status()["power"]
        await board.power_on()
        assert board.status()["power"] and board.status()["brown_outs"] == 0

    run(tmp_path, test)


def test_the_control_channel_drives_it(tmp_path):
    async def test(board):
        async with ControlChannel(board) as channel:
            reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
            for command, fields in (
                ("mains", {"on": False}),
                ("battery", {"charge_pct": 55.5}),
                ("hours", {"hours": 1, "in_s": 0.2}),
                ("flicker", {"edges": 4, "over_s": 0.2}),
                ("fault", {"fault": "adc", "input": "battery", "kind": "stuck"}),
                ("fault", {"fault": "charger", "kind": "off"}),
                ("fault", {"fault": "cell", "kind": "worn"}),
                ("wait", {"field": "battery", "value": "worn"}),
            ):
                writer.write(json.dumps({"v": 1, "id": 1, "do": command, **fields}).encode() + b"\n")
                reply = json.loads(await asyncio.wait_for(reader.readline(), SOON_S))
                assert reply["ok"], reply
            status = reply["status"]
            assert not status["mains"] and 50 < status["charge_pct"] < 55.5 and status["battery_mv"] < 3900
            writer.close()

    run(tmp_path, test)


class BareBoard:
    """A board without a child, for the supply alone: `told` are the frames, `events` what was emitted."""

    def __init__(self):
        self.told, self.events = [], []
        self.powered, self.mhz, self.power_save, self.radio = True, 80, 2, False
        self.sound = types.SimpleNamespace(sounds=False, amplifier=False)
        self.chip = self
        self.facts = {}
        self.bearers = Bearers(self)
        self.supply = Supply(self, POWERED)

    def tell(self, operation, index, value):
        self.told.append((operation, index, value))

    def emit(self, event, **facts):
        self.events.append({"event": event, **facts})

    def lose_power(self):
        self.powered = False


def charge_for(cell, mv, ma):
    """The charge at which the cell has `mv` while it gives `ma`."""
    low_pct, high_pct = -2.0, 100.0
    for _ in range(60):
        cell.charge_pct = (low_pct + high_pct) / 2
        low_pct, high_pct = (cell.charge_pct, high_pct) if cell.mv(ma) < mv else (low_pct, cell.charge_pct)
    return high_pct


def test_the_chip_browns_out_below_its_voltage_and_not_a_millivolt_above():
    for radio, peak_ma in ((False, 29), (True, 29 + 240)):
        for mv, browns_out in ((BROWN_OUT_MV + 1, False), (BROWN_OUT_MV - 1, True)):
            board = BareBoard()
            board.radio = radio
            supply = board.supply
            supply.mains = False
            supply.cell.charge_pct = charge_for(supply.cell, mv, peak_ma)
            supply._look()
            assert board.powered is not browns_out, (radio, mv)
            assert [event["load_ma"] for event in board.events if event["event"] == "brown_out"] == [peak_ma] * browns_out


def test_it_starts_again_from_its_starting_voltage_on_and_after_the_time_that_takes(monkeypatch):
    for mv, starts in ((START_MV - 1, False), (START_MV + 1, True)):
        board = BareBoard()
        supply, now_s = board.supply, [100.0]
        monkeypatch.setattr(supply_module, "time", types.SimpleNamespace(monotonic=lambda now_s=now_s: now_s[0]))
        begun = []
        later = types.SimpleNamespace(ensure_future=lambda task, begun=begun: begun.append(task.close()))
        monkeypatch.setattr(supply_module, "asyncio", later)
        supply.mains = False
        supply._brown_out()
        supply.cell.charge_pct = charge_for(supply.cell, mv, 0)
        for passed_s, wanted in ((0.0, False), (0.39, False), (0.02, starts)):
            now_s[0] += passed_s
            supply._look()
            assert bool(begun) is wanted, (mv, passed_s)
        supply._look()
        assert len(begun) == int(starts)


def test_what_lasts_only_moments_draws_at_its_own_pace_while_hours_pass(monkeypatch):
    board = BareBoard()
    supply, now_s = board.supply, [100.0]
    monkeypatch.setattr(supply_module, "time", types.SimpleNamespace(monotonic=lambda: now_s[0]))
    supply.mains, supply._at_s, supply.factor = False, 100.0, 3600.0
    supply.cell.charge_pct = 90.0
    board.sound.sounds = board.sound.amplifier = True
    now_s[0] += 10.0
    supply._pass()
    lasting_ma, passing_ma = supply._loads_now()
    assert (lasting_ma, passing_ma) == (29, 53)
    assert supply.cell.charge_pct == pytest.approx(90 - (29 * 10 + 53 * 10 / 3600) / 20)
