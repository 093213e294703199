"""What units attest of speech, power and their own tests: kept for years, shown at once; a missed "I'm OK" alerts the operators.

A sealed fact is true at any time, late or not: one that was held back through an outage is taken too, each message once.
"""

from .. import routing
from ..session import OLD

_FIELDS = {
    "microphone": ("open", "sid", "kind", "call", "who", "why"),
    "no_answer": ("sid", "kind", "who", "evidence"),
    "ok": ("state", "day"),
    "speech": ("sid", "kind", "call", "who", "state", "reason"),
    "mains": ("on", "for_s", "edges"),
    "battery": ("state", "mv", "why", "hours"),
    "flight": ("part", "parts", "records"),
    "proven": ("what", "ok", "detail"),
    "reminder": ("state",),
    "bearer": ("bearer", "was", "why"),
    "service": ("state", "tries"),
}
FACTS = tuple(_FIELDS)


class Attested:
    """`duty`: dict of scheme to bool, shared with the book. `refuse(record, reason)`: counts a message that is no news."""

    def __init__(self, store, timeline, duty, wall_ms, refuse):
        self._store, self._timeline, self._duty, self._wall_ms, self._refuse = store, timeline, duty, wall_ms, refuse

    def take(self, record, message, verdict):
        """True if it is news. `message`: an event whose name is in FACTS."""
        fact = message["event"]
        body = {field: message[field] for field in _FIELDS[fact]} | {"late": verdict == OLD}
        if self._store.add_fact(self._wall_ms(), fact, record.address, message, body) is None:
            self._refuse(record, "replay" if verdict == OLD else "duplicate")
            return False
        self._timeline.emit(fact, record.address, **body)
        if fact == "ok" and message["state"] == "missed":
            self._alert(record, f"no \"I'm OK\" from {record.unit.label} on {message['day']}")
        if fact == "no_answer":
            self._alert(record, f"{record.unit.label} does not answer the {message['kind']} call of {message['who']}")
        return True

    def _alert(self, record, note):
        party = routing.COORDINATOR if self._duty.get(record.unit.scheme) else routing.CENTRE
        self._timeline.emit("alert", record.address, number=None, party=party, note=note)
