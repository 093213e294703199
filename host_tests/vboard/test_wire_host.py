"""Both ends of a virtual board's wire mean the same, though the child writes its numbers down once more."""

import ast
from pathlib import Path

from tools.vboard.child import wire
from tools.vboard.standins import nor


def of_child():
    """Constants of the child's modules by name, without the underscore. Those run under MicroPython only."""
    found = {}
    for name in ("board_world.py", "board_sound.py", "board_bearers.py"):
        for node in ast.parse((Path(wire.__file__).parent / name).read_text()).body:
            if isinstance(node, ast.Assign) and node.targets[0].id.startswith("_"):
                value = node.value.args[0] if isinstance(node.value, ast.Call) else node.value
                found[node.targets[0].id[1:]] = ast.literal_eval(value)
    return found


def test_the_child_s_numbers_are_the_parent_s():
    both = {name: value for name, value in of_child().items() if hasattr(wire, name)}
    assert len(both) == 27, sorted(both)
    for name, value in both.items():
        assert value == getattr(wire, name), name


def test_every_cut_has_a_name_and_every_name_is_a_cut():
    assert set(nor.CUT_KINDS) == {*nor.PROGRAM_CUTS, *nor.ERASE_CUTS}
    assert len(nor.CUT_KINDS) == len(set(nor.CUT_KINDS))
