"""An engineer in the flat of a virtual unit, who has nothing but what the second desk shows of the test."""

from .house import ADDRESS, until
from .scene import word

_STEP_S = 15  # the loudspeaker's test announces itself before it begins
TIMERS = {"test_settle_ms": 500, "test_real_ms": 1500, "mains_report_ms": 1000, "mains_spread_ms": 1000}


class Walker:
    def __init__(self, flat, desk):
        self._flat, self._exams, self._desk = flat, desk.exams, desk

    @property
    def course(self):
        return self._exams.course[ADDRESS]

    async def says(self, do, test=None, **fields):
        """The unit's word on a command of the test that is on."""
        test = ("" if do == "start" else self.course["test"]) if test is None else test
        return await word(self._desk, self._exams.say(ADDRESS, do, test=test, **{"who": "E. Ngineer", **fields}))

    async def begins(self):
        """A test that has said what is to be done first."""
        before = self._exams.course.get(ADDRESS, {}).get("test")
        assert await self.says("start", value="A. Tenant") == (True, "")
        await until(lambda: self._exams.course.get(ADDRESS, {}).get("test") != before, "it is announced")
        await self.is_ready()

    async def is_ready(self):
        """A pull is a test call from now on: while no step is named, at its beginning or after a real call, it is a real one."""
        await until(lambda: self.course["state"] == "running" and self.course["step"], "the test goes on")

    async def pulls(self, name):
        """A short pull; the result of its step."""
        await self._flat.control.do("press", input=name)
        return await self.result("pull:" + name)

    async def result(self, step):
        found = await until(lambda: [one for one in self.course["results"] if one[0] == step], step, _STEP_S)
        return found[-1][1]

    async def does_all_that_is_left(self):
        """What each step asks for, in the unit's order, until the test has ended."""
        done = set()
        while True:
            await until(lambda: self.course["state"] == "ended" or self.course["step"] not in done | {""}, "it goes on", _STEP_S)
            if self.course["state"] == "ended":
                return
            done.add(step := self.course["step"])
            kind, _, name = step.partition(":")
            if kind == "pull":
                await self.pulls(name)
            elif kind == "ask":
                assert await self.says("answer", step=step, value="yes") == (True, "")
            elif kind in ("mains_off", "mains_on"):
                await self._flat.control.do("mains", on=kind == "mains_on")
