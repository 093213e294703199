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
_GONE_S = 20.0  # from SIGKILL to the end; longer only for a process that hangs in the kernel, or whose output another one holds

_LIBC = ctypes.CDLL(None)


class ChildError(Exception):
    """A killed process has not ended; the text says which."""


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
    return await gone(process)


async def kill(process):
    """End `process` as a crash does, without a chance to tidy up; returns its exit code."""
    if process.returncode is None:
        _signal(process, signal.SIGKILL)
    return await gone(process)


async def gone(process):
    """The exit code of a process that was killed, or is about to end. Raises ChildError if it does not.

    asyncio waits not only for the process but for the end of its output as well, which whoever inherited it would hold open.
    """
    try:
        return await asyncio.wait_for(process.wait(), _GONE_S)
    except asyncio.TimeoutError:
        text = f"process {process.pid} was killed and has not ended within {_GONE_S:g} s: {_state(process.pid)}"
        raise ChildError(text) from None


def _state(pid):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return "it is gone, but its output is open"
    return ", ".join(line.replace("\t", " ") for line in lines if line.startswith(("Name", "State")))


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
