"""How many hours a board lasts on its battery: `python -m tools.runtime BOARD|FILE [--profile NAME|FILE] [--capacity MAH]`.

Exit code 0; 1 with --check when the profile's day does not fit in; 2 for what cannot be reckoned. docs/runtime.md explains.
"""

import argparse
import json
import sys
from pathlib import Path

from tools.runtime import profile
from tools.runtime.reckon import FLOOR_HOURS, RuntimeModelError, reckon
from tools.vboard.errors import BoardError
from tools.vboard.wiring import load_board

BOARDS = Path(__file__).resolve().parent.parent.parent / "board_configs"


def board_names():
    return sorted(path.stem for path in BOARDS.glob("*.json"))


def find_board(name):
    """A resolved board by its name or its file. Raises RuntimeModelError."""
    path = Path(name)
    is_file = path.suffix == ".json"
    if is_file and not path.is_file():
        raise RuntimeModelError(f"{name}: no such file")
    try:
        board = load_board(path.stem if is_file else name, [path.parent, BOARDS] if is_file else [BOARDS])
    except BoardError as error:
        raise RuntimeModelError(f"{name}: {error}; boards: {', '.join(board_names())}") from None
    except (ValueError, TypeError, OSError) as error:
        raise RuntimeModelError(f"{name} cannot be read: {error}") from None
    missing = [field for field in ("name", "title", "bearers") if not board.get(field)]
    if missing:
        raise RuntimeModelError(f"{name}: {', '.join(missing)} missing; `python -m tools.deploy` says what a board file needs")
    return board


def text_of(found):
    """The figures for a reader."""
    lines = [f"{found['board']}: {found['title']}"]
    lines.append(f"battery {found['capacity_mah']} mAh ({found['capacity_from']}, {found['verified']}), of which"
                 f" {found['counted_on_pct']} % are counted on; radio off at {found['off_mv']} mV")
    for state, one in found["states"].items():
        lines.append(f"  {state:10} {one['load_ma']:4} mA  {one['hours']:6.1f} h  {one['by']}")
    day = found["day"]
    parts = ", ".join(f"{length / 60:.1f} h {state}" for state, length in day["minutes"].items())
    lines.append(f"{day['title']} ({parts})")
    lines.append(f"  takes {day['takes_mah']} mAh and lasts {day['lasts_hours']:.1f} h, wanted {day['target_hours']:g} h:"
                 f" {'met' if day['met'] else 'MISSED'} ({day['by']}); least battery for it: {day['least_capacity_mah']} mAh")
    if not day["several_hours"]:
        lines.append(f"  below {FLOOR_HOURS} h: not the several hours that the tenant's guide promises")
    lines.append("hours: the cell by its model in any case (firmware/core/battery_model.py); nobody has put a meter on a unit")
    return "\n".join(lines)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tools.runtime", description=__doc__.splitlines()[0])
    parser.add_argument("board", metavar="BOARD|FILE", help=f"a board file, or its name: {', '.join(board_names())}")
    parser.add_argument("--profile", default="target", metavar="NAME|FILE", help=f"{', '.join(profile.names())}; default: target")
    parser.add_argument("--capacity", type=int, metavar="MAH", help="of the battery, as printed on it, for the board file's")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--check", action="store_true", help="exit code 1 when the day does not fit in")
    options = parser.parse_args(argv)
    if options.capacity is not None and not 1 <= options.capacity <= 100_000:
        parser.error("--capacity: 1 to 100000 mAh wanted")
    try:
        found = reckon(find_board(options.board), profile.find(options.profile), options.capacity)
    except (RuntimeModelError, profile.ProfileError) as error:
        print(f"runtime: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found) if options.json else text_of(found))
    return 1 if options.check and not found["day"]["met"] else 0


if __name__ == "__main__":
    sys.exit(main())
