"""What the engineer reads and types: every step has its sentence, every line is an order or is answered with what is wanted."""

import io
import json
import re

import pytest

from tools.desk.testing.record import Record
from tools.service import ServiceError
from tools.walk import at_port, ending, words
from tools.walk.guide import WalkError
from tools.walk.orders import HELP, Order, OrderError, read
from tools.walk.screen import Screen

STEPS = (
    "pull:cord1", "ask:cord1:reach", "ask:cord1:free", "ask:cord1:untied", "ask:cord1:bangles", "ask:light", "ask:sounder",
    "tone", "mains_off", "load", "mains_on", "path:broker1", "clock", "storage",
)  # fmt: skip


def test_every_step_of_the_protocol_says_what_to_do():
    said = [words.instruction(step, {"cord1": "bathroom"}) for step in STEPS]
    assert len(set(said)) == len(STEPS)
    for step, text in zip(STEPS, said, strict=True):
        assert text[0].isupper() and text[-1] in ".?", text
        assert words.is_question(step) == text.endswith("?") == step.startswith("ask:")
        assert ("cord1 (bathroom)" in text) == ("cord1" in step)
    assert words.instruction("juggle:3") == "juggle:3", "of a newer unit, as it stands"
    assert words.instruction("ask:doormat") == "doormat?"


def test_lines_are_orders():
    for line, step, order in (
        ("y", "ask:light", Order("answer", "ask:light", "yes")),
        (" NO ", "ask:cord1:free", Order("answer", "ask:cord1:free", "no")),
        ("skip no second line here", "path:b2", Order("skip", "path:b2", "no second line here")),
        ("stop", "tone", Order("stop")),
        ("left", "tone", Order("left")),
        ("?", "", Order("help")),
        ("", "tone", None),
    ):
        assert read(line, step) == order
    assert len(read("skip " + "x" * 99, "tone").value) == 64


def test_what_is_no_order_is_answered_with_what_is_wanted():
    for line, step, wanted in (
        ("y", "pull:cord1", "no question is open"),
        ("n", "", "no question is open"),
        ("skip", "tone", "the reason is on the record"),
        ("skip it", "", "nothing to leave out"),
        ("skip ask:light no bulb", "pull:answer", "the step that is open now, pull answer"),
        ("skip light? no bulb", "tone", "no other step"),
        ("stop it now", "tone", "not understood"),
        ("dance", "tone", HELP),
    ):
        with pytest.raises(OrderError) as refused:
            read(line, step)
        assert wanted in str(refused.value), line


def record(verdict="FAIL"):
    header = {"v": 1, "test": "c0ffee01", "unit": "demo/f12/u1", "board": "N", "firmware": "1", "prev": "0" * 64}
    header |= {"engineer": "E", "witness": "", "by": "desk", "started": None}
    results = [["pull:cord1", "pass", "", 142], ["pull:cord2", "pass", "", 1742], ["tone", "skip", "no microphone", None]]
    results += [["ask:light", "fail", "dark", None]]
    end = {"verdict": verdict, "ended": None, "defects": ["ask:light"], "untested": [["tone", "no microphone"]]}
    end["due"] = "2027-02-20"
    return "\n".join(json.dumps(line) for line in [header, *results, end])


def test_the_end_says_verdict_defects_what_was_not_tested_and_where_the_record_is():
    out = io.StringIO()
    entry = {"n": 7, "text": record(), "verdict": "FAIL", "flags": ["gap"], "sha256": "ab" * 32}
    assert ending.with_record(Screen(False, out), entry, "--state here") == 4
    said = out.getvalue()
    for part in ("FAIL. This unit is NOT in order", "DEFECT    light?: dark", "UNTESTED  tone: no microphone",
                 "1742 ms (pull cord2)", "next test due: 2027-02-20", "IN DOUBT: gap", "Record 7",
                 "cli --state here test-record 7", "pdf --state here --record 7"):  # fmt: skip
        assert part in said, part
    assert Record(record()).is_read


def test_each_verdict_has_an_exit_code_and_a_record_that_cannot_be_read_is_none_of_them():
    entry = {"n": 7, "text": record("PASS"), "verdict": "PASS", "flags": [], "sha256": "ab" * 32}
    codes = {"PASS": 0, "PASS WITH DEFECTS": 3, "FAIL": 4, "INCOMPLETE": 5}
    for verdict, code in codes.items():
        entry |= {"text": record(verdict), "verdict": verdict}
        assert ending.with_record(Screen(True, io.StringIO()), entry, "--api h:1 --token-file t") == code
        assert ending.without_record(Screen(True, io.StringIO()), "demo/f12/u1", verdict, "--state here") == code
    entry |= {"text": "?", "verdict": "", "flags": ["form"]}
    assert ending.with_record(Screen(True, io.StringIO()), entry, "--api h:1 --token-file t") == 1
    assert ending.without_record(Screen(True, io.StringIO()), "demo/f12/u1", "", "--state here") == 1


def test_a_script_gets_one_object_a_line_and_a_terminal_nothing_that_could_drive_it():
    out = io.StringIO()
    Screen(True, out).say("now", "words\nof two lines", step="tone", text="a\nb")
    assert json.loads(out.getvalue()) == {"say": "now", "step": "tone", "text": "a\nb"}
    out = io.StringIO()
    Screen(False, out).say("console", "\x1b[2Jgone\nsecond")
    assert out.getvalue() == "?[2Jgone\nsecond\n"


def follow(*lines, error=None):
    """Of a console that prints these lines and then breaks, or ends."""

    def printed():
        yield from lines
        if error:
            raise error

    out = io.StringIO()
    return at_port.follow(printed(), Screen(False, out)), out.getvalue()


