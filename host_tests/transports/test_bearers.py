"""Several bearers as one: what is told to the rules, what becomes of their actions, who has to join anew for the route (P8)."""

import asyncio

import host_tests.transports.loop  # noqa: F401 - gives CPython's asyncio what the code under test needs
from firmware.core import bearers as rules
from firmware.core import clock
from firmware.transports.bearers import Bearers


class Part:
    """A bearer that is up when the test says so and it is on."""

    linked = False
    gave_up = False
    trouble = ""
    dials = 0

    def __init__(self, name, said):
        self.name, self.said = name, said
        self.there = self.resting = False
        self.beat = self.drops = self.steps = 0
        self.broken = False

    def up(self):
        return self.there and not self.resting

    def rest(self, on):
        self.resting = on
        self.said.append((self.name, "off" if on else "on"))
        if self.name == "cellular" and not on:
            self.dials += 1

    def dns_server(self):
        return "dns of " + self.name

    def address(self):
        return "address of " + self.name

    def rssi_dbm(self):
        return -len(self.name)

    def speaking(self, on):
        self.said.append((self.name, "speaking", on))

    def pace(self, awake, saving):
        self.said.append((self.name, "pace", awake, saving))

    async def run(self):
        while not self.broken:
            self.beat += 1
            await asyncio.sleep_ms(1)


class Link:
    def __init__(self, said):
        self.said = said
        self.online = self.going_over = False
        self.takes = True
        self.path = 0
        self.counters = {"connects": 0}

    def renew(self):
        self.online = False
        self.said.append(("link", "renew"))

    def go_over(self, path):
        self.said.append(("link", "go over"))
        self.going_over = self.takes
        return self.takes

    def stay(self):
        self.going_over = False
        self.said.append(("link", "stay"))


class Thing:
    def __init__(self, **fields):
        for name in fields:
            setattr(self, name, fields[name])


class Bench:
    def __init__(self, *names):
        self.now_ms = clock.PERIOD_MS - 30000
        self.said = []
        self.parts = {name: Part(name, self.said) for name in names}
        self.link = Link(self.said)
        self.waiting = False
        reports = Thing(fault=lambda *fault: self.said.append(("fault",) + fault),
                        note=lambda name, fields, key: self.said.append((name, fields, key)))
        self.shell = Thing(link=self.link, reports=reports, talk=Thing(active=False),
                           calls=Thing(open=[], waiting=lambda: self.waiting))
        self.bearers = Bearers(list(self.parts.values()), self.shell, lambda: self.now_ms)
        assert self.said == [(name, "off") for name in names]
        self.said.clear()
        self.bearers._tell(rules.WOKEN)

    def run(self, seconds):
        """What was said meanwhile."""
        before = len(self.said)
        for _ in range(int(seconds * 4)):
            self.now_ms = clock.add(self.now_ms, 250)
            self.bearers._look()
        return self.said[before:]

    def on(self):
        return [name for name in self.parts if not self.parts[name].resting]


def carrying(*names):
    bench = Bench(*names)
    bench.parts[names[0]].there = bench.link.online = True
    bench.run(1000)
    assert bench.on() == [names[0]]
    bench.said.clear()
    return bench


def test_one_bearer_is_on_and_stands_for_all():
    bench = carrying("ethernet", "wifi", "cellular")
    one = bench.bearers
    assert one.name == "ethernet" and one.names == ["ethernet", "wifi", "cellular"]
    assert one.up() and one.address() == "address of ethernet" and one.dns_server() == "dns of ethernet" and one.rssi_dbm() == -8
    assert bench.run(1000) == []


def test_a_lost_one_is_replaced_told_of_and_the_link_dials_anew():
    bench = carrying("ethernet", "wifi")
    bench.parts["ethernet"].there = bench.link.online = False
    bench.run(16)
    assert bench.on() == ["ethernet", "wifi"] and not bench.bearers.up()
    bench.parts["wifi"].there = True
    assert bench.run(0.25) == [("fault", "path", "ethernet", True), ("link", "renew"),
                               ("bearer", {"bearer": "wifi", "was": "ethernet", "why": "lost"}, "bearer"), ("ethernet", "off")]
    assert bench.bearers.name == "wifi" and bench.bearers.up() and bench.bearers.address() == "address of wifi"
    bench.link.online = True
    assert bench.run(1) == [("fault", "path", "wifi", False)]


