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
    wanted = {"everyone": {"coordinator", "centre"}, "nobody": set()}.get(party, {party})
    return set(call["ringing"]) == wanted


def _of_session(check):
    """A check of the newest speech session; false while there is none."""

    def whole(view, **fields):
        session = view.session()
        return session is not None and check(session, **fields)

    return whole


def _of_battery(check):
    """A check of what the unit has told of its battery; false while it has told nothing."""

    def whole(view, **fields):
        return view.battery is not None and check(view.battery, **fields)

    return whole


def _of_test(check):
    """A check of the newest test; false while there is none."""

    def whole(view, **fields):
        return view.test is not None and check(view.test, **fields)

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
    "call SORT": _of_call(lambda call, sort: call.get("test", False) == (sort == "test")),
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
    "unit starts COUNT": lambda view, count: view.starts >= count,
    "unit browned out COUNT": lambda view, count: view.brown_outs >= count,
    "unit mode MODE": lambda view, mode: view.mode == mode,
    "unit start CLEAN": lambda view, clean: view.clean is (clean == "clean"),
    "unit saves power SWITCH": lambda view, switch: view.saves_power == (switch == "on"),
    "radio SWITCH": lambda view, switch: view.radio == (switch == "on"),
    "unit hours at least HOURS": _of_battery(lambda one, hours: one["hours"] is not None and one["hours"] >= hours),
    "unit hours at most HOURS": _of_battery(lambda one, hours: one["hours"] is not None and one["hours"] <= hours),
    "traffic over BEARER": lambda view, bearer: view.traffic == bearer,
    "bearer reported BEARER": lambda view, bearer: view.bearer == bearer,
    "phy SWITCH": lambda view, switch: view.phy == (switch == "on"),
    "modem SWITCH": lambda view, switch: view.modem == (switch == "on"),
    "mains reported SWITCH": lambda view, switch: view.mains is (switch == "on"),
    "mains reports COUNT": lambda view, count: view.mains_reports == count,
    "mains reports at most COUNT": lambda view, count: view.mains_reports <= count,
    "battery state SUPPLY": _of_battery(lambda one, supply: one["state"] == supply),
    "battery without value NAME": _of_battery(lambda one, name: one["mv"] is None and one["why"] == name),
    "battery below PERCENT": lambda view, percent: view.charge_pct < percent,
    "test STATE_OF_TEST": _of_test(lambda test, state_of_test: test["state"] == state_of_test),
    "test step STEP RESULT": _of_test(lambda test, step, result: [step, result] in [one[:2] for one in test["results"]]),
    "test left STEP": _of_test(lambda test, step: step in test["left"]),
    "test verdict VERDICT": _of_test(lambda test, verdict: test["verdict"] == verdict),
    "test recorded VERDICT": lambda view, verdict: {"verdict": verdict, "flags": []} in view.records,
    "fault FAULT open": lambda view, fault: fault in view.faults,
    "fault FAULT closed": lambda view, fault: fault not in view.faults,
}

if set(_CHECKS) != {form for form, _ in EXPECTATIONS}:
    raise ValueError("grammar.EXPECTATIONS and the checks here do not agree")
