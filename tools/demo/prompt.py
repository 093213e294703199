"""What a person types: short forms made whole, then read by the same grammar as scenario files."""

from tools.demo import orders
from tools.scenario import grammar

PROMPT = "> "
_CORDS = {"1": "cord1", "2": "cord2"}
_INPUTS = ("button", "cord1", "cord2", "pendant")
_WITH_INPUT = ("press", "pull", "release", "hold")
_WIRES = ("cut", "short", "mend")
_WITH_A_NAME = ("clear", "test")  # somebody's name or words stand in it: large letters stay
_WHO = "the coordinator"
_NUMBERS = ("HOURS", "SECONDS", "COUNT", "PERCENT")
_SUPERVISED = "cord2"  # the cord whose wire the demo's board watches

LOOKS = {
    "light": "what the light shows",
    "calls": "the calls at the desk",
    "status": "all that can be seen",
    "help": "this list",
    "quit": "end the demo (Ctrl-C or Ctrl-D too)",
}
_SHORT = {"q": "quit", "exit": "quit", "?": "help", "h": "help", "a": "answer", "l": "light", "c": "calls", "s": "status"}


def read(line):
    """A word of LOOKS, an Order, or a Sentence of grammar.ACTIONS. Raises grammar.WordError with what was wanted."""
    order = orders.read(line)
    if order:
        return order
    words = line.split() if line.lower().startswith(_WITH_A_NAME) else line.lower().split()
    if len(words) == 1:
        word = _SHORT.get(words[0], words[0])
        looks = [look for look in LOOKS if len(word) > 1 and look.startswith(word)]
        if len(looks) == 1:
            return looks[0]
        words = [word]
    return grammar.parse(" ".join(_whole(words)), grammar.ACTIONS)


def _whole(words):
    words = _spelt_out(words)
    if words[0] in _WITH_INPUT + _WIRES:
        words = [word if before == "for" else _CORDS.get(word, word) for before, word in zip(["", *words], words, strict=False)]
    if words[0] == "hold":
        words[0] = "pull"
    if words[0] in _WITH_INPUT and len(words) == 1:
        return [words[0], "button" if words[0] == "press" else "cord1"]
    if words[0] in _WIRES and (len(words) == 1 or words[1:] == ["wire"]):
        return [words[0], "wire", _SUPERVISED]
    if words[0] in _WIRES and len(words) == 2 and words[1] in _INPUTS:
        return [words[0], "wire", words[1]]
    if len(words) == 1 and words[0] in grammar.KINDS:
        return ["call", "flat", words[0], "by", *_WHO.split()]
    if words == ["test", "start"]:
        return ["test", "start", "by", "the", "engineer"]
    if words[:2] == ["test", "answer"] and len(words) == 3:
        return ["test", "answer", "now", words[2]]
    if words[0] == "clear" and len(words) == 2:
        return [*words, "by", *_WHO.split()]
    return words


def _spelt_out(words):
    """Each word that abbreviates the fixed words of exactly one group of sentences, in full: `br c` is `broker cut`."""
    forms = [form.split() for form, _ in grammar.ACTIONS]
    out = []
    for at, word in enumerate(words):
        known = {form[at] for form in forms if len(form) > at and form[: len(out)] == out[: len(form)]} - {"INPUT", "SECONDS"}
        if at == 0:
            known |= {"hold"}
        fits = sorted(name for name in known if name.islower() and name.startswith(word))
        out.append(fits[0] if len(fits) == 1 and word not in known else word)
    return out


def completions(text, buffer):
    """Words that may stand where `text` is being typed; `buffer`: the whole line so far."""
    before = buffer[: len(buffer) - len(text)].split()
    found = set()
    for form, _ in grammar.ACTIONS:
        words = form.split()
        if len(words) > len(before) and all(_fits(word, have) for word, have in zip(words, before, strict=False)):
            found.update(_choices(words[len(before)]))
    if not before:
        found.update(LOOKS)
        found.update([*grammar.KINDS, *(name.split()[0] for name in orders.ORDERS)])
    return sorted(word + " " for word in found if word.startswith(text))


def _fits(word, have):
    if word in _NUMBERS:
        return have.replace(".", "", 1).isdigit()
    return have == word or have in _choices(word) or (word.isupper() and not _choices(word))


def _choices(word):
    fields = {
        "INPUT": _INPUTS,
        "OUTCOME": grammar.OUTCOMES,
        "PARTY": grammar.PARTIES[:2],
        "SWITCH": ("on", "off"),
        "KIND": grammar.KINDS,
        "COMMAND": grammar.COMMANDS,
        "CELL": grammar.CELLS,
        "SENSE": grammar.SENSES,
        "ETHERNET": grammar.ETHERNET,
        "MODEM": grammar.MODEM,
        "SPEAKER": ("dead", "ok"),
        "VALUE": ("yes", "no"),
    }
    return fields.get(word, () if word.isupper() else (word,))


def help_page():
    rows = [f"  {form:26} {meaning}" for form, meaning in grammar.ACTIONS]
    looks = [f"  {word:26} {meaning}" for word, meaning in LOOKS.items()]
    own = [f"  {name:26} {meaning}" for name, meaning in orders.ORDERS.items()]
    shorts = (
        "  Short forms: press, pull 1, pull 2, release 1, cut 2, mend 2, a (answer), welfare, intercom, clear mistake, "
        "test start, test answer yes, q; unique beginnings of words"
    )
    inputs = "  INPUT: button, cord1 (bathroom), cord2 (bedroom), pendant. OUTCOME: " + ", ".join(grammar.OUTCOMES)
    return "\n".join([*rows, "", *own, "", *looks, "", inputs, shorts])
