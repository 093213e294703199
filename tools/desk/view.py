"""Tables and lines for a terminal. Whatever came over the network is stripped of control characters first."""

import time

_WORDS = {  # event: what to say of it; fields of the event in braces
    "alarm": "ALARM call {number}: {triggers} trigger(s), escalation {escalation}, try {attempt} ({verdict})",
    "ring": "call {number} rings at {parties}",
    "receipt": "receipt for call {number}: {triggers} trigger(s)",
    "sent": "{do} sent for call {number}, try {tries} (ctr {ctr})",
    "command": "unit on {do} (ctr {ref}): ok {ok} {reason}",
    "cleared": "unit says cleared by {by}: {outcome}, {who}",
    "alert": "{party}, look! call {number}: {note}",
    "started": "unit started: {cause}, firmware {firmware}",
    "mains": "MAINS on {on} for {for_s} s, {edges} change(s)",
    "battery": "battery: {state}, {mv} mV {why}, {hours} h left",
    "flight": "noted before a reset, part {part} of {parts}: {records}",
    "proof": "test message on path {path}, answered over {broker}",
    "proven": "unit has tested {what}: ok {ok} {detail}",
    "bearer": "uses {bearer} now, not {was} ({why})",
    "service": "SERVICE MODE {state}, {tries} wrong code(s)",
    "reminder": "reminder to try the unit: {state}",
    "test_command": "test: {do} {step} {value} is {state} {reason}",
    "test_record": "RECORD OF TEST {number} stored: {verdict} {flags}",
    "fault": "fault {fault} {input}: open {open}",
    "state": "on line: {online} (connection {conn})",
    "health": "health report",
    "session": "new session {session}, boot {boot}",
    "refused": "message refused: {reason}, {count} so far {topic}",
    "refused_by_unit": "the unit has refused messages: {counts}",
    "broker": "broker {broker}: connected {connected} {text}",
    "duty": "scheme {scheme_name}: coordinator on duty {on}",
    "microphone": "MICROPHONE open {open}: {kind}, {who} ({why})",
    "speech": "speech {state}: {kind}, {who} {reason}",
    "no_answer": "NO ANSWER to the {kind} call of {who}: {evidence}",
    "ok": "I'm OK for {day}: {state}",
    "welfare": "welfare call {sid}: {outcome}, by {who}",
    "injected": "FAULT INJECTED: {mode}",
    "desk": "desk {text}",
}


