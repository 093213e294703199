"""core/modem.py: from a modem in any state to a data call, and out of every failure (P8); a PIN is never given in vain twice."""

from firmware.core import clock, modem
from firmware.core.modem import DATA, OFF, READY

START_MS = clock.PERIOD_MS - 3000  # crosses the wrap


class FakeModem:
    """Behind the dialogue: on or off, in data mode, a SIM, a network. `heard`: every command."""

    def __init__(self, on=True, in_data=False, pin=None, network=True, sim=True, tries=None, dial="CONNECT 115200",
                 boot_ms=10000):
        self.on, self.in_data, self.pin, self.network, self.sim, self.dial = on, in_data, pin, network, sim, dial
        self.tries = tries  # what AT+SPIC tells; None: it does not know the command
        self.boot_ms = boot_ms
        self.locked = pin is not None
        self.silent = False
        self.heard = []
        self.pins = []
        self.ready_ms = START_MS if on else None
        self.pressed_ms = None

    def key(self, level, now_ms):
        if level:
            self.pressed_ms = now_ms
            return
        held_ms = clock.diff(now_ms, self.pressed_ms)
        if self.on and held_ms >= 2500:
            self.on = self.in_data = False
            self.locked = self.pin is not None
        elif not self.on and held_ms >= 500:
            self.on = True
            self.ready_ms = clock.add(now_ms, self.boot_ms)

    def answer(self, text, now_ms):
        """Lines that come back."""
        self.heard.append(text.strip())
        if not self.on or self.silent or clock.diff(now_ms, self.ready_ms) < 0:
            return []
        if self.in_data:
            if text == "+++":
                self.in_data = False
                return ["OK"]
            return []
        command = text.strip()
        if command == "AT+CPIN?":
            return ["+CPIN: SIM PIN" if self.locked else "+CPIN: READY", "OK"] if self.sim else ["+CME ERROR: SIM not inserted"]
        if command == "AT+SPIC":
            return ["ERROR"] if self.tries is None else ["+SPIC: %d,10,3,10" % self.tries, "OK"]
        if command.startswith("AT+CPIN="):
            self.pins.append(command[9:-1])
            self.locked = self.pins[-1] != self.pin
            return ["+CME ERROR: incorrect password"] if self.locked else ["OK", "+CPIN: READY"]
        if command == "AT+CSQ":
            return ["+CSQ: 20,99", "OK"]
        if command in ("AT+CEREG?", "AT+CREG?"):
            there = self.network == command[3:-1] or self.network is True
            return ["%s: 0,%d" % (command[2:-1], 5 if there else 2), "OK"]
        if command == "ATD*99#":
            self.in_data = self.dial.startswith("CONNECT")
            return [self.dial]
        return ["OK"]


class Bench:
    def __init__(self, fake=None, pin=None, has_key=True):
        self.fake = fake or FakeModem()
        self.rules = modem.Modem("internet", pin, has_key)
        self.now_ms = START_MS
        self.said = []
        self.ppp = False
        self._lines = []  # on their way

    def goal(self, goal):
        self.tell("GOAL", goal)
        return self

    def tell(self, event, *data):
        for action in self.rules.handle(event, self.now_ms, *data):
            if action[0] == "WRITE":
                self._lines += self.fake.answer(action[1], self.now_ms)
            elif action[0] == "KEY":
                self.fake.key(action[1], self.now_ms)
            else:
                self.said.append(action)
                self.ppp = action[0] == "JOIN" or self.ppp and action[0] != "LEAVE"
                if action[0] == "LEAVE":
                    self.fake.in_data = False

    def run(self, seconds):
        for _ in range(int(seconds * 10)):
            self.now_ms = clock.add(self.now_ms, 100)
            lines, self._lines = self._lines, []
            for line in lines:
                self.tell("LINE", line)
            self.tell("TICK")
        return self

    def until(self, state, limit_s):
        for _ in range(limit_s * 10):
            if self.rules.state == state:
                return
            self.run(0.1)
        raise RuntimeError("%s after %d s" % (self.rules.state, limit_s))

    def joined(self):
        self.until(modem.JOINING, 60)
        self.tell("JOINED")
        return self


