"""Which steps a test of this unit has, in the order in which an engineer walks. Pure.

- First the unit on the wall: its button and its other contacts; then pendants; then cords, room by room.
- After each cord its four questions, which only a human can answer; after the last pull those on light and sounder.
- Then what the unit does by itself, the mains with a human's hand: out, load, back; each path; clock; storage.

A step that this board cannot do is in the list all the same, and left out with a reason: what was not tested is on the record.
Source: G9, G10; docs/testing.md.
"""

ASKED = ("reach", "free", "untied", "bangles")  # reaches the floor, free of furniture, not tied up, its bangles are there
_AT_THE_UNIT = ("button", "answer", "reset", "privacy")


def steps(inputs, paths):
    """List of step names. `inputs`: list of (name, kind, room), kind as in the board file; `paths`: list of names."""
    found = []
    for name, kind, _ in _walked(inputs):
        found.append("pull:" + name)
        if kind == "cord":
            found += ["ask:%s:%s" % (name, what) for what in ASKED]
    found += ["ask:light", "ask:sounder", "tone", "mains_off", "load", "mains_on"]
    found += ["path:" + name for name in paths]
    return found + ["clock", "storage"]


def _walked(inputs):
    found = [one for one in inputs if one[1] in _AT_THE_UNIT] + [one for one in inputs if one[1] == "pendant"]
    for _, _, room in inputs:
        found += [one for one in inputs if one[2] == room and one not in found]
    return found
