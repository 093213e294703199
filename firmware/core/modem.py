"""The dialogue with a mobile network's modem: power, SIM, network, data call; and what is done when a step fails. Pure.

Rules
- A restart of the chip leaves the modem as it was: on or off, in command or in data mode. So it is asked (AT), then brought back
  from data mode (a second of silence, +++, another), and then only its power key is pressed, as it may be off.
- READY is what it is kept in while another bearer carries: SIM and network are there, nothing is dialled. It looks again every
  ten minutes, so that a SIM that was taken out or a lost network is known before it is needed.
- The SIM's PIN is given only if the SIM says that it has three tries left, or does not say: two wrong ones more, and it is locked
  for good. One that was refused is not given again before the unit starts anew.
- Every step has a bound. After one that failed it begins anew after 2, 4, 8 ... 60 s; after every third failure the modem is
  switched off first, by its key. `failures` counts those in a row.

Events: GOAL (OFF, READY or DATA: what is wanted), LINE (what the modem said), JOINED, ENDED (PPP is up, or is no more), TICK.
Actions: ("WRITE", text) to the modem, ("KEY", level) of the power key, ("JOIN",) and ("LEAVE",) for PPP, ("TROUBLE", text): why a
step failed, "" once it is READY or joined.

Source: SIM7500/SIM7600 Series AT Command Manual; SIM7600 hardware design (power key: 0.5 s on, 2.5 s off); 3GPP TS 27.007; P8.
"""

from micropython import const

from firmware.core import clock

OFF = "OFF"
WAKING = "WAKING"
HUSHING = "HUSHING"
ESCAPING = "ESCAPING"
PRESSING = "PRESSING"
BOOTING = "BOOTING"
ASKING = "ASKING"
WAITING = "WAITING"
READY = "READY"
JOINING = "JOINING"
DATA = "DATA"
LEAVING = "LEAVING"
RESTING = "RESTING"

GOAL = "GOAL"
LINE = "LINE"
JOINED = "JOINED"
ENDED = "ENDED"
TICK = "TICK"

_WAKE_MS = const(2500)
_HUSH_MS = const(1200)  # the guard time of +++ is 1 s
_KEY_ON_MS = const(1000)  # on: 0.5 s and more; a press of this length does not switch off one that is on
_KEY_OFF_MS = const(3000)
_GONE_MS = const(5000)  # until it is really off
_BOOT_MS = const(25000)
_REPEAT_MS = const(1000)
_ANSWER_MS = const(5000)
_DIAL_MS = const(20000)
_SEARCH_MS = const(60000)
_SIM_MS = const(15000)  # a SIM answers some seconds after the modem does
_JOIN_MS = const(30000)
_LEAVE_MS = const(3000)
_LOOK_MS = const(600000)
_PAUSE_MS = const(2000)
_PAUSE_MAX_MS = const(60000)
_OFF_EVERY = const(3)  # failures
_TRIES = const(3)  # that a PIN has
_HOME = const(1)
_ROAMING = const(5)

# Steps of ASKING, by command; `_of_...` judges the answer.
_ECHO, _SIM, _TRIES_LEFT, _PIN, _SIGNAL, _LTE, _GSM, _NAME, _DIAL = range(9)
_COMMANDS = ("ATE0", "AT+CPIN?", "AT+SPIC", 'AT+CPIN="%s"', "AT+CSQ", "AT+CEREG?", "AT+CREG?", 'AT+CGDCONT=1,"IP","%s"',
             "ATD*99#")
_JUDGES = ("_of_echo", "_of_sim", "_of_tries", "_of_pin", "_of_signal", "_of_network", "_of_network", "_of_name", "_of_dial")
_ENDS = ("OK", "ERROR", "NO CARRIER", "NO DIALTONE", "BUSY", "NO ANSWER")  # of an answer; and +CME ERROR, CONNECT

_IDLE = {GOAL: "_wanted", LINE: "_ignore", JOINED: "_ignore", ENDED: "_ignore", TICK: "_pass"}
_TABLE = {
    OFF: _IDLE,
    WAKING: dict(_IDLE, **{LINE: "_woken", TICK: "_knock"}),
    HUSHING: dict(_IDLE, **{TICK: "_escape"}),
    ESCAPING: dict(_IDLE, **{TICK: "_press"}),
    PRESSING: dict(_IDLE, **{TICK: "_release"}),
    BOOTING: dict(_IDLE, **{LINE: "_woken", TICK: "_knock"}),
    ASKING: dict(_IDLE, **{LINE: "_heard", TICK: "_bound"}),
    WAITING: dict(_IDLE, **{TICK: "_ask_again"}),
    READY: dict(_IDLE, **{TICK: "_look"}),
    JOINING: dict(_IDLE, **{JOINED: "_joined", ENDED: "_not_joined", TICK: "_join_bound"}),
    DATA: dict(_IDLE, **{ENDED: "_lost"}),
    LEAVING: dict(_IDLE, **{TICK: "_left"}),
    RESTING: dict(_IDLE, **{TICK: "_rested"}),
}


