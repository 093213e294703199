"""What hangs on the board's connectors: buttons, cords and a pendant receiver on contacts or supervised lines, and their wires.

From a board file each input gets an `Input`, which works out the level or voltage at its pin from the contact's position and the
wire's state. Contacts bounce: a seeded few milliseconds of chatter at each closing and opening.
"""

import json
import random

from tools.vboard.child import wire
from tools.vboard.errors import BoardError

WIRES = ("ok", "cut", "short")
_BOUNCE_EDGES = (2, 4, 6)  # extra edges; with the final one they fit the queue of 8 interrupts
_BOUNCE_GAP_S = (0.0003, 0.0012)  # so a bounce lasts 0.6 to 7 ms; the board's debounce is 30 to 50 ms


class UnknownInput(BoardError):
    """No input of that name on this board; the text says which there are."""


def load_board(name, folders):
    """The whole board `name`, with the fields it inherits; the first folder that has the file wins.

    Raises BoardError with a clear text for a missing or circular file.
    """
    whole, chain = {}, []
    while name:
        if name in chain:
            raise BoardError(f"board {name}: inherits from itself")
        chain.append(name)
        path = next((folder / f"{name}.json" for folder in folders if (folder / f"{name}.json").exists()), None)
        if path is None:
            raise BoardError(f"board {name}: no {name}.json in {' or '.join(str(folder) for folder in folders)}")
        own = json.loads(path.read_text())
        whole = {**own, **whole}
        name = own.get("inherits")
    return whole


class Input:
    """One input. `tell(operation, GPIO, value)` is called with every change of what its pin sees."""

    def __init__(self, facts, tell):
        self.name = facts["name"]
        self.kind = facts["kind"]
        self.pin = facts["pin"]
        self.is_line = facts["wiring"] == "line"
        self.active = 0 if facts["active"] == "low" else 1
        self.bands_mv = facts["line"]["bands_mv"] if self.is_line else None
        self.pulled = False
        self.wire = "ok"
        self.noise = None
        self._tell = tell

    def state(self):
        """`normal`, `pulled`, `cut` or `short`."""
        return self.wire if self.wire != "ok" else "pulled" if self.pulled else "normal"

    def settle(self):
        """Tells the child what the pin sees now."""
        if self.is_line:
            self._tell(wire.MILLIVOLTS, self.pin, self._uv())
        else:
            self._tell(wire.LEVEL, self.pin, self.level())

    def level(self):
        """Level at a plain contact's pin. A cut wire hangs at the idle level, a short reads as closed: nobody can tell."""
        closed = self.wire == "short" or (self.wire == "ok" and self.pulled)
        return self.active if closed else 1 - self.active

    def _uv(self):
        if self.noise is not None:
            return wire.ADC_FAULTS[self.noise]
        band = {"normal": "normal", "pulled": "pulled", "cut": "open", "short": "short"}[self.state()]
        low, high = self.bands_mv[band]
        return (low + high) * 500  # the middle of the band in uV

    def bounces(self, dice):
        """The chatter of one movement: list of (seconds to wait, level). Empty on a line and on a broken wire."""
        if self.is_line or self.wire != "ok":
            return []
        level = self.level()
        edges = dice.choice(_BOUNCE_EDGES)
        return [(dice.uniform(*_BOUNCE_GAP_S), level if n % 2 == 0 else 1 - level) for n in range(edges, -1, -1)]


class Wiring:
    """All inputs of one board by name."""

    def __init__(self, board, tell, seed):
        self.inputs = {facts["name"]: Input(facts, tell) for facts in board["inputs"]}
        self.dice = random.Random(seed)
        self.bounce = True

    def __getitem__(self, name):
        if name not in self.inputs:
            raise UnknownInput(f"input {name!r}: one of {', '.join(self.inputs)} wanted", "input")
        return self.inputs[name]

    def settle(self):
        for one in self.inputs.values():
            one.settle()

    def states(self):
        return {name: one.state() for name, one in self.inputs.items()}

    def chatter(self, name):
        """The levels through which this input goes to reach its new position; the last one stays."""
        one = self[name]
        return one.bounces(self.dice) if self.bounce else []
