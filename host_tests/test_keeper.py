"""What outlives a start, from both sides of every figure, with files and RTC memory that behave (P1, P5, P8)."""

import os

from firmware.core.calls import VOLATILE
from host_tests.lives import Life, Part, inside


def test_an_open_fault_is_there_after_a_power_cut_and_one_that_was_closed_is_not():
    def scene():
        life = Life()
        life.fault("speaker", "", True)
        life.fault("path", "broker1", True)
        life.run(15)
        life.fault("path", "broker1", False)
        life.run(15)
        life.power_cut()
        assert life.faults.opened() == [("speaker", "")] and life.faults.openings == 2 and life.restored
        assert life.run(100).faults.opened() == [("speaker", "")], "only a test closes it"

    inside(scene)


def test_a_fault_is_on_flash_10_s_after_the_last_write_and_not_sooner():
    def scene():
        life = Life()
        life.fault("speaker", "", True)
        assert "kept.bin" not in os.listdir("."), "not from within a report"
        life.run(9)
        assert "kept.bin" not in os.listdir(".")
        life.run(1)
        assert "kept.bin" in os.listdir(".")
        for n in range(100):
            life.fault("held", "cord1", n % 2 == 0)
            life.run(1)
        assert life.writes("kept.bin") == 3, "after 10, 20 and 40 s"
        life.run(600)
        assert life.writes("kept.bin") == 4, "nothing changes, nothing is written"
        for n in range(86400):
            life.fault("held", "cord1", n % 24 < 12)
            life.run(1)
            life.told.clear()
        assert 130 <= life.writes("kept.bin") <= 144, "a wire that chatters all day: one in 640 s"
        life.run(640 + 3600)
        before = life.writes("kept.bin")
        life.fault("path", "broker1", True)
        life.run(1)
        assert life.writes("kept.bin") == before + 1
        life.fault("path", "broker1", False)
        life.run(10)
        assert life.writes("kept.bin") == before + 2, "an hour of calm, and it is as at first"

    inside(counting(scene))


def test_below_the_limit_nothing_is_written_and_afterwards_it_is():
    def scene():
        life = Life()
        life.allowed = False
        life.fault("speaker", "", True)
        life.run(700)
        assert life.writes("kept.bin") == 0 and life.writes("calm.bin") == 1, "that of the start alone"
        life.allowed = True
        life.run(1)
        assert life.writes("kept.bin") == 1

    inside(counting(scene))


def test_a_file_that_is_cut_or_garbage_costs_what_was_in_it_and_is_named():
    def scene():
        life = Life()
        life.fault("speaker", "", True)
        life.run(20)
        with open("kept.bin", "rb") as file:
            whole = file.read()
        for wrong in (b"", whole[:5], whole[:-1], whole + b"x", b"\xff" * 100):
            with open("kept.bin", "wb") as file:
                file.write(wrong)
            life.power_cut()
            assert life.faults.opened() == [] and any("kept.bin" in text for text in life.before.problems), wrong
        os.remove("kept.bin")
        assert life.power_cut().before.problems == [], "a new unit has none"

    inside(scene)


def test_what_is_whole_but_not_what_a_unit_writes_is_named_and_the_lawful_of_it_taken():
    def scene():
        from firmware.drivers import small_file

        for text, opened in (
            (b"[]", []), (b"7", []), (b'{"open": 3, "openings": 1, "proven": {}}', []), (b"not json", []),
            (b'{"open": [["speaker", ""], ["tired", ""], ["held"], 4], "openings": 1, "proven": {}}', [("speaker", "")]),
            (b'{"open": [["held", "a-name-that-is-longer-than-24"]], "openings": 1, "proven": {}}', []),
            (b'{"open": [["speaker", ""]], "openings": "x", "proven": {}}', []),
        ):
            small_file.save("kept.bin", text)
            life = Life()
            assert life.faults.opened() == opened and not (life.restored and not life.before.problems), text
        small_file.save("kept.bin", b'{"open": [], "openings": 0, "proven": {"cord1": "long ago", "cord2": 1799996400}}')
        life = Life()
        assert life.keeper.hours() == {"button": None, "cord1": None, "cord2": 1}

    inside(scene)