def test_a_link_that_is_up_again_within_the_same_moment_counts_as_new():
    """It is renewed and back before anybody looks: the new bearer must not be held for dead."""
    bench = carrying("wifi", "cellular")
    bench.parts["wifi"].there = False
    bench.parts["cellular"].there = True
    renew = bench.link.renew

    def at_once():
        renew()
        bench.link.online = True

    bench.link.renew = at_once
    bench.link.online = False
    bench.run(20)
    assert bench.bearers.name == "cellular"
    bench.parts["wifi"].there = False
    bench.run(600)
    assert bench.bearers.name == "cellular" and bench.link.online


def test_a_link_that_came_up_over_the_new_bearer_before_anybody_looked_is_kept():
    bench = carrying("ethernet", "wifi")
    bench.parts["ethernet"].there = bench.link.online = False
    bench.run(16)
    bench.parts["wifi"].there = bench.link.online = True
    bench.link.counters["connects"] += 1
    said = bench.run(1)
    assert bench.bearers.name == "wifi" and ("link", "renew") not in said and said[-1] == ("fault", "path", "wifi", False)
    assert bench.run(55) == [] and bench.on() == ["wifi"]


def test_on_battery_the_link_goes_over_to_wifi_before_ethernet_goes_off():
    bench = carrying("ethernet", "wifi")
    bench.bearers.pace(True, False)
    bench.bearers.pace(False, True)
    assert bench.on() == ["ethernet", "wifi"]
    bench.parts["wifi"].there = True
    said = bench.run(1)
    assert ("link", "go over") in said and bench.on() == ["ethernet", "wifi"]
    assert bench.bearers.dns_server() == "dns of wifi", "asked over the route that Wi-Fi has"
    bench.link.counters["connects"] += 1
    bench.link.going_over = False
    said = bench.run(1)
    assert ("bearer", {"bearer": "wifi", "was": "ethernet", "why": "supply"}, "bearer") in said
    assert ("link", "renew") not in said and bench.on() == ["wifi"]
    bench.bearers.pace(False, False)
    bench.parts["ethernet"].linked = True
    bench.run(75)
    assert bench.bearers.name == "ethernet" and bench.on() == ["ethernet"]


def test_a_link_that_could_not_go_over_stays_and_one_that_is_busy_is_asked_again():
    bench = carrying("ethernet", "wifi")
    bench.link.takes = False
    bench.parts["wifi"].there = True
    bench.bearers.pace(False, True)
    said = bench.run(5)
    assert said.count(("link", "go over")) > 5 and bench.on() == ["ethernet", "wifi"]
    bench.link.takes = True
    bench.run(1)
    bench.link.going_over = False
    assert ("fault", "path", "wifi", True) in bench.run(1) and bench.on() == ["ethernet"]


def test_speech_and_pace_reach_every_part_and_a_call_on_battery_is_no_return_of_the_mains():
    bench = carrying("ethernet", "wifi")
    bench.bearers.speaking(True)
    bench.bearers.pace(False, False)
    assert bench.said == [("ethernet", "speaking", True), ("wifi", "speaking", True), ("ethernet", "pace", False, False),
                          ("wifi", "pace", False, False)]
    bench.parts["wifi"].there = True
    bench.bearers.pace(False, True)
    bench.run(1)
    bench.link.counters["connects"] += 1
    bench.run(1)
    bench.bearers.pace(True, False)
    bench.shell.calls.open = [1]
    bench.run(500)
    assert bench.on() == ["wifi"]


def test_speech_that_is_on_keeps_ethernet_until_it_is_over():
    bench = carrying("ethernet", "wifi")
    bench.shell.talk.active = True
    bench.run(1)
    bench.bearers.pace(False, True)
    bench.run(100)
    assert bench.on() == ["ethernet"]
    bench.shell.talk.active = False
    bench.run(1)
    assert bench.on() == ["ethernet", "wifi"]


def test_a_rest_switches_all_off_and_its_end_the_first_one_on():
    bench = carrying("wifi", "cellular")
    bench.bearers.rest(True)
    assert bench.on() == [] and bench.bearers.resting and not bench.bearers.up()
    bench.run(3600)
    assert bench.on() == [] and not bench.bearers.gave_up
    bench.bearers.rest(True)
    bench.bearers.rest(False)
    assert bench.on() == ["wifi"] and not bench.bearers.resting


