"""Engineers' tests at the second desk, written from docs/protocol.md alone: course, records, answers to proofs."""

import hashlib
import json

_NO_RECORD = "0" * 64  # Source: docs/protocol.md, Tests: `prev` of the first


class Exams:
    """`course` by address: the newest event `test` and all `results` of that test. `records` by address, oldest first.

    `withhold`: records are kept, and the unit is not told, for tests.
    """

    def __init__(self, desk, path):
        self._desk, self._path, self._parts = desk, path, {}
        self.course, self.proofs, self.wrong, self.withhold = {}, [], [], False
        self.records = json.loads(path.read_text()) if path.exists() else {}

    def say(self, address, do, test="", step="", value="", who=""):
        """One command; returns its ctr, for the unit's word on it."""
        return self._desk.send(address, "test", do=do, test=test, step=step, value=value, who=who)

    def take(self, address, message):
        act = {"test": self._on_test, "test_record": self._on_part, "proof": self._on_proof}.get(message["event"])
        if act:
            act(address, message)

    def _on_proof(self, address, message):
        self.proofs.append(message["path"])
        self._desk.send(address, "proof", id=message["id"])

    def _on_test(self, address, message):
        course = self.course.get(address)
        if not course or course["test"] != message["test"]:
            course = self.course[address] = {"results": []}
        course.update(message)
        if message["last"] and message["last"] not in course["results"][-1:]:
            course["results"].append(message["last"])

    def _on_part(self, address, message):
        key = address, message["test"], message["sha256"], message["parts"]
        parts = self._parts.setdefault(key, {})
        parts[message["part"]] = message["text"]
        if len(parts) < message["parts"]:
            return
        text = "".join(parts[number] for number in sorted(parts))
        del self._parts[key]
        if hashlib.sha256(text.encode()).hexdigest() != message["sha256"]:
            self.wrong.append(message["test"])
            return
        self._keep(address, message["test"], message["sha256"], text)
        if not self.withhold:
            self.say(address, "stored", test=message["test"])

    def _keep(self, address, test, sha256, text):
        records = self.records.setdefault(address, [])
        if sha256 not in [record["sha256"] for record in records]:
            newest = records[-1]["sha256"] if records else _NO_RECORD
            gap = json.loads(text.split("\n")[0])["prev"] != newest
            records.append({"test": test, "sha256": sha256, "text": text, "gap": gap})
            self._path.write_text(json.dumps(self.records))
