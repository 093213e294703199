"""A board whose cable was pulled while it got its identity, whole: its console is shut, and running again finishes it."""

import pytest

from host_tests.install.house import House
from host_tests.peers import need
from tools.install import identity_files
from tools.install.errors import InstallError


@pytest.mark.timeout(300)
def test_a_board_that_has_its_claim_alone_is_shut_and_finished_by_the_next_run(tmp_path, monkeypatch):
    need("nats")

    def cut(made):
        yield {identity_files.CLAIM: made[identity_files.CLAIM]}
        raise InstallError("port_lost", port="the port")

    with House(tmp_path, 1) as house, house.boards(1) as boards:
        (flat,) = house.rows
        with monkeypatch.context() as patch:
            patch.setattr(identity_files, "in_order", cut)
            results, _ = house.batch(boards, [flat])
        assert (results[flat].error.code, results[flat].error.step) == ("port_lost", "identity")
        mark = boards[0].mark()
        boards[0].pull()
        boards[0].plug()
        said = boards[0].wait_console("unit ils/v1/unknown/unknown/unknown/ started", 60, mark)[mark:]
        assert "blank unit" not in said and ">>> " not in said.partition("POWERON_RESET")[2]
        results, said = house.batch(boards, [flat])
        assert results[flat].is_good, said[-3000:]
