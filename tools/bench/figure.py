"""One figure: its value, target, whether that is met, how it was measured, and what the peers had in the same run."""

from dataclasses import asdict, dataclass, field

NOT_MEASURED = "not measured"


@dataclass
class Figure:
    """`value`: a number in `unit`, or None and then `why_not` says why. `target`: a number, or None: shown, not judged.

    `better`: "lower", "higher" or "equal". `peers`: {name: number, text or None}; `detail`: what the value was made of.
    """

    name: str
    value: float | None
    unit: str
    how: str
    target: float | None = None
    better: str = "lower"
    peers: dict = field(default_factory=dict)
    detail: dict = field(default_factory=dict)
    why_not: str = ""

    @property
    def met(self):
        """True, False, or None when there is no target."""
        if self.target is None:
            return None
        if self.value is None:
            return False
        if self.better == "lower":
            return self.value <= self.target
        if self.better == "higher":
            return self.value >= self.target
        return self.value == self.target

    def as_dict(self):
        return {**asdict(self), "met": self.met}

    def value_text(self):
        return f"{NOT_MEASURED}: {self.why_not}" if self.value is None else f"{number(self.value)} {self.unit}"

    def target_text(self):
        sign = {"lower": "<=", "higher": ">=", "equal": "="}[self.better]
        return "" if self.target is None else f"{sign} {number(self.target)}"

    def verdict(self):
        if self.met is None:
            return ""
        if self.met:
            return "met"
        return "NOT MEASURED" if self.value is None else "MISSED"


def number(value):
    """Three significant digits, no exponent; text as it is."""
    if isinstance(value, str):
        return value
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def table(figures):
    """The figures as text, one below the other: name, value, target, verdict; peers and method on lines of their own."""
    rows = [(f.name, f.value_text(), f.target_text(), f.verdict()) for f in figures]
    rows.insert(0, ("figure", "value", "target", ""))
    widths = [max(len(row[i]) for row in rows if len(row[i]) < 60) for i in range(3)]
    lines = []
    for row, figure in zip(rows, [None, *figures], strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[3]]).rstrip())
        if figure is None:
            continue
        lines += [f"    {name}: {number(value)}" for name, value in figure.peers.items()]
        if figure.how:
            lines.append(f"    ({figure.how})")
    return "\n".join(lines)