class Modem:
    """`apn`: text; `pin`: of the SIM, text or None; `has_key`: the power key is wired.

    `state`; `trouble`: why the last step failed, ""; `failures`: in a row; `dbm`: strength of the signal, or None.
    """

    def __init__(self, apn, pin, has_key):
        self.state = OFF
        self.trouble = ""
        self.failures = 0
        self.dbm = None
        self.ignored = 0
        self._apn = apn
        self._pin = pin
        self._has_key = has_key
        self._wish = OFF
        self._pin_given = self._pressed_off = False
        self._step = _ECHO
        self._said = ""
        self._due_ms = self._again_ms = self._search_ms = self._sim_ms = 0

    def handle(self, event, now_ms, *data):
        """Takes one event. Returns actions, () if there are none. Unknown events raise ValueError."""
        row = _TABLE[self.state]
        if event not in row:
            raise ValueError("modem: unknown event %r" % (event,))
        return getattr(self, row[event])(now_ms, *data)

    def _pass(self, now_ms):
        return ()

    def _ignore(self, now_ms, *data):
        self.ignored += 1
        return ()

    def _enter(self, state, now_ms, limit_ms):
        self.state = state
        self._due_ms = clock.add(now_ms, limit_ms)

    # --- what is wanted

    def _wanted(self, now_ms, goal):
        self._wish = goal
        if goal == OFF:
            return self._end(now_ms)
        if self.state == OFF:
            return self._wake(now_ms)
        if goal == DATA and self.state in (READY, RESTING):
            self.failures = 0
            return self._wake(now_ms)
        if goal == READY and self.state in (JOINING, DATA):
            self._enter(LEAVING, now_ms, _LEAVE_MS)
            return [("LEAVE",)]
        return ()

    def _end(self, now_ms):
        """Switched off, whatever it is doing: by its key, which works in any mode."""
        if self.state == OFF:
            return ()
        actions = [("LEAVE",)] if self.state in (JOINING, DATA) else []
        self.dbm = None
        if not self._has_key:
            self.state = OFF
            return actions
        return actions + self._press_off(now_ms)

    # --- waking it

    def _wake(self, now_ms):
        self._enter(WAKING, now_ms, _WAKE_MS)
        self._again_ms = clock.add(now_ms, _REPEAT_MS)
        return [("WRITE", "AT\r")]

    def _knock(self, now_ms):
        if clock.reached(now_ms, self._due_ms):
            if self.state == BOOTING:
                return self._fail("modem: no answer", now_ms)
            self._enter(HUSHING, now_ms, _HUSH_MS)
            return ()
        if not clock.reached(now_ms, self._again_ms):
            return ()
        self._again_ms = clock.add(now_ms, _REPEAT_MS)
        return [("WRITE", "AT\r")]

    def _woken(self, now_ms, text):
        if text != "OK":
            return ()
        self._search_ms = clock.add(now_ms, _SEARCH_MS)
        self._sim_ms = clock.add(now_ms, _SIM_MS)
        return self._ask(_ECHO, now_ms)

    def _escape(self, now_ms):
        if not clock.reached(now_ms, self._due_ms):
            return ()
        self._enter(ESCAPING, now_ms, _HUSH_MS)
        return [("WRITE", "+++")]

    def _press(self, now_ms):
        """After +++: in command mode now, or off, or hung."""
        if not clock.reached(now_ms, self._due_ms):
            return ()
        self._enter(PRESSING, now_ms, _KEY_ON_MS)
        return [("WRITE", "ATH\r")] + ([("KEY", 1)] if self._has_key else [])

    def _press_off(self, now_ms):
        self._pressed_off = True
        self._enter(PRESSING, now_ms, _KEY_OFF_MS)
        return [("KEY", 1)]

    def _release(self, now_ms):
        if not clock.reached(now_ms, self._due_ms):
            return ()
        actions = [("KEY", 0)] if self._has_key else []
        if self._pressed_off:
            self._pressed_off = False
            self._enter(RESTING, now_ms, _GONE_MS)
            return actions
        self._enter(BOOTING, now_ms, _BOOT_MS)
        self._again_ms = now_ms
        return actions

    # --- asking it

    def _ask(self, step, now_ms):
        self._step = step
        self._said = ""
        self._enter(ASKING, now_ms, _DIAL_MS if step == _DIAL else _ANSWER_MS)
        command = _COMMANDS[step]
        if step in (_PIN, _NAME):
            command = command % (self._pin if step == _PIN else self._apn)
        return [("WRITE", command + "\r")]

    def _heard(self, now_ms, text):
        if text in _ENDS or text[:7] == "CONNECT" or text[:10] == "+CME ERROR":
            return getattr(self, _JUDGES[self._step])(now_ms, text)
        if text.startswith("+"):
            self._said = text
        return ()

    def _bound(self, now_ms):
        return self._fail("modem: no answer to " + _COMMANDS[self._step], now_ms) if clock.reached(now_ms, self._due_ms) else ()

    def _wait(self, step, now_ms):
        self._step = step
        self._enter(WAITING, now_ms, 2 * _REPEAT_MS)
        return ()

    def _ask_again(self, now_ms):
        return self._ask(self._step, now_ms) if clock.reached(now_ms, self._due_ms) else ()

    def _of_echo(self, now_ms, text):
        return self._ask(_SIM, now_ms)

    def _of_sim(self, now_ms, text):
        said = self._said
        if text == "OK" and said == "+CPIN: READY":
            self._pin_given = False
            return self._ask(_SIGNAL, now_ms)
        if text == "OK" and said == "+CPIN: SIM PIN":
            if self._pin is None:
                return self._fail("sim: wants its PIN, and settings.json has none", now_ms)
            return self._fail("sim: refuses its PIN", now_ms) if self._pin_given else self._ask(_TRIES_LEFT, now_ms)
        if said.startswith("+CPIN: SIM PUK"):
            return self._fail("sim: is locked", now_ms)
        return self._fail("sim: none", now_ms) if clock.reached(now_ms, self._sim_ms) else self._wait(_SIM, now_ms)

    def _of_tries(self, now_ms, text):
        left = _number(self._said, 0)
        if text == "OK" and left is not None and left < _TRIES:
            return self._fail("sim: %d tries left; unlock it by hand" % left, now_ms)
        self._pin_given = True
        return self._ask(_PIN, now_ms)

    def _of_pin(self, now_ms, text):
        return self._wait(_SIM, now_ms) if text == "OK" else self._fail("sim: refuses its PIN", now_ms)

    def _of_signal(self, now_ms, text):
        value = _number(self._said, 0)
        self.dbm = None if value is None or value > 31 else 2 * value - 113
        return self._ask(_LTE, now_ms)

    def _of_network(self, now_ms, text):
        if text == "OK" and _number(self._said, 1) in (_HOME, _ROAMING):
            if self._wish == DATA:
                return self._ask(_NAME, now_ms)
            self._enter(READY, now_ms, _LOOK_MS)
            return self._well()
        if self._step == _LTE:
            return self._ask(_GSM, now_ms)
        if clock.reached(now_ms, self._search_ms):
            return self._fail("no mobile network", now_ms)
        return self._wait(_SIGNAL, now_ms)

    def _of_name(self, now_ms, text):
        return self._ask(_DIAL, now_ms) if text == "OK" else self._fail("apn refused", now_ms)

    def _of_dial(self, now_ms, text):
        if not text.startswith("CONNECT"):
            return self._fail("data call refused: " + text, now_ms)
        if self._wish != DATA:  # not any more: PPP would take the route from who carries
            self._enter(HUSHING, now_ms, _HUSH_MS)
            return ()
        self._enter(JOINING, now_ms, _JOIN_MS)
        return [("JOIN",)]

    # --- in data mode, and when all is well

    def _look(self, now_ms):
        return self._wake(now_ms) if clock.reached(now_ms, self._due_ms) else ()

    def _well(self):
        self.failures = 0
        self.trouble = ""
        return [("TROUBLE", "")]

    def _joined(self, now_ms):
        self.state = DATA
        return self._well()

    def _not_joined(self, now_ms):
        return [("LEAVE",)] + self._fail("ppp refused", now_ms)

    def _join_bound(self, now_ms):
        return self._not_joined(now_ms) if clock.reached(now_ms, self._due_ms) else ()

    def _lost(self, now_ms):
        return [("LEAVE",)] + self._fail("connection lost", now_ms)

    def _left(self, now_ms):
        return self._wake(now_ms) if clock.reached(now_ms, self._due_ms) else ()

    # --- when a step fails

    def _fail(self, text, now_ms):
        self.trouble = text
        self.failures += 1
        self.dbm = None
        actions = [("TROUBLE", text)]
        if self._has_key and self.failures % _OFF_EVERY == 0:
            return actions + self._press_off(now_ms)
        self._enter(RESTING, now_ms, min(_PAUSE_MS << min(self.failures - 1, 8), _PAUSE_MAX_MS))
        return actions

    def _rested(self, now_ms):
        if not clock.reached(now_ms, self._due_ms):
            return ()
        if self._wish == OFF:
            self.state = OFF
            return ()
        return self._wake(now_ms)


def _number(text, index):
    """Number `index` of an answer like "+CREG: 0,1", or None."""
    parts = text.partition(":")[2].split(",")
    word = parts[index].strip() if index < len(parts) else ""
    return int(word) if word.isdigit() else None
