"""One unit's life with its journal: every step tells the oracle, every alarm is counted in flash operations."""

from host_tests.powercut.oracle import Violation
from tools.vboard.standins.nor import NorFlash

IDLE_STEPS_MAX = 40  # a ring of 8 sectors has nothing left to do long before
ACTIVATIONS_MAX = 6  # of one call in these lives


class RecordingFlash(NorFlash):
    """Notes, before each program and erase, all that is needed to cut the power there later."""

    def __init__(self, sectors, sector_bytes):
        super().__init__(sectors, sector_bytes)
        self.oracle = None
        self.log = None  # list of (operation, place, data, flash state, oracle)

    def _program(self, start, data):
        if self.log is not None:
            self.log.append(("program", start, bytes(data), self.snapshot(), self.oracle.copy()))
        super()._program(start, data)

    def _erase(self, sector):
        if self.log is not None:
            self.log.append(("erase", sector, None, self.snapshot(), self.oracle.copy()))
        super()._erase(sector)

    def tear(self, cut, variant, seed):
        """Puts the flash into the state after a power cut at the logged operation `cut`."""
        operation, place, data, state, _ = cut
        self.log = None
        self.restore(state)
        self.cut_at(0, variant, seed)
        try:
            self._erase(place) if operation == "erase" else self._program(place, data)
        except Exception as error:
            if type(error).__name__ not in ("PowerCut", "OSError"):
                raise
        self.power_on()


class Life:
    """`worn`: the flash has bad sectors, so an alarm may need more than one program; still never an error."""

    def __init__(self, flash, oracle, journal_class, dice, worn=False):
        self.flash = flash
        self.oracle = flash.oracle = oracle
        self.journal = None
        self._class = journal_class
        self._dice = dice
        self._worn = worn

    def boot(self):
        """Power comes (back): recover, and hold the result against the oracle."""
        self.journal = self._class(self.flash, self._entropy)
        calls = self.journal.open()
        self.oracle.opened(calls, self.journal.epoch)

    def look(self, times):
        """What a restart would find now, several times over, as weak bits read differently; the flash stays as it is."""
        log, self.flash.log = self.flash.log, None
        state = self.flash.snapshot()
        for _ in range(times if self.flash.has_weak_bits() else 0):
            journal = self._class(self.flash, self._entropy)
            self.oracle.copy().opened(journal.open(), journal.epoch)
            self.flash.restore(state)
        self.flash.log = log

    def raise_call(self):
        """A new call with its first activation; its number."""
        call_n = self.journal.next_call_n()
        self.oracle.numbered(call_n)
        self._trigger(call_n, 1)
        return call_n

    def add(self, call_n):
        """One more activation of an open call, up to a limit."""
        known = len(self.oracle.durable.get(call_n, ()))
        if known and known < ACTIVATIONS_MAX:
            self._trigger(call_n, known + 1)

    def clear(self, call_n):
        self.oracle.begin("clear", call_n)
        self._on_alarm_path(self.journal.cleared, call_n)
        self.oracle.returned()

    def idle(self):
        """All the housekeeping that there is to do; it must come to an end."""
        for _ in range(IDLE_STEPS_MAX):
            before = self.flash.erases
            more = self.journal.idle()
            if self.flash.erases > before + 1 and not self._worn:
                raise Violation("idle erased more than one sector in a step")
            if not more:
                return
        raise Violation(f"idle still has work after {IDLE_STEPS_MAX} steps")

    def open_calls(self):
        return sorted(self.oracle.durable)

    def activations(self):
        return sum(len(triggers) for triggers in self.oracle.durable.values())

    def _trigger(self, call_n, trigger_n):
        trigger = (trigger_n, self._dice.below(256), self._dice.below(3), self._dice.below(3))
        self.oracle.begin("trigger", call_n, trigger)
        self._on_alarm_path(self.journal.trigger, call_n, *trigger)
        self.oracle.returned()

    def _on_alarm_path(self, do, *arguments):
        programs, erases = self.flash.programs, self.flash.erases
        do(*arguments)
        programs, erases = self.flash.programs - programs, self.flash.erases - erases
        if (programs, erases) != (1, 0) and not self._worn:
            raise Violation(f"{programs} programs and {erases} erases on the alarm path, not 1 and 0")

    def _entropy(self, count):
        return bytes(self._dice.bits(8) for _ in range(count))
