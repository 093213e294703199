"""What is said to the engineer: by the unit's voice, and in print. Pure.

Prompts are names of files of spoken messages (tools/prompts has the texts). Source: docs/testing.md.
"""

# First part of a step -> (prompt, what is printed). `%s`: the input or path.
_WORDS = {
    "pull": ("test_pull", "pull or press %s, and let go"),
    "reach": ("test_ask_reach", "does the cord %s reach the floor, or nearly? answer yes or no"),
    "free": ("test_ask_free", "does the cord %s hang free of furniture? answer yes or no"),
    "untied": ("test_ask_untied", "is the cord %s neither tied up nor cut? answer yes or no"),
    "bangles": ("test_ask_bangles", "are the bangles of the cord %s there? answer yes or no"),
    "light": ("test_ask_light", "did the red light flash after the pulls? answer yes or no"),
    "sounder": ("test_ask_sounder", "were tones and voice well heard? answer yes or no"),
    "tone": ("test_wait", "the unit listens to its own tone; keep quiet"),
    "mains_off": ("test_mains_off", "switch the mains off"),
    "load": ("test_wait", "the battery is under load; wait"),
    "mains_on": ("test_mains_on", "switch the mains on again"),
    "path": ("test_wait", "the path %s is being proved; wait"),
    "clock": ("test_wait", "the clock is being looked at"),
    "storage": ("test_wait", "the storage is being looked at"),
}
_ENDS = {"PASS": "test_passed", "PASS WITH DEFECTS": "test_defects", "FAIL": "test_failed", "INCOMPLETE": "test_incomplete"}
BEGINS = "test_begins"
PROMPTS = tuple(sorted({words[0] for words in _WORDS.values()} | set(_ENDS.values()) | {BEGINS}))


def prompt(step):
    """Name of the message that asks for `step`; "" for a step that this page does not know."""
    words = _WORDS.get(_key(step))
    return words[0] if words else ""


def printed(step):
    """One line in English: what is to be done."""
    words = _WORDS.get(_key(step))
    if not words:
        return step
    return words[1] % step.split(":")[1] if "%s" in words[1] else words[1]


def ended(verdict):
    """Name of the message that tells the verdict."""
    return _ENDS[verdict]


def _key(step):
    """`cord1`'s questions by their last part, everything else by its first."""
    parts = step.split(":")
    return parts[-1] if parts[0] == "ask" else parts[0]
