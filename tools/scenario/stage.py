"""A stage: broker, alarm desk and one virtual flat with the real firmware, over TLS on free ports; nothing shared.

Everything of it lies in one directory. What is there already (CA, keys, journal, desk database) is used again, so the
same directory is the same flat, as the demo wants; a scenario starts from an empty one.
"""

import json
import os
import secrets
from pathlib import Path

from firmware.core.timer_table import TABLE
from tools import pki
from tools.brokers import Broker, BrokerError, desk_user, flat_user, free_port
from tools.deploy import DeployError, unit_settings
from tools.desk.client import DeskError
from tools.scenario import acts
from tools.scenario.deskside import DeskSide, StartError
from tools.scenario.flatside import FlatSide
from tools.scenario.view import View
from tools.vboard import BoardError
from tools.vboard.child_process import BOARD_HEAP
from tools.vboard.sound_api import ROOM_NOISE_DB
from tools.vboard.wiring import load_board

SCHEME, FLAT, UNIT = "demo", "f12", "u1"
BOARD = "ESP32_GENERIC"
ROOMS = {"button": "hall", "cord1": "bathroom", "cord2": "bedroom", "pendant": "pendant"}
BOARDS = Path(__file__).resolve().parents[2] / "board_configs"
STOCK_PARTITIONS = {"vfs": 512}  # of MicroPython's own image; the unit's files are not in it here


class Stage:
    """`givens`: the script's; `make_timeline(view)` gives the timeline. `page`: the desk serves its page too."""

    REFUSALS = (DeskError, BrokerError, BoardError, StartError)
    START_ERRORS = (DeskError, BrokerError, BoardError, StartError, DeployError, OSError, RuntimeError)

    def __init__(self, directory, make_timeline, broker="nats", form="rom", givens=(), port=0, page=False):
        self.directory = Path(directory).resolve()
        self.view = View()
        self.timeline = make_timeline(self.view)
        self._broker_kind, self._form, self._givens, self._port = broker, form, _Givens(givens), port
        self.broker = self.desk = self.flat = None
        self.address = (SCHEME, FLAT, UNIT)
        self._page, self._secrets = page, None

    async def __aenter__(self):
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_):
        await self.stop()

    async def act(self, sentence):
        """Carry out one action of the grammar. Raises one of REFUSALS."""
        await acts.ACTS[sentence.form](self, **sentence.fields)

    def unit_timer_ms(self, name):
        """A timer of the unit, as given or by default."""
        return self._givens.unit_timers.get(name, TABLE[name][0])

    def check(self):
        """Raises when a part of the stage has died by itself."""
        if self.desk:
            self.desk.check()
        if self.flat:
            self.flat.check()

    async def stop(self):
        """End all of it, the flat first, so that nobody reconnects to what is going."""
        for part in (self.flat, self.desk, self.broker):
            if part is not None:
                await part.stop()
        self.flat = self.desk = self.broker = None

    async def _start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        say = self.timeline.say
        tls = pki.ensure(self.directory / "pki")
        say("set-up", "CA, broker certificate and keys are there")
        self._secrets = stored_secrets(self.directory / "secrets.json")
        users = [flat_user(SCHEME, FLAT, self._secrets["flat"]), desk_user(self._secrets["desk"])]
        self.broker = Broker(self._broker_kind, dir=self.directory / "broker", tls=tls, users=users, port=self._port)
        await self.broker.start()
        say("set-up", f"broker {self._broker_kind} listens on 127.0.0.1:{self.broker.port}, TLS")
        await self._start_desk(tls)
        say("set-up", "the alarm desk runs")
        await self._start_flat(tls)
        say("set-up", f"{len(self.flat.deployed.sizes)} files on the unit; it has power")

    async def _start_desk(self, tls):
        broker = {"name": self._broker_kind, "host": "127.0.0.1", "port": self.broker.port, "user": "desk"}
        broker |= {"password": self._secrets["desk"], "ca_file": str(tls.ca_pem), "server_name": tls.server_name}
        unit = {"scheme": SCHEME, "flat": FLAT, "unit": UNIT, "key": self._secrets["key"], "label": "flat 12"}
        config = {"v": 1, "id": "desk", "state": "desk", "brokers": [broker], "units": [unit], "fault_injection": True}
        config["timers"] = self._givens.desk_timers
        if self._page:
            config["web"] = {}
        self.desk = DeskSide(self.directory, config, self.view, self.timeline)
        await self.desk.start()
        await self.desk.client.duty(on=self._givens.on_duty)

    async def _start_flat(self, tls):
        dialled = free_port()
        brokers = [{"host": "127.0.0.1", "port": dialled, "server_name": tls.server_name, "tls": True}]
        settings = unit_settings(
            FLAT,
            UNIT,
            brokers,
            self._secrets["flat"],
            board=self._givens.board,
            scheme=SCHEME,
            timers=self._givens.unit_timers,
            line_break_raises=self._givens.line_break_raises,
            speech={"answering": self._givens.answering},
            **self._givens.of_board(),
        )
        key, relay = bytes.fromhex(self._secrets["key"]), (dialled, self.broker.port)
        directory = self.directory / "flat"
        form, options = self._form, {}
        if self._givens.stock_flash:
            form, options = "mpy", {"partitions": STOCK_PARTITIONS, "heapsize": BOARD_HEAP}
        self.flat = FlatSide(directory, settings, key, tls.ca_der, relay, self.view, self.timeline, form,
                             self._givens.prepare, **options)
        await self.flat.start()


