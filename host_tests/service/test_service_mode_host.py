"""Service mode of a whole unit at a serial port: the tool's way in and out, with the real mpremote in between."""

from host_tests.service.flashed_unit import flashed_unit
from host_tests.vboard.usb import flashed


def test_a_blank_unit_leaves_to_the_prompt_and_says_that_it_waits(tmp_path):
    with flashed_unit(tmp_path, identity=False, start=False) as unit:
        said = unit.said(">>> ")
        assert "blank unit: waiting for its identity" in said and "started, session" not in said
        assert unit.console.state() == "blank"
        assert flashed.mpremote(unit.board, "exec", "print(6 * 7)").stdout == "42\n"
        assert unit.status()["watchdog_ms"] is None, "nothing bites whoever provisions it"


def test_the_way_in_mpremote_renewal_and_the_way_out(tmp_path):
    with flashed_unit(tmp_path) as unit:
        assert unit.console.state() == "running"
        unit.console.enter(unit.code.lower().replace("-", ""))
        assert unit.console.state() == "service" and unit.owes_the_flat()
        assert unit.status()["watchdog_ms"] == 900000, "the time limit, which no prompt can switch off"
        listed = flashed.mpremote(unit.board, "fs", "ls")
        assert "settings.json" in listed.stdout and "claim.bak.json" in listed.stdout, listed.stdout + listed.stderr
        assert unit.status()["watchdog_ms"] == 900000, "mpremote's soft reset does not end it"
        done = flashed.mpremote(unit.board, "exec", "from firmware.service_mode import renew; renew(); print('ok')")
        assert done.stdout == "ok\n", done.stderr
        assert unit.console.state() == "service"
        unit.console.renew()
        mark = unit.board.mark()
        assert unit.console.leave() == "ils/v1/demo/f12/u1/"
        assert "started, session" in unit.board.console[mark:]
        assert unit.console.state() == "running" and unit.is_shut()
        assert not unit.owes_the_flat(), "it has said that the work is finished"


def test_service_mode_ends_by_itself_when_nobody_renews_it_and_the_unit_runs_again(tmp_path):
    with flashed_unit(tmp_path) as unit:
        unit.console.enter(unit.code)
        mark = unit.board.mark()
        done = flashed.mpremote(unit.board, "exec", "import machine; machine.WDT(timeout=3000)")  # 3 s are left of the 15 min
        assert done.returncode == 0, done.stderr
        unit.started(mark)
        assert unit.status()["reset_cause"] == "watchdog" and unit.console.state() == "running"


def test_a_unit_that_cannot_run_is_opened_by_its_code_all_the_same_p8(tmp_path):
    def damage(files):
        files["settings.json"] = b"{}"
        for name in [name for name in files if name.startswith("board_configs/")]:
            del files[name]

    with flashed_unit(tmp_path, damage, start=False) as unit:
        unit.said("no board data")
        unit.console.enter(unit.code)
        assert unit.console.state() == "service" and "started, session" not in unit.board.console
