"""The operator's commands, the same by message and by RFC 4733 digit. Data, and one question.

None of them touches the tones or the light (P3), and none clears a call (P6). Source: docs/protocol.md, `control`.
"""

MODES = ("auto", "talk", "listen", "duplex")
VOLUME_STEPS = {"volume_up": 1, "volume_down": -1}  # of 3 dB
DIGITS = {
    "1": "talk",
    "2": "listen",
    "3": "auto",
    "4": "duplex",
    "5": "volume_up",
    "6": "volume_down",
    "7": "hold",
    "8": "resume",
    "9": "extend",
    "0": "clear_down",
}
COMMANDS = tuple(DIGITS[digit] for digit in sorted(DIGITS))
WHILE_HELD = ("hold", "resume", "extend", "clear_down")


def refusal(do, speaking, held):
    """None, or the reason of the refused command `do` (any text): `field`, `not_connected` or `held`."""
    if do not in COMMANDS:
        return "field"
    if do == "clear_down":
        return None
    if not speaking:
        return "not_connected"
    return "held" if held and do not in WHILE_HELD else None