def test_a_write_that_fails_is_a_fault_is_tried_again_after_10_minutes_and_ends_with_one_that_succeeds():
    def scene():
        os.mkdir("kept.bin.new")
        life = Life()
        life.fault("speaker", "", True)
        life.run(11)
        assert ("storage", "file", True) in life.told
        os.rmdir("kept.bin.new")
        life.run(580)
        assert life.faults.is_open("storage", "file")
        life.run(30)
        assert not life.faults.is_open("storage", "file")
        assert life.power_cut().faults.is_open("speaker")

    inside(scene)


def test_an_input_s_fault_of_before_the_start_is_over_once_the_input_is_at_rest_or_gone_and_not_before_10_s_p5():
    def scene():
        life = Life()
        for name, source in (("held", "cord1"), ("line_open", "cord2"), ("input", "cord9"), ("speaker", "")):
            life.fault(name, source, True)
        life.run(20)
        life.power_cut()
        life.resting = {"button", "cord2"}
        life.run(9)
        assert len(life.faults.opened()) == 4
        life.run(1)
        assert life.faults.opened() == [("held", "cord1"), ("speaker", "")]
        life.resting.add("cord1")
        life.run(1)
        assert life.faults.opened() == [("speaker", "")]
        life.fault("held", "cord1", True)
        life.run(50)
        assert life.faults.is_open("held", "cord1"), "one of this start is the detector's own affair"

    inside(scene)


def test_mains_that_came_back_while_the_unit_was_down_are_no_fault_any_more_p5():
    def scene():
        life = Life()
        for name, source in (("mains", ""), ("battery", "low"), ("path", "broker1"), ("path", "broker3"),
                             ("path", "ethernet"), ("path", "cellular")):
            life.fault(name, source, True)
        life.run(20)
        life.power_cut()
        mains = Part(on=False)
        life.power, life.proofs = Part(core=Part(mains=mains)), Part(paths=lambda: ["broker1", "broker2"])
        life.run(100)
        assert life.faults.opened() == [("mains", ""), ("battery", "low"), ("path", "broker1"),
                                         ("path", "ethernet")], "a path that is no more is over"
        mains.on = True
        life.run(1)
        assert life.faults.opened() == [("battery", "low"), ("path", "broker1"), ("path", "ethernet")]
        life.fault("mains", "", True)
        life.run(50)
        assert life.faults.is_open("mains"), "one of this start is core/mains.py's own affair"

    inside(scene)


def test_a_clock_that_stays_ahead_is_noted_once_and_not_with_each_message():
    def scene():
        life = Life()
        for _ in range(60):
            life.keeper.told_time(life.wall_clock.s - 1000)
            life.run(1)
        assert life.faults.is_open("clock")
        life.keeper.told_time(life.wall_clock.s)
        assert not life.faults.is_open("clock")
        life.keeper.told_time(life.wall_clock.s + 1000)
        noted = [record for record in life.reset().recorder.before() if record[1] == "clock"]
        assert [record[2] for record in noted] == [-1000, 1000]

    inside(scene)


def test_a_fault_that_was_found_again_is_closed_by_its_detector_alone():
    def scene():
        life = Life()
        life.fault("held", "cord1", True)
        life.run(20)
        life.power_cut()
        life.resting = {"button"}
        life.run(20)
        life.fault("held", "cord1", True)
        life.resting = {"button", "cord1"}
        assert life.run(20).faults.is_open("held", "cord1")

    inside(scene)


def test_a_proven_pull_needs_release_and_receipt_in_either_order_and_only_a_hand_s():
    def scene():
        life = Life()
        for steps, proven in (
            ((("raised", 5, 1, 0), ("released", 1), ("received", 5)), True),
            ((("raised", 5, 1, 0), ("received", 5), ("released", 1)), True),
            ((("raised", 5, 1, 3), ("received", 5), ("cleared", 5), ("released", 1)), True),
            ((("raised", 5, 1, 0), ("received", 5)), False),
            ((("raised", 5, 1, 0), ("released", 1)), False),
            ((("raised", 5, 1, 0), ("released", 1), ("received", 6)), False),
            ((("raised", 5, 1, 0), ("released", 2), ("received", 5)), False),
            ((("raised", 5, 1, 0), ("released", 1), ("cleared", 5), ("received", 5)), False),
            ((("raised", 5, 1, 1), ("released", 1), ("received", 5)), False),
            ((("raised", 5, 1, 2), ("released", 1), ("received", 5)), False),
        ):
            life = Life()
            for step in steps:
                getattr(life.keeper, step[0])(*step[1:])
            assert (life.keeper.hours()["cord1"] == 0) == proven, steps
            assert life.keeper.hours()["cord2"] is None

    inside(scene)


