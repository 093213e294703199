"""Keeps what is to outlive this start, tells what was before it, and leads out of a reduced one. Source: P5, P8; docs/faults.md.

Called once a second by the shell's chores. Flash is written seldom: open faults at most once in 10 s (if that goes on 640 s) and
only when they have changed, proven pulls with them or once a day, the number of a calm start once; and never while the power does
not allow it.
"""

import json

from micropython import const

from firmware.core.call import CAUSES
from firmware.core.recorder import TASKS
from firmware.core.restarts import CALM, FULL_AGAIN
from firmware.drivers import small_file

KEPT = "kept.bin"  # JSON: what core.faults.Faults.kept gives, and `proven`: input -> s since 1970
LAST = "last.bin"  # the RTC memory as it was when the battery was about to end; its being there says that the end was a clean one
CALM_FILE = "calm.bin"  # number of the newest start that was calm, in digits
_SAVE_EVERY_S = const(10)  # at first; each write within an hour doubles it, so that a loose wire costs 140 writes a day at most
_SAVE_SELDOM_S = const(640)
_CALM_S = const(3600)
_RETRY_S = const(600)  # after a write that failed: a full file system is not helped by many tries
_DAY_S = const(86400)
_SETTLED_S = const(10)  # every input has been judged by then: debounce, and 2 s for a line
_TASK_CALM_S = const(600)  # a task that was started again and lasts that long works
_CLOCK_OFF_S = const(300)  # within that the unit's clock is right
_SOUNDER_EVERY_S = const(60)
_PART = const(24)  # flight records in a message: below 1,500 bytes
_SHOWN = const(16)  # docs/protocol.md, `proven`
_PULLS = ("activated", "test")  # causes that somebody's hand has
_AT_REST = ("held", "line_open", "line_short", "input")  # faults that an input at rest disproves


