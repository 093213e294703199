"""Progress of many boards at once: a line for each on a terminal, written over as it goes on; plain lines in a log, always.

A terminal that goes away (a pipe to `head`, a window that is shut) and a log that finds no room stop no board.

Whatever passes through here is searched for the texts that nobody may see (`veil`): what should never happen is then not shown
either.
"""

import io
import shutil
import sys
import threading
import time

_HIDDEN = "(hidden)"
_WIDEST = 110  # columns of a row that is written over
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
            self._show(text + "\n")

    def end(self, text):
        """The last words: the rows of the ports are through, and are not drawn again."""
        with self._lock:
            self._rows.clear()
        self.say(text)

    def _change(self, port, words, line):
        with self._lock:
            self._rows[port] = self._clean(words)
            if line:
                self._write_log(line)
            if self._live:
                self._show("")
            elif line:
                self._show(f"{time.strftime('%H:%M:%S')} {self._clean(line)}\n")

    def _write_log(self, text):
        if not self._log:
            return
        try:
            for line in self._clean(text).splitlines():
                self._log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
            self._log.flush()
        except OSError as error:  # audit and store stop a board that cannot be proven; a log is for the curious
            self._log = None
            self._show(f"the log cannot be written: {error.strerror}; this goes on without it\n")

    def _clean(self, text):
        for one in self._veiled:
            text = text.replace(one, _HIDDEN)
        return text

    def _show(self, text):
        """`text`, above the rows that are written over."""
        wiped = f"\x1b[{self._shown}F\x1b[J" if self._shown else ""
        rows = self._drawn() if self._live else []
        self._shown = len(rows)
        try:
            self._out.write(wiped + text + "".join(row + "\n" for row in rows))
            self._out.flush()
        except (OSError, ValueError):  # nobody looks any more
            self._out, self._live = io.StringIO(), False

    def _drawn(self):
        """A row that is longer than the terminal would take two lines of it, and only one would be written over."""
        wide = min(_WIDEST, shutil.get_terminal_size((_WIDEST + 1, 24)).columns - 1)
        return [f"  {port:16.40} {words}"[:wide] for port, words in self._rows.items()]
