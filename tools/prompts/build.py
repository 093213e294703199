"""Builds and checks the messages of a language: build/prompts/LANGUAGE/NAME.al and, beside that folder, what each was made of."""

import hashlib
import json
import tempfile
from pathlib import Path

from tools.prompts import sound

OUT = Path(__file__).resolve().parent.parent.parent / "build" / "prompts"
MOST_BYTES = 768 * 1024  # of a language: half of what a board with 4 MB of flash has for files (docs/prompts.md)
_LEAST_MS = 200  # shorter ones are a click
_FORMAT = 1  # of what sound.make does: a change makes every file anew
_SPOKEN, _RECORDED, _KEPT = "spoken", "recorded", "kept"


class BuildError(Exception):
    """What stands in the way, by file."""


def build(wanted, find_voice, recordings=None, out=OUT, keep_recordings=True):
    """Makes the messages of `wanted` (texts.Texts) that are missing or out of date; returns {name: what was done}.

    `find_voice()`: a voice.Voice, asked only if something is to be spoken. `recordings`: folder of NAME.wav that take the place
    of speech synthesis; they stay until `keep_recordings` is False. Raises BuildError, SoundError, voice.VoiceError.
    """
    taken = _recordings(recordings, wanted) if recordings else {}
    workshop = _Workshop(wanted, find_voice, out, keep_recordings)
    try:
        return {name: workshop.bring(name, taken.get(name)) for name in wanted.say}
    finally:
        workshop.tidy()


class _Workshop:
    """`made`: {name: {how, by, key}} of the files that exist; `key` changes with anything that the file depends on."""

    def __init__(self, wanted, find_voice, out, keep_recordings):
        self._wanted, self._find_voice, self._keep = wanted, find_voice, keep_recordings
        self._folder, self._manifest = out / wanted.language, _manifest(out, wanted.language)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._made = {name: entry for name, entry in _read(self._manifest).items() if self._path(name).exists()}
        self._voice = None

    def _path(self, name):
        return self._folder / f"{name}.al"

    def bring(self, name, recording):
        """What was done for this message: kept, spoken or recorded."""
        before = self._made.get(name, {})
        if recording is None and self._keep and before.get("how") == _RECORDED:
            return _KEPT
        entry = self._recorded(recording) if recording else self._spoken(name)
        if entry["key"] == before.get("key"):
            return _KEPT
        self._path(name).write_bytes(sound.make(recording) if recording else self._speak(name))
        self._made[name] = entry
        return entry["how"]

    def _recorded(self, path):
        return {"how": _RECORDED, "by": path.name, "key": _key(_FORMAT, hashlib.sha256(path.read_bytes()).hexdigest())}

    def _spoken(self, name):
        self._voice = self._voice or self._find_voice()
        key = _key(_FORMAT, self._wanted.say[name], self._wanted.voice, self._voice.version)
        return {"how": _SPOKEN, "by": self._voice.version, "key": key}

    def _speak(self, name):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.wav"
            self._voice.speak(self._wanted.say[name], self._wanted.voice, path)
            return sound.make(path)

    def tidy(self):
        """Takes away what the list does not name any more, and writes down what the rest was made of."""
        for path in self._folder.glob("*.al"):
            if path.stem not in self._wanted.say:
                path.unlink()
        entries = {name: self._made[name] for name in self._wanted.say if name in self._made}
        self._manifest.write_text(json.dumps(entries, indent=1) + "\n")


def _key(*parts):
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _recordings(folder, wanted):
    """{name: path} of an installer's recordings. A file whose name says nothing is refused: it would not be heard."""
    if not Path(folder).is_dir():
        raise BuildError(f"{folder}: no such folder")
    found, refused = {}, []
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix.lower() != ".wav":
            refused.append(f"{path}: not a .wav file; export it as WAV, 16 bits")
        elif path.stem not in wanted.say:
            refused.append(f"{path}: no message has this name; the names are: {', '.join(wanted.say)}")
        else:
            found[path.stem] = path
    if refused:
        raise BuildError("\n".join(refused))
    if not found:
        raise BuildError(f"{folder}: no recordings; name them after the messages: {', '.join(wanted.say)}")
    return found


def _manifest(out, language):
    return out / f"{language}.json"


def _read(manifest):
    try:
        return json.loads(manifest.read_text())
    except (OSError, ValueError):
        return {}


def made_of(language, out=OUT):
    """{name: "eSpeak NG 1.51" or a recording's file name} of what has been built."""
    return {name: entry["by"] for name, entry in _read(_manifest(out, language)).items()}


def files(language, out=OUT):
    """The files of a language that have been built, in order of their names."""
    return sorted((out / language).glob("*.al"))


def problems(wanted, out=OUT):
    """What is wrong with the built files of `wanted`; a list of words, empty when all is well."""
    built = {path.stem: path for path in files(wanted.language, out)}
    found = [f"{name}: not built" for name in wanted.say if name not in built]
    found += [f"{name}: no message has this name" for name in built if name not in wanted.say]
    for name, path in built.items():
        found += [f"{name}: {problem}" for problem in file_problems(path.read_bytes())]
    total = sum(path.stat().st_size for path in built.values())
    if total > MOST_BYTES:
        found.append(f"all together {total} bytes; at most {MOST_BYTES} fit beside the rest on a unit")
    return [f"{wanted.language}: {problem}" for problem in found]


def file_problems(codes):
    """What is wrong with the content of one file."""
    duration_ms = len(codes) * 1000 // sound.RATE_HZ
    if len(codes) % sound.FRAME:
        return [f"{len(codes)} bytes are not whole frames of {sound.FRAME}"]
    if not _LEAST_MS <= duration_ms <= sound.LONGEST_MS:
        return [f"{duration_ms} ms; wants {_LEAST_MS} to {sound.LONGEST_MS}"]
    level = sound.level_db(sound.from_alaw(codes))
    if level is None:
        return ["silence"]
    if abs(level - sound.LEVEL_DB) > sound.LEVEL_OFF_DB:
        return [f"level {level:.1f} dB; wants {sound.LEVEL_DB:.0f} +-{sound.LEVEL_OFF_DB:.0f}: is this A-law at 8 kHz?"]
    return []
