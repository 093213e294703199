"""What is thrown at the console of a running unit opens nothing, and a call gets through meanwhile (P1, P4)."""

import pytest

from host_tests.service.flashed_unit import SOON_S, flashed_unit
from host_tests.test_console import Flat
from host_tests.vboard.usb import flashed
from tools.service import ServiceError, claim

ATTACKS = {
    "Ctrl-C": b"\x03" * 500,
    "into the raw REPL": b"\r\x03\x03\r\x01import os; print(os.listdir())\x04",
    "a soft reset": b"\x04\x04\r\x04\x02\x04",
    "paste mode": b"\x05print('open')\x04",
    "mpremote's own way": b"\r\x03\r\x01\x05A\x01",
    "a long line": b"service " + b"A" * 600 + b"\n",
    "noise": bytes(range(256)) * 2,
    "lines of Python": b"import machine\r\nmachine.reset()\r\nprint(open('unit.key').read())\r\n" * 3,
    "no code": b"service\nservice \nservicenow\n\nnow\n",
}


def test_nothing_that_is_typed_opens_a_running_unit_and_a_call_gets_through_meanwhile(tmp_path):
    with flashed_unit(tmp_path) as unit:
        boots, mark = unit.status()["boots"], unit.board.mark()
        unit.type(b"".join(ATTACKS.values()) + b"\nwho\n")
        unit.said("unit ils/v1/demo/f12/u1/ running", mark)
        unit.type(ATTACKS["Ctrl-C"])
        unit.press()
        done = flashed.mpremote(unit.board, "exec", "print('open')")
        assert done.returncode and "could not enter raw repl" in done.stdout + done.stderr, done
        said, status = unit.board.console[mark:], unit.status()
        for words in (">>>", "raw REPL", "Traceback", "\r\nopen", "000102"):
            assert words not in said, said
        assert unit.is_shut() and status["boots"] == boots and status["light"] == 1, "it calls, and has not started anew"


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_by_itself_gets_no_answer(attack):
    """Against the unit's own console, without the unit: what is answered is in the plain tests."""
    flat = Flat()
    assert flat.type(ATTACKS[attack] + b"\nwho\n", steps=10) == []
    assert flat.said == ["unit ils/v1/demo/f12/u1/ running"]


def test_an_open_call_keeps_the_console_shut_until_now_and_is_taken_up_again_p1(tmp_path):
    with flashed_unit(tmp_path) as unit:
        unit.press()
        with pytest.raises(ServiceError, match="a call is open") as refused:
            unit.console.enter(unit.code)
        assert refused.value.reason == "busy" and unit.is_shut()
        unit.console.enter(unit.code, now=True)
        assert unit.status()["light"] == 0, "dark: in service mode it does not call, and shows nothing else"
        mark = unit.board.mark()
        unit.console.leave()
        assert "1 open calls" in unit.started(mark)[mark:]
        unit.board.run(lambda board: board.wait_for(lambda status: status["light"] == 1, SOON_S))


def test_wrong_codes_are_refused_with_growing_waits(tmp_path):
    with flashed_unit(tmp_path) as unit:
        reasons = []
        while "wait" not in reasons and len(reasons) < 6:
            with pytest.raises(ServiceError) as refused:
                unit.console.enter(claim.new())
            reasons.append(refused.value.reason)
        assert reasons[0] == "code" and reasons[-1] == "wait", reasons
        assert unit.is_shut() and ">>>" not in unit.board.console