def clean(value):
    """Text that cannot drive the terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(value))


def clock(at):
    """`at` in s since 1970, or None, as local time of day."""
    return "-" if at is None else time.strftime("%H:%M:%S", time.localtime(at))


def table(head, rows):
    """Columns as wide as their widest cell."""
    cells = [head] + [[clean(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)


def calls_table(calls):
    if not calls:
        return "no open calls"
    head = ["N", "STATE", "FLAT", "RAISED", "TRIGGERS", "RAISED AGAIN", "WITH", "UNIT", "NOTE"]
    return table(head, [_call_row(call) for call in calls])


def _call_row(call):
    inputs = ", ".join(f"{item['kind']} {item['location'] or item['input']}" for item in call["inputs"])
    causes = [item["cause"] for item in call["inputs"]]
    extra = "" if not causes or causes[0] in ("activated", "test") else " (line fault)"
    raised = clock(call["raised_at"]) + ("" if call["raised_at_known"] else " or before")
    held = call["held_by"]
    where = f"{held['who']} ({held['party']})" if held else "rings " + ", ".join(call["ringing"])
    if call["state"] == "closed":
        where = "{by}: {outcome}, {who}".format(**call["closed"]) if call["closed"] else ""
    flat = f"{call['scheme']}/{call['flat']} {call['label']}"
    times = f"{call['triggers']}: {inputs}{extra}"
    state = call["state"] + (" TEST" if call["test"] else "")
    return [call["n"], state, flat, raised, times, call["raised_again"], where, call["unit_status"], call["note"]]


def units_table(units):
    head = ["UNIT", "LABEL", "STATUS", "HEARD", "HEALTH", "POWER", "TESTED", "DUE", "FAULTS", "REFUSED HERE", "REFUSED THERE"]
    rows = []
    for unit in units:
        address = f"{unit['scheme']}/{unit['flat']}/{unit['unit']}"
        status = unit["status"] + (f" ({unit['reason']})" if unit["reason"] else "")
        health = "overdue" if unit["health_overdue"] else "ok" if unit["health"] else "none yet"
        rows.append([
            address, unit["label"], status, clock(unit["heard_at"]), health + (" REDUCED" if unit["mode"] == "reduced" else "")
            + (" IN SERVICE MODE" if unit["service"] else ""),
            power_words(unit), unit["tested"] or "-", unit["due"] or "-", ", ".join(unit["faults"]) or "-",
            _counts(unit["refused"]), _counts(unit["refused_by_unit"]),
        ])  # fmt: skip
    return table(head, rows)


def power_words(unit):
    """What a unit view says of its supply: `mains, 4.10 V, 30 h (model)`; why there is no value."""
    mains = {None: "?", True: "mains", False: "NO MAINS"}[unit["mains"]]
    battery = unit["battery"]
    if battery is None:
        return mains if unit["mains"] is not None else "-"
    state = "" if battery["state"] in ("mains", "on_battery", "unknown") else " " + battery["state"].upper()
    reading = f"{battery['mv'] / 1000:.2f} V" if battery["mv"] is not None else f"no value ({battery['why'] or 'unknown'})"
    by = f" ({battery['by']})" if battery["by"] else ""
    hours = "" if battery["hours"] is None else f", {battery['hours']:g} h{by}"
    return f"{mains}{state}, {reading}{hours}"


def sessions_table(sessions):
    if not sessions:
        return "nobody speaks"
    head = ["SID", "STATE", "KIND", "FLAT", "CALL", "WHO", "SINCE", "MODE", "LOST", "REASON", "NOTE"]
    rows = []
    for view in sessions:
        flat, call = f"{view['scheme']}/{view['flat']} {view['label']}", view["number"] or "-"
        lost = view["counters"].get("lost", 0)
        since = clock(view["connected_at"] or view["began_at"])
        rows.append([
            view["sid"], view["state"], view["kind"], flat, call, view["who"], since, view["mode"], lost, view["reason"] or "-",
            view["note"],
        ])  # fmt: skip
    return table(head, rows)


def entries_table(entries):
    """Any of the logs of speech: one column for each field that the entries have."""
    fields = list(dict.fromkeys(field for entry in entries for field in entry))
    rows = [[day(entry["at"]) if field == "at" else entry.get(field, "") for field in fields] for entry in entries]
    return table([field.upper() for field in fields], rows) if entries else "nothing yet"


def day(at):
    """`at` in s since 1970 as local date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _counts(counts):
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"


def event_line(event):
    """One event as one line: time, flat, words."""
    place = f"{event['flat']}/{event['unit']}" if event["flat"] else "desk"
    return clean(f"{clock(event['at'])}  {place:<12}  {_words(event)}")


def _words(event):
    view = event.get("view")
    if event["event"] == "call":
        held = view["held_by"]
        return f"call {view['n']} is {view['state']}" + (f" by {held['who']}" if held else "") + _note(view["note"])
    if event["event"] == "talk":
        ended = view["reason"] if view["state"] == "ended" else ""
        return f"speech {view['sid']} ({view['kind']}, {view['who']}) is {view['state']}" + _note(ended or view["note"])
    if event["event"] == "test":
        last = " ".join(view["last"]) if view["last"] else ""
        state = " ".join(filter(None, (view["state"], view["verdict"])))
        return f"test {view['test']} {state}: {last or view['step'] or 'over'}, {len(view['left'])} left"
    if event["event"] == "unit":
        return f"unit is {view['status']}" + _note(view["reason"]) + (" health overdue" if view["health_overdue"] else "")
    try:
        return _WORDS[event["event"]].format(**event).rstrip()
    except (KeyError, IndexError):
        return event["event"]  # of a newer desk


def _note(text):
    return f" ({text})" if text else ""
