"""Speech synthesis by eSpeak NG: the command if it is installed, else the library of the PyPI package `espeakng-loader`.

The command comes first because a distribution keeps it, and because it is a program of its own, as befits its licence (GPL). The
library serves machines where nobody may install one; it is run in a process of its own too. Both speak alike,
not the same samples: the version is part of what a message was built from.
"""

import ctypes
import importlib.util
import shutil
import subprocess
import sys
import wave
from pathlib import Path

_COMMAND, _PACKAGE = "espeak-ng", "espeakng_loader"
_LIMIT_S = 60
_RETRIEVAL, _CHARACTERS, _UTF8 = 1, 1, 1  # AUDIO_OUTPUT_RETRIEVAL, POS_CHARACTER, espeakCHARS_UTF8. Source: speak_lib.h
_RATE, _PITCH, _WORD_GAP = 1, 3, 7  # espeak_PARAMETER
_WORD_GAP_MS = 10  # unit of the word gap


class VoiceError(Exception):
    """Why nothing can be spoken, and what to do."""


class Voice:
    """`command`: of a program that takes espeak-ng's options; `version`: what it calls itself."""

    def __init__(self, command, version):
        self._command = command
        self.version = version

    def speak(self, text, voice, path):
        """Writes a WAV file of `text`. `voice`: as in texts.Texts. Raises VoiceError."""
        options = ["-v", voice["voice"], "-s", str(voice["words_per_minute"]), "-p", str(voice["pitch"])]
        options += ["-g", str(voice["word_gap_ms"] // _WORD_GAP_MS), "-z", "-w", str(path), text]
        done = subprocess.run([*self._command, *options], capture_output=True, text=True, timeout=_LIMIT_S, check=False)
        if done.returncode or not Path(path).exists():
            said = (done.stderr or done.stdout).strip()
            raise VoiceError(f"{self.version} does not speak with voice {voice['voice']!r}: {said}")


def find():
    """The best Voice of this machine. Raises VoiceError when it has none."""
    path = shutil.which(_COMMAND)
    if path:
        return _asked([path])
    if importlib.util.find_spec(_PACKAGE):
        return _asked([sys.executable, "-m", "tools.prompts.voice"])
    raise VoiceError(
        "no eSpeak NG on this machine (sudo apt-get install espeak-ng); without messages a unit sounds its tones alone.\n"
        "Recordings can stand in for all of them: --recordings"
    )


def _asked(command):
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if said.returncode:
        raise VoiceError(f"{command[0]} does not run: {said.stderr.strip()}")
    return Voice(command, said.stdout.split("Data at")[0].strip())


# From here on: the command's stand-in around the library.


class _Properties(ctypes.Structure):
    """espeak_VOICE: what a voice is chosen by."""

    _fields_ = [
        *((name, ctypes.c_char_p) for name in ("name", "languages", "identifier")),
        *((name, ctypes.c_ubyte) for name in ("gender", "age", "variant", "xx1")),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


def _library():
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Info.restype = ctypes.c_char_p
    rate_hz = library.espeak_Initialize(_RETRIEVAL, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    if rate_hz <= 0:
        raise VoiceError("the library cannot read its data")
    return library, rate_hz


def _speak_by_library(voice, words_per_minute, pitch, word_gap, path, text):
    library, rate_hz = _library()
    pieces = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(samples, count, _events):
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, 2 * count))
        return 0

    library.espeak_SetSynthCallback(take)
    wanted = _Properties(languages=voice.encode())
    if library.espeak_SetVoiceByName(voice.encode()) and library.espeak_SetVoiceByProperties(ctypes.byref(wanted)):
        raise VoiceError(f"there is no voice {voice!r}")
    for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_WORD_GAP, word_gap)):
        library.espeak_SetParameter(parameter, int(value), 0)
    words = text.encode()
    library.espeak_Synth(words, len(words) + 1, 0, _CHARACTERS, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(b"".join(pieces))


def main(arguments):
    if arguments == ["--version"]:
        print("eSpeak NG library:", _library()[0].espeak_Info(None).decode())
        return 0
    options = dict(zip(arguments[0:8:2], arguments[1:8:2], strict=True))
    try:
        _speak_by_library(options["-v"], options["-s"], options["-p"], options["-g"], *arguments[-2:])
    except VoiceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
