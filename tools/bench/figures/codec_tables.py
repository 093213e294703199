"""The unit's G.711 held against the recommendation's, code by code: all 65,536 samples and all 256 codes of both laws.

The other side is the desk's own, written apart from the unit's, by the segments of ITU-T G.711 (tools/desk/talk/talker.py).
"""

import array
import asyncio

from tools.bench.figure import Figure
from tools.desk.talk import talker

NAMES = ("codec_wrong_codes",)
_LIMIT_S = 60.0
_LAWS = (("alaw", talker.alaw, talker.sample_of_alaw), ("ulaw", talker.ulaw, talker.sample_of_ulaw))

# Writes, law by law, the codes of all samples from -32,768 on and then the samples of all codes.
_DEVICE = """
import sys
sys.path[:0] = %r
from array import array
from firmware.core.media import g711
with open(%r, "wb") as out:
    for encode, decode in ((g711.alaw_encode, g711.alaw_decode), (g711.ulaw_encode, g711.ulaw_decode)):
        codes = bytearray(256)
        for first in range(-32768, 32768, 256):
            encode(array("h", range(first, first + 256)), codes, 256)
            out.write(codes)
        samples = array("h", bytes(512))
        decode(bytes(range(256)), samples, 256)
        out.write(samples)
"""


async def measure_all(lab):
    lab.say("G.711 against the recommendation, code by code ...")
    path = lab.dir / "codes"
    program = _DEVICE % ([str(lab.source), str(lab.source / "lib")], str(path))
    command = [*lab.micropython, "-X", "heapsize=320k", "-c", program]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    said, _ = await asyncio.wait_for(process.communicate(), _LIMIT_S)
    if process.returncode:
        raise RuntimeError(said.decode()[-500:])
    wrong = count_wrong(path.read_bytes())
    how = "files of the unit under MicroPython against the desk's, both by ITU-T G.711: 65,536 samples and 256 codes of each law"
    return [Figure("codec_wrong_codes", sum(wrong.values()), "codes", how, 0, better="equal", peers=wrong)]


def count_wrong(data):
    """{direction of a law: how many differ} of what the device wrote."""
    wrong = {}
    size = 65536 + 512
    for i, (name, encode, decode) in enumerate(_LAWS):
        codes, samples = data[i * size:i * size + 65536], array.array("h", data[i * size + 65536:(i + 1) * size])
        wrong[f"{name} encode"] = sum(code != encode(sample) for sample, code in zip(range(-32768, 32768), codes, strict=True))
        wrong[f"{name} decode"] = sum(sample != decode(code) for code, sample in enumerate(samples))
    return wrong
