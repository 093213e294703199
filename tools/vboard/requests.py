"""The commands of the control channel: for each its fields with type and range, and what it does to the board."""

from tools.vboard.acoustics import ECHO_FROM_MS, ECHO_TO_MS
from tools.vboard.bearers import ETHERNET_MODES, MODEM_MODES
from tools.vboard.cell import KINDS as CELLS
from tools.vboard.child import wire
from tools.vboard.errors import BoardError
from tools.vboard.relay import MODES
from tools.vboard.sound_api import GAIN_DB, LEVEL_DB
from tools.vboard.sound_card import MICROPHONE_FAULTS
from tools.vboard.standins import esp32_socket, nor

_NUMBER = (int, float)
_TYPES = {str: "string", bool: "true or false", int: "integer", _NUMBER: "number"}
_WAITABLE = ("light", "pattern", "tone_hz", "microphone", "running", "power", "repl", "boots", "reset_cause", "flash_operations",
             "mains", "battery", "charging", "brown_outs", "radio", "power_save", "mhz", "bearer", "phy", "modem_power")


class Field:
    """`low`, `high`: for numbers; `words`: for strings. Not `needed`: may be missing."""

    def __init__(self, kind, low=None, high=None, words=None, needed=True):
        self.kind, self.low, self.high, self.words, self.needed = kind, low, high, words, needed

    def refuse(self, name, value):
        """Raises BoardError if `value` is not what this field takes."""
        kinds = self.kind if isinstance(self.kind, tuple) else (self.kind,)
        if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, kinds):
            raise BoardError(f"field {name!r}: {_TYPES[self.kind]} wanted", "field")
        if self.low is not None and not self.low <= value <= self.high:
            raise BoardError(f"field {name!r}: {self.low} to {self.high} wanted", "field")
        if self.words is not None and value not in self.words:
            raise BoardError(f"field {name!r}: one of {', '.join(self.words)} wanted", "field")


class Command:
    """`run(board, **fields)`: coroutine that returns further fields of the reply, or None."""

    def __init__(self, run, fields=None):
        self.run, self.fields = run, fields or {}


def check(request):
    """The Command of a parsed request. Raises BoardError: `id`, `do` or `field`."""
    number = request.get("id")
    if not isinstance(number, (int, str)) or isinstance(number, bool):
        raise BoardError('"id": an integer or a string wanted', "id")
    command = COMMANDS.get(request.get("do")) if isinstance(request.get("do"), str) else None
    if command is None:
        raise BoardError(f'"do": one of {", ".join(COMMANDS)} wanted', "do")
    for name, field in command.fields.items():
        if name in request:
            field.refuse(name, request[name])
        elif field.needed:
            raise BoardError(f"field {name!r} is missing", "field")
    unknown = [name for name in request if name not in ("v", "id", "do", *command.fields)]
    if unknown:
        raise BoardError(f"field {unknown[0]!r} is unknown to {request['do']!r}", "field")
    return command


async def _status(board):
    return {"status": board.status()}


async def _press(board, input, ms=200):  # noqa: A002 - the channel's field
    await board.press(input, ms)


async def _pull(board, input):  # noqa: A002
    await board.pull(input)


async def _release(board, input):  # noqa: A002
    await board.release(input)


async def _wire(board, input, state):  # noqa: A002
    {"ok": board.mend_wire, "cut": board.cut_wire, "short": board.short_wire}[state](input)


async def _adc(board, pin, mv):
    board.adc(pin, mv)


async def _power(board, on):
    await (board.power_on() if on else board.power_cut())


async def _mains(board, on):
    await board.mains(on)


async def _battery(board, charge_pct):
    board.battery(charge_pct)


async def _hours(board, hours, in_s):
    await board.pass_hours(hours, in_s)


async def _flicker(board, edges, over_s):
    await board.flicker(edges, over_s)


async def _reset(board):
    await board.reset()


async def _set(board, input, on):  # noqa: A002
    await (board.pull if on else board.release)(input)


async def _microphone(board, what, file=None, loop=False, gain_db=None):
    if (what == "play") != (file is not None):
        raise BoardError("microphone: play with a file, or silence without one wanted")
    if gain_db is not None:
        board.microphone.gain_db = gain_db
    if what == "play":
        board.microphone.play(file, loop)
    else:
        board.microphone.silence()


async def _speaker(board, what, file=None):
    if (what == "record") != (file is not None):
        raise BoardError("speaker: record with a file, or stop without one wanted")
    if what == "record":
        board.speaker.record(file)
    else:
        board.speaker.stop()


async def _room(board, **settings):
    board.room(**settings)


async def _link(board, mode, **settings):
    board.link(mode, **settings)


async def _wifi(board, up):
    board.wifi(up)


