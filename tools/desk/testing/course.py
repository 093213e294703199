"""The course of a unit's newest test, put together from its `test` events. Pure.

What was lost on the way is missing in `results`; the record of test, which comes at the end, has all of them.
"""


class Course:
    """`body`: what the database keeps: test, state, step, left, last, verdict, results, who, witness, began_at, at, and its place
    in the unit's session."""

    def __init__(self, body):
        self.body = body

    @classmethod
    def begun(cls, message, at_s):
        body = {"test": message["test"], "results": [], "who": "", "witness": "", "began_at": at_s, "session": "", "seq": 0}
        return cls(body)

    @property
    def is_on(self):
        return self.body["state"] != "ended"

    def take(self, message, at_s):
        """True if it is news: an event that was overtaken by a later one, or comes after the end, is none."""
        body = self.body
        if message["session"] == body["session"] and message["seq"] <= body["seq"]:
            return False
        if body.get("state") == "ended" and message["state"] != "ended":
            return False
        for name in ("state", "step", "left", "last", "verdict", "session", "seq"):
            body[name] = message[name]
        body["at"] = at_s
        if message["last"] is not None:
            done = [item for item in body["results"] if item[0] != message["last"][0]]
            body["results"] = [*done, message["last"]]
        return True

    def view(self, unit):
        hidden = ("session", "seq")
        place = {"scheme": unit.scheme, "flat": unit.flat, "unit": unit.unit, "label": unit.label}
        return {**place, **{name: value for name, value in self.body.items() if name not in hidden}}
