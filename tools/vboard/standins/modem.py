"""A mobile network's modem on a UART, as a SIM7600 behaves: AT commands, then data mode; both runtimes.

It begins silent: power comes by its PWRKEY pin (a pulse of 0.1 s and more; 2.5 s and more switch it off), or with the board
where that pin is not wired; then it starts for 0.3 s (a real one: 12 s). A restart of the ESP32 leaves it as it is: **it may
be in data mode then and hear no command**. `+++` with a second of silence on both sides brings it back. Commands are echoed
until `ATE0`.

Modes, by `world.modem(mode)`:

| mode | what happens |
|---|---|
| `ok` | a SIM without a PIN, registered |
| `silent` | hears nothing, says nothing, carries nothing |
| `no_sim` | `+CME ERROR: SIM not inserted`; no network |
| `sim_pin` | the SIM wants its PIN, 1234 |
| `wrong_pin` | the SIM wants a PIN that nobody has; after three tries the PUK |
| `no_network` | it searches and finds none; dialling: `NO CARRIER` |
| `dial_refused` | the network takes no data call (a wrong APN): `NO CARRIER` |
| `ppp_refused` | `CONNECT`, and the far end ends PPP at once |
| `carrier_lost` | the network ends a data call that is on, and takes no other: PPP is told, then `NO CARRIER` |
| `dead_path` | all goes well, and nothing gets through |

Source: SIM7500/SIM7600 Series AT Command Manual, 3GPP TS 27.007 (behaviour); LilyGO's examples for PWRKEY.
"""

import outside
from world import world

MODES = ("ok", "silent", "no_sim", "sim_pin", "wrong_pin", "no_network", "dial_refused", "ppp_refused", "carrier_lost",
         "dead_path")  # fmt: skip
REFUSALS = ("ppp_refused", "carrier_lost")
PIN = "1234"
_OFF, _ON, _IN_DATA = 0, 1, 2  # world.bearers[MODEM_POWER]: what is known of it outside; in data mode: since before our start
_ANSWER_MS = 20
_DIAL_MS = 100
_REGISTER_MS = 200  # from unlocking or its start to the network; a real one 2 to 30 s
_GUARD_MS = 1000
_PIN_TRIES = 3
_ERRORS = {"SIM not inserted": 10, "SIM PIN required": 11, "SIM PUK required": 12, "incorrect password": 16}
_PLAIN = ("", "Z", "&F", "+CGATT=1", "+CGACT=1,1", "+CFUN=1", "&W", "+CSCLK=0")  # OK, and nothing changes
_TAKEN = ("+CGDCONT=", "+CGAUTH=", "+CNMP=", "+CREG=", "+CGREG=", "+CEREG=", "+CTZU=", "&D", "&C", "V1", "Q0", "+IFC=", "+CSQ=")
_SAYS = {
    "I": "Manufacturer: SIMCOM INCORPORATED\r\nModel: SIMCOM_SIM7600E-H\r\nRevision: SIM7600M22_V2.0\r\nIMEI: 860000000000001",
    "+CGMM": "SIMCOM_SIM7600E-H", "+CGMI": "SIMCOM INCORPORATED", "+CGSN": "860000000000001", "+CIMI": "001010000000001",
    "+CICCID": "+ICCID: 8944000000000000001", "+CFUN?": "+CFUN: 1", "+IPR?": "+IPR: 115200",
}  # fmt: skip


