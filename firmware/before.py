"""What the starts before this one have left: open faults, proven pulls, the last state, how they ended. app.py lets go of this
module after the start; firmware/keeper.py writes the files.

Nothing here raises: a file that is cut short or garbage is named in `problems`, and costs only what was in it.
Source: P1, P5, P8.
"""

import json

from firmware.core.restarts import quick_starts
from firmware.drivers import small_file
from firmware.keeper import CALM_FILE, KEPT, LAST


class Before:
    """`memory`: drivers.rtc_memory.RtcMemory; `cause`: of build.reset_cause.

    `clean`: no power was lost, or the last state had been saved before; `kept`: object for Faults.restore, None if there is
    none; `proven`: {input: s since 1970}; `problems`: list of texts.
    """

    def __init__(self, memory, cause):
        self.problems = []
        self._memory = memory
        self._cause = cause
        self._take_last()
        self._take_kept()
        calm = self._load(CALM_FILE)
        self._calm_boot = int(calm) if calm is not None and calm.isdigit() and len(calm) < 10 else None

    def _load(self, path):
        try:
            return small_file.load(path)
        except ValueError as problem:
            self.problems.append(str(problem))
            return None

    def _take_last(self):
        image = self._load(LAST)
        self.clean = self._cause != "power_on" or image is not None
        if image is not None:
            if self._memory.lost:
                self._memory.restore(image)
            small_file.remove(LAST)  # it speaks of one end only

    def _take_kept(self):
        self.kept = None
        self.proven = {}
        text = self._load(KEPT)
        if text is None:
            return
        try:
            self.kept = json.loads(text)
            proven = self.kept["proven"]
            self.proven = {name: proven[name] for name in proven if type(proven[name]) is int}
        except (ValueError, LookupError, TypeError):
            self.problems.append("%s: not what a unit writes" % KEPT)

    def count(self, boot):
        """Counts this start; returns how many before it in a row were not calm. `boot`: its number in the journal, 0 without."""
        memory = self._memory
        if boot == 1:  # of a new unit nothing could have been saved
            self.clean = True
        memory.count(self._cause if self.clean else "brown_out")
        quick = quick_starts(boot, self._calm_boot, memory.counted("quick"))
        memory.count("quick")
        if boot and (self._calm_boot is None or self._calm_boot >= boot):  # nothing is known: count from here
            try:
                small_file.save(CALM_FILE, b"%d" % (boot - 1))
            except OSError as problem:
                self.problems.append("%s: could not be written (%s)" % (CALM_FILE, problem))
        return quick

    def volatile_calls(self, found, opened):
        """`found`: list of OpenCall of the journal. Returns them with the activations that only RTC memory has, which is kept
        for as long as they are open. `opened(number, triggers)`: makes another OpenCall."""
        calls = list(found)
        for number, trigger in self._memory.calls():
            for call in calls:
                if call.call_n == number:
                    break
            else:
                call = opened(number, ())
                calls.append(call)
            if not any(known[0] == trigger[0] for known in call.triggers):
                call.triggers.append(trigger)
        return calls
