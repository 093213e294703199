"""The words of scenario files and of the demo's prompt: one table of sentences, and the parser that reads them.

In a sentence, words in capitals are fields; their types are in _FIELDS. `[...]` is not used: a sentence with an optional
end is two rows. An expectation also ends in `within SECONDS` (must come true by then) or `for SECONDS` (must stay true).
"""

import difflib
from dataclasses import dataclass, field

LIGHTS = ("off", "steady", "flashing", "double", "winking")
OUTCOMES = ("emergency", "help_sent", "mistake", "test")
CALL_STATES = ("open", "answered", "clearing", "closed")
PARTIES = ("coordinator", "centre", "everyone", "nobody")
KINDS = ("intercom", "welfare", "door")
SESSION_STATES = ("calling", "announcing", "ringing", "connected", "held", "ending", "ended")
CELLS = ("ok", "worn", "dead", "missing")
SENSES = ("ok", "no_value", "nan", "jump", "stuck")
SUPPLIES = ("mains", "on_battery", "low", "critical", "dying")
TEST_STATES = ("running", "paused", "ended")
RESULTS = ("pass", "fail", "skip")
VERDICTS = ("PASS", "PASS WITH DEFECTS", "FAIL", "INCOMPLETE")
ETHERNET = ("ok", "unplugged", "no_dhcp", "dead_path", "no_phy")
MODEM = ("ok", "silent", "no_sim", "sim_pin", "wrong_pin", "no_network", "dial_refused", "ppp_refused", "carrier_lost",
         "dead_path")  # fmt: skip
BEARERS = ("wifi", "ethernet", "cellular")
COMMANDS = ("talk", "listen", "auto", "duplex", "volume_up", "volume_down", "extend", "hold", "resume", "clear_down")