class Modem:
    """Work is done when somebody asks: `write`, `any`, `read` are what the UART does with it."""

    def __init__(self):
        self._answers = []  # [due ms, bytes]
        self._ready = b""
        self.room = 384  # bytes that wait to be read
        self._line = b""
        self._power = self._on_ms = None
        self._lost = world.bearers[outside.MODEM_LOST]
        self._reset()
        self._follow()

    def _reset(self):
        self._echo, self._errors = True, 2
        self._data = self._hung_up = False
        self._plus_ms = self._quiet_ms = None
        self._unlocked_ms = None
        self._tries = _PIN_TRIES
        self._line = b""

    # What the outside does to it.

    def _follow(self):
        """Takes in power and carrier as they are now."""
        power = world.bearers[outside.MODEM_POWER]
        if power != self._power:
            was, self._power = self._power, power
            if power == _OFF or not was:
                self._reset()
                self._answers, self._ready = [], b""
                self._on_ms = world.bearers[outside.MODEM_CHANGED]
                self._data = power == _IN_DATA
        lost = world.bearers[outside.MODEM_LOST]
        if lost != self._lost:
            self._lost = lost
            if self._data:
                self._end_data()
        if self._plus_ms is not None and world.now_ms - self._plus_ms >= _GUARD_MS:
            self._plus_ms = None
            self._set_data(False)
            self._say("OK", 0)

    def mode(self):
        return MODES[world.bearers[outside.MODEM_MODE]]

    def is_awake(self):
        self._follow()
        started_ms = self._on_ms + world.bearers[outside.MODEM_BOOT]
        return self._power != _OFF and self.mode() != "silent" and (self._power == _IN_DATA or world.now_ms >= started_ms)

    def _set_data(self, on):
        if on != self._data:
            self._data = on
            world.tell_modem(on)

    def _end_data(self):
        """The far end has ended the call."""
        self._hung_up = True
        self._set_data(False)
        self._say("NO CARRIER")

    # What PPP asks.

    def is_in_data(self):
        return self.is_awake() and self._data

    def has_hung_up(self):
        """True once after the far end has ended a call."""
        self._follow()
        hung_up, self._hung_up = self._hung_up, False
        return hung_up

    def hang_up(self):
        """PPP has ended the call in an orderly way."""
        self._set_data(False)
        self._say("NO CARRIER")

    def carries(self):
        return self.is_in_data() and self.mode() not in ("dead_path", "no_sim", "no_network")

    # What the UART does.

    def next_ms(self):
        """When there will be something to read; None if there is nothing to come."""
        return self._answers[0][0] if self._answers else None

    def any(self):
        self._take_due()
        return len(self._ready)

    def read(self, size):
        self._take_due()
        got, self._ready = self._ready[:size], self._ready[size:]
        return got

    def forget(self):
        self._take_due()
        self._ready = b""

    def _take_due(self):
        awake = self.is_awake()
        while self._answers and world.now_ms >= self._answers[0][0]:
            answer = self._answers.pop(0)[1]
            if awake:
                self._ready = (self._ready + answer)[: self.room]  # nobody read in time: what came last is lost

    def write(self, data):
        if not self.is_awake():
            return
        if self._data:
            self._watch_for_escape(data)
            return
        if self._echo:
            self._answers.append([world.now_ms, bytes(data)])
        for byte in bytes(data):
            if byte == 13:
                line, self._line = self._line, b""
                self._obey(line.decode().strip().upper())
            elif byte != 10:
                self._line += bytes((byte,))

    def _watch_for_escape(self, data):
        """`+++` counts after a second of silence; the silence after it is waited for in `_follow`."""
        now_ms, quiet_ms = world.now_ms, self._quiet_ms
        self._quiet_ms = now_ms
        is_escape = bytes(data) == b"+++" and (quiet_ms is None or now_ms - quiet_ms >= _GUARD_MS)
        self._plus_ms = now_ms if is_escape else None

    def _say(self, text, after_ms=_ANSWER_MS):
        self._answers.append([world.now_ms + after_ms, b"\r\n" + text.encode() + b"\r\n"])

    def _error(self, text):
        self._say("+CME ERROR: " + (text if self._errors == 2 else str(_ERRORS[text])) if self._errors else "ERROR")

    # Commands.

    def _obey(self, line):
        if not line.startswith("AT"):
            return
        command = line[2:]
        if command in _PLAIN or any(command.startswith(one) for one in _TAKEN):  # 1.24 takes no tuple
            self._say("OK")
        elif command in _SAYS:
            self._say(_SAYS[command] + "\r\n\r\nOK")
        elif command in ("E0", "E1"):
            self._echo = command == "E1"
            self._say("OK")
        elif command[:6] == "+CMEE=" and command[6:] in ("0", "1", "2"):
            self._errors = int(command[6:])
            self._say("OK")
        elif command[:5] == "+CPIN":
            self._pin(command[5:])
        elif command in ("+CREG?", "+CGREG?", "+CEREG?"):
            self._say("%s: 0,%d\r\n\r\nOK" % (command[:-1], 1 if self._is_registered() else self._without_network()))
        elif command == "+CSQ":
            self._say("+CSQ: %s\r\n\r\nOK" % ("99,99" if self.mode() == "no_network" else "20,99"))
        elif command == "+COPS?":
            self._say('+COPS: 0,0,"Test Net",7\r\n\r\nOK' if self._is_registered() else "+COPS: 0\r\n\r\nOK")
        elif command == "+SPIC":
            self._say("+SPIC: %d,10,0,10\r\n\r\nOK" % self._tries)
        elif command == "+CGATT?":
            self._say("+CGATT: %d\r\n\r\nOK" % self._is_registered())
        else:
            self._obey_more(command)

    def _obey_more(self, command):
        if command[:4] == "D*99" and command[-1] == "#":
            self._dial("CONNECT 115200")
        elif command in ('+CGDATA="PPP",1', "+CGDATA"):
            self._dial("CONNECT")
        elif command in ("H", "H0", "+CHUP"):
            self._say("OK")
        elif command in ("+CFUN=1,1", "+CRESET", "+CFUN=6"):
            self._say("OK")
            self._reset()
            self._on_ms = world.now_ms
            self._power = _ON
        elif command == "+CPOF":
            self._say("OK")
            world.bearers[outside.MODEM_POWER] = _OFF
            world.tell_modem(None)
        else:
            self._say("ERROR")

    def _sim(self):
        """What the SIM wants: "" nothing, PIN, PUK; None: there is none."""
        mode = self.mode()
        if mode == "no_sim":
            return None
        if not self._tries:
            return "PUK"
        return "PIN" if mode in ("sim_pin", "wrong_pin") and self._unlocked_ms is None else ""

    def _pin(self, rest):
        sim = self._sim()
        if sim is None:
            self._error("SIM not inserted")
        elif rest == "?":
            self._say("+CPIN: %s\r\n\r\nOK" % ("SIM " + sim if sim else "READY"))
        elif rest[:1] != "=" or sim == "":
            self._say("ERROR")
        elif sim == "PUK":
            self._error("SIM PUK required")
        elif self.mode() == "sim_pin" and rest[1:].strip('"') == PIN:
            self._unlocked_ms = world.now_ms
            self._tries = _PIN_TRIES
            self._say("OK")
            self._say("+CPIN: READY", _ANSWER_MS * 2)
        else:
            self._tries -= 1
            self._error("incorrect password")

    def _is_registered(self):
        if self._sim() != "" or self.mode() == "no_network":
            return False
        since_ms = self._unlocked_ms
        if since_ms is None:
            since_ms = max(self._on_ms + world.bearers[outside.MODEM_BOOT], world.bearers[outside.MODEM_SINCE])
        return world.now_ms - since_ms >= _REGISTER_MS

    def _without_network(self):
        return 2 if self._sim() == "" else 0  # searching, or not even that

    def _dial(self, answer):
        if not self._is_registered() or self.mode() in ("dial_refused", "carrier_lost"):
            self._say("NO CARRIER", _DIAL_MS)
            return
        self._hung_up = False
        self._quiet_ms = world.now_ms
        self._set_data(True)
        self._say(answer, _DIAL_MS)


def of_world():
    """The one modem of this world; a test that makes a new world gets a new one."""
    if world.modem_object is None:
        world.modem_object = Modem()
    return world.modem_object
