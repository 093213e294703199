"""The desk: puts the parts together and runs them in one loop.

Each step: take what came in, in one transaction; commit; only then publish receipts and other replies; then whatever is due.
If the database fails, nothing is confirmed: memory is read back from the file, and the units send their calls again.
"""

import asyncio
import sqlite3
import time
from collections import deque

from tools.ending import end

from . import routing, watch
from .book import Book
from .broker import BrokerLink
from .inject import Injection
from .intake import Intake
from .sender import Sender
from .store import Store
from .switchboard import DeskError, Switchboard
from .talk.store import TalkStore
from .talk.talks import Talks
from .testing.store import TestStore
from .testing.tests import Tests
from .timeline import Timeline
from .units import Strangers, UnitRecord

_BATCH = 256  # messages stored per transaction: a storm after an outage costs few disk syncs
_STORM_S = 0.02  # messages that follow a step so closely come in numbers:
_GATHER_S = 0.005  # then it waits this long, so that they share a disk sync; a lone alarm never waits
_STEP_MAX_S = 1.0  # longest sleep: whatever was overlooked is looked at again


def _now_ms():
    return time.monotonic_ns() // 1_000_000


def _wall_ms():
    return time.time_ns() // 1_000_000


class Desk:
    """`config`: config.Config. Opens the database at once (StoreError); `run()` serves until cancelled.

    `make_link`, `now_ms`: other brokers and another clock, for tests that join both ends in memory.
    """

    def __init__(self, config, make_link=BrokerLink, now_ms=_now_ms):
        self.config, timers, self._now_ms, self.wall_ms = config, config.timers, now_ms, _wall_ms
        config.state.mkdir(parents=True, exist_ok=True)
        self.store = Store(config.state / "desk.db")
        self.timeline = Timeline(self.store, _wall_ms)
        self.injection = Injection(config.fault_injection)
        self.strangers = Strangers()
        self.started_at_ms = _wall_ms()
        self.units = {
            address: UnitRecord(unit, self.store.sessions(address), now_ms(), timers) for address, unit in config.units.items()
        }
        self.schemes = sorted({unit.scheme for unit in config.units.values()})
        self.duty = {scheme: self.store.duty().get(scheme, False) for scheme in self.schemes}
        periods_ms = [round(timers[name] * 1000) for name in ("unanswered_s", "answer_repeat_s", "test_call_s")]
        retry_ms = [round(wait_s * 1000) for wait_s in config.retry_s]
        self.book = Book(self.store, config.units, self.duty, *periods_ms, retry_ms)
        self.switchboard = Switchboard(self.store, self.book, self.timeline, self.duty, now_ms, _wall_ms)
        self.talks = Talks(
            TalkStore(self.store), self.book, self.units, self.timeline, config.media, round(timers["media_silent_s"] * 1000),
            now_ms, _wall_ms,
        )  # fmt: skip
        self.switchboard.on_change = self.talks.call_changed
        self.tests = Tests(
            TestStore(self.store), self.units, self.duty, self.timeline, config.id, retry_ms, now_ms, _wall_ms
        )  # fmt: skip
        for record in self.units.values():
            record.remember(self.talks.store.facts("mains", record.address, 0, 1, newest=True), now_ms())
        self.links = [make_link(broker, config.id, self._on_message, self._on_link) for broker in config.brokers]
        self._sender = Sender(config.id, self.store, self.links, self.injection, self.timeline, _wall_ms)
        self._intake = Intake(
            self.store, self.book, self.units, self.strangers, self.switchboard, self.talks, self.tests, self.timeline,
            now_ms, _wall_ms, self._watch,
        )  # fmt: skip
        self._inbox, self._link_news, self._wake, self._queries = deque(), deque(), asyncio.Event(), set()
        self._starting_over = True  # at the start, and after a failed transaction: owe again what the calls need
        self.last_error = ""
        self.page = None  # web.page.DeskPage while there is one
        self.link_texts = {}  # broker name -> why it is not connected, "" when it is

    async def run(self):
        with self.store.transaction():
            self.timeline.emit("desk", text="started")
        tasks = [asyncio.create_task(link.run()) for link in self.links] + [asyncio.create_task(self._serve())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # none ends but with an error: then the desk ends with it, instead of half working
        finally:
            await end(tasks)
            self.close()

    def close(self):
        """Free the ports and the database; for `run`, and for who never ran it."""
        self.talks.close()
        self.store.close()

    def act(self, work):
        """Run `work()` for an operator in a transaction, then send what follows from it. Raises DeskError."""
        try:
            with self.store.transaction():
                result = work()
        except sqlite3.Error as error:
            self._start_over(error)
            raise DeskError("storage", f"the database failed: {error}") from error
        except BaseException:
            self.timeline.forget()
            raise
        self.timeline.flush()
        self._wake.set()
        return result

    def query(self, record):
        """Ask a unit for its health. False if it cannot be asked."""
        asked = self._sender.send(record, "query", {}) is not None
        if asked:
            self._watch(record, watch.ASKED)
        return asked

    async def _serve(self):
        stepped_s = 0.0
        while True:
            alarm = asyncio.get_running_loop().call_later(self._sleep_s(), self._wake.set)
            await self._wake.wait()
            alarm.cancel()
            if time.monotonic() - stepped_s < _STORM_S:
                await asyncio.sleep(_GATHER_S)
            self._wake.clear()
            try:
                await self.step()
            except sqlite3.Error as error:
                self._start_over(error)
                await asyncio.sleep(1)  # a full disk does not get better by trying at full speed
            stepped_s = time.monotonic()

    async def step(self):
        """Take what came in, store it, confirm it, then do what is due."""
        with self.store.transaction():
            if self._starting_over:
                self.switchboard.resume()
                self.talks.resume()
                self._starting_over = False
            while self._link_news:
                self._show_link(*self._link_news.popleft())
            for _ in range(min(_BATCH, len(self._inbox))):
                self._intake.take(*self._inbox.popleft())
        if self._intake.receipts and self.injection.allowed:
            self.injection.crash_if_asked()
        self._send_receipts()
        self.timeline.deliver()
        await asyncio.sleep(0)  # the receipts leave before the disk is asked for anything else
        with self.store.transaction():
            self._tick()
        self._send_due()
        self.book.tidy()
        self.timeline.flush()
        if self._inbox:
            self._wake.set()

    def _start_over(self, error):
        self.last_error = f"database: {error}"
        self._intake.receipts.clear()
        self.timeline.forget()
        self._intake.replies.clear()
        self.book.reload()
        self.tests.reload()
        self._starting_over = True

    def _send_receipts(self):
        receipts, self._intake.receipts = self._intake.receipts, []
        for record, call, session, escalation in receipts:
            body = {"call": call.call, "triggers": call.body["triggers"], "escalation": escalation}
            ctr = self._sender.send(record, "receipt", body, session)
            self.timeline.emit_later("receipt", record.address, call.call, number=call.n, ctr=ctr, **_without_call(body))
        replies, self._intake.replies = self._intake.replies, []
        for record, kind, body, via in replies:
            self._sender.send(record, kind, body, via=via)

    def _tick(self):
        now_ms = self._now_ms()
        for call in self.book.open():
            due_ms = call.routing.next_due()
            if due_ms is not None and due_ms <= now_ms:
                self.switchboard.tell(call, routing.TICK)
        for record in self.units.values():
            if record.watch.next_due() <= now_ms:
                self._watch(record, watch.TICK)
        self.talks.tick()

    def _send_due(self):
        for address in self._queries:
            self.query(self.units[address])
        self._queries = set()
        for call in self.book.open():
            for do in call.delivery.due(self._now_ms()):
                self._send_command(call, do)
        for record, kind, fields in self.talks.take_outbox():
            ctr = self._sender.send(record, kind, fields)
            if ctr is not None:
                self.talks.sent(kind, fields, ctr)
        for address, command in self.tests.due():
            self.tests.sent(address, command, self._sender.send(self.units[address], "test", command.fields))
            self._watch(self.units[address], watch.ASKED)

    def _send_command(self, call, do):
        record, body = self.units[call.unit.address], call.command(do)
        if body is None:
            call.delivery.drop(do)
            return
        ctr = self._sender.send(record, do, body)
        if ctr is None:
            call.delivery.postpone(do, self._now_ms())
            return
        tries = call.delivery.sent(do, ctr, self._now_ms())
        self.timeline.emit_later("sent", record.address, call.call, number=call.n, do=do, ctr=ctr, tries=tries)
        self._watch(record, watch.ASKED)

    def _watch(self, record, event):
        for action in record.watch.handle(event, self._now_ms()):
            if action[0] == "QUERY":
                self._queries.add(record.address)
                self._wake.set()
            else:
                self.timeline.emit("unit", record.address, view=record.view())

    def _sleep_s(self):
        dues = [call.delivery.next_due() for call in self.book.open()] + [call.routing.next_due() for call in self.book.open()]
        dues += [record.watch.next_due() for record in self.units.values()] + [self.talks.next_due(), self.tests.next_due()]
        soonest_ms = min((due for due in dues if due is not None), default=self._now_ms() + 1000)
        return min(_STEP_MAX_S, max(0.001, (soonest_ms - self._now_ms()) / 1000))

    def _on_message(self, link, topic, payload):
        if self.injection.allowed and self.injection.take("drop_up"):
            return
        self._inbox.append((link.name, topic, payload))
        self._wake.set()

    def _on_link(self, link, text):
        self._link_news.append((link, link.connected, text))
        self._wake.set()

    def _show_link(self, link, connected, text):
        if self.link_texts.get(link.name) != text:  # the same failure again is no news
            self.link_texts[link.name] = text
            self.timeline.emit("broker", broker=link.name, connected=connected, text=text)
        event = watch.BROKER_BACK if any(link.connected for link in self.links) else watch.BROKER_LOST
        for record in self.units.values():
            self._watch(record, event)


def _without_call(body):
    return {key: value for key, value in body.items() if key != "call"}