async def _ethernet(board, mode):
    board.ethernet(mode)


async def _modem(board, mode):
    board.modem(mode)


async def _fault(board, fault, **settings):
    board.fault(fault, **settings)


async def _mark(board, text):
    board.emit("mark", text=text)


async def _wait(board, field, value, timeout_s=10):
    status = await board.wait_for(lambda seen: seen[field] == value, timeout_s)
    return {"status": status}


async def _subscription(board, **_):
    """Handled by the connection that it belongs to."""


_INPUT = {"input": Field(str)}
_ON = {"on": Field(bool)}
_WAIT_LIMIT_S = 3600
_KINDS = tuple(dict.fromkeys((*wire.ADC_FAULTS, "ok", *MICROPHONE_FAULTS, *esp32_socket.FAULTS, *CELLS, "off", *nor.CUT_KINDS)))
_FAULT_MODES = tuple(dict.fromkeys((*wire.WIFI_MODES, *ETHERNET_MODES, *MODEM_MODES)))
_PRESS_LIMIT_MS = 600_000  # ten minutes: ten times the time after which an input counts as held

COMMANDS = {
    "status": Command(_status),
    "subscribe": Command(_subscription, {"since": Field(int, 0, 2**53, needed=False)}),
    "unsubscribe": Command(_subscription),
    "press": Command(_press, {**_INPUT, "ms": Field(_NUMBER, 1, _PRESS_LIMIT_MS, needed=False)}),
    "pull": Command(_pull, _INPUT),
    "release": Command(_release, _INPUT),
    "wire": Command(_wire, {**_INPUT, "state": Field(str, words=("ok", "cut", "short"))}),
    "set": Command(_set, {**_INPUT, **_ON}),
    "microphone": Command(
        _microphone,
        {
            "what": Field(str, words=("play", "silence")),
            "file": Field(str, needed=False),
            "loop": Field(bool, needed=False),
            "gain_db": Field(_NUMBER, *GAIN_DB, needed=False),
        },
    ),
    "speaker": Command(_speaker, {"what": Field(str, words=("record", "stop")), "file": Field(str, needed=False)}),
    "room": Command(
        _room,
        {
            "echo_db": Field(_NUMBER, *LEVEL_DB, needed=False),
            "delay_ms": Field(_NUMBER, ECHO_FROM_MS, ECHO_TO_MS, needed=False),
            "noise_db": Field(_NUMBER, *LEVEL_DB, needed=False),
        },
    ),
    "adc": Command(_adc, {"pin": Field(int, 0, 48), "mv": Field(_NUMBER, 0, 3300)}),
    "power": Command(_power, _ON),
    "mains": Command(_mains, _ON),
    "flicker": Command(_flicker, {"edges": Field(int, 1, 10_000), "over_s": Field(_NUMBER, 0.1, _WAIT_LIMIT_S)}),
    "battery": Command(_battery, {"charge_pct": Field(_NUMBER, 0, 100)}),
    "hours": Command(_hours, {"hours": Field(_NUMBER, 0, 10_000), "in_s": Field(_NUMBER, 0.1, _WAIT_LIMIT_S)}),
    "reset": Command(_reset),
    "link": Command(
        _link,
        {
            "mode": Field(str, words=MODES),
            "delay_ms": Field(_NUMBER, 0, 60_000, needed=False),
            "way": Field(str, words=("up", "down", "both"), needed=False),
        },
    ),
    "wifi": Command(_wifi, {"up": Field(bool)}),
    "ethernet": Command(_ethernet, {"mode": Field(str, words=ETHERNET_MODES)}),
    "modem": Command(_modem, {"mode": Field(str, words=MODEM_MODES)}),
    "fault": Command(
        _fault,
        {
            "fault": Field(str),
            "input": Field(str, needed=False),
            "kind": Field(str, words=_KINDS, needed=False),
            "at": Field(int, -(1 << 23), (1 << 23) - 1, needed=False),
            "pin": Field(int, 0, 48, needed=False),
            "level": Field(int, 0, 1, needed=False),
            "stalled": Field(bool, needed=False),
            "mode": Field(str, words=_FAULT_MODES, needed=False),
            "join_ms": Field(int, 0, 60_000, needed=False),
            "operations": Field(int, 0, 1_000_000, needed=False),
            "on": Field(bool, needed=False),
        },
    ),
    "mark": Command(_mark, {"text": Field(str)}),
    "wait": Command(
        _wait,
        {
            "field": Field(str, words=_WAITABLE),
            "value": Field((str, bool, int, type(None))),
            "timeout_s": Field(_NUMBER, 0, _WAIT_LIMIT_S, needed=False),
        },
    ),
}
_TYPES[(str, bool, int, type(None))] = "string, integer, true, false or null"
