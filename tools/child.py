"""Starting other programs so that none outlives us.

A child gets a session of its own, so Ctrl-C in the terminal reaches only us and we stop the children in our order;
and the kernel sends it SIGTERM should we die without doing so (PR_SET_PDEATHSIG), even by SIGKILL.
"""

import asyncio
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # Source: prctl(2)
_FREEZE_S = 1.0  # far more than it takes
_STOP_S = 3.0  # a broker closes its store within this; then it is killed

_LIBC = ctypes.CDLL(None)


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def start(command, log, env=None, cwd=None):
    """Start `command` (list), its output appended to the file `log`. Returns the asyncio process."""
    with open(log, "ab") as output:
        return await asyncio.create_subprocess_exec(
            *[str(word) for word in command],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


async def stop(process):
    """End `process` politely, then by force; returns its exit code. Does nothing to one that has ended."""
    if process.returncode is None:
        _signal(process, signal.SIGCONT)  # a frozen process takes no SIGTERM
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except asyncio.TimeoutError:
            _signal(process, signal.SIGKILL)
    return await process.wait()


async def kill(process):
    """End `process` as a crash does, without a chance to tidy up; returns its exit code."""
    if process.returncode is None:
        _signal(process, signal.SIGKILL)
    return await process.wait()


def freeze(process):
    """Stop the process where it is: its sockets stay open and swallow bytes, as a hung machine's do.

    Returns when all its threads stand; the kernel stops those on other processors a moment after the signal.
    """
    os.kill(process.pid, signal.SIGSTOP)
    end_s = time.monotonic() + _FREEZE_S
    while not _stands(process.pid) and time.monotonic() < end_s:
        time.sleep(0.001)


def _stands(pid):
    """True when every thread of the process is stopped."""
    states = [path.read_text().rsplit(")", 1)[1].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(state == "T" for state in states)


def thaw(process):
    """Let a frozen process go on."""
    os.kill(process.pid, signal.SIGCONT)


def _signal(process, number):
    try:
        process.send_signal(number)
    except ProcessLookupError:  # it ended between our look and our signal
        return
