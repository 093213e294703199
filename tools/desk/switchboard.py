"""Does what the routing of a call asks for, and what operators ask for. Everything here runs inside a transaction."""

from . import routing
from .downward import BASES, OUTCOMES

_GUESSES = ("already_cleared", "unknown_to_unit")  # the unit no longer has the call; its `cleared` may still come
_PARTIES = {routing.EVERYONE: list(routing.PARTIES)}
_TESTER = "test"  # who answers a test call by itself; no person goes by this name


class DeskError(Exception):
    """A request that cannot be met. `code`: one of docs/desk-api.md; the text is for a person."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Switchboard:
    """`now_ms()` drives timers, `wall_ms()` is written down. `duty`: dict of scheme to bool, shared with the book."""

    def __init__(self, store, book, timeline, duty, now_ms, wall_ms):
        self._store, self._book, self._timeline, self._duty, self.duty = store, book, timeline, duty, duty
        self._now_ms, self._wall_ms = now_ms, wall_ms
        self.on_change = lambda call, event: None  # speech follows its call
        self._do = {
            "RING": self._ring,
            "STOP_RINGING": lambda call: None,  # listeners see it in the `call` event
            "ALERT_HOLDER": self._alert,
            "ALERT_ABOUT_TEST": self._alert_about_test,
            "HOLD_AS_TEST": self._hold_as_test,
            "CLEAR_AS_TEST": self._clear_as_test,
            "SEND": self._owe,
            "STOP_SENDING": self._stop_sending,
        }

    def tell(self, call, event, party=None):
        """Give `event` to the call's routing, do what it says, write it down."""
        actions = call.routing.handle(event, self._now_ms(), party)
        if not actions and event in (routing.TICK, routing.DUTY_ON, routing.DUTY_OFF):
            return
        for action in actions:
            self._do[action[0]](call, *action[1:])
        self._book.save(call)
        self.on_change(call, event)
        if actions:
            self.show(call, event)

    def show(self, call, why):
        self._timeline.emit("call", call.unit.address, call.call, why=why, number=call.n, view=call.view())

    def resume(self):
        """After a start of the desk: ring again, hold again, owe again."""
        for call in self._book.open():
            self.tell(call, routing.RESUMED)
            if call.body["release_owed"]:
                self._owe(call, "released")

    def answer(self, call, party, who):
        if call.state in (routing.CLEARING, routing.CLOSED):
            raise DeskError(call.state, f"call {call.n} is {call.state}: there is nothing to answer")
        if who == _TESTER:
            raise DeskError("field", f"who: {_TESTER!r} is the name by which the desk answers test calls; give a person's")
        call.body["who"], call.body["held_at_ms"], call.body["note"] = who, self._wall_ms(), ""
        self.tell(call, routing.ANSWERED, party)

    def release(self, call):
        self._must_be_held(call, (routing.HELD, routing.CLEARING))
        call.body["who"], call.body["held_at_ms"], call.body["clear"] = "", None, None
        self.tell(call, routing.RELEASED)

    def clear(self, call, outcome, basis, who, triggers):
        """`triggers`: activations the operator knows of, or None for all that are stored."""
        self._must_be_held(call, (routing.HELD,))
        stored = call.body["triggers"]
        if triggers is not None and triggers < stored:
            raise DeskError("newer_trigger", f"call {call.n} was activated {stored} times, you know of {triggers}: look first")
        if outcome not in OUTCOMES or basis not in BASES:
            raise DeskError("field", "outcome or basis is not one of the protocol's")
        call.body["clear"] = {"triggers": stored, "outcome": outcome, "basis": basis, "who": who}
        call.body["note"] = ""
        self.tell(call, routing.CLEAR_ASKED)

    def set_duty(self, schemes, on_duty):
        for scheme in schemes:
            self._store.save_duty(scheme, on_duty)
            self._duty[scheme] = on_duty
            self._timeline.emit("duty", scheme_name=scheme, on=on_duty)
        for call in self._book.open():
            if call.unit.scheme in schemes:
                self.tell(call, routing.DUTY_ON if on_duty else routing.DUTY_OFF)

    def closed_by_unit(self, call, by, outcome, who, message):
        """The unit said that the call is over; the first word stays, a better one replaces a guess."""
        closed = call.body["closed"]
        if call.state == routing.CLOSED and closed and closed["by"] not in _GUESSES:
            return
        call.body["closed"] = {
            "at_ms": self._wall_ms(), "by": by, "outcome": outcome, "who": who,
            "session": message["session"], "seq": message["seq"],
        }  # fmt: skip
        call.body["release_owed"] = False
        if call.state == routing.CLOSED:
            self._book.save(call)
            self.show(call, routing.CLEARED)
        else:
            self.tell(call, routing.CLEARED)

    def refused(self, call, do, reason):
        """The unit refused the command `do`; what follows depends on the reason."""
        call.body["note"] = f"{do} refused: {reason}"
        if do == "clear" and reason in ("not_answered", "not_received"):
            self._owe(call, "answered")  # the clear itself comes again at its own pace: no race with a stubborn unit
        elif do == "clear":
            call.body["clear"] = None
            self.tell(call, routing.CLEAR_REFUSED)
        elif call.body["test"] and call.routing.party == routing.TEST and reason == "newer_trigger":
            call.body["test"] = False  # the unit takes no automatic answer any more: somebody calls, its alarm is on the way
            self.tell(call, routing.MADE_REAL)
        self._book.save(call)
        self.show(call, "REFUSED")

    def confirmed(self, call):
        """The unit has taken `answered`."""
        news = not call.routing.confirmed
        if call.body["note"].startswith("answered refused"):
            call.body["note"] = ""
        self.tell(call, routing.ANSWER_CONFIRMED)
        if news:
            self.show(call, routing.ANSWER_CONFIRMED)

    def released(self, call):
        call.body["release_owed"] = False
        self._book.save(call)

    def _must_be_held(self, call, states):
        if call.state not in states:
            code = "not_answered" if call.state == routing.RINGING else call.state
            raise DeskError(code, f"call {call.n} is {call.state}; {'answer it first' if code == 'not_answered' else 'too late'}")

    def _ring(self, call, ringing):
        if call.state == routing.RINGING and call.body["who"]:
            call.body["who"], call.body["held_at_ms"], call.body["clear"] = "", None, None
        call.body["closed"] = None
        parties = _PARTIES.get(ringing, [ringing])
        self._timeline.emit("ring", call.unit.address, call.call, number=call.n, parties=parties, rings=call.routing.rings)

    def _alert(self, call):
        party, note = call.routing.party, call.body["note"]
        self._timeline.emit("alert", call.unit.address, call.call, number=call.n, party=party, note=note)

    def _hold_as_test(self, call):
        call.body["who"], call.body["held_at_ms"], call.body["closed"], call.body["note"] = _TESTER, self._wall_ms(), None, ""

    def _clear_as_test(self, call):
        call.body["note"] = ""
        triggers = call.body["triggers"]
        call.body["clear"] = {"triggers": triggers, "outcome": "test", "basis": "present", "who": _TESTER}

    def _alert_about_test(self, call):
        party = routing.COORDINATOR if call.routing.on_duty else routing.CENTRE
        note = f"the test call of {call.unit.label} does not end"
        self._timeline.emit("alert", call.unit.address, call.call, number=call.n, party=party, note=note)

    def _owe(self, call, do):
        if do == "released":
            call.body["release_owed"] = True
        if call.command(do) is not None:
            call.delivery.owe(do, self._now_ms(), once=call.state == routing.CLOSED)

    def _stop_sending(self, call, do):
        call.delivery.drop(do)
        if do == "released":
            call.body["release_owed"] = False
