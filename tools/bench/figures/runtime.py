"""Hours of stand-by of each board's battery after half an hour of speech, by the model: nobody has put a meter on a unit."""

from tools.bench.figure import Figure
from tools.runtime.__main__ import board_names, find_board
from tools.runtime.profile import find
from tools.runtime.reckon import RuntimeModelError, reckon

_PROFILE = "target"
_TALK_H = 0.5  # the target: 24 h of stand-by and 30 min of talk
_TARGET_H = 24


def _name(board):
    return f"runtime_{board.lower()}_hours"


NAMES = tuple(_name(board) for board in board_names())


async def measure_all(lab):
    lab.say("hours on the battery, by the model ...")
    return [figure_of(board) for board in board_names()]


def figure_of(board):
    """The Figure of one board file; not measured, and why, for one without a battery."""
    try:
        found = reckon(find_board(board), find(_PROFILE))
    except RuntimeModelError as error:
        return Figure(_name(board), None, "", "", _TARGET_H, better="higher", why_not=str(error))
    talk, standby = found["states"]["talk"], found["states"]["standby"]
    hours = (1 - _TALK_H / talk["hours"]) * standby["hours"]
    how = f"{found['day']['by']}: python -m tools.runtime {board}; a battery of {found['capacity_mah']} mAh, aged to 80 %"
    detail = {"standby_ma": standby["load_ma"], "talk_ma": talk["load_ma"], "talk_hours": talk["hours"],
              "least_capacity_mah": found["day"]["least_capacity_mah"], "by": found["day"]["by"]}
    return Figure(_name(board), round(hours, 1), "h", how, _TARGET_H, better="higher", detail=detail)
