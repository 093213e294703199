"""Desk and fake units joined in memory under a virtual clock: a day passes in a second, and every loss is chosen.

The desk is the real one, database included; only its broker is replaced.
"""

import contextlib

from host_tests.fakes.desk import write_config
from host_tests.schemas import check
from tools.desk.config import load
from tools.desk.desk import Desk

_STEPS_MAX = 200  # exchanges at one moment of time: more means that both ends chase each other


class WireLink:
    """Stands for a broker: always connected unless `connected` is set False."""

    def __init__(self, broker, client_id, on_message, on_change):
        self.name, self.connected, self.on_message, self.on_change = broker.name, True, on_message, on_change
        self.sent = []

    def publish(self, topic, payload):
        self.sent.append((topic, payload))
        return self.connected


class Wire:
    """`units`: FakeUnits by base topic. `lose_up`, `lose_down`: functions (topic, payload) -> True to lose it."""

    def __init__(self, path, *units, brokers=1, **config):
        addresses = [unit.base.removeprefix("ils/v1/") for unit in units]
        self._file = write_config(path, list(range(1, brokers + 1)), units=addresses, **{"retry_s": [2, 4, 8, 15], **config})
        self.units = {unit.base: unit for unit in units}
        self.now_ms = 1_000_000
        self.downs = []  # every message to a unit, as dicts checked against the schema
        self.lose_up = self.lose_down = lambda topic, payload: False
        self.desk = None
        self.start_desk()

    def start_desk(self):
        self.desk = Desk(load(self._file), WireLink, lambda: self.now_ms)

    def kill_desk(self):
        """Nothing but the database is left. The lock goes with the process, here by closing."""
        self.desk.close()

    def close(self):
        self.desk.close()

    def up(self, messages, link=0):
        """Messages of a unit reach the desk's queue, unless lost."""
        for topic, payload in messages:
            check(topic, payload)
            if not self.lose_up(topic, payload):
                self.raw(topic, payload, link)

    def raw(self, topic, payload, link=0):
        self.desk.links[link].on_message(self.desk.links[link], topic, payload)

    async def settle(self):
        """Exchange messages until both ends are quiet at this moment."""
        for _ in range(_STEPS_MAX):
            await self.desk.step()
            if not self._carry_down():
                return
        raise AssertionError("desk and unit do not come to rest")

    async def run(self, seconds, step_ms=500):
        """Let time pass."""
        end_ms = self.now_ms + seconds * 1000
        while self.now_ms < end_ms:
            self.now_ms = min(end_ms, self.now_ms + step_ms)
            for unit in self.units.values():
                self.up(unit.tick(self.now_ms))
            await self.settle()

    def _carry_down(self):
        moved = False
        for link in self.desk.links:
            sent, link.sent = link.sent, []
            for topic, payload in sent:
                moved = True
                self.downs.append(check(topic, payload))
                if not self.lose_down(topic, payload):
                    unit = self.units[topic.removesuffix("/down")]
                    self.up(unit.receive(topic, payload, self.now_ms))
        return moved

    def call(self):
        """View of the one call in the database; raises if there is not exactly one."""
        calls = self.desk.book.closed(10) + [call for call in self.desk.book.open() if call.state != "closed"]
        (call,) = calls
        return call.view()

    def act(self, method, *values):
        """An operator's act on the one call."""
        call = self.desk.book.get(self.call()["n"])
        self.desk.act(lambda: getattr(self.desk.switchboard, method)(call, *values))

    def events(self, name):
        return [row[5] for row in self.desk.store.log_since(0, 100_000) if row[2] == name]

    def unit_view(self):
        (record,) = self.desk.units.values()
        return record.view()


@contextlib.contextmanager
def joined(path, *units, **config):
    wire = Wire(path, *units, **config)
    try:
        yield wire
    finally:
        wire.close()