def stored_secrets(path):
    """The stage's own passwords and unit key, made on the first run and kept; for their owner only."""
    try:
        kept = json.loads(path.read_text())
        return {name: kept[name] for name in ("key", "flat", "desk")}
    except (OSError, ValueError, KeyError, TypeError):  # the first run, or one that was cut short
        path.unlink(missing_ok=True)
    made = {"key": secrets.token_hex(32), "flat": secrets.token_hex(16), "desk": secrets.token_hex(16)}
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file)
    return made


class _Givens:
    """What a script wants to be different before it starts."""

    def __init__(self, sentences):
        self.unit_timers, self.desk_timers = {}, {}
        self.line_break_raises = self.on_duty = True
        self.answering = "auto"
        self._battery_pct = self._echo_db = self._ethernet = self._modem = self._pin = None
        self.board = BOARD
        self.stock_flash = False
        for sentence in sentences:
            fields = sentence.fields
            if sentence.form == "unit timer NAME NUMBER":
                self.unit_timers[fields["name"]] = fields["number"]
            elif sentence.form == "answering HOW":
                self.answering = fields["how"]
            elif sentence.form == "battery PERCENT":
                self._battery_pct = fields["percent"]
            elif sentence.form == "room echo NUMBER":
                self._echo_db = fields["number"]
            elif sentence.form == "ethernet ETHERNET":
                self._ethernet = fields["ethernet"]
            elif sentence.form == "modem MODEM":
                self._modem = fields["modem"]
            elif sentence.form == "sim pin PIN":
                self._pin = fields["pin"]
            elif sentence.form == "board NAME":
                self.board = fields["name"]
            elif sentence.form == "stock flash":
                self.stock_flash = True
            elif sentence.form == "desk timer NAME NUMBER":
                self.desk_timers[fields["name"]] = fields["number"]
            elif sentence.form == "line break raises SWITCH":
                self.line_break_raises = fields["switch"] == "on"
            else:
                self.on_duty = fields["switch"] == "on"

    def of_board(self):
        """Settings that depend on the board: rooms of the inputs that it has, and its modem's."""
        facts = load_board(self.board, [BOARDS])
        inputs = {one["name"]: {"location": ROOMS[one["name"]]} for one in facts["inputs"] if one["name"] in ROOMS}
        if "cellular" not in facts["bearers"]:
            return {"inputs": inputs}
        return {"inputs": inputs, "cellular": {"apn": "internet", "pin": self._pin, "user": None, "password": None}}

    def prepare(self, board):
        """A VirtualBoard before it has power. Raises BoardError for what it does not have."""
        if self._battery_pct is not None:
            board.battery(self._battery_pct)
        if self._echo_db is not None:
            board.room(echo_db=self._echo_db, noise_db=ROOM_NOISE_DB)
        if self._ethernet is not None:
            board.ethernet(self._ethernet)
        if self._modem is not None:
            board.modem(self._modem)
