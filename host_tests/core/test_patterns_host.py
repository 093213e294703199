"""core/patterns.py as an onlooker sees it: each light is known by its edges alone, and never taken for another (P2)."""

from firmware.core.patterns import LIGHTS, STATES, PatternPlayer
from tools.vboard.sight import Onlooker


def changes(player, from_ms, to_ms, late_ms=0):
    """[(ms, level)] of the light, each second change shown `late_ms` late."""
    seen, at_ms = [], from_ms
    while at_ms is not None and at_ms <= to_ms:
        level = player.level(at_ms)
        if not seen or seen[-1][1] != level:
            seen.append((at_ms + late_ms * (len(seen) % 2), level))
        due_ms = player.next_change(at_ms)
        at_ms = None if due_ms is None else max(due_ms, at_ms + 1)
    return seen


def names(seen, to_ms):
    """What the onlooker says, every 50 ms."""
    onlooker = Onlooker(LIGHTS)
    told, left = [], list(seen)
    for at_ms in range(0, to_ms, 50):
        while left and left[0][0] <= at_ms:
            onlooker.change(*left.pop(0))
        told.append(onlooker.name(at_ms))
    return told


def test_each_light_is_known_within_4_s_and_never_taken_for_another():
    for state, (light, _) in STATES.items():
        for late_ms in (0, 30):
            player = PatternPlayer(0)
            player.show(state, 0)
            told = names(changes(player, 0, 12000, late_ms), 12000)
            assert set(told[11:]) <= {light, "changing"}, (state, late_ms)  # a pattern may begin with up to 0.5 s of dark
            assert set(told[80:]) == {light}, (state, late_ms)


def test_a_change_from_calling_to_received_is_seen_as_such():
    player = PatternPlayer(0)
    player.show("CALLING", 0)
    seen = changes(player, 0, 4900)
    player.show("RECEIVED", 5010)
    told = names(seen + changes(player, 5010, 12000)[1:], 12000)
    in_order = [name for i, name in enumerate(told) if name != "changing" and (i == 0 or told[i - 1] != name)]
    assert in_order[0] == "steady" and in_order[-1] == "flashing" and set(in_order) == {"steady", "flashing"}