def test_proven_hours_are_whole_survive_a_power_cut_and_cost_a_write_a_day():
    def scene():
        life = Life()
        for _ in range(3):
            life.keeper.raised(5, 1, 0)
            life.keeper.released(1)
            life.keeper.received(5)
            life.run(3600)
        assert life.writes("kept.bin") == 0 and life.keeper.hours()["cord1"] == 1
        life.wall_clock.s += 3598
        assert life.keeper.hours()["cord1"] == 1
        life.wall_clock.s += 2
        assert life.keeper.hours()["cord1"] == 2
        life.run(86400 - 3 * 3600)
        assert life.writes("kept.bin") == 1
        proven_s = life.keeper.proven["cord1"]
        assert life.power_cut().keeper.proven == {"cord1": proven_s}
        life.wall_clock.s = proven_s - 5
        assert life.keeper.hours()["cord1"] == 0, "a clock that stands before it makes no negative hours"

    inside(counting(scene))


def test_at_most_16_inputs_are_in_the_report():
    def scene():
        life = Life(names=["cord%d" % n for n in range(20)])
        assert len(life.keeper.hours()) == 16

    inside(scene)


def test_the_last_state_makes_the_next_start_a_clean_one_once_and_brings_the_recorder_back():
    def scene():
        life = Life()
        life.fault("battery", "low", True)
        life.recorder.note("power", 3)
        life.memory.keep_call(VOLATILE + 4, (1, 0, 0, 0))
        assert life.keeper.save() and life.wall_clock.noted == [True]
        life.allowed = False
        life.run(100)
        life.power_cut()
        assert life.before.clean and life.faults.is_open("battery", "low")
        assert [word for _, word, _ in life.recorder.before()] == ["power", "saved"]
        assert life.memory.calls() == [(VOLATILE + 4, (1, 0, 0, 0))] and life.memory.counted("brown_out") == 0
        life.power_cut()
        assert not life.before.clean and life.memory.counted("brown_out") == 1 and life.recorder.before() == []

    inside(scene)


def test_an_image_on_flash_does_not_displace_what_memory_knows_better():
    def scene():
        life = Life()
        life.keeper.save()
        life.allowed = False
        life.recorder.note("raised", 9)
        life.reset()
        assert [word for _, word, _ in life.recorder.before()] == ["saved", "raised"]

    inside(scene)


def test_power_that_comes_back_makes_the_saved_state_void():
    def scene():
        life = Life()
        life.keeper.save()
        life.run(1)
        assert "last.bin" not in os.listdir(".")
        assert not life.power_cut().before.clean

    inside(scene)


def test_starts_are_counted_by_cause_and_a_power_loss_without_a_saved_state_as_brown_out():
    def scene():
        life = Life()
        assert life.before.clean and life.keeper.resets() == {"power_on": 1}, "a new unit has lost nothing"
        life.reset("watchdog")
        life.reset("watchdog")
        assert life.before.clean
        assert life.reset("hard").keeper.resets() == {"power_on": 1, "watchdog": 2, "hard": 1}
        life.power_cut()
        assert not life.before.clean and life.keeper.resets() == {"brown_out": 1}

    inside(scene)


def test_five_quick_starts_by_journal_and_file_make_the_sixth_reduced_though_brown_outs_clear_the_memory():
    def scene():
        life = Life()
        seen = [life.rules.reduced]
        for _ in range(6):
            life.run(599)
            life.power_cut()
            seen.append(life.rules.reduced)
        assert seen == [False] * 5 + [True, True]

    inside(scene)


def test_a_calm_start_in_between_ends_the_count():
    def scene():
        life = Life()
        for _ in range(4):
            life.power_cut()
        life.run(600)
        for _ in range(5):
            life.power_cut()
        assert not life.rules.reduced, "four of them before this one, and the calm one"
        assert life.power_cut().rules.reduced

    inside(scene)