def test_a_modem_that_is_on_dials_in_a_few_steps():
    bench = Bench().goal(DATA)
    bench.until(modem.JOINING, 1)
    assert bench.fake.heard == ["AT", "ATE0", "AT+CPIN?", "AT+CSQ", "AT+CEREG?", 'AT+CGDCONT=1,"IP","internet"', "ATD*99#"]
    assert bench.said == [("JOIN",)] and bench.rules.dbm == -73
    bench.tell("JOINED")
    assert bench.rules.state == DATA and bench.said[-1] == ("TROUBLE", "")


def test_one_that_is_off_is_pressed_on_and_waited_for():
    bench = Bench(FakeModem(on=False)).goal(DATA)
    bench.until(modem.JOINING, 20)
    assert bench.fake.heard.count("+++") == 1 and bench.fake.on


def test_one_that_is_in_data_mode_still_is_brought_back_without_its_key():
    bench = Bench(FakeModem(in_data=True)).goal(DATA)
    bench.until(modem.JOINING, 10)
    assert bench.fake.heard[-7:][0] == "AT" and "+++" in bench.fake.heard and bench.rules.failures == 0


def test_without_a_power_key_nothing_is_pressed():
    bench = Bench(FakeModem(on=False), has_key=False).goal(DATA)
    bench.run(300)
    assert bench.fake.pressed_ms is None and bench.rules.failures > 3
    bench.fake.on, bench.fake.ready_ms = True, bench.now_ms
    bench.until(modem.JOINING, 120)


def test_kept_ready_it_dials_nothing_and_looks_again_every_ten_minutes():
    bench = Bench(FakeModem(on=False)).goal(READY)
    bench.until(READY, 30)
    assert "ATD*99#" not in bench.fake.heard and bench.said == [("TROUBLE", "")]
    count = len(bench.fake.heard)
    bench.run(599)
    assert len(bench.fake.heard) == count
    bench.run(2)
    assert len(bench.fake.heard) > count and bench.rules.state == READY
    bench.fake.sim = False
    bench.run(700)
    assert bench.rules.trouble == "sim: none" and bench.rules.failures > 1
    bench.fake.sim = True
    bench.run(120)
    assert bench.rules.state == READY and bench.said[-1] == ("TROUBLE", "") and bench.rules.failures == 0


def test_from_ready_it_is_a_second_to_the_data_call_and_back_again_without_leaving_the_network():
    bench = Bench().goal(READY)
    bench.until(READY, 5)
    bench.goal(DATA)
    bench.until(modem.JOINING, 1)
    bench.tell("JOINED")
    bench.goal(READY)
    assert bench.said[-1] == ("LEAVE",)
    bench.until(READY, 10)
    assert bench.fake.on and bench.rules.failures == 0


def test_a_pin_is_given_where_it_is_wanted():
    bench = Bench(FakeModem(pin="0123"), pin="0123").goal(DATA)
    bench.until(modem.JOINING, 10)
    assert bench.fake.pins == ["0123"]


def test_a_pin_that_was_taken_is_given_again_after_the_modem_was_off():
    bench = Bench(FakeModem(pin="0123"), pin="0123").goal(DATA)
    bench.joined()
    bench.goal(OFF)
    bench.until(OFF, 20)
    assert not bench.fake.on
    bench.goal(DATA)
    bench.until(modem.JOINING, 40)
    assert bench.fake.pins == ["0123", "0123"]


def test_a_wrong_pin_is_given_once_however_long_it_goes_on():
    bench = Bench(FakeModem(pin="9999"), pin="0123").goal(DATA)
    for _ in range(12):
        bench.run(600)
        bench.fake.heard.clear()
    assert bench.fake.pins == ["0123"] and bench.rules.trouble == "sim: refuses its PIN" and bench.rules.failures > 20


def test_with_fewer_than_three_tries_left_no_pin_is_given():
    for tries, wanted in ((3, ["0123"]), (2, []), (1, []), (0, [])):
        bench = Bench(FakeModem(pin="0123", tries=tries), pin="0123").goal(READY)
        bench.run(700)
        assert bench.fake.pins == wanted, tries
        assert (bench.rules.trouble == "sim: %d tries left; unlock it by hand" % tries) == (not wanted)


