"""Many boards over several ports at once: each port takes the next flat; one that fails stops nothing else.

A board that the store knows goes to its own flat, whatever port it is on, so that a second run finishes what the first began.
"""

import errno
import os
import threading
import time
import traceback
from dataclasses import dataclass, field

from . import audit
from .errors import InstallError
from .run import Run

_DONE_ALREADY = "done_already"
_NOT_WAITED_FOR = ("port_missing", "port_busy", "port_denied", _DONE_ALREADY)
_SETTLED_S = 3  # a port that has just come belongs to root for a moment, until the system has given it its group
_LOOK_S = 0.2
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_NEXT_S = 600  # so long a port waits for its next board


@dataclass
class Result:
    """Of one run, or of a flat that was not begun (`port` empty)."""

    flat: str
    unit: str = ""
    port: str = ""
    mac: str = ""
    error: InstallError | None = None
    notes: list = field(default_factory=list)
    seconds: int = 0

    @property
    def is_good(self):
        return self.error is None

    @property
    def is_left_alone(self):
        """Nothing was done: the board was done before, and nobody has asked for it."""
        return self.error is not None and self.error.code == _DONE_ALREADY

    @property
    def word(self):
        """What became of it, as the audit says it; two words where there is no row."""
        if self.is_left_alone or (self.error and not self.port):
            return "left alone" if self.port else "not begun"
        return audit.INSTALLED if self.is_good else audit.FAILED


