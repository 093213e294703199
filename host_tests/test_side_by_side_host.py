"""What runs beside the tests that keep time is all of it run, and a failure there is one."""

import subprocess
import sys
import time

from host_tests.run_micropython import find_tests
from host_tests.side_by_side import AFTER, BESIDE, LANES, QUIET, ROOT, Chain, at_last, beside, in_front, lanes, once_more


def through(chain):
    end_s = time.monotonic() + 20
    while chain.look():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def python(text):
    return [sys.executable, "-c", text]


def test_all_run_in_order_and_who_fails_is_named_with_all_that_was_said(tmp_path, capsys):
    seen = tmp_path / "seen"
    note = f"open({str(seen)!r}, 'a').write"
    commands = {"a one": python(f"{note}('a'); print('first'); print('last of a')"),
                "b one": python(f"{note}('b'); print('why b'); raise SystemExit(3)"), "c one": python(f"{note}('c')")}
    chain = Chain(commands, tmp_path)
    through(chain)
    said = capsys.readouterr().out
    assert seen.read_text() == "abc" and chain.failed == ["b one"]
    assert "last of a" in said and "first" not in said, "of what went well the last line is enough"
    assert "b one: FAILED" in said and "why b" in said


def test_what_runs_gives_way_to_the_tests_that_keep_time(tmp_path, capsys):
    chain = Chain({"nice": python("import os; print('nice', os.nice(0))")}, tmp_path)
    through(chain)
    assert "nice 19" in capsys.readouterr().out


def test_the_end_leaves_nothing_running(tmp_path):
    chain = Chain({"long": python("import time; time.sleep(60)"), "next": python("raise SystemExit(1)")}, tmp_path)
    chain.look()
    chain.end()
    assert not chain.look() and chain.failed == []


def test_each_path_is_there_and_is_left_out_in_front():
    for path in BESIDE:
        assert (ROOT / path).exists() and "--ignore=" + path in in_front(), path
        assert path in beside()["tests that only calculate"]


def test_each_lane_is_there_and_nothing_runs_in_two_of_them_or_in_none():
    commands = [*lanes().values(), *lanes(AFTER).values(), *at_last().values()]
    run = [path for command in commands for path in command if path.startswith("host_tests/")]
    assert len(set(run)) == len(run) and not set(run) & set(BESIDE)
    named = {*BESIDE, *QUIET, *(path for paths in (*LANES.values(), *AFTER.values()) for path in paths)}
    left_out = {option.partition("=")[2] for option in in_front() if option.startswith("--ignore")}
    assert left_out == named, "what is left out in front runs elsewhere"
    assert named - set(BESIDE) == set(run) and all((ROOT / path).exists() for path in run)
    for command in [*lanes().values(), *lanes(AFTER).values()]:
        assert {"--ignore=" + path for path in QUIET} <= set(command), "what comes last is in no lane"


def test_under_micropython_each_file_runs_either_beside_the_others_or_alone():
    calculates, keeps_time = find_tests((), clock=False), find_tests((), clock=True)
    assert sorted(calculates + keeps_time) == find_tests(()) and not set(calculates) & set(keeps_time)
    assert {"test_talk_task.py", "test_busy.py"} <= {file.name for file in keeps_time}
    assert [name for name, command in beside().items() if "--no-clock" in command] and "--clock" not in str(beside())
    assert sum("--clock" in command for command in at_last().values()) == 2, "from source, and compiled"
    for command in [*beside().values(), *at_last().values()]:
        if "pytest" not in command:
            assert once_more(command) == command, "what keeps no list of failures runs whole"


def test_a_lane_that_ends_by_itself_is_given_the_time(tmp_path):
    done = tmp_path / "done"
    chain = Chain({"short": python(f"import time; time.sleep(0.3); open({str(done)!r}, 'w')")}, tmp_path)
    chain.look()
    chain.end(20)
    assert done.exists()


def test_what_failed_in_a_lane_fails_once_more_alone_and_what_is_cured_passes(tmp_path):
    text = "import os\ndef test_one():\n    assert os.path.exists('cured')\ndef test_two():\n    pass\n"
    (tmp_path / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-o", "cache_dir=kept", "test_it.py"]

    def run(what):
        return subprocess.run(what, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run(once_more(command)).returncode != 0, "no list of failures is no pass"
    assert run(command).returncode == 1 and run(once_more(command)).returncode == 1
    (tmp_path / "cured").touch()
    done = run(once_more(command))
    assert done.returncode == 0 and "1 passed" in done.stdout
