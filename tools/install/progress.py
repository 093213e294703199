"""Progress of many boards at once: a line for each on a terminal, written over as it goes on; plain lines in a log, always.

Whatever passes through here is searched for the texts that nobody may see (`veil`): what should never happen is then not shown
either.
"""

import sys
import threading
import time

_HIDDEN = "(hidden)"
_LEAST = 8  # characters; a SIM's PIN would be found in every hash


class Progress:
    """`log`: an open file, or None; `out`: the terminal or what stands for it; `asks`: questions are put on it, so that nothing
    may be written over. Safe from any thread."""

    def __init__(self, log=None, out=None, asks=False):
        self._log, self._out = log, out or sys.stdout
        self._live = self._out.isatty() and not asks
        self._lock = threading.Lock()
        self._rows = {}  # port: text, in the order in which they came
        self._shown = 0  # lines on the terminal that are written over
        self._veiled = set()

    def veil(self, texts):
        """From now on these texts are shown nowhere."""
        with self._lock:
            self._veiled.update(text for text in texts if len(text) >= _LEAST)

    def step(self, port, flat, step, text=""):
        """The board at `port` is at `step`."""
        words = f"{flat or '?':10} {step}" + (f" {text}" if text else "")
        self._change(port, words, None if text else f"{port}: {words}")

    def done(self, port, flat, text):
        self._change(port, f"{flat or '?':10} {text}", f"{port}: {flat or '?':10} {text}")

    def log(self, port, text):
        """For the log only."""
        with self._lock:
            self._write_log(f"{port}: {text}")

    def say(self, text=""):
        """Lines for the person, above what is written over."""
        with self._lock:
            text = self._clean(text)
            self._write_log(text)
            self._wipe()
            self._out.write(text + "\n")
            self._draw()

    def _change(self, port, words, line):
        with self._lock:
            self._rows[port] = self._clean(words)
            if line:
                self._write_log(line)
            if self._live:
                self._wipe()
                self._draw()
            elif line:
                self._out.write(f"{time.strftime('%H:%M:%S')} {self._clean(line)}\n")
                self._out.flush()

    def _write_log(self, text):
        if self._log:
            for line in self._clean(text).splitlines():
                self._log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
            self._log.flush()

    def _clean(self, text):
        for one in self._veiled:
            text = text.replace(one, _HIDDEN)
        return text

    def _wipe(self):
        if self._shown:
            self._out.write(f"\x1b[{self._shown}F\x1b[J")
            self._shown = 0

    def _draw(self):
        if self._live:
            for port, words in self._rows.items():
                self._out.write(f"  {port:16.40} {words}"[:110] + "\n")
            self._shown = len(self._rows)
        self._out.flush()
