"""One test through the desk's API: begins it or goes on with it, tells each step, takes answers, and shows the record at the end.

The desk or the way to it may fail at any time: the test goes on at the unit, and this goes on with it once the desk is back.
Everything that happens comes through one queue and is handled one after the other.
"""

import asyncio

from tools.desk.client import DeskError
from tools.desk.view import power_words

from . import ending, words
from .desk_line import BACK, EVENT, LOST, DeskLine, address
from .keyboard import INTERRUPT, LINE, Keyboard
from .orders import HELP, OrderError, read

LEFT_ALONE = 130
_BEGIN_S = 75  # the desk gives a command up after 60 s
_RECORD_S = 20  # the unit sends its record right after the end; else hourly
_SETTLED_S = 16  # the unit announces a test for 15 s at most, and tells the desk when it is ready; this if that was lost
_SETTLED = "settled"
_BEGINNING, _WALKING, _ENDING = "beginning", "walking", "ending"


class WalkError(Exception):
    """The test cannot be made; the text says why and what to do."""


class Guide:
    """`find()`: (host, port, token) of the desk; `screen`: screen.Screen; `desk`: the options by which it is found, for commands
    that the engineer is told; `stream`: where he types."""

    def __init__(self, find, unit, who, witness, screen, desk="...", stream=None):
        self._desk = desk
        self._who, self._witness, self._screen, self._stream = who, witness, screen, stream
        self._queue = asyncio.Queue()
        self._line = DeskLine(find, self._queue.put_nowait)
        self._line.unit = unit or ""
        self._state, self._due_s = _BEGINNING, None
        self._test = self._before = None  # ids of this test, and of the one that was the newest before
        self._shown, self._told, self._places = None, [], {}
        self._call = None  # the newest real call that was told: number and state
        self._settles = False  # the unit announces the test: every pull is a real call still
        self._asks = False  # Ctrl-C was pressed: the next line says what is wanted
        self._code = None
        self._handlers = {EVENT: self._event, LOST: self._lost, BACK: self._back, LINE: self._typed}
        self._handlers |= {INTERRUPT: self._interrupted, _SETTLED: self._settled}

    async def run(self):
        """Exit code. Raises WalkError."""
        try:
            with Keyboard(self._queue.put_nowait, self._stream):
                await self._line.connect()
                await self._begin()
                self._line.follow()
                while self._code is None:
                    await self._next()
            return self._code
        except DeskError as error:
            raise WalkError(str(error)) from error
        finally:
            await self._line.close()

    async def _next(self):
        left_s = None if self._due_s is None else max(0, self._due_s - asyncio.get_running_loop().time())
        try:
            what, data = await asyncio.wait_for(self._queue.get(), left_s)
        except asyncio.TimeoutError:
            self._late()
            return
        try:
            await self._handlers[what](data)
        except DeskError as error:
            if error.code not in ("closed_connection", "unreachable"):
                raise  # else LOST is in the queue already, and BACK catches up

    def _late(self):
        if self._state == _BEGINNING:
            raise WalkError("the unit has not said that the test begins; look at its power and its network")
        self._code = ending.without_record(self._screen, self._line.unit, self._shown["verdict"], self._desk)

    def _within(self, seconds):
        self._due_s = asyncio.get_running_loop().time() + seconds

    # --- the beginning

    async def _begin(self):
        view = await self._look_at_unit()
        running = await self._newest()
        self._before = running and running["test"]
        if running and running["state"] != "ended":
            by = f", begun by {running['who']}" if running["who"] else ""
            self._screen.say("joined", f"A test is under way{by}: going on with it.", test=running["test"])
            self._walk(running)
            return
        if view["status"] == "silent":
            why = words.SILENT.get(view["reason"], view["reason"])
            raise WalkError(f"{self._line.unit} is silent: {why}. Look at its power and its network; a test needs both to begin.")
        if not self._who:
            raise WalkError("who tests? The name is on the record: --who NAME")
        self._screen.say("begin", f"Asking {view['label']} to begin its test ...", unit=self._line.unit)
        await self._line.request("test_start", unit=self._line.unit, who=self._who, witness=self._witness)
        self._within(_BEGIN_S)

    async def _look_at_unit(self):
        units = {address(view): view for view in (await self._line.request("units"))["units"]}
        if not self._line.unit and len(units) == 1:
            self._line.unit = next(iter(units))
        unit = self._line.unit
        if unit not in units:
            which = f"there is no unit {unit!r}." if unit else "which unit?"
            raise WalkError(f"{which} --unit takes one of: {', '.join(sorted(units))}")
        view = units[unit]
        self._places = view["locations"]
        tested, due = view["tested"] or "never", view["due"] or "not known"
        faults = ", ".join(view["faults"]) or "none"
        text = f"{unit}, {view['label']}: {view['status']}. Power: {power_words(view)}. Open faults: {faults}."
        told = {name: view[name] for name in ("status", "faults", "tested", "due")}
        self._screen.say("unit", f"{text}\nLast passed: {tested}. Due: {due}.", unit=unit, **told)
        return view

    def _walk(self, view):
        self._test, self._state, self._due_s = view["test"], _WALKING, None
        self._screen.say("help", HELP)
        self._show(view)

    # --- what the desk tells

    async def _event(self, event):
        handler = getattr(self, "_on_" + event["event"])
        await handler(event)

    async def _on_test(self, event):
        view = event["view"]
        if self._state == _BEGINNING and view["test"] != self._before:
            self._walk(view)
        elif view["test"] == self._test:
            self._show(view)
        if self._state == _WALKING and self._shown["state"] == "ended":
            await self._end()

    async def _on_test_command(self, event):
        if event["state"] not in ("refused", "no_reply"):
            return
        why = words.REFUSALS.get(event["reason"], event["reason"] or "the unit has not answered for 60 s")
        if self._state == _BEGINNING and event["do"] == "start":
            raise WalkError(f"the unit does not begin: {why}")
        text = f"NOT TAKEN: {event['do']} {words.short(event['step'])}: {why}"
        self._screen.say("refused", text, do=event["do"], step=event["step"], reason=event["reason"] or "no_reply")

    async def _on_test_record(self, event):
        if event["test"] == self._test:  # the end itself may have been lost, or the unit was reset
            await self._end()

    async def _on_unit(self, event):
        view = event["view"]
        if view["status"] == "silent" and self._state == _WALKING:
            why = words.SILENT.get(view["reason"], view["reason"])
            self._screen.say("silent", f"The unit is silent: {why}. Its test goes on if it has power.", reason=view["reason"])

    async def _on_call(self, event):
        view = event["view"]
        if not view["test"] and view["state"] != "closed" and self._call != (view["n"], view["state"]):
            self._call = view["n"], view["state"]
            text = f"A REAL CALL of this flat is {view['state']}: the test waits until it is over."
            self._screen.say("call", text, number=view["n"], state=view["state"])

    async def _on_session(self, event):
        self._screen.say("reset", "The unit has started anew: a test that ran is INCOMPLETE, and its record comes.")

    async def _lost(self, error):
        self._due_s = None
        self._screen.say("lost", f"The desk is gone ({error}). The test goes on at the unit; trying to reach the desk ...")

    async def _back(self, _):
        self._screen.say("back", "The desk is back.")
        view = await self._newest()
        if self._state == _BEGINNING and (view is None or view["test"] == self._before):
            raise WalkError("the desk was gone before the test began: begin again")
        if view is not None:
            await self._on_test({"view": view})
        if self._code is None and (self._state == _ENDING or await self._record()):
            await self._end()

    async def _newest(self):
        tests = (await self._line.request("tests"))["tests"]
        return next((view for view in tests if address(view) == self._line.unit), None)

    def _show(self, view):
        before, self._shown = self._shown, view
        left = view["left"]
        for last in view["results"]:
            if last not in self._told:
                self._told.append(last)
                self._screen.say("result", words.result(last), step=last[0], result=last[1], detail=last[2], left=len(left))
        was = before["state"] if before else ""
        if view["state"] == "paused" and was != "paused":
            self._screen.say("paused", "PAUSED: a real call is open. The test goes on when it is over.")
        elif view["state"] == "running" and not view["step"] and view["left"]:
            self._settle(was)
        elif view["state"] == "running" and (self._settles or before is None or _place(before) != _place(view)):
            self._show_step()

    def _settle(self, was):
        if self._settles and was == "running":
            return
        self._settles = True
        self._screen.say("wait", "WAIT for a moment: the unit announces the test. Until it is ready every pull is a REAL CALL.")
        asyncio.get_running_loop().call_later(_SETTLED_S, self._queue.put_nowait, (_SETTLED, None))

    async def _settled(self, _):
        if self._settles and self._state == _WALKING and self._shown["state"] == "running":
            self._show_step()

    def _show_step(self):
        self._settles = False
        left = self._shown["left"]
        step = self._shown["step"] or (left[0] if left else "")
        now = words.instruction(step, self._places)
        ask = "  [y/n]" if words.is_question(step) else ""
        text = f"\nLeft ({len(left)}): {', '.join(map(words.short, left))}\nNOW: {now}{ask}" if left else "\nNothing is left."
        self._screen.say("now", text, step=step, question=words.is_question(step), text=now, left=left)

    # --- what the engineer types

    async def _typed(self, line):
        if self._asks:
            await self._chosen(line.strip().lower()[:1])
            return
        try:
            order = read(line, self._shown["step"] if self._state == _WALKING else "")
        except OrderError as error:
            self._screen.say("wrong", str(error), text=str(error))
            return
        if order is None:
            return
        if order.do == "help":
            self._screen.say("help", HELP)
        elif self._state != _WALKING:
            self._screen.say("wrong", "No test is under way here.", text="no test is under way here")
        elif order.do == "left":
            self._show_step()
        else:
            await self._send(order)

    async def _send(self, order):
        fields = {"answer": {"step": order.step, "value": order.value}, "skip": {"step": order.step, "why": order.value}}
        try:
            more = fields.get(order.do, {})
            await self._line.request("test_" + order.do, unit=self._line.unit, who=self._who or "", **more)
        except DeskError as error:
            self._screen.say("wrong", f"NOT SENT: {error}", text=str(error))

    async def _interrupted(self, _):
        if self._asks or self._state != _WALKING:
            self._leave()
            return
        self._asks = True
        self._screen.say("ask", "\nStop the test (s), leave it to the unit and its voice (l), or go on here (g)?")

    async def _chosen(self, letter):
        self._asks = False
        if letter == "s":
            self._screen.say("stopping", "Stopping the test ...")
            await self._send(read("stop", ""))
        elif letter == "l":
            self._leave()
        else:
            self._show_step()

    def _leave(self):
        text = "Left. If the test has begun it goes on at the unit, with its voice; this command takes it up again."
        self._screen.say("left", f"{text}\nWhen nothing is done for 15 min it ends by itself, as INCOMPLETE.")
        self._code = LEFT_ALONE

    # --- the end

    async def _end(self):
        """Over: the record, or the wait for it."""
        self._state = _ENDING
        entry = await self._record()
        if entry:
            self._code = ending.with_record(self._screen, entry, self._desk)
        elif self._due_s is None:
            self._within(_RECORD_S)

    async def _record(self):
        """The stored record of this test with its text, or None."""
        reply = await self._line.request("test_records", unit=self._line.unit, limit=8, newest=True)
        found = [entry["n"] for entry in reply["records"] if entry["test"] == self._test]
        return (await self._line.request("test_record", record=found[-1]))["record"] if found else None


def _place(view):
    return view["state"], view["step"], view["left"]
