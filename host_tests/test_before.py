"""What a start makes of the number of the newest calm one, also where that file says nonsense (P8)."""

import os

from firmware.drivers import small_file
from host_tests.lives import Life, inside


def calm():
    return small_file.load("calm.bin")


def test_a_number_that_is_not_below_this_start_s_own_is_of_another_journal_and_is_counted_anew():
    def scene():
        for noted, kept in ((b"4", b"4"), (b"5", b"4"), (b"900", b"4")):
            small_file.save("calm.bin", noted)
            assert not Life(boot=5).rules.reduced and calm() == kept, noted

    inside(scene)


def test_what_is_no_number_is_none_and_costs_no_start():
    def scene():
        for noted in (b"", b"abc", b"-1", b"1.5", b"\xff\xfe", b"9" * 10, b"9" * 400):
            small_file.save("calm.bin", noted)
            problems = Life(boot=5).before.problems
            assert calm() == b"4" and not any("calm" in problem for problem in problems), noted

    inside(scene)


def test_whatever_is_whole_in_the_file_of_open_faults_costs_no_start():
    def scene():
        for text in (b"null", b"7", b'"proven"', b"[[1]]", b"{}", b'{"proven": [1], "open": {}}', b'{"proven": "abc", "open": 5}',
                     b'{"proven": null}', b'{"proven": {"a": true}, "open": [["a"]], "openings": -5}'):
            small_file.save("kept.bin", text)
            life = Life()
            assert life.before.proven == {} and life.faults.opened() == [], text

    inside(scene)


def test_a_unit_without_a_journal_writes_no_number():
    def scene():
        Life(boot=0)
        assert "calm.bin" not in os.listdir(".")

    inside(scene)