# (sentence, what it does). The first word of each decides nothing: the whole sentence is matched.
GIVENS = (
    ("board NAME", "the unit is this board of board_configs (default: ESP32_GENERIC)"),
    ("stock flash", "only files came onto it: MicroPython's own partitions, modules as .mpy files, no more heap than ever"),
    ("unit timer NAME NUMBER", "a timer of the unit, in ms, instead of its default (docs: settings, timers)"),
    ("desk timer NAME NUMBER", "a timer of the desk, in s, instead of its default (docs/desk-api.md)"),
    ("line break raises SWITCH", "does a broken cord line raise a call (on, the default) or a fault only (off)"),
    ("duty SWITCH", "is the coordinator on duty at the start (default: on)"),
    ("battery PERCENT", "so full is the battery at the start (default: 100)"),
    ("room echo NUMBER", "so much of the loudspeaker comes to the microphone, in dB, and some noise (default: neither)"),
    ("ethernet ETHERNET", "what the network socket is plugged into at the start (default: ok)"),
    ("modem MODEM", "SIM and mobile network at the start (default: ok)"),
    ("sim pin PIN", "the unit's settings have this PIN for its SIM (default: none)"),
    ("answering HOW", "the flat answers an announced call by itself (auto, the default) or when somebody presses (press)"),
)
ACTIONS = (
    ("press INPUT", "press and let go after 0.2 s"),
    ("press INPUT for SECONDS", "press for that long"),
    ("pull INPUT", "pull the cord, or press the button, and keep it so"),
    ("pull INPUT for SECONDS", "pull and let go after that time"),
    ("release INPUT", "let go"),
    ("cut wire INPUT", "break the wire to this input"),
    ("short wire INPUT", "short the wire to this input"),
    ("mend wire INPUT", "repair the wire"),
    ("answer", "somebody at the desk takes the newest open call"),
    ("answer as PARTY", "the coordinator or the centre takes it"),
    ("give back", "whoever holds the call gives it back unfinished"),
    ("clear OUTCOME by WHO", "clear the call: somebody named WHO is in the flat"),
    ("duty SWITCH", "the coordinator goes on or off duty"),
    ("talk", "whoever holds the newest call speaks with the flat"),
    ("call flat KIND by WHO", "the desk calls the flat, as intercom, welfare call or from the door"),
    ("operator COMMAND", "the operator's command in the speech: " + ", ".join(COMMANDS)),
    ("hang up", "the desk ends the speech; the call stays open"),
    ("switch INPUT SWITCH", "a switch in the flat, such as the one for privacy"),
    ("tenant speaks", "somebody in the flat speaks without end"),
    ("tenant silent", "and stops"),
    ("broker cut", "the broker ends; its connections break"),
    ("broker freeze", "the broker hangs; its connections stay open and swallow bytes"),
    ("broker mend", "the broker is back, whatever was done to it"),
    ("wifi cut", "the flat's Wi-Fi is gone"),
    ("wifi mend", "the flat's Wi-Fi is back"),
    ("wifi dead", "the flat's Wi-Fi is there and leads nowhere; nobody is told"),
    ("ethernet ETHERNET", "the network cable is out; has no address or no way for us; the PHY is broken; all is well again"),
    ("modem MODEM", "SIM and mobile network are so from now on"),
    ("link freeze", "between flat and broker all bytes are swallowed; nobody is told (half-open)"),
    ("link mend", "the network path carries again"),
    ("mains off", "the mains fail; the unit goes on by battery"),
    ("mains on", "the mains are back"),
    ("mains flicker COUNT in SECONDS", "the mains go and come, so many changes within that time"),
    ("battery PERCENT", "so full is the battery from now on"),
    ("HOURS hours pass in SECONDS", "for the battery alone, by what the unit draws; all else lives through the seconds"),
    ("cell CELL", "the battery's cell is fine, worn (half of it is gone), dead (gives way when the radio sends) or not there"),
    ("charger SWITCH", "the charger works, or charges nothing"),
    ("battery reads SENSE", "the converter of the battery is fine, gives no value, nonsense (nan), jumps, or is stuck"),
    ("power cut", "mains and battery: the unit is dead at once, in whatever it was doing"),
    ("power on", "the unit has power again"),
    ("reset", "the unit is started anew, as by its reset button"),
    ("speaker SPEAKER", "the loudspeaker is dead (the unit plays, and nobody hears it), or fine"),
    ("test start by WHO", "an engineer begins the quarterly test at the desk"),
    ("test walk", "the engineer does what the test asks for, step by step, until nothing is left; every answer is yes"),
    ("test walk until STEP", "and stops where this step is next"),
    ("test answer STEP VALUE", "the engineer's answer to one question; the step `now`: the one that is open"),
    ("test skip STEP WHY", "this step cannot be tested, and why"),
    ("test stop", "the engineer ends the test"),
    ("desk stop", "the desk's process is killed"),
    ("desk start", "the desk is started again"),
    ("desk withhold receipts", "the desk stores calls and keeps the receipts back (a fault put in on purpose)"),
    ("desk give receipts", "the desk sends receipts again"),
    ("wait SECONDS", "let time pass"),
)
EXPECTATIONS = (
    ("light lit", "the red light is on at this moment, whatever the pattern"),
    ("light LIGHT", "the red light shows this pattern; `steady` is told from a long flash after 2 s"),
    ("light not LIGHT", "it does not"),
    ("sound heard", "the sounder gives a tone"),
    ("sound silent", "it gives none"),
    ("call STATE", "the newest call at the desk is in this state"),
    ("call ringing PARTY", "and rings there"),
    ("call triggers COUNT", "and has that many activations"),
    ("call escalation COUNT", "and was raised again at least so often"),
    ("call from PLACE", "and this room is among its activations"),
    ("call cause NAME", "and this is the cause of one of its activations"),
    ("calls open COUNT", "so many calls are not closed"),
    ("calls stored COUNT", "so many calls are in the desk's database, closed ones too"),
    ("call SORT", "it is a test call, which rings nobody, or a real one"),
    ("clear refused", "the unit has refused the last clear, and the desk shows it"),
    ("session SESSION", "the newest speech session at the desk is in this state"),
    ("session kind WHICH", "and is of this kind: alarm, intercom, welfare or door"),
    ("session reason NAME", "and ended, or is ending, for this reason"),
    ("microphone LID", "the flat's microphone is open or closed, as its hardware has it"),
    ("microphone logged LID", "the desk has stored that it was opened, or closed"),
    ("no answer recorded", "the desk has stored that the flat did not answer, with the evidence"),
    ("unit online", "the desk sees the unit"),
    ("unit silent", "the desk reports the unit missing"),
    ("unit dead", "the unit has no power"),
    ("unit starts COUNT", "the unit has started so many times at least, since the scene began"),
    ("unit browned out COUNT", "and so often its voltage broke down, at least"),
    ("unit mode MODE", "the desk shows that the unit runs in full, or reduced after a restart storm"),
    ("unit start CLEAN", "the desk shows whether the last state had been saved before the unit's newest start"),
    ("unit saves power SWITCH", "processor at 80 MHz or less and the Wi-Fi asleep between beacons"),
    ("radio SWITCH", "the unit has its radio on or off, as the hardware has it"),
    ("unit hours at least HOURS", "the unit has told the desk how long its battery lasts: so long or longer"),
    ("unit hours at most HOURS", "so long or shorter"),
    ("traffic over BEARER", "the unit's connection to a broker goes this way, as the network sees it"),
    ("bearer reported BEARER", "the unit has told the desk that it uses this one"),
    ("phy SWITCH", "the Ethernet PHY has power, as the hardware has it"),
    ("modem SWITCH", "the modem is switched on, as the hardware has it"),
    ("mains reported SWITCH", "the desk shows that the unit has mains, or none"),
    ("mains reports COUNT", "so often has the unit reported its mains, since the scene began"),
    ("mains reports at most COUNT", "so often at most"),
    ("battery state SUPPLY", "what the unit last told the desk of its supply"),
    ("battery without value NAME", "it has told that it has no value of its battery, and why"),
    ("battery below PERCENT", "the cell itself is emptier than that"),
    ("test STATE_OF_TEST", "the newest test is under way, paused by a real call, or has ended"),
    ("test step STEP RESULT", "and this step has this result: " + ", ".join(RESULTS)),
    ("test left STEP", "and this step is not done yet"),
    ("test verdict VERDICT", "and it ended so: " + ", ".join(VERDICTS)),
    ("test recorded VERDICT", "the desk has stored a record of test with this verdict, against which it has no doubt"),
    ("fault FAULT open", "the desk shows this fault of the unit (name, or name:input)"),
    ("fault FAULT closed", "the desk does not, or no longer"),
)


