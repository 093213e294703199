"""The calls: what is stored of each, its routing and its owed commands, and the book of all of them."""

from . import routing
from .delivery import Delivery
from .units import seconds

_PARTIES = {
    None: [],
    routing.COORDINATOR: [routing.COORDINATOR],
    routing.CENTRE: [routing.CENTRE],
    routing.EVERYONE: list(routing.PARTIES),
}


class Call:
    """`body` is what the database keeps; `routing` and `delivery` are rebuilt from it after a restart."""

    def __init__(self, n, unit, call, body, route, delivery):
        self.n, self.unit, self.call, self.body = n, unit, call, body
        self.routing, self.delivery = route, delivery

    @property
    def state(self):
        return self.routing.state

    def merge(self, message, at_ms, is_old):
        """Take what an alarm message brings. Returns routing events: nothing is ever lowered, so order does not matter.

        `is_old`: of a session that is over; its triggers are as true as ever, its escalations are past.
        """
        body, events = self.body, []
        became_real = body["test"] and not is_test(message)
        body["copies"] += 1
        known = {item["n"] for item in body["inputs"]}
        fresh = [{**item, "at_ms": at_ms} for item in message["inputs"] if item["n"] not in known]
        body["inputs"] = sorted(body["inputs"] + [_input(item) for item in fresh], key=lambda item: item["n"])
        if message["triggers"] > body["triggers"]:
            body["triggers"] = message["triggers"]
            events = [] if became_real else [routing.TEST_TRIGGERED if body["test"] else routing.TRIGGERED]
        if became_real:
            body["test"] = False
            events.append(routing.MADE_REAL)
        if not is_old:
            if message["session"] != body["session"]:
                body["session"], body["escalation"] = message["session"], 0
            if message["escalation"] > body["escalation"]:
                body["escalation"] = message["escalation"]
                body["raised_again"] += 1
                events.append(routing.ESCALATED)
        return events or [routing.REPEATED]

    def stored(self):
        """The body with the routing's part, ready for the database."""
        self.body["ringing"], self.body["party"] = self.routing.ringing, self.routing.party
        return self.body

    def command(self, do):
        """Fields of the command `do` for the protocol, or None when there is nothing to say (no holder, no clear)."""
        if do == "answered":
            return {"call": self.call, "who": self.body["who"]} if self.body["who"] else None
        if do == "clear":
            return {"call": self.call, **self.body["clear"]} if self.body["clear"] else None
        return {"call": self.call}

    def view(self):
        body, unit = self.body, self.unit
        held = {"party": self.routing.party, "who": body["who"], "since": seconds(body["held_at_ms"])}
        return {
            "n": self.n, "call": self.call, "scheme": unit.scheme, "flat": unit.flat, "unit": unit.unit, "label": unit.label,
            "state": self.state, "raised_at": seconds(body["raised_at_ms"]), "raised_at_known": body["raised_at_known"],
            "stored_at": seconds(body["stored_at_ms"]), "triggers": body["triggers"], "escalation": body["escalation"],
            "raised_again": body["raised_again"], "resumed": body["resumed"], "copies": body["copies"], "test": body["test"],
            "inputs": [_input_view(item, unit) for item in body["inputs"]],
            "ringing": _PARTIES[self.routing.ringing], "rings": self.routing.rings,
            "held_by": held if self.routing.party else None, "confirmed": self.routing.confirmed,
            "clear": body["clear"], "closed": _closed_view(body["closed"]), "note": body["note"],
        }  # fmt: skip


def _input(item):
    return {key: item[key] for key in ("n", "input", "kind", "cause", "location", "at_ms")}


def _input_view(item, unit):
    location = unit.locations.get(item["input"], item["location"])
    return {**{k: item[k] for k in ("n", "input", "kind", "cause")}, "location": location, "at": seconds(item["at_ms"])}


def _closed_view(closed):
    return closed and {"at": seconds(closed["at_ms"]), **{key: closed[key] for key in ("by", "outcome", "who")}}


def is_test(message):
    """True for an alarm of a call of which every activation is a test. In doubt it is a call like any other (P7)."""
    return message.get("test") is True and all(item["cause"] == "test" for item in message["inputs"])


class Book:
    """All calls that are not closed, and the closed ones that are asked for."""

    def __init__(self, store, units, duty, unanswered_ms, repeat_ms, test_ms, retry_ms):
        self._store, self._units, self._duty = store, units, duty
        self._unanswered_ms, self._repeat_ms, self._test_ms, self._retry_ms = unanswered_ms, repeat_ms, test_ms, retry_ms
        self._calls = {}
        self.reload()

    def reload(self):
        """Forget memory, read the database: at the start, and when a transaction failed."""
        self._calls = {}
        for row in self._store.calls(closed=False, limit=-1):
            self._keep(row)

    def open(self):
        """Calls that are not closed, and just closed ones to which something is still to be sent; by number."""
        return [self._calls[n] for n in sorted(self._calls)]

    def closed(self, limit):
        return [call for row in self._store.calls(closed=True, limit=limit) if (call := self._made(row))]

    def find(self, address, call_id):
        """Call or None."""
        for call in self._calls.values():
            if call.call == call_id and call.unit.address == address:
                return call
        return self._keep(self._store.call_at(address, call_id))

    def get(self, n):
        return self._calls.get(n) or self._keep(self._store.call_n(n))

    def add(self, unit, message, at_ms):
        age_ms = message["age_ms"]
        body = {
            "raised_at_ms": at_ms - (age_ms or 0), "raised_at_known": age_ms is not None, "stored_at_ms": at_ms,
            "triggers": message["triggers"], "escalation": message["escalation"], "resumed": message["resumed"], "copies": 1,
            "session": message["session"], "raised_again": 0, "test": is_test(message),
            "inputs": [_input({**item, "at_ms": at_ms}) for item in message["inputs"]], "ringing": None, "party": None,
            "who": "", "held_at_ms": None, "clear": None, "closed": None, "note": "", "release_owed": False,
        }  # fmt: skip
        n = self._store.add_call(unit.address, message["call"], routing.RINGING, body)
        return self._keep((n, unit.address, message["call"], routing.RINGING, body))

    def save(self, call):
        self._store.save_call(call.n, call.state, call.stored())
        self._calls[call.n] = call

    def tidy(self):
        """Drop from memory what is closed and owes nothing."""
        for call in list(self._calls.values()):
            if call.state == routing.CLOSED and call.delivery.next_due() is None:
                del self._calls[call.n]

    def _keep(self, row):
        call = self._made(row) if row else None
        if call is not None:
            self._calls[call.n] = call
        return call

    def _made(self, row):
        n, address, call_id, state, body = row
        body.setdefault("test", False)  # stored by a desk that knew no tests
        unit = self._units.get(address)
        if unit is None:
            return None  # taken out of the configuration: kept in the database, served no more
        route = routing.Routing(
            self._duty.get(unit.scheme, False), self._unanswered_ms, state, body["ringing"], body["party"], self._test_ms
        )  # fmt: skip
        return Call(n, unit, call_id, body, route, Delivery(self._repeat_ms, self._retry_ms))
