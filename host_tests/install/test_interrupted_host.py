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

    with House(tmp_path, 1, spoken=False) as house, house.boards(1) as boards:
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


@pytest.mark.timeout(300)
def test_a_board_that_is_not_the_right_one_is_not_left_in_its_loader_where_a_unit_would_call_nobody(tmp_path):
    need("nats")
    def another_micropython():
        (tmp_path / "esp32.bin").write_bytes(b"another file than the one that is locked")

    with House(tmp_path, 1, spoken=False) as house, house.boards(1) as boards:
        (flat,) = house.rows
        for step, spoil in (("image", another_micropython), ("identify", lambda: boards[0].fault("wrong_chip"))):
            spoil()
            results, said = house.batch(boards, [flat], {str(boards[0].link): flat})
            assert results[flat].error.step == step and boards[0].mode == "stuck", (boards[0].mode, said[-2000:])
        assert "nothing was written; it was started again" in said