def test_without_a_journal_the_memory_counts_as_far_as_resets_go():
    def scene():
        life = Life(boot=0)
        for _ in range(5):
            life.boot = -1
            life.reset("watchdog")
        assert life.rules.reduced
        life.boot = -1
        assert not life.power_cut().rules.reduced

    inside(scene)


def test_a_lost_count_of_an_old_unit_is_no_storm_and_a_wrong_one_is_named():
    def scene():
        life = Life(boot=1000)
        assert not life.rules.reduced
        with open("calm.bin", "wb") as file:
            file.write(b"\x00")
        life.power_cut()
        assert not life.rules.reduced and any("calm.bin" in text for text in life.before.problems)
        assert life.power_cut().before.problems == [], "it was written anew"
        for _ in range(3):
            assert not life.power_cut().rules.reduced
        assert life.power_cut().rules.reduced, "five starts before it, counted from the one that was named"

    inside(scene)


def test_a_reduced_unit_starts_in_full_again_after_an_hour_without_a_call_and_its_fault_ends_with_a_calm_full_start_p8():
    def scene():
        life = Life()
        for _ in range(5):
            life.power_cut()
        assert life.rules.reduced
        life.fault("restarts", "", True)
        life.calls.open.append("a call")
        life.run(3700)
        assert life.restarts == 0 and life.faults.is_open("restarts"), "P4: not while somebody needs help"
        life.calls.open.clear()
        life.unit.busy = True
        life.run(5)
        life.unit.busy = False
        life.talk.active = True
        life.run(5)
        assert life.restarts == 0
        life.talk.active = False
        life.run(1)
        assert life.restarts == 1
        life.reset("hard")
        assert not life.rules.reduced and life.faults.is_open("restarts")
        life.run(599)
        assert life.faults.is_open("restarts")
        life.run(1)
        assert not life.faults.is_open("restarts")

    inside(scene)


def test_a_unit_that_starts_anew_because_its_wifi_is_gone_is_no_storm():
    def scene():
        life = Life()
        for _ in range(12):
            life.run(420)
            life.keeper.restart()
            life.reset("hard")
            assert not life.rules.reduced
        assert life.restarts == 12
        for _ in range(5):
            life.power_cut()
        assert life.rules.reduced, "and those after it count"

    inside(scene)


def test_an_unset_clock_is_a_fault_after_2_minutes_until_the_service_tells_the_time():
    def scene():
        life = Life(unset_ms=120000)
        life.run(119)
        assert not life.faults.is_open("clock")
        life.run(1)
        assert life.faults.is_open("clock")
        life.keeper.told_time(life.wall_clock.s + 9)
        assert not life.faults.is_open("clock")
        life.run(20)
        life.reset()
        assert not life.run(200).faults.any(), "the clock runs on over a reset"
        life.power_cut()
        assert life.run(200).faults.is_open("clock")

    inside(scene)


def test_a_clock_that_is_more_than_5_minutes_off_and_cannot_be_set_is_a_fault_until_it_agrees():
    def scene():
        life = Life()
        for off_s, faulty in ((0, False), (-300, False), (-301, True), (-300, False), (-4000, True), (5000, False)):
            life.keeper.told_time(life.wall_clock.s + off_s)
            assert life.faults.is_open("clock") == faulty, off_s
        words = [word for _, word, _ in life.reset().recorder.before()]
        assert words.count("clock") == 3, "leaps are noted, each"

    inside(scene)


def test_a_time_that_the_clock_does_not_take_closes_nothing():
    def scene():
        life = Life(unset_ms=120000)
        life.run(130)
        life.wall_clock.take = lambda unix_s: None
        life.keeper.told_time(5)
        assert life.faults.is_open("clock") and not life.memory.counted("told")

    inside(scene)


