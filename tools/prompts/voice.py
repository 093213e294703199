"""Speech synthesis by eSpeak NG, the command that distributions keep: a program of its own, as befits its licence (GPL).

Its version is part of what a message was built from: two versions do not give the same samples.
"""

import shutil
import subprocess
from pathlib import Path

_COMMAND = "espeak-ng"
_LIMIT_S = 60
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
    raise VoiceError(
        "no eSpeak NG on this machine (sudo apt-get install espeak-ng); without messages a unit sounds its tones alone.\n"
        "Recordings can stand in for all of them: --recordings"
    )


def _asked(command):
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if said.returncode:
        raise VoiceError(f"{command[0]} does not run: {said.stderr.strip()}")
    return Voice(command, said.stdout.split("Data at")[0].strip())