def test_after_a_quarter_of_an_hour_without_any_network_only_a_reset_is_left():
    bench = carrying("wifi", "cellular")
    bench.parts["wifi"].there = bench.link.online = False
    bench.run(890)
    assert not bench.bearers.gave_up
    bench.run(15)
    assert bench.bearers.gave_up
    bench.parts["wifi"].there = True
    bench.run(1)
    assert not bench.bearers.gave_up


def test_wifi_joins_anew_when_a_modem_that_took_its_route_is_not_wanted_any_more():
    bench = carrying("wifi", "cellular")
    bench.parts["wifi"].there = bench.link.online = False
    bench.run(16)
    bench.parts["wifi"].there = True  # the modem is dialled after this: `dials` shows it
    bench.run(0.25)
    bench.parts["cellular"].dials += 1
    bench.link.online = True
    assert bench.run(0.5)[-3:] == [("cellular", "off"), ("wifi", "off"), ("wifi", "on")]
    bench = carrying("wifi", "cellular")
    bench.parts["wifi"].there = bench.link.online = False
    bench.run(16)
    bench.parts["wifi"].there = bench.link.online = True  # it joined after the modem had dialled: the route is its own
    assert ("cellular", "off") in bench.run(0.5) and ("wifi", "off") not in bench.said and bench.on() == ["wifi"]


def test_a_modem_dials_anew_when_a_wifi_that_had_the_route_is_switched_off_again():
    bench = carrying("wifi", "cellular")
    bench.parts["wifi"].there = bench.link.online = False
    bench.parts["cellular"].there = True
    bench.run(16)
    bench.link.online = True
    bench.run(50)
    assert bench.bearers.name == "cellular"
    bench.parts["wifi"].there = True
    bench.run(30)
    assert ("link", "go over") in bench.said
    bench.link.going_over = False
    said = bench.run(0.5)
    assert [one for one in said if one[0] in ("wifi", "cellular")] == [("wifi", "off"), ("cellular", "off"), ("cellular", "on")]


def test_a_modem_that_is_not_used_and_could_not_be_is_a_fault_until_it_is_ready():
    bench = carrying("wifi", "cellular")
    bench.parts["cellular"].trouble = "sim: none"
    assert bench.run(10) == [("fault", "path", "cellular", True)]
    bench.parts["cellular"].trouble = "no mobile network"
    assert bench.run(10) == []
    bench.parts["cellular"].trouble = ""
    assert bench.run(10) == [("fault", "path", "cellular", False)]


def test_what_failed_in_use_is_not_mended_by_being_ready():
    bench = carrying("wifi", "cellular")
    bench.parts["wifi"].there = bench.link.online = False
    bench.run(100)
    assert ("fault", "path", "cellular", True) in bench.said, "it did not come"
    bench.parts["wifi"].there = bench.link.online = True
    bench.parts["cellular"].trouble = "ppp refused"
    bench.run(5)
    bench.parts["cellular"].trouble = ""
    bench.said.clear()
    assert bench.run(50) == []


def test_the_task_runs_all_parts_beats_while_all_beat_and_ends_with_a_part():
    bench = Bench("wifi", "cellular")
    one = bench.bearers
    one.rest(True)
    one.rest(False)

    async def scene():
        slept = asyncio.sleep_ms

        async def short(ms):
            await slept(min(ms, 2))

        asyncio.sleep_ms = short
        try:
            task = asyncio.create_task(one.run())
            for _ in range(500):
                await short(2)
                if one.beat > 5:
                    break
            assert one.beat > 5
            bench.parts["cellular"].run = None
            bench.parts["wifi"].broken = True
            for _ in range(500):
                await short(2)
                if task.done():
                    break
            try:
                await task
            except RuntimeError as problem:
                assert "ended" in str(problem)
            else:
                raise RuntimeError("it goes on")
            beats = bench.parts["cellular"].beat
            await short(2)
            await short(2)
            assert bench.parts["cellular"].beat <= beats + 1, "the others end with it"
        finally:
            asyncio.sleep_ms = slept

    asyncio.run(scene())


def test_a_part_that_stands_still_stops_the_beat_of_all():
    bench = Bench("wifi", "cellular")
    for part in bench.parts.values():
        part.beat += 1
    bench.bearers._watch_beats()
    assert bench.bearers.beat == 1
    bench.parts["wifi"].beat += 1
    for _ in range(10):
        bench.bearers._watch_beats()
    assert bench.bearers.beat == 1
    bench.parts["cellular"].beat += 1
    bench.bearers._watch_beats()
    assert bench.bearers.beat == 2