def test_the_port_of_the_loudspeaker_is_a_fault_when_it_fails_and_is_not_when_a_sound_was_taken():
    def scene():
        life = Life()
        life.run(60)
        life.speaker.stalls = 1
        life.run(59)
        assert not life.faults.is_open("sounder")
        life.run(1)
        assert life.faults.is_open("sounder")
        life.run(120)
        assert life.faults.is_open("sounder"), "silence proves nothing"
        life.speaker.write_errors += 1
        life.speaker.blocks += 10
        life.run(60)
        assert life.faults.is_open("sounder")
        life.speaker.blocks += 10
        life.run(60)
        assert not life.faults.is_open("sounder")

    inside(scene)


def test_a_task_that_was_started_again_is_a_fault_until_all_have_run_for_10_minutes():
    def scene():
        life = Life()
        life.run(50)
        life.keeper.task_ended("link", life.s)
        life.fault("task", "link", True)
        life.run(599)
        assert life.faults.is_open("task", "link")
        life.run(1)
        assert not life.faults.is_open("task", "link") and life.memory.counted("task") == 1

    inside(scene)


def test_open_faults_are_told_again_each_day():
    def scene():
        life = Life()
        life.run(86399)
        assert "again" not in life.told
        life.run(1)
        life.run(86399)
        assert life.told.count("again") == 1
        life.run(1)
        assert life.told.count("again") == 2

    inside(scene)


def test_what_was_noted_before_a_reset_is_told_once_on_line_in_parts_of_24():
    def scene():
        life = Life()
        for n in range(47):
            life.recorder.note("raised", n)
        life.reset()
        life.recorder.note("start", 2)
        life.run(30)
        assert life.told == []
        life.link.online = True
        life.run(5)
        parts = [fields for name, fields in life.told if name == "flight"]
        assert [(part["part"], part["parts"], len(part["records"])) for part in parts] == [(1, 2, 24), (2, 2, 23)]
        assert [record[2] for part in parts for record in part["records"]] == list(range(47))
        life.power_cut()
        life.link.online = True
        assert life.run(5).told == [], "nothing was kept, nothing is told"

    inside(scene)


def test_a_call_that_flash_did_not_take_is_found_again_beside_or_inside_those_of_the_journal_p1():
    class Found:
        def __init__(self, call_n, triggers=()):
            self.call_n, self.triggers = call_n, list(triggers)

    def scene():
        life = Life()
        life.memory.keep_call(VOLATILE + 8, (1, 0, 0, 0))
        life.memory.keep_call(VOLATILE + 8, (2, 1, 1, 0))
        life.memory.keep_call(7, (2, 2, 1, 0))
        life.memory.keep_call(7, (1, 0, 0, 0))
        life.reset()
        journal = [Found(7, [(1, 0, 0, 0)])]
        calls = life.before.volatile_calls(journal, lambda number, triggers: Found(number | VOLATILE, triggers))
        assert [(call.call_n, call.triggers) for call in calls] == [
            (7, [(1, 0, 0, 0), (2, 2, 1, 0)]), (VOLATILE + 8, [(1, 0, 0, 0), (2, 1, 1, 0)])]
        life.keeper.cleared(VOLATILE + 8)
        assert [number for number, _ in life.reset().memory.calls()] == [7, 7]

    inside(scene)


def counting(scene):
    """The scene with `life.writes(name)`: how often that file was written."""
    from firmware.drivers import small_file

    def counted():
        writes = []
        save = small_file.save

        def noted(path, content):
            writes.append(path)
            save(path, content)

        small_file.save = noted
        Life.writes = lambda self, name: writes.count(name)
        try:
            scene()
        finally:
            small_file.save = save

    return counted


def test_a_pull_that_was_proven_before_the_time_was_told_is_dated_anew_and_one_after_it_is_not():
    def scene():
        life = Life()
        life.keeper.proven["cord2"] = life.wall_clock.s - 7200
        for input_index in (1,):
            life.keeper.raised(5, input_index, 0)
            life.keeper.released(input_index)
            life.keeper.received(5)
        life.keeper.told_time(life.wall_clock.s + 100 * 3600)
        assert life.keeper.hours() == {"button": None, "cord1": 0, "cord2": 102}
        life.keeper.raised(6, 0, 0)
        life.keeper.released(0)
        life.keeper.received(6)
        life.keeper.told_time(life.wall_clock.s + 50 * 3600)
        assert life.keeper.hours() == {"button": 50, "cord1": 50, "cord2": 152}

    inside(scene)
