"""Says what happens: in lines for a person, or as one JSON object a line for a script."""

import json
import sys

from tools.desk.view import clean


class Screen:
    """`is_json`: lines for scripts; each has `say`, the kind of the line, and what belongs to it."""

    def __init__(self, is_json, out=None):
        self._is_json, self._out = is_json, out or sys.stdout

    def say(self, kind, text, /, **fields):
        """`text`: for a person, may have several lines; `fields`: for a script."""
        if self._is_json:
            self._write(json.dumps({"say": kind, **fields}, ensure_ascii=False))
        else:
            for line in text.split("\n"):
                self._write(clean(line))

    def _write(self, line):
        print(line, file=self._out, flush=True)
