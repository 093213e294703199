"""The tests of all units: what they tell of them, what is asked of them, and their records. Runs inside a transaction."""

from .. import routing
from ..session import OLD, REPEATED
from .commands import NO_REPLY, REFUSED, Commands
from .course import Course
from .parts import Parts
from .record import Record

_FLAGS = {
    "form": "it cannot be read",
    "unit": "it names another unit",
    "test": "it names another test",
    "verdict": "its verdict is better than its results",
    "clock": "the unit's clock was wrong",
    "gap": "a record before it is missing",
    "fork": "it does not follow the newest record of this unit",
    "twice": "there is another record of the same test",
}


class Tests:
    """`commands`: dict of address to Commands; `refuse(record, reason)` counts a message that changes nothing."""

    __test__ = False  # for pytest: this is no test

    def __init__(self, store, units, duty, timeline, desk_id, retry_ms, now_ms, wall_ms):
        self.store, self._units, self._duty, self._timeline = store, units, duty, timeline
        self._id, self._now_ms, self._wall_ms = desk_id, now_ms, wall_ms
        self.commands = {address: Commands(retry_ms) for address in units}
        self.refuse = lambda record, reason: None
        self._parts = {address: Parts() for address in units}
        self._courses, self._starts = {}, {}  # by address; starts: the newest that was asked for here and not seen yet
        self.reload()

    def reload(self):
        """Forget memory, read the database: at the start, and when a transaction failed."""
        self._courses = {address: Course(body) for address, body in self.store.courses().items()}

    def course(self, address):
        """The newest test that was heard of, as Course, or None."""
        return self._courses.get(address)

    def view(self, address):
        """View of the newest test, or None."""
        course = self.course(address)
        return course and course.view(self._units[address].unit)

    def views(self):
        return [self.view(address) for address in self._units if address in self._courses]

    def ask(self, record, do, test="", step="", value="", who=""):
        """Owe the unit a command. Returns its view."""
        fields = {"do": do, "test": test, "step": step, "value": value, "who": who}
        command = self.commands[record.address].ask(fields, self._now_ms())
        if do == "start":
            self._starts[record.address] = fields
        self._show_command(record.address, command)
        return command.view()

    # --- what units say

    def progressed(self, record, message, verdict):
        """An event `test`."""
        if verdict in (OLD, REPEATED):
            self.refuse(record, "replay" if verdict == OLD else "duplicate")
            return
        course, at_s = self.course(record.address), self._wall_ms() / 1000
        was_known = course is not None and course.body["test"] == message["test"]
        if not was_known:
            course = self._courses[record.address] = Course.begun(message, at_s)
            people = self._starts.pop(record.address, {"who": "", "value": ""})  # known before the record says so
            course.body["who"], course.body["witness"] = people["who"], people["value"]
        if course.take(message, at_s):
            self.store.save_course(record.address, course.body)
            self._timeline.emit("test", record.address, view=course.view(record.unit))
        self.commands[record.address].progress(message, was_known)
        self._settle(record.address)

    def commanded(self, record, message):
        """An event `command` on a `test`."""
        if message["from"] == self._id:
            self.commands[record.address].result(message["ref"], message["ok"], message["reason"])
            self._settle(record.address)

    def recorded(self, record, message):
        """An event `test_record`, of any session. Returns the fields of the `stored` to send, or None."""
        address, test = record.address, message["test"]
        if self.store.number(address, message["sha256"]) is None:
            reason, text = self._parts[address].take(message)
            if reason:
                self.refuse(record, "record_" + reason)
            if text is None:
                return None
            self._keep(record, test, message["sha256"], text)
        return {"do": "stored", "test": test, "step": "", "value": "", "who": ""}

    def _keep(self, record, test, sha256, text):
        received_s, read = self._wall_ms() // 1000, Record(text)
        n = self.store.add(record.address, test, received_s, sha256, read, text, read.flags(record.address, test, received_s))
        entry = self.store.record(n)
        body = {"number": n, "test": test, "verdict": entry["verdict"], "flags": entry["flags"], "sha256": sha256}
        self._timeline.emit("test_record", record.address, **body)
        if entry["flags"]:
            party = routing.COORDINATOR if self._duty.get(record.unit.scheme) else routing.CENTRE
            note = f"record of test {n} of {record.unit.label}: " + ", ".join(_FLAGS[flag] for flag in entry["flags"])
            self._timeline.emit("alert", record.address, number=None, party=party, note=note)

    # --- time

    def due(self):
        """List of (address, Command) to send now."""
        found = []
        for address, commands in self.commands.items():
            found += [(address, command) for command in commands.due(self._now_ms())]
            self._settle(address)
        return found

    def sent(self, address, command, ctr):
        self.commands[address].sent(command, ctr, self._now_ms())

    def next_due(self):
        return min((due for commands in self.commands.values() if (due := commands.next_due()) is not None), default=None)

    def _settle(self, address):
        commands = self.commands[address]
        for command in commands.settled:
            self._show_command(address, command)
            if command.fields["do"] == "start" and command.state in (REFUSED, NO_REPLY):
                self._starts.pop(address, None)
        commands.settled = []

    def _show_command(self, address, command):
        self._timeline.emit_later("test_command", address, **command.view())
