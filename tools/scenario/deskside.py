"""The desk of a stage: its process, its client, and what it says, fed to the view and the timeline."""

import asyncio
import json
import sys
import time

from tools import child
from tools.desk.client import DeskClient, DeskError, read_state
from tools.ending import end
from tools.scenario.view import call_line, session_line, test_line

_START_S = 10.0  # Python with its imports takes 0.5 s; a busy one-core runner some seconds
_LOOK_S = 0.05


class StartError(Exception):
    """A part of the stage did not start; the text says which and why."""


class DeskSide:
    """`config`: the desk's configuration as a dict (docs/desk-api.md), written to `directory`/desk.json."""

    def __init__(self, directory, config, view, timeline):
        self._directory, self._config = directory, config
        self._view, self._timeline = view, timeline
        self._process = self._pump = None
        self._stopping = False
        self.client = None

    @property
    def log(self):
        return self._directory / "desk.log"

    @property
    def pid(self):
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self):
        """Start the process, connect, and take over what it knows. Raises StartError."""
        if self.pid:
            return
        path = self._directory / "desk.json"
        path.write_text(json.dumps(self._config, indent=1) + "\n")
        path.chmod(0o600)  # the units' keys are in it
        self._stopping = False
        self._process = await child.start([sys.executable, "-m", "tools.desk", "--config", path], self.log)
        self.client = await self._connect()
        await self.client.subscribe()
        for call in await self.client.calls(closed=True):
            self._view.take_call(call)
        for unit in await self.client.units():
            self._view.take_unit(unit)
        self._pump = asyncio.create_task(self._feed())

    async def stop(self, kill=False):
        """End the desk; `kill`: as a crash does."""
        self._stopping = True
        if self._pump:
            await end([self._pump])
            await self.client.close()
        if self._process:
            await (child.kill if kill else child.stop)(self._process)
        self._process = self._pump = self.client = None
        self._view.unit_status = "unheard"

    def check(self):
        """Raises StartError when the desk has died by itself or its feed has."""
        if self._stopping or self._process is None:
            return
        if self._process.returncode is not None:
            raise StartError(f"the desk has ended by itself: {self._last_words()}")
        if self._pump.done() and not self._pump.cancelled() and self._pump.exception():
            raise StartError(f"the desk's events have stopped: {self._pump.exception()}")

    async def _connect(self):
        state = self._directory / self._config["state"]
        end_s = asyncio.get_running_loop().time() + _START_S
        while asyncio.get_running_loop().time() < end_s:
            if self._process.returncode is not None:
                raise StartError(f"the desk did not start: {self._last_words()}")
            client = await self._try_connect(state)
            if client:
                return client
            await asyncio.sleep(_LOOK_S)
        raise StartError(f"the desk did not open its API within {_START_S:g} s: {self._last_words()}")

    async def _try_connect(self, state):
        try:
            if json.loads((state / "api.json").read_text())["pid"] != self._process.pid:
                return None  # left behind by a desk that was killed
            return await DeskClient(*read_state(state)).__aenter__()
        except (DeskError, OSError, ValueError, KeyError):
            return None

    def _last_words(self):
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return " | ".join(lines[-3:]) or "it said nothing"

    async def _feed(self):
        while True:
            event = await self.client.wait_for(lambda _: True, None)
            before = self._view.unit_status, self._view.faults
            self._view.desk_event(event)
            self._view.changed(time.monotonic())
            text = _words(event, before)
            if text:
                self._timeline.say("desk", text)


def _words(event, before):
    """One event of the desk for a reader; None for what is only detail."""
    write = _WORDS.get(event["event"])
    return write(event, before) if write else None


def _call_words(event, _):
    view, why = event["view"], event["why"]
    note = f" ({view['note']})" if view["note"] else ""
    return f"{call_line(view)}{note}" if why not in ("REPEATED", "ANSWER_CONFIRMED") else None


def _unit_words(event, before):
    view = event["view"]
    said = []
    if view["status"] != before[0]:
        said.append(f"unit {view['status']}" + (f" ({view['reason']})" if view["reason"] else ""))
    said += [f"fault {fault}" for fault in view["faults"] if fault not in before[1]]
    said += [f"fault {fault} is over" for fault in before[1] if fault not in view["faults"]]
    return ", ".join(said) or None


def _talk_words(event, _):
    return session_line(event["view"]) if event["why"] not in ("ALIVE", "COMMANDED") else None


def _alert_words(event, _):
    of_call = f"call {event['number']}: " if event["number"] is not None else ""
    note = f" ({event['note']})" if event["note"] else ""
    return f"{of_call}{event['party']} is alerted{note}"


def _test_words(event, _):
    last = event["view"]["last"]
    if event["view"]["state"] != "running" or last is None:
        return test_line(event["view"])[2:]
    return f"test: {last[0]} {last[1]}" + (f" ({last[2]})" if last[2] else "")


def _mains_words(event, _):
    return f"mains reported {'on' if event['on'] else 'off'} for {event['for_s']} s, {event['edges']} changes"


def _battery_words(event, _):
    reading = f"{event['mv']} mV" if event["mv"] is not None else f"no value: {event['why']}"
    return f"supply {event['state']}: {reading}" + (f", {event['hours']} h" if event["hours"] is not None else "")


_WORDS = {
    "mains": _mains_words,
    "battery": _battery_words,
    "test": _test_words,
    "test_record": lambda event, _: f"record of test stored: {event['verdict']} {' '.join(event['flags'])}".rstrip(),
    "ok": lambda event, _: f"I'm OK {event['state']} on {event['day']}",
    "call": _call_words,
    "talk": _talk_words,
    "microphone": lambda event, _: f"microphone {'open' if event['open'] else 'closed'}: {event['who']}, {event['why']}",
    "no_answer": lambda event, _: f"the flat did not answer ({event['kind']})",
    "unit": _unit_words,
    "receipt": lambda event, _: f"receipt for call {event['number']} sent ({event['triggers']} stored)",
    "sent": lambda event, _: f"{event['do']} sent" + (f", try {event['tries']}" if event["tries"] > 1 else ""),
    "alert": _alert_words,
    "broker": lambda event, _: f"broker {'connected' if event['connected'] else 'not there: ' + event['text']}",
    "duty": lambda event, _: f"coordinator {'on' if event['on'] else 'off'} duty",
}