class Batch:
    """`flats`: list of Flat still to be done; `ports`: list of paths; `fixed`: {port: flat id} where the command says so."""

    def __init__(self, job, flats, ports, fixed=None):
        self._job, self._left, self._ports, self._progress = job, list(flats), ports, job.progress
        self._fixed = fixed or {}
        self._lock = threading.Lock()
        self.results = []

    def run(self):
        """List of Result, in the order in which they came to their end."""
        ended = {port: threading.Event() for port in self._ports}
        for port in self._ports:
            threading.Thread(target=self._serve, args=(port, ended[port]), daemon=True).start()
        while not all(one.is_set() for one in ended.values()):
            try:
                time.sleep(_LOOK_S)  # no join: after a Ctrl-C in it a thread that runs is taken for one that has ended
            except KeyboardInterrupt:
                self._job.stop.set()
                self._progress.say("stopping; each board is left where it can go on ...")
        for flat in self._left:
            why = "stopped by you" if self._job.stop.is_set() else "no port took it"
            error = InstallError("not_begun", flat=flat.flat, why=why)
            self.results.append(Result(flat.flat, flat.unit, error=error))
        return self.results

    def _serve(self, port, ended):
        try:
            self._boards_at(port)
        finally:
            ended.set()

    def _boards_at(self, port):
        is_first = True  # what is there when the batch begins; who plugs in another one stands at the bench, and can do so again
        while True:
            error = self._one(port)
            none = is_first and error is not None and error.code in _NOT_WAITED_FOR
            if none or port in self._fixed or not self._wants_more() or not self._next_board(port):
                return
            is_first = False

    def _wants_more(self):
        with self._lock:
            return bool(self._left) and not self._job.stop.is_set()

    def _next_board(self, port):
        """True once the board was unplugged and another one is there."""
        self._progress.done(port, "", "unplug this board and plug in the next one")
        end_s = time.monotonic() + _NEXT_S
        for is_there in (False, True):
            while os.path.exists(port) != is_there:
                if self._job.stop.is_set() or time.monotonic() > end_s or not self._wants_more():
                    return False
                time.sleep(_LOOK_S)
        end_s = time.monotonic() + _SETTLED_S
        while not os.access(port, os.R_OK | os.W_OK) and time.monotonic() < end_s and not self._job.stop.is_set():
            time.sleep(_LOOK_S)
        return True

    def _one(self, port):
        job, progress, taken = self._job, self._progress, self._tied(port)

        def choose(board):
            taken[:] = taken or [self._choose(port, board)]
            return taken[0]

        def meet(address):
            if port not in self._fixed:
                self._refuse_done(port, next((one for one in job.store.all() if one.address == address), None))

        def say(step, text):
            progress.step(port, taken[0].flat if taken else "", step, text)

        began_s = time.monotonic()
        run = Run(job, port, choose, say, lambda text: progress.log(port, text), meet)
        run.facts.flat = taken[0] if taken else None
        error = None
        try:
            run.run()
        except InstallError as problem:
            error = problem
        except OSError as problem:
            error = self._of_system(port, problem, run.step)
        except Exception as problem:  # noqa: BLE001 - of any kind: the other boards go on, and this one has its row
            error = self._unknown(port, problem, run.step)
        seconds = int(time.monotonic() - began_s)
        self._told(port, run, error, seconds)
        return error

    def _of_system(self, port, problem, step):
        """A full disk, or one that takes nothing, is no error of this tool's."""
        if problem.errno not in _DISK:
            return self._unknown(port, problem, step)
        error = InstallError("disk", path=problem.filename or self._job.scheme.dir, why=problem.strerror)
        error.step = step
        return error

    def _unknown(self, port, problem, step):
        self._progress.log(port, traceback.format_exc())
        error = InstallError("internal", why=f"{type(problem).__name__}: {problem}", step=step)
        error.step = step
        return error

    def _told(self, port, run, error, seconds):
        facts, job, progress = run.facts, self._job, self._progress
        flat = facts.flat
        result = Result(
            flat.flat if flat else "", flat.unit if flat else "", port,
            facts.board.mac if facts.board else "", error, facts.notes, seconds,
        )  # fmt: skip
        if result.is_left_alone:
            self._alone(port, error, seconds)
            return
        try:
            with job.books:
                job.audit.append(**row(facts, error, seconds, job.options.who))
        except InstallError as problem:  # it is not installed if nobody can prove it
            problem.step = "audit"
            result.error = error or problem
            progress.log(port, f"audit: {problem}")
        with self._lock:
            self.results.append(result)
        if result.is_good:
            progress.done(port, result.flat, f"installed, {seconds} s" + (f"; {'; '.join(result.notes)}" if result.notes else ""))
        else:
            progress.done(port, result.flat, f"FAILED at {result.error.step or '?'}: {result.error.what}")
            progress.say(f"{port}: {result.error.what}\n  Next: {result.error.next}")

    def _alone(self, port, error, seconds):
        """No row of the audit: nothing was begun."""
        known = error.facts
        with self._lock:
            self.results.append(Result(known["flat"], known["unit"], port, known["mac"], error, seconds=seconds))
        self._progress.done(port, known["flat"], f"left alone: {error.what}")
        self._progress.say(f"{port}: {error.what}\n  Next: {error.next}")

    def _refuse_done(self, port, known):
        """`known`: Identity of the board, or None. Raises InstallError (`done_already`) if it is installed and not wanted."""
        if known is None or any(one.unit == known.unit for one in self._left):
            return
        utc = self._job.installed_on(known)
        if utc:
            raise InstallError(_DONE_ALREADY, port=port, mac=known.mac, unit=known.unit, flat=known.flat, utc=utc)

    def _tied(self, port):
        """[the Flat that this port is for], or an empty list."""
        with self._lock:
            found = [one for one in self._left if one.flat == self._fixed.get(port)]
            self._left = [one for one in self._left if one not in found]
            return found

    def _choose(self, port, board):
        """The Flat for this board. Raises InstallError (`done_already`, `mac_taken`, `not_begun`)."""
        with self._lock:
            known = self._job.store.by_mac(board.mac)
            if known:
                flat = next((one for one in self._left if one.unit == known.unit), None)
                if flat is None:
                    self._refuse_done(port, known)
                    raise InstallError("mac_taken", mac=board.mac, unit=known.unit, flat=known.flat)
            else:
                bound = {one.unit for one in self._job.store.all() if one.mac}
                free = [one for one in self._left if one.unit not in bound]
                flat = next((one for one in free if one.chip == board.chip), None) or next(iter(free), None)
            if flat is None:
                raise InstallError("not_begun", flat="?", why="every flat has its board already")
            if flat.chip == board.chip:  # a wrong board uses up no flat
                self._left.remove(flat)
            return flat


def row(facts, error, seconds, who):
    """The audit's cells of one run."""
    flat, board, image, test = facts.flat, facts.board, facts.image, facts.test
    cells = {
        "utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "who": who, "seconds": seconds,
        "result": audit.FAILED if error else audit.INSTALLED, "step": error.step if error else "",
        "error": error.code if error else "", "detail": error.what if error else "; ".join(facts.notes),
        "session": facts.session, "firmware": facts.health.get("firmware", ""), "image": facts.image_id,
    }  # fmt: skip
    if flat:
        cells |= {"flat": flat.flat, "unit": flat.unit, "board": flat.board}
    if board:
        cells |= {"chip": board.chip, "mac": board.mac, "flash_mb": board.flash_mb}
    if image:
        cells |= {"form": image.form}
    if test:
        cells |= {"self_test": test.summary(), "record": test.sha256}
    return cells
