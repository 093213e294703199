"""`flats.csv`: which unit hangs in which flat, on which board, and where each of its inputs is. Read strictly: a wrong cell
stops.

Columns: `flat`, `unit`, `board`, `language`, and one for each input of the boards used. An empty cell of an input: it is not
fitted in this flat. Separated by commas, or by semicolons if the first line has those; empty columns behind the last one are
what spreadsheets leave, and are not read.
"""

import csv
import io
from dataclasses import dataclass, field

from tools import boards
from tools.desk.fields import name as is_name
from tools.prompts import texts

# isort: split
from firmware.core import board as board_rules

from .errors import InstallError

FIXED = ("flat", "unit", "board", "language")
_LOCATION = 32  # characters, docs/settings.md
_NOT_UTF_8 = "not UTF-8: save it again as `CSV UTF-8` (in LibreOffice: character set Unicode, UTF-8)"
_NO_CALL = board_rules.ROLES  # inputs that raise no call need neither room nor column


@dataclass(frozen=True)
class Flat:
    """One row. `inputs`: {input: location, or None where it is not fitted}; `line`: in the file; `chip`, `flash_mb`: the
    board's; `remarks`: what is lawful and strange, as sentences."""

    flat: str
    unit: str
    board: str
    language: str
    inputs: dict = field(default_factory=dict)
    line: int = 0
    chip: str = ""
    flash_mb: int = 4
    remarks: tuple = ()


def read(path, folder=None):
    """{flat: Flat} in the file's order. `folder`: boards.Folder. Raises InstallError (`flats`) with line and column."""
    folder = folder or boards.Folder(boards.ROOT / "board_configs")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InstallError("flats", path=path, line=0, column="-", why="the file is not there") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InstallError("flats", path=path, line=line, column="-", why=_NOT_UTF_8) from error
    return _Table(path, text, folder).flats()


class _Table:
    def __init__(self, path, text, folder):
        self._path, self._folder, self._boards = path, folder, {}
        first = text.split("\n", 1)[0]
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
        self._header, self._languages = [], texts.languages()

    def flats(self):
        found, units = {}, {}
        for line, cells in self._rows():
            if not self._header:
                self._take_header(line, cells)
                continue
            one = self._flat(line, cells)
            if one.flat in found:
                self._wrong(line, "flat", f"{one.flat!r} is in line {found[one.flat].line} already; each flat has one row")
            if one.unit in units:
                self._wrong(line, "unit", f"{one.unit!r} is in line {units[one.unit]} already; unit ids are unique in a scheme")
            found[one.flat], units[one.unit] = one, line
        if not found:
            why = "there is no flat in this file" if self._header else f"a first line with {', '.join(FIXED)} wanted"
            self._wrong(1, "flat", why)
        return found

    def _rows(self):
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._wrong(line, "-", str(error))
            if any(cell.strip() for cell in cells):
                yield line, [cell.strip() for cell in cells]

    def _take_header(self, line, cells):
        while not cells[-1]:
            cells.pop()
        for name in cells:
            if not name:
                self._wrong(line, "-", "a column without a name")
            if cells.count(name) > 1:
                self._wrong(line, name, "this column is there twice")
        for name in FIXED:
            if name not in cells:
                self._wrong(line, name, "this column is missing")
        self._header = cells

    def _flat(self, line, cells):
        while len(cells) > len(self._header) and not cells[-1]:
            cells.pop()
        if len(cells) != len(self._header):
            self._wrong(line, "-", f"{len(cells)} cells; the first line has {len(self._header)}")
        row = dict(zip(self._header, cells, strict=True))
        for name in ("flat", "unit"):
            if not is_name(row[name]):
                self._wrong(line, name, f"{row[name]!r}: 1 to 24 of a-z 0-9 _ - wanted")
        whole = self._board(line, row["board"])
        if row["language"] not in self._languages:
            why = f"there are no spoken messages in {row['language']!r}; known: {', '.join(self._languages)}"
            self._wrong(line, "language", why)
        inputs = self._inputs(line, row, whole)
        return Flat(row["flat"], row["unit"], row["board"], row["language"], inputs, line, whole["chip"],
                    whole.get("flash_mb") or 4, _remarks(whole, inputs))

    def _board(self, line, name):
        if name not in self._boards:
            known = self._folder.names()
            if name not in known:
                self._wrong(line, "board", f"there is no board file {name!r}; known: {', '.join(known)}")
            problems = boards.examine(self._folder, name)[0]
            if problems:
                self._wrong(line, "board", f"{name}: {problems[0]}")
            self._boards[name] = board_rules.resolve(self._folder, name)
        return self._boards[name]

    def _inputs(self, line, row, whole):
        kinds = {one["name"]: one["kind"] for one in whole["inputs"]}
        found = {}
        for column in self._header:
            if column in FIXED:
                continue
            if column not in kinds:
                if row[column]:
                    self._wrong(line, column, f"{row['board']} has no such input; it has {', '.join(kinds)}")
                self._known(column)
                continue
            if len(row[column]) > _LOCATION or not row[column].isprintable():
                self._wrong(line, column, f"a room of at most {_LOCATION} characters on one line wanted")
            found[column] = row[column] or None
        for name, kind in kinds.items():
            if kind not in _NO_CALL and name not in found:
                why = f"this column is missing: {row['board']} has this input. Where it is not fitted its cell stays empty"
                self._wrong(line, name, why)
        if not any(found[name] for name, kind in kinds.items() if kind not in _NO_CALL):
            self._wrong(line, "-", "no input that raises a call is fitted in this flat")
        return found

    def _known(self, column):
        """A column that this row's board does not have must be an input of some board: a slip of the pen would be silent."""
        for name in self._folder.names():
            try:
                if any(one["name"] == column for one in board_rules.resolve(self._folder, name)["inputs"]):
                    return
            except (ValueError, KeyError, TypeError):
                continue
        self._wrong(1, column, "no board has an input of this name")

    def _wrong(self, line, column, why):
        raise InstallError("flats", path=self._path, line=line, column=column, why=why)


def _remarks(whole, inputs):
    """A flat with cords or a pendant alone is lawful, and more often a cell that was forgotten."""
    buttons = [one["name"] for one in whole["inputs"] if one["kind"] == "button"]
    if any(inputs.get(name) for name in buttons) or not buttons:
        return ()
    others = ", ".join(name for name, room in inputs.items() if room)
    return (f"no button is fitted by flats.csv ({', '.join(buttons)} is empty); who needs help has {others} alone",)


EXAMPLE = """\
flat,unit,board,language,button,cord1,cord2,pendant
f1,u1,ESP32_GENERIC,en,hall,bathroom,bedroom,pendant
f2,u2,ESP32_GENERIC,en,hall,bathroom,,
"""
