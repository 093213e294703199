"""A figure is judged as its target says, and table and JSON say the same in plain words."""

import json

from tools.bench import __main__ as bench
from tools.bench.figure import Figure, number, table

FIELDS = {"name", "value", "unit", "target", "better", "met", "how", "peers", "detail", "why_not"}
TOP = {"v", "when", "quick", "took_s", "broker", "machine", "interpreter", "clients", "missed", "figures"}


def figure(value, target, better="lower", **more):
    return Figure("gap", value, "ms", "a ticker", target, better, **more)


def test_met_is_judged_by_the_targets_direction():
    cases = ((25, 25, "lower", True), (25.1, 25, "lower", False), (30, 30, "higher", True), (29.9, 30, "higher", False))
    for value, target, better, met in (*cases, (1, 1, "equal", True), (2, 1, "equal", False), (None, 25, "lower", False)):
        assert figure(value, target, better).met is met, (value, target, better)
    assert figure(12, None).met is None


def test_a_missed_and_an_unmeasured_figure_say_so_in_the_table():
    unmeasured = figure(None, 25, why_not="valgrind is missing")
    text = table([figure(31.2, 25, peers={"umqtt": "blocked"}), unmeasured, figure(1, 2)])
    for words in ("31.2 ms", "<= 25", "MISSED", "umqtt: blocked", "NOT MEASURED", "valgrind is missing", "met", "(a ticker)"):
        assert words in text, words


def test_numbers_keep_three_digits_and_no_exponent():
    for value, text in ((0.10312, "0.103"), (376410.875, "376411"), (12.345, "12.3"), (7, "7"), ("never", "never"), (None, "-")):
        assert number(value) == text


def test_json_has_every_field_and_names_what_was_missed():
    result = bench.as_object([figure(31.2, 25), figure(1, 25), figure(5, None)], {}, "mosquitto", 12.6, True)
    assert set(result) == TOP and result["v"] == 1 and result["missed"] == ["gap"] and result["took_s"] == 13
    for one in json.loads(json.dumps(result))["figures"]:
        assert set(one) == FIELDS


def test_last_words_tell_which_target_was_missed_by_how_much():
    assert bench.verdict([figure(1, 2)]) == "All targets are met."
    assert "gap: 31.2 ms, wanted <= 25" in bench.verdict([figure(31.2, 25)])


def test_check_alone_turns_a_missed_target_into_exit_code_1(monkeypatch, tmp_path, capsys):
    async def run(options, groups):
        return [figure(31.2, 25)], {}, "nats", 1.0

    monkeypatch.setattr(bench, "run", run)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    for argv, code in ((["--quick"], 0), (["--quick", "--check"], 1)):
        assert bench.main(argv) == code
        printed = capsys.readouterr().out
        written = json.loads((tmp_path / "build" / "bench.json").read_text())
        assert json.loads(printed.strip().splitlines()[-1]) == written and written["missed"] == ["gap"]


def test_an_unknown_name_is_refused_with_what_to_do(capsys):
    assert bench.main(["--only", "speed"]) == 2
    assert "--list" in capsys.readouterr().err


def test_every_figure_has_one_name_and_a_line_in_the_page():
    names = [name for group in bench.GROUPS.values() for name in group.NAMES]
    assert len(names) == len(set(names))
    assert not set(names) & set(bench.GROUPS)
    page = (bench.ROOT / "docs" / "bench.md").read_text()
    for name in names:
        assert f"`{name}`" in page, name
    for name in names[:1] + list(bench.GROUPS)[:1]:
        assert list(bench.chosen(name)) == ["alarm_path"]