class Keeper:
    """`shell`: shell.Shell with all of its parts; `memory`: drivers.rtc_memory; `rules`: core.restarts.Restarts; `names`: of the
    inputs, by index; `proven`: {input: s since 1970}; `speaker`: drivers.speaker or None; `unset_ms`: so long after a start an
    unset clock is a fault."""

    def __init__(self, shell, memory, rules, names, proven, speaker, unset_ms):
        self.memory = memory
        self.proven = proven
        self._names = names
        self._shell = shell
        self._rules = rules
        self._speaker = speaker
        self._unset_s = unset_ms // 1000
        self.off_s = 0  # of the unit's clock, when the service last told the time
        self._saved_s = 0
        self._every_s = _SAVE_EVERY_S
        self._proven_saved_s = 0
        self._proven_changed = False
        self._again_s = _DAY_S
        self._task_s = 0  # uptime when a task has ended for the last time
        self._flight_told = False
        self._last_saved = False
        self._trouble = 0  # of the speaker, as counted last
        self._played = 0
        self._fresh = []  # inputs that were proven before anybody had told the time
        self._pulls = {}  # input index -> [call number, released, received] of a pull that is not proven yet

    # --- what happens

    def task_ended(self, name, uptime_s):
        self._task_s = uptime_s
        self.memory.count("task")
        self._shell.recorder.note("ended", TASKS.index(name))

    def told_time(self, unix_s):
        """The service has said what time it is: sets the clock, and is the test that closes the fault `clock`."""
        shell = self._shell
        off_s = unix_s - shell.wall_clock.now_s()
        shell.wall_clock.take(unix_s)
        self.off_s = shell.wall_clock.now_s() - unix_s
        if not shell.wall_clock.known:
            return
        if not self.memory.counted("told"):
            self.memory.put("told", 1)
        ahead = abs(self.off_s) > _CLOCK_OFF_S  # and stays so: noted once, not with each message
        if abs(off_s) > _CLOCK_OFF_S and not (ahead and shell.faults.is_open("clock")):
            shell.recorder.note("clock", off_s)
        self._date_anew(shell.wall_clock.now_s() + off_s - unix_s)
        shell.reports.fault("clock", "", abs(unix_s - shell.wall_clock.now_s()) > _CLOCK_OFF_S)

    def _date_anew(self, leap_s):
        """The clock has leapt by `leap_s`: pulls that were proven by the old one, in this start, were that much later."""
        for name in self._fresh if leap_s > 0 else ():
            self.proven[name] += leap_s
        self._fresh.clear()

    def raised(self, number, input_index, cause_index):
        """An input has raised call `number`, or triggered it again. A line that broke is no pull."""
        self._shell.recorder.note("raised", number)
        if CAUSES[cause_index] in _PULLS:
            self._pulls[input_index] = [number, False, False]

    def released(self, input_index):
        """That input is at rest again."""
        pull = self._pulls.get(input_index)
        if pull is not None:
            pull[1] = True
            self._prove(input_index, pull)

    def received(self, number):
        """The service's receipt for all of call `number` has come."""
        self._shell.recorder.note("received", number)
        for input_index in list(self._pulls):
            pull = self._pulls[input_index]
            if pull[0] == number:
                pull[2] = True
                self._prove(input_index, pull)

    def cleared(self, number):
        """Call `number` is over; pulls that got no receipt prove nothing any more."""
        self._shell.recorder.note("cleared", number)
        self.memory.drop_call(number)
        for input_index in list(self._pulls):
            if self._pulls[input_index][0] == number and not self._pulls[input_index][2]:
                del self._pulls[input_index]

    def _prove(self, input_index, pull):
        if pull[1] and pull[2]:
            del self._pulls[input_index]
            name = self._names[input_index]
            self.proven[name] = self._shell.wall_clock.now_s()
            if not self._shell.wall_clock.known and name not in self._fresh:
                self._fresh.append(name)
            self._proven_changed = True

    def hours(self):
        """{input: whole hours since its last proven pull, None: never} of the inputs that raise calls, at most 16."""
        now_s = self._shell.wall_clock.now_s()
        found = {}
        for name in self._shell.senses.callers()[:_SHOWN]:
            found[name] = max(now_s - self.proven[name], 0) // 3600 if name in self.proven else None
        return found

    def resets(self):
        """{cause: starts} since the RTC memory last lost power."""
        causes = ("power_on", "hard", "watchdog", "deep_sleep", "soft", "unknown", "brown_out")
        found = {}
        for cause in causes:
            if self.memory.counted(cause):
                found[cause] = self.memory.counted(cause)
        return found

    def begin(self):
        """The unit runs, and says so: tools take its word for it, and a start that does not fit into memory ends before. After
        service mode the flat is told, by the first start that has come so far, and after a power loss too."""
        shell = self._shell
        print("unit %s started, session %s, %d open calls" % (shell.uplink.prefix, shell.uplink.session, len(shell.calls.open)))
        if self.memory.counted("service"):
            self.memory.put("service", 0)
            shell.recorder.note("service", 0)
            shell.talk.prompt("service_over")

    # --- once a second

    def tick(self, uptime_s):
        shell = self._shell
        shell.recorder.tick()
        if shell.faults.unsure and uptime_s >= _SETTLED_S:
            self._settle()
        if self._task_s + _TASK_CALM_S <= uptime_s and shell.faults.any():
            self._tasks_work()
        if uptime_s >= self._unset_s and not self.memory.counted("told"):
            shell.reports.fault("clock", "", True)
        if uptime_s % _SOUNDER_EVERY_S == 0:
            self._watch_sounder()
        if uptime_s >= self._again_s:
            self._again_s += _DAY_S
            shell.reports.again()
        if not self._flight_told and shell.link.online:
            self._flight_told = True
            self._tell_flight()
        due = self._rules.tick(uptime_s, not (shell.calls.open or shell.unit.busy or shell.talk.active))
        if due == CALM:
            if not self._rules.reduced:
                shell.reports.fault("restarts", "", False)
            self._count_anew()
        elif due == FULL_AGAIN:
            self._full_again()
        self._keep(uptime_s)

    def _settle(self):
        """Faults of before this start: those of an input that is at rest are over, as are those of an input or path that is no
        more, and of mains that have come back meanwhile: core/mains.py begins with mains that are there, and told so."""
        shell = self._shell
        for name, source in list(shell.faults.unsure):
            if name in _AT_REST:
                over = shell.senses.rests(source)
            elif name == "mains":
                over = shell.power is None or shell.power.core.mains.on
            else:
                over = name == "path" and shell.proofs is not None and not (
                    source in shell.proofs.paths() or source in shell.bearer.names)
            if over:
                shell.reports.fault(name, source, False)

    def _tasks_work(self):
        for name, source in self._shell.faults.opened():
            if name == "task":
                self._shell.reports.fault(name, source, False)

    def _watch_sounder(self):
        """The port of the loudspeaker: writes that fail or stand still are a fault, a sound that was taken ends it."""
        speaker = self._speaker
        if speaker is None:
            return
        trouble, played = speaker.stalls + speaker.write_errors, speaker.blocks
        if trouble != self._trouble:
            self._shell.reports.fault("sounder", "", True)
        elif played != self._played:
            self._shell.reports.fault("sounder", "", False)
        self._trouble, self._played = trouble, played

    def _tell_flight(self):
        records = self._shell.recorder.before()
        parts = (len(records) + _PART - 1) // _PART
        for part in range(parts):
            self._shell.reports.note("flight", {"part": part + 1, "parts": parts,
                                                "records": records[part * _PART:(part + 1) * _PART]}, "flight%d" % part)

    def _count_anew(self):
        """Starts are counted from the next one on: this one is no part of a storm."""
        shell = self._shell
        self.memory.put("quick", 0)
        if shell.journal and shell.may_write():
            self._save(CALM_FILE, b"%d" % shell.journal.boot)

    def _full_again(self):
        self._shell.recorder.note("reduced", 0)
        print("reduced: tried in full again")
        self.restart()

    def restart(self, mark=None):
        """The unit starts anew because it wants to, which is no sign of a storm. Does not come back. `mark`: for the next start
        alone; set last, so that it is not left behind by what fails before it."""
        self._count_anew()
        if mark:
            self.memory.set_mark(mark)
        self._shell.restart()

    # --- files

    def _keep(self, uptime_s):
        shell = self._shell
        if not shell.may_write():
            return
        if self._last_saved:  # the power is back: the next end has to be saved anew
            self._last_saved = False
            small_file.remove(LAST)
        since_s = uptime_s - self._saved_s
        late = shell.faults.changed and since_s >= self._every_s
        if late or (self._proven_changed and uptime_s - self._proven_saved_s >= _DAY_S):
            self._saved_s = uptime_s
            if self._write():
                self._every_s = _SAVE_EVERY_S if since_s >= _CALM_S else min(2 * self._every_s, _SAVE_SELDOM_S)
                self._proven_saved_s = uptime_s
            else:
                self._saved_s += _RETRY_S

    def _write(self):
        faults = self._shell.faults
        kept = faults.kept()
        kept["proven"] = self.proven
        done = self._save(KEPT, json.dumps(kept).encode())
        faults.changed = not done
        self._proven_changed = self._proven_changed and not done
        return done

    def _save(self, path, content):
        """True if it was written; else fault `storage` of `file`, until a write succeeds."""
        try:
            small_file.save(path, content)
        except OSError as problem:
            print("%s: could not be written (%s)" % (path, problem))
            self._shell.reports.fault("storage", "file", True)
            return False
        self._shell.reports.fault("storage", "file", False)
        return True

    def save(self):
        """The last state, before the power goes: called while flash may still be written. True if it is safe."""
        shell = self._shell
        shell.recorder.note("saved")
        shell.wall_clock.note(True)
        self._write()
        self._last_saved = self._save(LAST, self.memory.image())
        return self._last_saved

