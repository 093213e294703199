"""`python -m tools.runtime`: hours by the unit's own model, profiles as data, marks that do not claim more than is known."""

import json

import pytest

from firmware.core import battery_model
from tools.bench.figures import runtime as figures
from tools.runtime import profile
from tools.runtime.__main__ import board_names, find_board, main
from tools.runtime.profile import ProfileError
from tools.runtime.reckon import MEASURED, MIXED, MODEL, RuntimeModelError, reckon

_BATTERY = {"capacity_mah": 2000, "off_mv": 3350, "verified": "proposed"}


def board(loads_ma=None, **battery):
    power = {"mains": None, "battery": {**_BATTERY, **battery}, "loads_ma": loads_ma}
    return {"name": "SAMPLE", "title": "A sample", "bearers": ["wifi"], "power": power}


def day(**minutes):
    hours = sum(minutes.values()) / 60
    return {"title": "A day", "source": "this test", "hours": hours, "minutes": minutes}


def test_a_state_lasts_as_long_as_the_unit_s_own_model_says():
    found = reckon(board(), profile.find("target"))
    for state, drawn_ma in (("standby", 41), ("talk", 199), ("searching", 139)):
        assert found["states"][state]["load_ma"] == drawn_ma
        hours = battery_model.hours_left(100, drawn_ma, 2000, 3350)
        assert found["states"][state]["hours"] == pytest.approx(hours, abs=0.05)


def test_a_board_with_ethernet_is_reckoned_with_what_carries_on_battery():
    target = profile.find("target")
    assert reckon({**board(), "bearers": ["ethernet", "wifi"]}, target) == reckon(board(), target)
    assert reckon({**board(), "bearers": ["ethernet"]}, target)["states"]["standby"]["load_ma"] == 155


def test_the_target_day_takes_what_its_parts_take():
    found = reckon(board(), profile.find("target"))["day"]
    assert found["takes_mah"] == round(41 * 24 + 199 / 2) and found["target_hours"] == 24.5
    assert found["met"] and found["several_hours"] and 1200 < found["least_capacity_mah"] < 1700


def test_the_least_battery_is_the_edge_between_met_and_missed():
    target = profile.find("target")
    least_mah = reckon(board(), target)["day"]["least_capacity_mah"]
    assert reckon(board(), target, least_mah + 2)["day"]["met"]
    assert not reckon(board(), target, least_mah - 2)["day"]["met"]


def test_a_profile_s_day_that_nothing_fills_is_below_several_hours():
    found = reckon(board(), day(talk=24 * 60), 500)["day"]
    assert not found["met"] and not found["several_hours"] and found["lasts_hours"] < 4


def test_a_figure_is_marked_by_where_its_loads_are_from():
    own = {"cpu_80": 18, "board": 6, "wifi_save": 15}
    states = reckon(board(own), profile.find("target"))["states"]
    assert states["standby"] == {"load_ma": 39, "hours": states["standby"]["hours"], "by": MEASURED}
    assert states["talk"]["by"] == MIXED and states["searching"]["by"] == MIXED
    plain = reckon(board(), profile.find("target"))
    assert {one["by"] for one in plain["states"].values()} == {plain["day"]["by"]} == {MODEL}
    assert reckon(board(own), day(standby=60))["day"]["by"] == MEASURED
    assert reckon(board(own), day(standby=60, talk=1))["day"]["by"] == MIXED
    assert reckon(board({"ethernet": 100}), day(standby=60))["day"]["by"] == MODEL


def test_a_board_without_a_battery_wants_a_capacity():
    bare = {**board(), "power": {"mains": None, "battery": None, "loads_ma": None}}
    with pytest.raises(RuntimeModelError, match="SAMPLE: its board file has no power.battery"):
        reckon(bare, profile.find("target"))
    assert reckon(bare, profile.find("target"), 1000)["capacity_from"] == "--capacity"
    assert reckon(board(capacity_mah=None), profile.find("target"))["capacity_from"] == "default"


def test_every_profile_that_comes_with_it_can_be_read():
    assert {"target", "quiet", "busy"} <= set(profile.names())
    for name in profile.names():
        found = profile.find(name)
        assert sum(found["minutes"].values()) == found["hours"] * 60


def test_a_wrong_profile_is_refused_with_its_field(tmp_path):
    def refused(text):
        path = tmp_path / "own.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        with pytest.raises(ProfileError) as error:
            profile.find(str(path))
        return str(error.value)

    whole = {"title": "t", "source": "s", "hours": 1, "parts": [{"state": "standby", "minutes": "rest"}]}
    parts = whole["parts"]
    assert "own.json" in refused("{")
    assert "title, source, hours, parts" in refused([1])
    assert "title, source, hours, parts" in refused({**whole, "colour": "red"})
    assert "hours: a number above 0" in refused({**whole, "hours": True})
    assert "parts: a list" in refused({**whole, "parts": []})
    assert "parts[0]: an object" in refused({**whole, "parts": ["talk"]})
    assert "parts[0].state: one of" in refused({**whole, "parts": [{"state": "dancing", "minutes": 1}]})
    assert "parts[1].state: standby is there already" in refused({**whole, "parts": parts * 2})
    assert "parts[0].minutes" in refused({**whole, "parts": [{"state": "talk", "minutes": -1}]})
    assert "90 of 60 minutes" in refused({**whole, "parts": [{"state": "talk", "minutes": 90}, *parts]})
    assert "59 of 60 minutes" in refused({**whole, "parts": [{"state": "talk", "minutes": 59}]})
    with pytest.raises(ProfileError, match="there is no profile and no file 'none'; profiles: busy, quiet, target"):
        profile.find("none")


def test_the_command_prints_for_people_and_for_programs(capsys, tmp_path):
    path = tmp_path / "SAMPLE.json"
    path.write_text(json.dumps(board()))
    assert main([str(path)]) == 0
    said = capsys.readouterr().out
    assert "2000 mAh (board file, proposed)" in said and "met (model)" in said and "nobody has put a meter on a unit" in said
    assert main([str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == reckon(board(), profile.find("target"))
    assert main([str(path), "--capacity", "300", "--check"]) == 1
    assert "MISSED" in capsys.readouterr().out


def test_the_command_says_what_is_wrong(capsys, tmp_path):
    for wrong, words in (
        (["NOBODY"], "NOBODY"),
        ([str(tmp_path / "none.json")], "no such file"),
        (["ESP32_GENERIC", "--profile", "none"], "there is no profile"),
    ):
        assert main(wrong) == 2
        said = capsys.readouterr()
        assert words in said.err and said.out == ""
    broken = tmp_path / "BROKEN.json"
    for text in ("{", "{}", "[1]", '{"inherits": "NOBODY"}'):
        broken.write_text(text)
        assert main([str(broken)]) == 2 and "BROKEN" in capsys.readouterr().err
    for capacity in ("0", "much"):
        with pytest.raises(SystemExit):
            main(["ESP32_GENERIC", "--capacity", capacity])


def test_the_bench_has_a_figure_for_every_board_file():
    assert len(figures.NAMES) == len(board_names()) > 3
    for name in board_names():
        figure = figures.figure_of(name)
        assert figure.name in figures.NAMES and figure.target == 24
        if (find_board(name).get("power") or {}).get("battery"):
            assert figure.value > 0 and figure.how.startswith(figure.detail["by"])
            assert figure.value < reckon(find_board(name), profile.find("target"))["states"]["standby"]["hours"]
        else:
            assert figure.met is False and "no power.battery" in figure.value_text()
