"""What can be seen from outside: the light and tone in the flat, and what the desk shows. Fed with their events.

Expectations look at nothing else, so a scenario passes for the same reasons that would satisfy a person.
"""


class View:
    """`light` is the pattern as an onlooker names it, `lit` the light at this moment, `calls` the desk's by number."""

    def __init__(self):
        self.light = "off"
        self.lit = False
        self.light_changes = 0  # of the level itself, for `expect light steady for ...`
        self.tone_hz = 0  # 0: silent
        self.powered = False
        self.unit_status = "unheard"
        self.faults = ()
        self.calls = {}
        self.sessions = {}  # the desk's views by number
        self.microphone = False  # open, as the hardware has it
        self.microphone_log = []  # True, False, ...: what the unit told and the desk stored
        self.no_answers = []  # the evidence of each
        self.refusal = ""  # why the last clear was not taken
        self.starts = self.brown_outs = 0  # since the scene began
        self.radio = self.phy = self.modem = False
        self.traffic = None  # bearer over which the unit's connection goes
        self.bearer = None  # the one that the unit has told
        self.saves_power = False  # as the hardware has it
        self.charge_pct = 100  # of the cell itself
        self.mode = None  # of this and the next three: what the unit has told the desk, None until it has
        self.clean = None
        self.mains = None
        self.battery = None  # {"mv", "why", "state", "hours", "by"}
        self.mains_reports = 0
        self.test = None  # the desk's view of the newest test
        self.test_command = None  # and of the newest command of one
        self.records = []  # {"verdict", "flags"} of each record of test that was stored
        self.watch = None  # called with the time of each change (of time.monotonic) once it is taken, in order

    def changed(self, at_s):
        """Something that can be seen has changed at that time, which may lie back: the loop may be late."""
        if self.watch:
            self.watch(at_s)

    def desk_event(self, event):
        """Take one event of the desk's timeline (docs/desk-api.md)."""
        if event["event"] == "call":
            self.take_call(event["view"])
        elif event["event"] == "unit":
            self.take_unit(event["view"])
        elif event["event"] == "talk":
            self.sessions[event["view"]["n"]] = event["view"]
        elif event["event"] == "microphone":
            self.microphone_log.append(event["open"])
        elif event["event"] == "no_answer":
            self.no_answers.append(event["evidence"])
        elif event["event"] == "mains":
            self.mains_reports += 1
        elif event["event"] == "test":
            self.test = event["view"]
        elif event["event"] == "test_command":
            self.test_command = event
        elif event["event"] == "test_record":
            self.records.append({"verdict": event["verdict"], "flags": event["flags"]})

    def take_call(self, call):
        self.calls[call["n"]] = call
        if call["note"].startswith("clear refused"):
            self.refusal = call["note"]

    def take_unit(self, unit):
        self.unit_status = unit["status"]
        self.faults = tuple(unit["faults"])
        self.mode, self.clean, self.mains, self.battery = (unit.get(name) for name in ("mode", "clean", "mains", "battery"))
        self.bearer = unit.get("bearer")

    def session(self):
        """The newest speech session's view, None when there was none."""
        return self.sessions[max(self.sessions)] if self.sessions else None

    def newest(self):
        """The newest call that is not closed, else the newest; None when there is none."""
        still_open = [n for n, call in self.calls.items() if call["state"] != "closed"]
        numbers = still_open or list(self.calls)
        return self.calls[max(numbers)] if numbers else None

    def summary(self):
        """One line of all of it, for a person who wants to know what was seen instead."""
        call = self.newest()
        said = "no call" if call is None else call_line(call)
        power = "" if self.powered else ", unit without power"
        faults = ", faults " + " ".join(self.faults) if self.faults else ""
        refusal = f", last clear refused ({self.refusal})" if self.refusal else ""
        tone = f"tone {self.tone_hz} Hz" if self.tone_hz else "silent"
        session = self.session()
        speech = f", {session_line(session)}" if session else ""
        heard = ", microphone open" if self.microphone else ""
        speech += test_line(self.test) if self.test else ""
        flat = f"light {self.light}, {tone}{heard}{speech}, unit {self.unit_status}{power}{supply_line(self)}"
        return f"{flat}; {said}; calls {len(self.calls)}{faults}{refusal}"


def test_line(test):
    """The desk's view of a test in a few words."""
    if test["state"] == "ended":
        return f", test ended: {test['verdict']}"
    return f", test {test['state']}, {len(test['left'])} steps left, next {test['step']}"


def supply_line(view):
    """What is out of the ordinary about the unit's supply and starts, in a few words."""
    said = [f", {view.starts} starts"] if view.starts > 1 else []
    said += [f", browned out {view.brown_outs} times"] if view.brown_outs else []
    said += [", reduced"] if view.mode == "reduced" else []
    said += [f", traffic over {view.traffic}, {view.bearer} reported"] if view.traffic != view.bearer else []
    said += [", mains reported off"] if view.mains is False else []
    if view.battery and (view.battery["state"] != "mains" or view.battery["why"]):
        reading = f"{view.battery['mv']} mV" if view.battery["mv"] is not None else f"no value: {view.battery['why']}"
        hours = f", {view.battery['hours']} h" if view.battery["hours"] is not None else ""
        said.append(f", supply {view.battery['state']} ({reading}{hours})")
    return "".join(said)


def session_line(session):
    """A speech session of the desk in a few words."""
    reason = f" ({session['reason']})" if session["reason"] else ""
    return f"{session['kind']} speech {session['state']}{reason}"


def call_line(call):
    """A call of the desk in a few words."""
    rooms = [entry["location"] or entry["input"] for entry in call["inputs"]]
    where = ", ".join(dict.fromkeys(rooms))
    more = f", {call['triggers']} activations" if call["triggers"] > 1 else ""
    raised = f", raised again {call['escalation']} times" if call["escalation"] else ""
    ringing = f", rings at {' and '.join(call['ringing'])}" if call["ringing"] and call["state"] == "open" else ""
    return f"call {call['n']} {call['state']}: {call['label']}, {where}{more}{raised}{ringing}"