def test_each_failure_says_what_it_is():
    for fake, trouble in (
        (FakeModem(sim=False), "sim: none"),
        (FakeModem(pin="1"), "sim: wants its PIN, and settings.json has none"),
        (FakeModem(network=False), "no mobile network"),
        (FakeModem(dial="NO CARRIER"), "data call refused: NO CARRIER"),
        (FakeModem(dial="ERROR"), "data call refused: ERROR"),
    ):
        bench = Bench(fake).goal(DATA)
        bench.run(75)
        assert bench.rules.trouble == trouble, bench.rules.trouble


def test_a_network_of_the_old_kind_is_taken_too():
    bench = Bench(FakeModem(network="CREG")).goal(DATA)
    bench.until(modem.JOINING, 5)
    assert bench.fake.heard[-4:-2] == ["AT+CEREG?", "AT+CREG?"]


def test_a_modem_that_answers_nothing_is_switched_off_and_on_after_every_third_failure():
    fake = FakeModem()
    fake.silent = True
    bench = Bench(fake).goal(DATA)
    bench.run(1200)
    assert bench.rules.failures >= 12
    fake.silent = False
    bench.until(modem.JOINING, 150)


def test_a_data_call_that_ends_or_is_not_joined_is_dialled_again():
    bench = Bench().goal(DATA).joined()
    bench.tell("ENDED")
    assert bench.said[-2:] == [("LEAVE",), ("TROUBLE", "connection lost")]
    bench.joined()
    bench.tell("ENDED")
    bench.until(modem.JOINING, 20)
    bench.tell("ENDED")
    assert bench.said[-2:] == [("LEAVE",), ("TROUBLE", "ppp refused")]
    bench.until(modem.JOINING, 60)
    bench.run(31)
    assert bench.rules.trouble == "ppp refused"


def test_switched_off_it_is_off_from_any_state_within_15_s_and_stays():
    for seconds in range(0, 300, 7):
        bench = Bench(FakeModem(on=seconds % 2 == 0, network=seconds < 200), pin=None).goal(DATA)
        bench.run(seconds / 10)
        bench.goal(OFF)
        bench.until(OFF, 15)
        assert not bench.ppp
        heard = len(bench.fake.heard)
        bench.run(100)
        assert len(bench.fake.heard) == heard and bench.rules.state == OFF


def test_what_is_not_expected_is_counted_and_what_nobody_knows_is_refused():
    bench = Bench()
    for event in ("JOINED", "ENDED"):
        bench.tell(event)
    bench.tell("LINE", "RING")
    assert bench.rules.ignored == 3 and bench.rules.state == OFF
    try:
        bench.tell("HEARD")
    except ValueError as problem:
        assert "HEARD" in str(problem)
    else:
        raise RuntimeError("taken")


def test_no_state_and_no_event_stops_it_p8():
    """Every state with every line that a modem may say, and every other event: it is READY in the end, or in a data call."""
    lines = ("OK", "ERROR", "+CME ERROR: 10", "+CPIN: READY", "+CPIN: SIM PIN", "+CPIN: SIM PUK", "+CPIN: NOT READY", "CONNECT",
             "NO CARRIER", "BUSY", "+CREG: 0,1", "+CREG:", "+CREG: x,y", "+CSQ: 99,99", "RDY", "RING", "+SPIC: 0", "", "\x00\xff")
    others = (("JOINED",), ("ENDED",), ("TICK",), ("GOAL", OFF), ("GOAL", READY), ("GOAL", DATA))
    events = tuple(("LINE", line) for line in lines) + others
    reached = set()
    for tenths in range(0, 400, 5):
        for count, event in enumerate(events):
            bench = Bench(FakeModem(on=count % 2 == 0, network=tenths < 200)).goal(DATA if count % 3 else READY)
            bench.run(tenths / 10 if tenths > 8 else tenths / 10 + count / 10)
            if count % 5 == 0 and bench.rules.state == modem.JOINING:
                bench.tell("JOINED")
            bench.fake.network = True
            reached.add(bench.rules.state)
            bench.tell(*event)
            bench.goal(OFF)
            bench.goal(READY)
            bench.until(READY, 200)
    assert reached >= {modem.WAKING, modem.HUSHING, modem.ESCAPING, modem.PRESSING, modem.BOOTING, modem.ASKING, modem.WAITING,
                       modem.READY, modem.JOINING, modem.DATA}
