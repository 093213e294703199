"""Opens the console to whoever has the claim code: checks it, tells the flat and the service, saves, and starts anew with the
mark by which main.py leaves to the prompt.

Loaded for one line of the console (console.py) and let go of after it. The check is made in slices, between which calls and
speech go on. A call, speech or a test is not broken off unless `now` was said; an activation while it opens calls it off. A call
that was open is in the journal, and is taken up again afterwards. Source: P1, P4, docs/service-mode.md.
"""

import asyncio

from micropython import const

from firmware.core import claim, clock

_ROUNDS = const(20)  # about 2 ms of an ESP32 (estimate) before others have their turn
_LOOK_MS = const(100)
_WORDS_MS = const(12000)  # tone and words are over by then, whatever the speaker says
_SENT_MS = const(3000)  # so long it waits for the broker to have the report
_MOST_BYTES = const(512)  # of a claim
_MOST_TRIES = const(999)
_MOST_WAIT_S = const(60)


class Service:
    """`shell`: shell.Shell with all of its parts; `console`: console.Console; `now()`: tick."""

    def __init__(self, shell, console, now):
        self._shell = shell
        self._console = console
        self._now = now

    async def run(self, code, at_once):
        """`code`: as it was typed; `at_once`: open whatever goes on. Ends when the code was refused, or with the restart."""
        try:
            await self._run(code, at_once)
        except MemoryError as problem:
            print("service: not now:", repr(problem))

    async def _run(self, code, at_once):
        fits = await self._fits(code)
        if not fits:
            self._refuse("this unit has no claim code" if fits is None else "wrong code")
            return
        why = self._goes_on()
        if why and not at_once:
            print("service: not opened: %s; with `now` behind the code it is, and the unit takes that up again afterwards" % why)
            return
        tries, self._console.tries = self._console.tries, 0
        print("service: opening; until it starts again this unit does not call")
        self._shell.recorder.note("service", 1)
        self._shell.signals.sound("SERVICE")
        if await self._passes(self._sounds, _WORDS_MS, at_once):
            self._shell.reports.note("service", {"state": "opened", "tries": tries}, "service")
            if await self._passes(self._sends, _SENT_MS, at_once):
                self._leave()

    async def _fits(self, code):
        """True or False; None if there is no claim that can be read."""
        for name in claim.FILES:
            try:
                with open(name, "rb") as file:
                    check = claim.Check(claim.parse(file.read(_MOST_BYTES)), claim.plain(code))
            except (OSError, ValueError):
                continue
            while True:
                fits = check.step(_ROUNDS)
                if fits is not None:
                    return fits
                await asyncio.sleep_ms(1)
        return None

    def _refuse(self, why):
        """The next code is looked at after 1, 2, 4 ... 60 s."""
        console = self._console
        console.tries = min(console.tries + 1, _MOST_TRIES)
        wait_s = min(1 << min(console.tries - 1, 6), _MOST_WAIT_S)
        console.due_ms = clock.add(self._now(), wait_s * 1000)
        print("service: %s; the next is looked at in %d s" % (why, wait_s))
        self._shell.reports.note("service", {"state": "refused", "tries": console.tries}, "service")

    def _goes_on(self):
        """What must not be broken off, in words; "" if nothing does."""
        shell = self._shell
        if shell.calls.open:
            return "a call is open"
        if shell.talk.active or shell.speech.is_on():
            return "somebody speaks with the flat"
        if shell.testing is not None and shell.testing.runs:
            return "a test runs"
        return ""

    async def _passes(self, lasts, limit_ms, at_once):
        """Waits while `lasts()`, so long at most. False if meanwhile something has begun that must not be broken off."""
        due_ms = clock.add(self._now(), limit_ms)
        while True:
            why = "" if at_once else self._goes_on()
            if why:
                print("service: called off: %s" % why)
                self._shell.recorder.note("service", 0)
                return False
            if not lasts() or clock.reached(self._now(), due_ms):
                return True
            await asyncio.sleep_ms(_LOOK_MS)

    def _sounds(self):
        return self._shell.signals.sounding() or self._shell.talk.prompting

    def _sends(self):
        return self._shell.link.online and self._shell.link.health()["pending"] > 0

    def _leave(self):
        """The last look at calls was in this very turn of the loop: nothing slips in between."""
        keeper = self._shell.keeper
        keeper.memory.put("service", 1)  # before all is saved: after a power loss in service mode the flat is told of its end too
        if self._shell.may_write():
            keeper.save()
        print("service: opened; the unit starts anew")
        keeper.restart(claim.OPEN)
