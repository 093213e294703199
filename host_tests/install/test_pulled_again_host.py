"""The cable comes out of boards that are in service already, at the steps that only a second run has, and at the first of all: a
clear message each time, and the run after it succeeds."""

import threading

import pytest

from host_tests.install.house import House
from host_tests.peers import need
from tools.install.audit import Audit

# At the first step the port is not there yet: it has not been lost, it is missing.
TOLD = {"look": ("port_missing", "look"), "open": ("port_lost", "open"), "check": ("port_lost", "check")}


@pytest.mark.timeout(300)
def test_a_cable_that_comes_out_of_a_unit_in_service_is_told_and_the_next_run_goes_on(tmp_path):
    need("nats")
    with House(tmp_path, len(TOLD), spoken=False) as house, house.boards(len(TOLD)) as boards:
        fixed = {str(board.link): flat for board, flat in zip(boards, house.rows, strict=True)}
        results, said = house.batch(boards, list(house.rows), fixed)
        assert all(result.is_good for result in results.values()), said[-4000:]

        at = dict(zip(fixed, TOLD, strict=True))
        by_port = {str(board.link): board for board in boards}
        pulled, lock = [], threading.Lock()

        def pull(port, step):
            with lock:
                if at[port] != step or port in pulled:
                    return
                pulled.append(port)
            by_port[port].pull()

        results, said = house.batch(boards, list(house.rows), fixed, pull)
        found = {at[port]: (results[flat].error.code, results[flat].error.step) for port, flat in fixed.items()}
        assert found == TOLD, said[-4000:]
        for flat in fixed.values():
            error = results[flat].error
            assert error.what in said and error.next in said and "<" not in str(error)

        for board in boards:
            board.plug()
        results, said = house.batch(boards, list(house.rows), fixed)
        assert all(result.is_good for result in results.values()), said[-4000:]
        written = [line for line in said.splitlines() if line.rstrip().endswith("  write")]
        why = [line for line in said.splitlines() if " anew" in line or "from zero" in line]
        assert written == [], why  # the units keep their journals; a tree that changes meanwhile makes another image
        audit = Audit(house.scheme.audit)
        assert audit.verify() == (3 * len(TOLD), [])
        assert [row["result"] for row in audit.rows()[2 * len(TOLD) :]] == ["installed"] * len(TOLD)
