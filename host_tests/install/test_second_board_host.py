"""A flat gets a second board: stopped while it has the first one, done once that is retired, as docs/engineer.md says it."""

import pytest

from host_tests.install.house import House
from host_tests.peers import need
from tools.install.__main__ import main
from tools.install.audit import Audit
from tools.install.errors import InstallError
from tools.install.store import Store


@pytest.mark.timeout(300)
def test_a_second_board_for_a_flat_is_stopped_and_installed_once_the_first_is_retired(tmp_path, capsys):
    need("nats")
    with House(tmp_path, 2, spoken=False) as house, house.boards(2) as (first, second):
        results, said = house.batch([first], ["f0"])
        assert results["f0"].is_good, said[-4000:]
        old = Store(house.scheme).get("u0")
        boots = second.status()["boots"]

        to_f0 = {str(second.link): "f0"}
        results, said = house.batch([second], ["f0"], to_f0)
        error = results["f0"].error
        assert (error.code, error.step) == ("flat_taken", "duplicates") and error.next in said and old.mac in error.what
        assert Store(house.scheme).get("u0") == old, "nothing was changed"

        assert main(["retire", "f0", "--scheme", str(house.dir), "--who", "E. Ngineer"]) == 0
        assert main(["desk", "--scheme", str(house.dir)]) == 0
        said = capsys.readouterr().out
        new = Store(house.scheme).get("u0")
        assert new.key != old.key and new.password != old.password and new.claim != old.claim
        assert not any(secret in said for secret in (*old.secrets(), *new.secrets(), old.claim, new.claim))
        house.start_broker()  # it knows the new login, and the old one not any more
        results, said = house.batch([second], ["f0"], to_f0)
        assert results["f0"].is_good, said[-4000:]
        assert second.status()["boots"] > boots

        results, said = house.batch([first], ["f0"], {str(first.link): "f0"})  # nobody knows that unit any more
        assert results["f0"].error.code in ("flat_taken", "not_blank"), said[-4000:]
        rows = Audit(house.scheme.audit).rows()
        assert [row["result"] for row in rows] == ["installed", "failed", "retired", "installed", "failed"]
        assert [row["mac"] for row in rows[:4]] == [old.mac, second.mac.hex(":"), old.mac, second.mac.hex(":")]


def test_a_flat_that_stands_twice_in_the_list_is_named_and_goes_once_it_is_corrected(tmp_path):
    house = House(tmp_path, 2)
    good = (house.dir / "flats.csv").read_text()
    house.write(good.replace("f1,u1", "f0,u1"))
    with pytest.raises(InstallError, match="line 3, column flat") as stopped:
        house.rows  # noqa: B018 - reading them is what is tried
    assert "Correct that cell and run again" in stopped.value.next
    house.write(good)
    assert list(house.rows) == ["f0", "f1"]
    house._loop.close()
