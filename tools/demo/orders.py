"""What only the demo's prompt knows: words said in the flat, and the two pages. Everything else is the scenarios' grammar."""

import asyncio
import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.scenario.grammar import WordError
from tools.vboard import BoardError

_SPEAK_S = 10.0  # espeak-ng makes a minute of speech in well under a second
_WORDS_MAX = 500

# first words: what it does; those that end in a word in capitals take more words
ORDERS = {
    "say WORDS": "somebody in the flat says these words (espeak-ng speaks them)",
    "mic play FILE": "a WAV file is played in front of the flat's microphone",
    "links": "new links to the desk's page and to the flat's page",
}


@dataclass(frozen=True)
class Order:
    """`name`: the key of ORDERS; `rest`: the words in place of its word in capitals."""

    name: str
    rest: str = ""


def read(line):
    """The Order of a line, None if it is none. Raises WordError for one that lacks its words or has too many."""
    for name in ORDERS:
        head = [word for word in name.split() if word.islower()]
        words = line.split(maxsplit=len(head))
        if [word.lower() for word in words[: len(head)]] != head:
            continue
        rest = words[len(head)] if len(words) > len(head) else ""
        if bool(rest) != (head != name.split()):
            raise WordError(f"`{name}` is wanted")
        return Order(name, rest)
    return None


async def carry_out(order, room):
    """Raises BoardError in words for the person who typed it."""
    await _DOES[order.name](room, order.rest)


async def _say(room, words):
    program = shutil.which("espeak-ng")
    if program is None:
        raise BoardError("espeak-ng is not installed; `mic play FILE` plays a recording, the flat's page takes your own voice")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "words.wav"
        speaks = await asyncio.create_subprocess_exec(program, "-w", str(path), "--", words[:_WORDS_MAX])
        try:
            await asyncio.wait_for(speaks.wait(), _SPEAK_S)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                speaks.kill()
            raise BoardError(f"espeak-ng has not spoken within {_SPEAK_S:g} s") from None
        room.play(path)


async def _play(room, name):
    room.play(Path(name).expanduser())


async def _links(room, rest):
    """Shown by the session, which has the pages."""


_DOES = {"say WORDS": _say, "mic play FILE": _play, "links": _links}
