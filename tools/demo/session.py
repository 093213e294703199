"""The demo's stage, run in a thread of its own so that the prompt can wait for the keyboard and Ctrl-C finds it there."""

import asyncio
import concurrent.futures
import threading

from tools.demo import orders
from tools.demo.flat_web.page import FlatPage
from tools.demo.room import Room
from tools.scenario.stage import Stage
from tools.scenario.view import call_line
from tools.vboard.sound_api import ROOM_NOISE_DB

_END_S = 15.0  # for the stage to stop; its parts have shorter bounds of their own
_WATCH_S = 0.5
_ECHO_DB = -20  # the unit hears its own tone as in a room; without walls its own tests would find it deaf


class SessionError(Exception):
    """A command that could not be carried out, in words for the person who typed it."""


class Session:
    """`start`, `do`, `look` and `stop` are called from the main thread and block."""

    def __init__(self, directory, make_timeline, broker, port):
        self._make = lambda: Stage(directory, make_timeline, broker, port=port, page=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stage", daemon=True)
        self._stage = self._watch = self._page = self._room = None

    def start(self):
        """Bring everything up. Raises SessionError."""
        self._thread.start()
        self._run(self._start())

    def do(self, sentence):
        """Carry out one action. Raises SessionError."""
        self._run(self._act(sentence))

    def carry_out(self, order):
        """Carry out one of the prompt's own orders; text to show, or None. Raises SessionError."""
        if order.name == "links":
            return self.links()
        self._run(orders.carry_out(order, self._room))
        return None

    def links(self):
        """New links to both pages, as text. Raises SessionError."""
        return self._run(self._links())

    def stop(self):
        """End all of it. Returns normally even when the stage was never up."""
        try:
            if self._thread.is_alive():
                asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_END_S)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_END_S)

    @property
    def view(self):
        return self._stage.view

    def calls(self):
        """The calls that are not closed and the last closed ones, as text."""
        calls = self.view.calls
        shown = [call for call in calls.values() if call["state"] != "closed"] or list(calls.values())[-3:]
        return "\n".join(f"  {call_line(call)}" for call in shown) or "  no call so far"

    def _run(self, work):
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError as error:
            raise SessionError("stopped") from error
        except (*Stage.REFUSALS, *Stage.START_ERRORS) as error:
            raise SessionError(str(error)) from error
        except KeyboardInterrupt:
            future.cancel()
            raise

    async def _start(self):
        self._stage = self._make()
        await self._stage.__aenter__()
        board = self._stage.flat.board
        board.room(echo_db=_ECHO_DB, noise_db=ROOM_NOISE_DB)
        self._room = Room(board)
        self._page = await FlatPage(board, self._room, "Flat 12").__aenter__()
        self._watch = asyncio.create_task(self._look_after())

    async def _act(self, sentence):
        if sentence.form.startswith("tenant"):
            self._room.make_way()
        await self._stage.act(sentence)

    async def _links(self):
        lines = [f"  the flat's page: {self._page.link()}"]
        if self._stage.desk.client:
            lines.insert(0, f"  the desk's page: {(await self._stage.desk.client.request('page'))['url']}")
        return "\n".join(lines)

    async def _stop(self):
        if self._watch:
            self._watch.cancel()
        if self._page:
            await self._page.__aexit__(None, None, None)
        if self._stage:
            await self._stage.stop()

    async def _look_after(self):
        """Says once when a part has died by itself; the person may then quit, or start the desk again."""
        said = ""
        while True:
            await asyncio.sleep(_WATCH_S)
            try:
                self._stage.check()
                if self._stage.broker and self._stage.broker.died:
                    raise SessionError("the broker has ended by itself: `broker mend` starts it again")
                said = ""
            except (SessionError, *Stage.REFUSALS, *Stage.START_ERRORS) as error:
                if str(error) != said:
                    said = str(error)
                    self._stage.timeline.say("fault", said)
