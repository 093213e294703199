"""What each expectation of a scenario file means, as one function of the view."""

from tools.scenario.grammar import EXPECTATIONS


def holds(view, sentence):
    """Is this expectation true at this moment?"""
    return _CHECKS[sentence.form](view, **sentence.fields)


def _of_call(check):
    """A check of the newest call; false while there is none."""

    def whole(view, **fields):
        call = view.newest()
        return call is not None and check(call, **fields)

    return whole


def _count_open(view):
    return sum(call["state"] != "closed" for call in view.calls.values())


def _rings_at(call, party):
    wanted = {"coordinator", "centre"} if party == "everyone" else {party}
    return set(call["ringing"]) == wanted


def _of_session(check):
    """A check of the newest speech session; false while there is none."""

    def whole(view, **fields):
        session = view.session()
        return session is not None and check(session, **fields)

    return whole


_CHECKS = {
    "light lit": lambda view: view.lit,
    "light LIGHT": lambda view, light: view.light == light,
    "light not LIGHT": lambda view, light: view.light != light,
    "sound heard": lambda view: view.tone_hz > 0,
    "sound silent": lambda view: view.tone_hz == 0,
    "call STATE": _of_call(lambda call, state: call["state"] == state),
    "call ringing PARTY": _of_call(_rings_at),
    "call triggers COUNT": _of_call(lambda call, count: call["triggers"] == count),
    "call escalation COUNT": _of_call(lambda call, count: call["escalation"] >= count),
    "call from PLACE": _of_call(lambda call, place: any(entry["location"] == place for entry in call["inputs"])),
    "call cause NAME": _of_call(lambda call, name: any(entry["cause"] == name for entry in call["inputs"])),
    "calls open COUNT": lambda view, count: _count_open(view) == count,
    "calls stored COUNT": lambda view, count: len(view.calls) == count,
    "clear refused": lambda view: bool(view.refusal),
    "session SESSION": _of_session(lambda one, session: one["state"] == session),
    "session kind WHICH": _of_session(lambda one, which: one["kind"] == which),
    "session reason NAME": _of_session(lambda one, name: one["reason"] == name),
    "microphone LID": lambda view, lid: view.microphone == (lid == "open"),
    "microphone logged LID": lambda view, lid: view.microphone_log[-1:] == [lid == "open"],
    "no answer recorded": lambda view: bool(view.no_answers),
    "unit online": lambda view: view.unit_status == "online",
    "unit silent": lambda view: view.unit_status == "silent",
    "unit dead": lambda view: not view.powered,
    "fault FAULT open": lambda view, fault: fault in view.faults,
    "fault FAULT closed": lambda view, fault: fault not in view.faults,
}

if set(_CHECKS) != {form for form, _ in EXPECTATIONS}:
    raise ValueError("grammar.EXPECTATIONS and the checks here do not agree")
