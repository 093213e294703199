"""docs/settings.md against the code: every field and timer with its default and range, and an example that deploys."""

import json
import re

import pytest

from firmware.core import settings, timer_table
from host_tests.run_micropython import ROOT
from tools import deploy

PAGE = (ROOT / "docs" / "settings.md").read_text()
EXAMPLE = json.loads(PAGE[PAGE.index("    {\n") : PAGE.index("\n    }\n") + 7])


def test_the_example_has_every_field_and_not_a_single_problem():
    assert sorted(EXAMPLE) == sorted(settings.FIELDS)
    assert deploy.problems(EXAMPLE) == []


def test_every_timer_stands_there_with_its_default_and_range():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `") and "..." in line]
    for name, (default, least, most) in timer_table.TABLE.items():
        (row,) = [row for row in rows if f"`{name}`" in row]
        names, defaults, ranges = row.split("|")[1:4]
        at = re.findall("`(.*?)`", names).index(name)
        spans = re.findall(r"(\d+) \.\.\. (\d+)", ranges)
        assert int(defaults.split(",")[at]) == default, name
        assert tuple(map(int, spans[at if len(spans) > 1 else 0])) == (least, most), name


@pytest.mark.parametrize("damage", [{}, {"board": "NONE"}, {**EXAMPLE, "flat": "F 12"}, {**EXAMPLE, "colour": "red"}, []])
def test_deploy_refuses_settings_with_a_problem_and_writes_nothing(tmp_path, capsys, monkeypatch, damage):
    (tmp_path / "s.json").write_text(json.dumps(damage))
    (tmp_path / "k").write_text("00" * 32)
    arguments = ["deploy", str(tmp_path / "out"), "--settings", str(tmp_path / "s.json"), "--key", str(tmp_path / "k")]
    monkeypatch.setattr("sys.argv", arguments)
    assert deploy.main() == 1
    assert "settings.md" in capsys.readouterr().err and not (tmp_path / "out").exists()