class WordError(ValueError):
    """A line that is not understood; the text says what was wanted."""


@dataclass(frozen=True)
class Sentence:
    """One understood line: `form` is the row's sentence, `fields` its values by the field's name in lower case."""

    form: str
    fields: dict
    within_s: float | None = None
    for_s: float | None = None
    words: str = field(default="", compare=False)


def parse(line, table, expectation=False):
    """The Sentence that `line` is in `table`. Raises WordError saying what was wanted."""
    words = line.split()
    limits = {}
    if expectation:
        words, limits = _limits(words)
    near = None
    for form, _ in table:
        try:
            values = _match(form.split(), words)
        except WordError as error:
            near = near or error  # the sentence fits but for a value: the better complaint
            continue
        if values is not None:
            return Sentence(form, values, words=line, **limits)
    raise near or WordError(_not_understood(" ".join(words), table))


def _limits(words):
    if len(words) < 3 or words[-2] not in ("within", "for"):
        raise WordError("an expectation ends in `within SECONDS` or `for SECONDS`")
    seconds = _seconds(words[-1])
    key = "within_s" if words[-2] == "within" else "for_s"
    return words[:-2], {key: seconds}


def _match(form, words):
    """Field values; None when the fixed words differ; WordError when only a value is wrong."""
    open_ended = form[-1] in _OPEN_ENDED
    if len(words) < len(form) or (len(words) > len(form) and not open_ended):
        return None
    if open_ended:
        words = [*words[: len(form) - 1], " ".join(words[len(form) - 1 :])]
    pairs = list(zip(form, words, strict=True))
    if any(name not in _FIELDS and name != word for name, word in pairs):
        return None
    return {name.lower(): _FIELDS[name](word) for name, word in pairs if name in _FIELDS}


