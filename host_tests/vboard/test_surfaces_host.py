"""The light is named as an onlooker saw it, also when this process was held up and hears of it late."""

import asyncio

from tools.vboard.sight import firmware_lights
from tools.vboard.surfaces import Lamp

FLASHING = firmware_lights()["flashing"]  # (0, ms, 1, ms)


class Board:
    """What a lamp needs of a board; its clock stands where the test puts it. `events`: (t_ms, field, value)."""

    facts = {"light": {"pin": 5, "active": "high"}}

    def __init__(self):
        self.events, self._now_ms = [], 0

    def now_ms(self):
        return self._now_ms

    def emit(self, event, t_ms, **facts):
        assert event in ("light", "pattern")
        self.events += [(t_ms, name, value) for name, value in facts.items()]

    def patterns(self):
        return [(t_ms, value) for t_ms, name, value in self.events if name == "pattern"]


def play(changes, now_ms):
    """The events of a lamp that gets `changes`, (t_ms, level), all at once at `now_ms`."""

    async def run():
        board = Board()
        lamp = Lamp(board, firmware_lights())
        board._now_ms = now_ms
        for t_ms, level in changes:
            lamp.output(5, level, t_ms)
        await asyncio.sleep(0.05)
        return board

    return asyncio.run(run())


def flashes(from_ms, count):
    changes, t_ms = [], from_ms
    for _ in range(count):
        for level, ms in zip(FLASHING[::2], FLASHING[1::2], strict=True):
            changes.append((t_ms, level))
            t_ms += ms
    return changes, t_ms


def test_a_flashing_light_that_is_heard_of_late_was_never_steady():
    changes, end_ms = flashes(1500, 3)
    changes = [(1000, 1), *changes]
    board = play(changes, end_ms - 10)
    assert [name for _, name in board.patterns()] == ["flashing"]
    assert [t_ms for t_ms, name, _ in board.events if name == "level"] == [t_ms for t_ms, _ in changes]


def test_a_steady_light_before_the_flashes_is_named_although_nobody_looked_then():
    changes, end_ms = flashes(6000, 3)
    board = play([(1000, 1), *changes], end_ms - 10)
    (steady_ms, first), (flashing_ms, second) = board.patterns()
    assert (first, second) == ("steady", "flashing")
    assert 1000 < steady_ms < 6000 and flashing_ms >= 6000


def test_the_name_comes_when_the_time_for_another_change_is_over():
    board = play([(1000, 1)], 60_000)
    assert [name for _, name in board.patterns()] == ["steady"]
