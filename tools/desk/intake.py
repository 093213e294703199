"""What each message from a unit changes. Runs inside a transaction; receipts are collected and go out after the commit."""

from . import routing, watch
from .session import NEW, NEW_SESSION, OLD, REPEATED
from .talk.attested import FACTS, Attested
from .upward import read, split_topic

_ACTIVATIONS = (routing.RAISED, routing.TRIGGERED, routing.TEST_RAISED, routing.TEST_TRIGGERED, routing.MADE_REAL)
_SHOW_EVERY_MS = 1000  # a flood of refused messages makes one event a second for each unit and reason


class Intake:
    """What the desk owes after the commit: `receipts`, a list of (record, call, session, escalation), and `replies`, a list of
    (record, kind, fields, broker's name or None)."""

    def __init__(self, store, book, units, strangers, switchboard, talks, tests, timeline, now_ms, wall_ms, watch_event):
        self._store, self._book, self._units, self._strangers = store, book, units, strangers
        self._switchboard, self._talks, self._tests, self._timeline = switchboard, talks, tests, timeline
        tests.refuse = self._refuse
        self._now_ms, self._wall_ms, self._watch_event = now_ms, wall_ms, watch_event
        self._attested = Attested(talks.store, timeline, switchboard.duty, wall_ms, self._refuse)
        self._shown_ms = {}
        self.receipts, self.replies = [], []
        self._kinds = {
            "alarm": self._alarm, "event": self._event, "health": self._health, "speech": self._speech, "state": self._state,
        }  # fmt: skip
        self._events = {
            "started": self._started, "fault": self._fault, "command": self._command, "cleared": self._cleared,
            "refused": self._refused_by_unit, "proof": self._proof,
        }  # fmt: skip

    def take(self, link_name, topic, payload):
        place = split_topic(topic)
        record = self._units.get("/".join(place[:3])) if place else None
        if record is None:
            self._refuse_stranger(topic, "unit" if place else "topic")
            return
        message, reason = read(topic, payload, record.unit.key)
        if message is None:
            self._refuse(record, reason)
            return
        verdict = record.judge(message)
        if verdict in (NEW, NEW_SESSION):
            record.via, record.heard_at_ms = link_name, self._wall_ms()
            self._store.save_sessions(record.address, record.sessions.save())
        if verdict == NEW_SESSION:
            self._greet(record)
        self._kinds[message["type"]](record, message, verdict)

    def _greet(self, record):
        self._timeline.emit("session", record.address, session=record.sessions.session, boot=record.sessions.boot)
        self._talks.unit_started(record)
        for call in self._book.open():
            if call.unit.address == record.address:
                self._switchboard.tell(call, routing.RESUMED)
                for do in call.delivery.due(self._now_ms()):
                    call.delivery.postpone(do, self._now_ms())  # its own alarm comes first: it wants the receipt before all

    def _alarm(self, record, message, verdict):
        call = self._book.find(record.address, message["call"])
        if call is None:
            call = self._book.add(record.unit, message, self._wall_ms())
            events = [routing.TEST_RAISED if call.body["test"] else routing.RAISED]
        else:
            events = call.merge(message, self._wall_ms(), verdict == OLD)
        self._show_alarm(record, call, message, verdict, events)
        if verdict == OLD and events == [routing.REPEATED]:
            self._refuse(record, "replay")
        elif not (call.state == routing.CLOSED and _is_late(call, message)):
            self._tell(call, events)
        self._book.save(call)
        if any(event in _ACTIVATIONS for event in events):
            self._talks.activated(record, call)
        if verdict in (NEW, NEW_SESSION):
            self._watch_event(record, watch.HEARD)
        escalation = message["escalation"] if verdict == OLD else call.body["escalation"]
        self.receipts.append((record, call, message["session"], escalation))

    def _tell(self, call, events):
        if call.state == routing.CLOSED and not call.body["clear"]:
            # closed on the spot, yet it alarms on: no person's word to clear it with, so ring
            events = [routing.TEST_TRIGGERED if call.body["test"] else routing.TRIGGERED]
        for event in events:
            self._switchboard.tell(call, event)

    def _show_alarm(self, record, call, message, verdict, events):
        self._timeline.emit(
            "alarm", record.address, call.call, number=call.n, triggers=message["triggers"], escalation=message["escalation"],
            attempt=message["attempt"], resumed=message["resumed"], age_ms=message["age_ms"], inputs=message["inputs"],
            test=call.body["test"], verdict=verdict, news=[event for event in events if event != routing.REPEATED],
        )  # fmt: skip

    def _event(self, record, message, verdict):
        if message["event"] == "cleared":  # sealed, final and said once: true at any time
            self._cleared(record, message, verdict)
        elif message["event"] in FACTS:
            if self._attested.take(record, message, verdict) and verdict != OLD:
                self._talks.attested(record, message)
                self._supply_changed(record, record.supply.event(message))
        elif message["event"] == "test":
            self._tests.progressed(record, message, verdict)
        elif message["event"] == "test_record":  # what is under its hash is true at any time
            self._record(record, message)
        elif self._is_new(record, verdict):
            self._events[message["event"]](record, message, verdict)
        if verdict in (NEW, NEW_SESSION):
            self._watch_event(record, watch.HEARD)

    def _is_new(self, record, verdict):
        if verdict in (NEW, NEW_SESSION):
            return True
        self._refuse(record, "replay" if verdict == OLD else "duplicate")
        return False

    def _supply_changed(self, record, is_news):
        if is_news:
            record.watch.supplied(record.supply.on_battery, self._now_ms())
            self._timeline.emit("unit", record.address, view=record.view())

    def _proof(self, record, message, verdict):
        """Answered over the very path on which it came; once each, as the unit makes a new one if the answer is lost."""
        via = record.via
        self._timeline.emit("proof", record.address, path=message["path"], broker=via)
        self.replies.append((record, "proof", {"id": message["id"]}, via))

    def _record(self, record, message):
        stored = self._tests.recorded(record, message)
        reply = (record, "test", stored, None)
        if stored and reply not in self.replies:
            self.replies.append(reply)

    def _started(self, record, message, verdict):
        record.firmware = message["firmware"]
        record.supply.started(message)
        body = {key: message[key] for key in ("cause", "firmware", "open_call")}
        more = {key: message.get(key) for key in ("clean", "mode")}
        self._timeline.emit("started", record.address, **body, **more, boot=message["boot"])

    def _fault(self, record, message, verdict):
        name = message["fault"] + (":" + message["input"] if message["input"] else "")
        (record.faults.add if message["open"] else record.faults.discard)(name)
        self._timeline.emit("fault", record.address, fault=message["fault"], input=message["input"], open=message["open"])
        self._timeline.emit("unit", record.address, view=record.view())

    def _command(self, record, message, verdict):
        body = {key: message[key] for key in ("ref", "from", "do", "ok", "reason")}
        if message["do"] == "control":
            self._talks.commanded(record, message)
        if message["do"] == "test":
            self._tests.commanded(record, message)
        call, do = self._of_command(record, message)
        self._timeline.emit("command", record.address, call.call if call else "", **body)
        if call is None:
            return
        if do == "released":
            self._switchboard.released(call)
        if message["ok"]:
            if do == "answered":
                self._switchboard.confirmed(call)
        elif message["reason"] == "already_cleared" or (do == "clear" and message["reason"] == "no_such_call"):
            clear = call.body["clear"] or {"outcome": "", "who": ""}
            by = "unknown_to_unit" if message["reason"] == "no_such_call" else "already_cleared"
            self._switchboard.closed_by_unit(call, by, clear["outcome"], clear["who"], message)
        else:
            self._switchboard.refused(call, do, message["reason"])

    def _of_command(self, record, message):
        settled = message["ok"] or message["reason"] not in ("not_received", "not_answered")
        for call in self._book.open():
            if call.unit.address == record.address:
                do = call.delivery.result(message["ref"], settled, self._now_ms())
                if do is not None:
                    return call, do
        return None, None

    def _cleared(self, record, message, verdict):
        call = self._book.find(record.address, message["call"])
        body = {key: message[key] for key in ("by", "outcome", "who")}
        if verdict in (NEW, NEW_SESSION):
            self._timeline.emit("cleared", record.address, message["call"], **body, known=call is not None)
        if call is not None:
            self._switchboard.closed_by_unit(call, message=message, **body)

    def _speech(self, record, message, verdict):
        if self._is_new(record, verdict):
            self._watch_event(record, watch.HEARD)
            if not self._talks.heard(record, message):
                self._refuse(record, "no_such_session")

    def _refused_by_unit(self, record, message, verdict):
        record.refused_by_unit = message["counts"]
        self._timeline.emit("refused_by_unit", record.address, counts=message["counts"])

    def _health(self, record, message, verdict):
        if not self._is_new(record, verdict):
            return
        skipped = ("v", "type", "unit", "session", "seq", "mac")
        record.health = {key: value for key, value in message.items() if key not in skipped}
        news = record.supply.report(message) or record.faults != set(message["faults"])
        record.watch.supplied(record.supply.on_battery, self._now_ms())
        record.firmware, record.faults = message["firmware"], set(message["faults"])
        self._timeline.emit("health", record.address, message["call"] or "", health=record.health)
        if news:
            self._timeline.emit("unit", record.address, view=record.view())
        self._watch_event(record, watch.HEARD)
        self._watch_event(record, watch.HEALTH_HEARD)

    def _state(self, record, message, verdict):
        event = None if verdict == OLD else record.state_event(message)
        if event is None:
            self._refuse(record, "replay" if verdict == OLD else "old_state")
            return
        if verdict != REPEATED or event == watch.WILLED:
            self._timeline.emit("state", record.address, online=message["online"], conn=message["conn"])
        self._watch_event(record, event)

    def _refuse(self, record, reason):
        self._show_refusal(record.address, reason, record.count_refused(reason))

    def _refuse_stranger(self, topic, reason):
        topic, count = self._strangers.count(topic)
        self._show_refusal("", reason, count, topic=topic)

    def _show_refusal(self, address, reason, count, topic=""):
        now_ms, key = self._now_ms(), (address, reason)
        if now_ms - self._shown_ms.get(key, -_SHOW_EVERY_MS) >= _SHOW_EVERY_MS:
            self._shown_ms[key] = now_ms
            self._timeline.emit("refused", address, reason=reason, count=count, topic=topic)


def _is_late(call, message):
    """True for an alarm that its session sent before it said `cleared`: it was overtaken on the way."""
    closed = call.body["closed"]
    return bool(closed) and closed["session"] == message["session"] and message["seq"] < closed["seq"]