def _not_understood(line, table):
    heads = {" ".join(word for word in form.split() if word not in _FIELDS): form for form, _ in table}
    close = difflib.get_close_matches(line, list(heads), 1, 0.3)
    start = [form for form, _ in table if line and form.split()[0] == line.split()[0]]
    wanted = start or [heads[name] for name in close]
    hint = "; is it one of these: " + ", ".join(f"`{form}`" for form in wanted) if wanted else ""
    return f"`{line}` is not understood{hint}"


def _between(low, high, what):
    def check(word):
        try:
            value = float(word)
        except ValueError:
            value = low - 1.0
        if not low <= value <= high:
            raise WordError(f"`{word}`: {what} from {low} to {high} is wanted")
        return value

    return check


_seconds = _between(0, 3600, "a time in seconds")


def _count(word):
    if not word.isdigit():
        raise WordError(f"`{word}`: a whole number is wanted")
    return int(word)


def _number(word):
    try:
        return int(word) if word.lstrip("-").isdigit() else float(word)
    except ValueError:
        raise WordError(f"`{word}`: a number is wanted") from None


def _one_of(*allowed):
    def check(word):
        if word not in allowed:
            raise WordError(f"`{word}`: one of {', '.join(allowed)} is wanted")
        return word

    return check


_FIELDS = {
    "INPUT": str,  # checked against the board when it is used: another board has other inputs
    "NAME": str,
    "FAULT": str,
    "WHO": str,
    "PLACE": str,
    "NUMBER": _number,
    "SECONDS": _seconds,
    "HOURS": _between(0, 1000, "hours"),
    "PERCENT": _between(0, 100, "per cent"),
    "COUNT": _count,
    "LIGHT": _one_of(*LIGHTS),
    "OUTCOME": _one_of(*OUTCOMES),
    "STATE": _one_of(*CALL_STATES),
    "PARTY": _one_of(*PARTIES),
    "SWITCH": _one_of("on", "off"),
    "KIND": _one_of(*KINDS),
    "WHICH": _one_of("alarm", *KINDS),
    "SESSION": _one_of(*SESSION_STATES),
    "COMMAND": _one_of(*COMMANDS),
    "STEP": str,  # a name of the unit's own list; one that is not there is refused when it is used
    "WHY": str,
    "VALUE": _one_of("yes", "no"),
    "SORT": _one_of("test", "real"),
    "STATE_OF_TEST": _one_of(*TEST_STATES),
    "RESULT": _one_of(*RESULTS),
    "VERDICT": _one_of(*VERDICTS),
    "HOW": _one_of("auto", "press"),
    "LID": _one_of("open", "closed"),
    "CELL": _one_of(*CELLS),
    "SENSE": _one_of(*SENSES),
    "SUPPLY": _one_of(*SUPPLIES),
    "SPEAKER": _one_of("dead", "ok"),
    "MODE": _one_of("full", "reduced"),
    "ETHERNET": _one_of(*ETHERNET),
    "MODEM": _one_of(*MODEM),
    "BEARER": _one_of(*BEARERS),
    "PIN": str,
    "CLEAN": _one_of("clean", "unclean"),
}
_OPEN_ENDED = ("WHO", "PLACE", "WHY", "VERDICT")  # may be several words


def words_page():
    """All sentences with what they mean, as text."""
    blocks = []
    for title, prefix, table in (("Given", "given ", GIVENS), ("Actions", "", ACTIONS), ("Expected", "expect ", EXPECTATIONS)):
        rows = [f"  {prefix + form:32} {meaning}" for form, meaning in table]
        blocks.append("\n".join([title, *rows]))
    return "\n\n".join(blocks)
