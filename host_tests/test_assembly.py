"""A whole unit from what was read. MicroPython only: the link stands on that asyncio; under pytest this file has no tests."""

import sys

if sys.implementation.name == "micropython":
    import gc
    import json
    import os

    gc.threshold(20000)  # as the unit sets it: without, what is loaded is strewn over the heap and no larger block is left

    import machine
    from nor import NorFlash

    from firmware import paths, proving, speaking  # noqa: F401 - tested here too: it joins speech to the unit
    from firmware.assembly import assemble
    from firmware.core import board, settings
    from firmware.core.claim import SERVED
    from firmware.drivers.rtc_memory import RtcMemory

    HOME = os.getcwd()
    PLACE = "assembly_test"

    class Files:
        def __getitem__(self, name):
            with open("%s/board_configs/%s.json" % (HOME, name)) as file:
                return json.loads(file.read())

    class Given:
        """As much of stored.Stored as a unit is made from."""

        def __init__(self, *problems):
            self.settings = settings.usable({"scheme": "demo", "flat": "f12", "unit": "u1"})[0]
            self.board = board.resolve(Files(), "ESP32_GENERIC")
            self.bearers = settings.usable_bearers(self.settings, self.board)
            self.key, self.ca, self.problems = bytes(32), None, problems

    def made(*problems, speaks=True):
        """In a directory of its own, which is gone afterwards: a start writes small files."""
        machine.world.wifi_active = False
        os.mkdir(PLACE)
        os.chdir(PLACE)
        try:
            return assemble(Given(*problems), machine.WDT(timeout=20000), machine.RTC(), speaks)
        finally:
            for name in os.listdir("."):
                if name == "calls":  # without a partition calls are kept as files
                    for record in os.listdir(name):
                        os.remove(name + "/" + record)
                    os.rmdir(name)
                else:
                    os.remove(name)
            os.chdir(HOME)
            os.rmdir(PLACE)

    def start_over(*labels):
        """A new board with partitions of these names, of small sectors: the flash model lives in the same bounded heap."""
        machine.world.clear()
        machine.world.partitions = dict.fromkeys(labels, 6)
        machine.world.flash = {label: NorFlash(6, 512) for label in labels}

    def test_a_unit_takes_up_the_call_that_the_one_before_left_open():
        start_over("journal")
        first = made()
        first.unit.activate(0, 0, 0)
        assert (first.journal.boot, len(first.calls.open)) == (1, 1)
        machine.world.reset_cause = machine.WDT_RESET
        before = [call.number for call in first.calls.open], first.uplink.call_id(1), first.uplink.session
        del first  # one unit at a time has a heap
        gc.collect()
        second = made()
        assert (second.journal.boot, second.reset_cause, second.board_name) == (2, "watchdog", "ESP32_GENERIC")
        assert ([call.number for call in second.calls.open], second.uplink.call_id(1)) == before[:2]
        assert second.uplink.session != before[2]

    def test_what_was_wrong_with_what_was_read_is_a_fault_and_the_unit_is_there_all_the_same():
        start_over("journal")
        shell = made("settings.json: unreadable")
        assert shell.faults.is_open("settings") and shell.journal and not shell.link.online
        del shell
        start_over()
        gc.collect()
        shell = made()
        assert shell.faults.names() == [] and shell.journal.where == "files"
        shell.unit.activate(0, 0, 0)
        assert len(shell.calls.open) == 1

    def test_the_unit_has_speech_with_a_microphone_that_is_closed_and_a_path_for_each_session_p3():
        start_over("journal")
        shell = made()
        assert shell.unit.speech is shell.speech and shell.unit.daily is shell.daily
        assert shell.speech.session.state == "IDLE" and not shell.talk.active and not shell.talk.deaf
        assert shell.speech.session.policy.has_button, "the board has an answer button"
        path = paths.Paths(shell)()
        assert len(path.out) == 160 and path.heard_ms is None and not shell.talk.prompt("received")

    def test_a_unit_that_shall_not_speak_calls_and_has_the_fault_and_knows_that_it_comes_out_of_service_mode():
        start_over("journal")
        RtcMemory(machine.RTC()).set_mark(SERVED)
        shell = made(speaks=False)
        assert shell.faults.is_open("speech")
        memory = RtcMemory(machine.RTC())
        assert memory.mark() == bytes(4) and memory.counted("service") == 1, "the flat is told once the unit runs"
        shell.unit.activate(0, 0, 0)
        assert len(shell.calls.open) == 1

    def test_the_unit_can_prove_its_paths_and_hear_itself_and_one_without_speech_makes_no_tests():
        start_over("journal")
        shell = made()
        assert shell.proofs.paths() == [] and shell.audio_loop is not None and shell.unit.proofs is shell.proofs
        assert shell.daily_tests._at_min // 60 == 11, "the default hour"
        shell.daily_tests.tick(1)
        del shell
        gc.collect()
        start_over("journal")
        shell = made(speaks=False)
        assert shell.proofs is None and shell.daily_tests is None and shell.testing is None and shell.audio_loop is None
        shell.fault_changed("held", True, True)
        assert shell.readings()["due"] is None

    def test_five_starts_in_a_row_that_were_not_calm_make_the_sixth_reduced_and_it_raises_calls_p8():
        start_over("journal")
        memory = RtcMemory(machine.RTC())
        memory.put("quick", 5)
        shell = made()
        assert shell.mode == "reduced" and shell.faults.is_open("restarts") and not shell.faults.is_open("speech")
        shell.unit.activate(0, 0, 0)
        assert len(shell.calls.open) == 1 and shell.readings()["mode"] == "reduced"

    def test_a_call_that_flash_may_not_take_outlives_a_reset_under_the_new_session_p1():
        start_over("journal")
        shell = made()
        shell.unit.may_write = lambda: False
        shell.unit.activate(0, 0, 0)
        number = shell.calls.open[0].number
        assert shell.calls.volatile() and not shell.faults.is_open("storage"), "it is no fault of the flash"
        machine.world.reset_cause = machine.WDT_RESET
        del shell
        gc.collect()
        shell = made()
        assert [call.number for call in shell.calls.open] == [number]
        assert shell.uplink.call_id(number).split("-")[1] == shell.uplink.session[:8]
        shell.unit.activate(1, 1, 0)
        assert shell.calls.open[0].activations == 2
        shell.unit.obey(shell.calls.open[0]._end("service", "mistake", "x"))
        del shell
        gc.collect()
        assert made().calls.open == []