def test_the_console_is_followed_to_the_verdict_of_this_test():
    code, said = follow(
        "test: this board has no answer or reset contact; a test is begun from the desk, or by the file test.req",
        "test 00000000: ended, INCOMPLETE",  # of the test that the restart has cut short
        "unit demo started", "", "test c0ffee01: begins; 5 steps", "\ufffd",
        "test c0ffee01: pull:cord1 pass 142 ms", "test c0ffee01: ended, PASS WITH DEFECTS", "never read",
    )  # fmt: skip
    assert code == 3
    assert "unit demo started\n" in said and "never" not in said
    assert "PASS WITH DEFECTS. Calls get through." in said


@pytest.mark.parametrize(
    ("line", "wanted"),
    [("test: not begun: busy", "a call is open or somebody speaks"),
     ("test: test.req is not {...}: no test", "test.req is not"), ("one", "pulled.*The test goes on at the unit")],
)  # fmt: skip
def test_a_test_that_does_not_begin_or_a_console_that_goes_is_told_in_words(line, wanted):
    with pytest.raises(WalkError, match=wanted):
        follow(line, error=ServiceError("port", "pulled"))


def test_the_request_is_written_by_mpremote(monkeypatch, tmp_path):
    ran = []

    class Done:
        returncode, stdout, stderr = 0, "", ""

    monkeypatch.setattr("subprocess.run", lambda command, **options: ran.append(command) or Done)
    at_port.request("/dev/ttyUSB7", 'E. "Quote" Müller', "Ann's")
    (command,) = ran
    assert command[1:6] == ["-m", "mpremote", "connect", "/dev/ttyUSB7", "exec"]
    monkeypatch.chdir(tmp_path)
    exec(command[6], {})  # what the unit would do
    assert json.loads((tmp_path / "test.req").read_text()) == {"who": 'E. "Quote" Müller', "witness": "Ann's"}


class Unit:
    """A unit's console that notes what is done with it. `faults`: {method: ServiceError}."""

    def __init__(self, state="running", **faults):
        self.state_now, self.faults, self.did = state, faults, []

    def __call__(self, port, say=None):
        return self

    def _do(self, name):
        self.did.append(name)
        if name in self.faults:
            raise self.faults[name]

    def state(self):
        self._do("state")
        return self.state_now

    def enter(self, code):
        self._do(f"enter {code}")

    def leave(self, then=None):
        self._do("leave")
        return then(iter(["test c0ffee01: begins; 5 steps", "test c0ffee01: ended, PASS"])) if then else "unit"


def walk(monkeypatch, unit, code=lambda: "CODE", write=None):
    """(exit code, or the words of its error; what was done with the unit)"""
    monkeypatch.setattr(at_port, "Console", unit)
    monkeypatch.setattr(at_port, "request", write or (lambda *_: unit.did.append("request")))
    try:
        return at_port.walk("/dev/ttyUSB7", "E", "", Screen(False, io.StringIO()), code), unit.did
    except WalkError as error:
        return str(error), unit.did


def test_a_unit_is_opened_written_to_left_and_followed(monkeypatch):
    assert walk(monkeypatch, Unit()) == (0, ["state", "enter CODE", "request", "leave"])
    assert walk(monkeypatch, Unit("service"), code=None) == (0, ["state", "request", "leave"]), "no code is asked for"


def raising(error):
    def anything(*_):
        raise error

    return anything


@pytest.mark.parametrize(("unit", "code", "wanted"), [
    (Unit("blank"), lambda: "CODE", "blank board.*nothing to test"),
    (Unit(), raising(ValueError("a claim code has 12 letters")), "12 letters"),
    (Unit(), raising(FileNotFoundError(2, "No such file", "code.txt")), "code.txt"),
    (Unit(), raising(EOFError()), "--code-file"),
    (Unit(**{"enter CODE": ServiceError("busy", "a call is open. `--now` ...")}), lambda: "CODE", "see to that first"),
    (Unit(**{"enter CODE": ServiceError("code", "wrong code")}), lambda: "CODE", "wrong code"),
])  # fmt: skip
def test_a_unit_that_does_not_open_runs_on_and_the_reason_is_told(monkeypatch, unit, code, wanted):
    said, did = walk(monkeypatch, unit, code)
    assert re.search(wanted, said) and "leave" not in did and "request" not in did


def test_whatever_goes_wrong_in_service_mode_the_unit_is_brought_back(monkeypatch):
    said, did = walk(monkeypatch, Unit(), write=raising(WalkError("no answer")))
    assert (said, did[-1]) == ("no answer", "leave")
    unit = Unit()
    with pytest.raises(KeyboardInterrupt):
        walk(monkeypatch, unit, write=raising(KeyboardInterrupt()))
    assert unit.did[-1] == "leave"
    said, _ = walk(monkeypatch, Unit(leave=ServiceError("port", "the port is gone")), write=raising(WalkError("no answer")))
    assert said.startswith("no answer AND THE UNIT IS STILL IN SERVICE MODE") and "15 min" in said
    said, _ = walk(monkeypatch, Unit(leave=ServiceError("start", "it does not run: blank")))
    assert "it does not run" in said


def test_a_port_without_a_unit_is_told_in_words(tmp_path):
    with pytest.raises(WalkError, match="Is the unit at this port"):
        at_port.request(str(tmp_path / "no-such-port"), "E", "")
    with pytest.raises(WalkError, match="Is the cable in"):
        at_port.walk(str(tmp_path / "no-such-port"), "E", "", Screen(False, io.StringIO()), None)
