"""The list of texts of a language: texts/LANGUAGE.json, one entry for each message that the unit can speak."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tools import boards  # noqa: F401 - puts the stand-in for `micropython` on the path, which firmware needs

# isort: split
from firmware.core.walk import words
from firmware.signals import PROMPTS

FOLDER = Path(__file__).parent / "texts"
REFERENCE = "en"  # every language has the names of this one
OF_TESTS = (*words.PROMPTS, "reminder", "reminder_done")
OF_SPEECH = ("announce_intercom", "announce_welfare", "announce_door")
NEEDED = (*sorted(PROMPTS.values()), "service_over", *OF_SPEECH, *OF_TESTS)  # the firmware's

_NAME = re.compile(r"[a-z][a-z0-9_]{1,23}")
_MOST_WORDS = 16  # about 7 s at 140 words a minute; a listener who has to remember the beginning is lost
_VOICE_FIELDS = {"words_per_minute": (80, 200), "pitch": (0, 99), "word_gap_ms": (0, 200)}


class TextError(Exception):
    """What is wrong with a list of texts, by file and field."""


@dataclass(frozen=True)
class Texts:
    """`say`: {name: text}; `voice`: {voice, words_per_minute, pitch (0-99), word_gap_ms} for the speech synthesis."""

    language: str
    say: dict
    voice: dict


def languages(folder=FOLDER):
    return sorted(path.stem for path in folder.glob("*.json"))


def load(language, folder=FOLDER):
    """Texts of a language. Raises TextError with every problem that it has."""
    path = folder / f"{language}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TextError(f"there is no {path.name}; languages with a list: {', '.join(languages(folder))}") from None
    except ValueError as error:
        raise TextError(f"{path}: not JSON ({error})") from error
    found = problems(raw, language)
    if found:
        raise TextError("\n".join(f"{path}: {problem}" for problem in found))
    say = {name: entry["say"] for name, entry in raw["texts"].items()}
    return Texts(language, say, {field: raw[field] for field in ("voice", *_VOICE_FIELDS)})


def problems(raw, language):
    """What is wrong with the content of a language's file; a list of words, empty when all is well."""
    if not isinstance(raw, dict) or not isinstance(raw.get("texts"), dict):
        return ["wants an object with `language`, `voice` and `texts`"]
    found = [] if raw.get("language") == language else [f"language: {raw.get('language')!r} is not the file's name"]
    if not isinstance(raw.get("voice"), str) or not raw["voice"]:
        found.append("voice: wants the name of an espeak-ng voice")
    for field, (least, most) in _VOICE_FIELDS.items():
        value = raw.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            found.append(f"{field}: wants a whole number of {least} to {most}")
    for name, entry in raw["texts"].items():
        found += [f"texts, {name}: {problem}" for problem in _entry_problems(name, entry)]
    missing = [name for name in NEEDED if name not in raw["texts"]]
    return found + [f"texts: {name} is missing; the unit speaks it" for name in missing]


def _entry_problems(name, entry):
    if not _NAME.fullmatch(name):
        return ["a name is 2-24 of a-z 0-9 _ and begins with a letter: it becomes a file on the unit"]
    if not isinstance(entry, dict) or set(entry) != {"say", "why"}:
        return ["wants `say` and `why`"]
    texts = {field: entry[field] for field in ("say", "why")}
    found = [f"{field}: wants a text" for field, text in texts.items() if not isinstance(text, str) or not text.strip()]
    if not found and len(entry["say"].split()) > _MOST_WORDS:
        found.append(f"say: more than {_MOST_WORDS} words; a message is heard once, by somebody who is not well")
    return found


def unknown_names(folder=FOLDER):
    """{language: names that the reference language lacks, or that the language lacks of it}; only of languages with some."""
    reference = set(load(REFERENCE, folder).say)
    found = {language: sorted(reference ^ set(load(language, folder).say)) for language in languages(folder)}
    return {language: names for language, names in found.items() if names}
