"""Faults that a unit reports once it has proven itself, and what the installer does about each. Source: docs/faults.md."""

FATAL = ("settings", "input", "storage")  # a unit with one of these is not installed, whatever else it does
_NEXT = {
    "line_open": "connect its line with the end-of-line resistor, in the flat at the latest",
    "line_short": "look for water or a crushed wire on its line",
    "held": "let go of it: a wire, a switch or a cord is stuck",
    "link": "look at network and broker",
    "path": "look at this way to the service: cable, Wi-Fi, SIM, broker",
    "task": "run again; if it comes again, take another board",
    "microphone": "look at the microphone's wires, then run again: the step `tone` closes it",
    "speaker": "look at the loudspeaker's wires, then run again: the step `tone` closes it",
    "sounder": "look at the amplifier's wires, then run again",
    "speech": "its memory does not hold speech; it raises calls all the same",
    "light": "look at the light's wires; the walk test closes it",
    "battery": "connect the cell and measure it",
    "mains": "switch the mains on",
    "clock": "set this computer's clock; the service tells the unit the time",
    "restarts": "look at supply and cell; it closes after 10 min without a restart",
    "overdue": "make the whole test in the flat: it closes it",
}


def remarks(found):
    """Sentences, one for each fault of a `health` message (`name` or `name:input`)."""
    return [f"fault {one}: {_NEXT.get(one.split(':')[0], 'docs/faults.md says what it means')}" for one in found]
