"""The quarterly test is due, and overdue, by the calendar of a whole unit; only a test that was passed ends that (P5, P7)."""

import datetime

from host_tests.walk import bell
from host_tests.walk.test_walk_host import begun, kept, walked

FIRST = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.timezone.utc)  # later than the clock of the machine that runs this
DUE_DAYS = 90


async def told(service, days):
    """The service tells that so many days have passed; the health report that follows, and open faults by it."""
    service.unix_s = lambda: int((FIRST + datetime.timedelta(days=days)).timestamp())
    since = len(service.said)
    await service.send("query")
    return await service.heard(lambda m: m["type"] == "health", since)


def overdue(is_open):
    return lambda m: m.get("event") == "fault" and m["fault"] == "overdue" and m["open"] is is_open


async def ended(board, service, passes):
    """A test that is walked, with the mains left on, or that is stopped at once; its verdict and record's last line."""
    test = await begun(board, service)
    if passes:
        await walked(board, service, test)
        for step in ("tone", "mains_off"):
            await service.test("skip", test, step, "not now")  # the tone may have its result; without mains_off there is no load
    else:
        assert await service.test("stop", test) == ""
    return (await kept(service, test))[1]


def test_overdue_is_a_fault_from_the_91st_day_on_and_ends_with_a_test_that_is_passed(tmp_path):
    async def scene(board, service):
        await told(service, 0)
        first = await service.heard(lambda m: m["type"] == "health" and m["due"])
        assert (first["tested"], first["due"]) == (None, "2027-05-30") and "overdue" not in first["faults"]
        await board.power_cut()  # a unit that has just been told the time looks at its calendar at once; else once a minute
        since = len(service.said)
        await board.power_on()
        await service.heard(lambda m: m.get("event") == "started", since)
        await told(service, DUE_DAYS + 1)
        await service.heard(overdue(True), since)
        last = await ended(board, service, passes=False)
        assert (last["verdict"], last["due"]) == ("INCOMPLETE", "2027-05-30")
        assert "overdue" in (await told(service, DUE_DAYS + 1))["faults"], "what was not done moves nothing"
        since = len(service.said)
        last = await ended(board, service, passes=True)
        assert (last["verdict"], last["due"]) == ("PASS WITH DEFECTS", "2027-08-29")
        await service.heard(overdue(False), since)
        health = await told(service, DUE_DAYS + 1)
        assert (health["tested"], health["due"]) == ("2027-05-31", "2027-08-29") and "overdue" not in health["faults"]

    bell.run(tmp_path, scene, limit_s=150)
