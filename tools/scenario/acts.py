"""What each action of the grammar does to a stage: one row each, so that files and prompt cannot differ."""

import asyncio

from tools.desk.client import DeskError
from tools.scenario import walking
from tools.scenario.grammar import ACTIONS
from tools.scenario.voice import write_voice

_PRESS_S = 0.2  # a short press by a finger


async def _press(stage, input, seconds=_PRESS_S):  # noqa: A002 - the grammar's field
    await stage.flat.board.press(input, ms=round(seconds * 1000))


def _call_number(stage):
    call = stage.view.newest()
    if call is None or call["state"] == "closed":
        raise DeskError("no_such_call", "there is no open call")
    return call["n"]


def _client(stage):
    if stage.desk.client is None:
        raise DeskError("unreachable", "the desk is stopped")
    return stage.desk.client


async def _answer(stage, party=None):
    number = _call_number(stage)
    fields = {"party": party} if party else {}
    stage.view.take_call(await _client(stage).answer(number, **fields))


async def _give_back(stage):
    stage.view.take_call(await _client(stage).release(_call_number(stage)))


async def _clear(stage, outcome, who):
    """A refusal is something to expect, not an error of the script."""
    stage.view.refusal = ""
    try:
        await _client(stage).clear(_call_number(stage), outcome, "present", who[:32])
    except DeskError as error:
        stage.view.refusal = str(error)
        stage.timeline.say("desk", f"clear refused: {error}")


async def _duty(stage, switch):
    await _client(stage).duty(on=switch == "on")


async def _mend_broker(stage):
    if stage.broker.running:
        stage.broker.thaw()
    await stage.broker.start()
    stage.timeline.say("broker", "is back")


async def _cut_broker(stage):
    await stage.broker.stop()
    stage.timeline.say("broker", "is gone")


async def _freeze_broker(stage):
    stage.broker.freeze()
    stage.timeline.say("broker", "hangs")


async def _power(stage, on):
    board = stage.flat.board
    await (board.power_on() if on else board.power_cut())


def _on_board(method, *values):
    """An action that is one method of the virtual board, with the sentence's input where it has one."""

    async def act(stage, **fields):
        done = getattr(stage.flat.board, method)(*fields.values(), *values)
        if done is not None:  # a coroutine: contacts and power take their time
            await done

    return act


async def _pass_hours(stage, hours, seconds):
    await stage.flat.board.pass_hours(hours, max(0.1, seconds))


async def _charger(stage, switch):
    stage.flat.board.fault("charger", kind="ok" if switch == "on" else "off")


async def _cell(stage, cell):
    stage.flat.board.fault("cell", kind=cell)


async def _battery_reads(stage, sense):
    stage.flat.board.fault("adc", input="battery", kind=sense)


async def _speaker(stage, speaker):
    stage.flat.board.fault("speaker", kind=speaker)


async def _wifi_dead(stage):
    stage.flat.board.fault("wifi", mode="dead_path")


async def _talk(stage):
    await _client(stage).request("talk", call=_call_number(stage))


async def _call_flat(stage, kind, who):
    await _client(stage).request(kind, unit="/".join(stage.address), who=who[:32])


def _session_id(stage):
    session = stage.view.session()
    if session is None or session["state"] == "ended":
        raise DeskError("no_such_session", "nobody speaks with the flat")
    return session["sid"]


async def _operator(stage, command):
    await _client(stage).request("control", sid=_session_id(stage), command=command)


async def _hang_up(stage):
    await _client(stage).request("hang_up", sid=_session_id(stage))


async def _switch(stage, input, switch):  # noqa: A002 - the grammar's field
    board = stage.flat.board
    await (board.pull(input) if switch == "on" else board.release(input))


async def _tenant_speaks(stage):
    path = stage.directory / "tenant.wav"
    if not path.exists():
        write_voice(path)
    stage.flat.board.microphone.play(path, loop=True)


async def _tenant_silent(stage):
    stage.flat.board.microphone.silence()


def _injected(value):
    async def act(stage):
        await _client(stage).inject("withhold_receipts", value)

    return act


ACTS = {
    "press INPUT": _press,
    "press INPUT for SECONDS": _press,
    "pull INPUT": _on_board("pull"),
    "pull INPUT for SECONDS": _press,
    "release INPUT": _on_board("release"),
    "cut wire INPUT": _on_board("cut_wire"),
    "short wire INPUT": _on_board("short_wire"),
    "mend wire INPUT": _on_board("mend_wire"),
    "answer": _answer,
    "answer as PARTY": _answer,
    "give back": _give_back,
    "clear OUTCOME by WHO": _clear,
    "duty SWITCH": _duty,
    "talk": _talk,
    "call flat KIND by WHO": _call_flat,
    "operator COMMAND": _operator,
    "hang up": _hang_up,
    "switch INPUT SWITCH": _switch,
    "tenant speaks": _tenant_speaks,
    "tenant silent": _tenant_silent,
    "broker cut": _cut_broker,
    "broker freeze": _freeze_broker,
    "broker mend": _mend_broker,
    "wifi cut": _on_board("wifi", False),
    "wifi mend": _on_board("wifi", True),
    "wifi dead": _wifi_dead,
    "ethernet ETHERNET": _on_board("ethernet"),
    "modem MODEM": _on_board("modem"),
    "link freeze": _on_board("link", "freeze"),
    "link mend": _on_board("link", "pass"),
    "mains off": _on_board("mains", False),
    "mains on": _on_board("mains", True),
    "mains flicker COUNT in SECONDS": _on_board("flicker"),
    "battery PERCENT": _on_board("battery"),
    "HOURS hours pass in SECONDS": _pass_hours,
    "cell CELL": _cell,
    "charger SWITCH": _charger,
    "battery reads SENSE": _battery_reads,
    "power cut": lambda stage: _power(stage, False),
    "power on": lambda stage: _power(stage, True),
    "reset": _on_board("reset"),
    "speaker SPEAKER": _speaker,
    "test start by WHO": walking.start,
    "test walk": walking.walk,
    "test walk until STEP": walking.walk,
    "test answer STEP VALUE": walking.answer,
    "test skip STEP WHY": walking.skip,
    "test stop": walking.stop,
    "desk stop": lambda stage: stage.desk.stop(kill=True),
    "desk start": lambda stage: stage.desk.start(),
    "desk withhold receipts": _injected(-1),
    "desk give receipts": _injected(0),
    "wait SECONDS": lambda stage, seconds: asyncio.sleep(seconds),
}

if set(ACTS) != {form for form, _ in ACTIONS}:
    raise ValueError("grammar.ACTIONS and the acts here do not agree")
