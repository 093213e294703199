"""The link in a real MicroPython against a broker that misbehaves: nothing ends it, blocks it or loses an alarm (P1, P8)."""

import asyncio
import contextlib
import time

import pytest

from host_tests.fakes.broker import FakeBroker
from host_tests.transports.link_process import TIGHT, LinkProcess, config

LIBRARIES = ("umqtt.simple", "host_tests.fakes.umqtt_1_8")


@contextlib.asynccontextmanager
async def _pair(fault=None, count=1, delay_s=0.0, **more):
    async with FakeBroker() as broker:
        broker.fault(fault, count, delay_s)
        async with LinkProcess(config(broker.port, **more)) as link:
            yield broker, link
    assert not broker.broken, broker.broken
    assert "Traceback" not in link.output, link.output


async def _until(wanted, within_s=10):
    deadline = time.monotonic() + within_s
    while not wanted():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.01)


async def _works(link, key="works"):
    """The link still carries a message both ways of QoS 1."""
    start = len(link.events)
    link.send(key, "t/alarm")
    await link.acked(key, start=start)


@pytest.mark.parametrize("library", LIBRARIES)
def test_packet_ids_wrap_and_every_message_is_confirmed(library):
    async def run():
        async with _pair(library=library) as (broker, link):
            await link.online()
            link.tell(do="pid", value=65530)
            link.send("k%d", "t/alarm", count=20)
            for i in range(20):
                await link.acked("k%d" % i)
            pids = [one.pid for one in broker.published if one.topic == "t/alarm"]
            assert pids == [*range(65531, 65536), *range(1, 16)]

    asyncio.run(run())


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("fault", "count"), [("session_present", 1), ("dribble", 1), ("together", 6)])
def test_answers_in_any_shape_are_understood(library, fault, count):
    async def run():
        async with _pair(None if fault == "together" else fault, library=library) as (broker, link):
            await link.online()
            if fault == "together":
                await _until(lambda: broker.published)
                broker.fault(fault, count)
            link.send("k%d", "t/alarm", count=6)
            for i in range(6):
                await link.acked("k%d" % i)
            assert [one.topic for one in broker.published].count("t/alarm") == 6
            assert broker.connections == 1

    asyncio.run(run())


@pytest.mark.parametrize("library", LIBRARIES)
def test_late_puback_counts_and_nothing_loses_step(library):
    async def run():
        async with _pair(library=library) as (broker, link):
            await link.online()
            await _until(lambda: broker.published)
            broker.fault("late_puback", delay_s=0.3)
            for i in range(3):
                await _works(link, f"late{i}")
            broker.publish("t/down", b"hello", 77)
            await link.wait(lambda e: e["event"] == "message" and e["payload"] == "hello", 5)
            await _until(lambda: broker.confirmed == [77])
            assert (await link.ask("health"))["counters"]["connects"] == 1

    asyncio.run(run())


@pytest.mark.parametrize("library", LIBRARIES)
def test_only_the_puback_lost_gives_two_copies_the_second_marked_over_a_new_connection(library):
    async def run():
        async with _pair(library=library) as (broker, link):
            await link.online()
            await _until(lambda: broker.published)
            broker.fault("lose_pubacks")
            await _works(link, "alarm")
            copies = [one for one in broker.published if one.topic == "t/alarm"]
            assert [(one.payload, one.again) for one in copies] == [(b"x", False), (b"x", True)]
            assert copies[0].pid == copies[1].pid
            assert copies[0].connection < copies[1].connection

    asyncio.run(run())


@pytest.mark.parametrize("library", LIBRARIES)
def test_topics_over_127_bytes_are_subscribed_to_and_published_on(library):
    async def run():
        long = "t/" + "x" * 200
        async with _pair(library=library, subscribe=[long]) as (broker, link):
            await link.online()
            link.send("k", long, "p" * 2048)
            await link.acked("k")
            assert broker.subscribed == [long]
            assert [len(one.payload) for one in broker.published if one.topic == long] == [2048]

    asyncio.run(run())


HOSTILE = {
    "length without end": b"\x30\xff\xff\xff\xff\xff\xff",
    "256 MB announced": b"\x30\xff\xff\xff\x7f" + b"x" * 500,
    "publish that ends in its topic": b"\x32\x04\x00\x7ft/",
    "publish with QoS 2": b"\x34\x06\x00\x01t\x00\x01x",
    "publish that is not UTF-8": b"\x32\x06\x00\x02\xc3\x28\x00\x01",
    "PUBACK without id": b"\x40\x00",
    "PUBACK of five bytes": b"\x40\x05\x00\x01\x02\x03\x04",
    "a second CONNACK": b"\x20\x02\x00\x00",
    "a client's packet": b"\x10\x02\x00\x00",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "zeros": bytes(3000),
    "subscription refused": b"\x90\x03\x00\x01\x80",
}


def test_hostile_bytes_drop_the_connection_with_a_clear_word_and_nothing_else():
    async def run():
        async with _pair(gather_ms=20) as (broker, link):
            for what, data in HOSTILE.items():
                start = len(link.events)
                await _works(link, what)
                connections = broker.connections
                broker.say(data)
                await link.online(False, start=start)
                lost = link.events[-1]
                assert "127.0.0.1" in lost["error"], what
                await link.online(start=len(link.events) - 1)
                assert broker.connections == connections + 1, what

    asyncio.run(run())


def test_oversized_message_is_skipped_confirmed_and_counted_and_the_link_stays():
    async def run():
        async with _pair() as (broker, link):
            await link.online()
            await _works(link)
            for pid, size in ((5, 1500), (6, 9000), (7, 16000)):
                broker.publish("t/down", b"x" * size, pid)
            broker.publish("t/down", b"small", 8)
            await link.wait(lambda e: e["event"] == "message", 5)
            await _until(lambda: broker.confirmed == [5, 6, 7, 8])
            health = await link.ask("health")
            assert (health["counters"]["oversized"], health["counters"]["connects"]) == (3, 1)

    asyncio.run(run())


def test_refused_login_is_named_and_not_stormed():
    async def run():
        async with _pair("refuse_login") as (broker, link):
            link.send("alarm", "t/alarm")
            await _until(lambda: broker.connections >= 5)
            health = await link.ask("health")
            assert "not authorised" in health["error"] and str(broker.port) in health["error"]
            begun, before = time.monotonic(), broker.connections
            await asyncio.sleep(2)
            assert broker.connections - before <= (time.monotonic() - begun) * 10 + 1
            broker.fault(None)
            await link.acked("alarm", 5)

    asyncio.run(run())


def test_broker_that_never_answers_connect_is_given_up_and_others_tried():
    async def run():
        async with FakeBroker() as silent, FakeBroker() as good:
            silent.fault("no_connack")
            async with LinkProcess(config(silent.port, good.port, connack_ms=300)) as link:
                await link.online(within_s=5)
                assert silent.connections == 1
                assert good.connections == 1

    asyncio.run(run())


def test_dead_idle_link_is_noticed_by_its_ping():
    async def run():
        async with _pair(**TIGHT) as (broker, link):
            await link.online()
            await _works(link)
            broker.fault("no_pong")
            begun = time.monotonic()
            lost = await link.online(False, 5, len(link.events))
            assert "no answer" in lost["error"]
            assert lost["at"] - begun < 3

    asyncio.run(run())


def test_idle_link_lives_on_its_pings():
    async def run():
        async with _pair(**TIGHT) as (broker, link):
            await link.online()
            await asyncio.sleep(4.5)
            health = await link.ask("health")
            assert health["online"] and health["counters"]["connects"] == broker.connections == 1
            assert health["beat"] >= 4

    asyncio.run(run())


def test_a_loop_that_stood_still_for_two_seconds_does_not_blame_the_broker():
    async def run():
        async with _pair(**TIGHT) as (broker, link):
            await link.online()
            await _works(link)
            for i in range(3):
                link.send(f"k{i}", "t/alarm")
                link.tell(do="block", ms=2000)
                await link.acked(f"k{i}", 5)
            counters = (await link.ask("health"))["counters"]
            assert (counters["races"], counters["dead"], broker.connections) == (0, 0, 1)

    asyncio.run(run())


def test_suspect_goes_over_to_the_next_broker_while_the_old_link_stays():
    async def run():
        async with FakeBroker() as first, FakeBroker() as second, LinkProcess(config(first.port, second.port)) as link:
            await link.online()
            link.tell(do="suspect")
            await _until(lambda: second.published)
            await _works(link)
            assert "t/alarm" in [one.topic for one in second.published]
            assert [event["value"] for event in link.events if event["event"] == "online"] == [True]

    asyncio.run(run())


def test_each_suspicion_goes_over_to_the_other_broker_as_long_as_nothing_is_heard():
    async def run():
        async with FakeBroker() as first, FakeBroker() as second, LinkProcess(config(first.port, second.port)) as link:
            await link.online()
            for broker, joins in ((second, 1), (first, 2), (second, 2)):
                link.tell(do="suspect")
                await _until(lambda broker=broker, joins=joins: broker.connections >= joins)
                await _works(link, f"{broker.port} {joins}")
            assert (first.connections, second.connections) == (2, 2)

    asyncio.run(run())


def test_an_alarm_ends_the_pause_that_was_made_for_nothing_urgent_p1():
    """After a loss a street comes back spread out, here over ten minutes; who calls for help does not wait for that."""

    async def run():
        async with _pair(gather_ms=600000) as (broker, link):
            await link.online()
            broker.hang_up()
            await link.online(False)
            await asyncio.sleep(0.5)
            assert broker.connections == 1
            begun = time.monotonic()
            link.send("alarm", "t/alarm")
            assert (await link.acked("alarm"))["at"] - begun < 2

    asyncio.run(run())


def test_suspect_with_one_broker_connects_anew_ever_more_rarely():
    async def run():
        async with _pair() as (broker, link):
            await link.online()
            for i in range(8):
                link.tell(do="suspect")
                await asyncio.sleep(0.1)
                await _works(link, f"k{i}")
            assert broker.connections == 1 + 4  # at the 1st, 2nd, 4th and 8th

    asyncio.run(run())


def test_without_bearer_nothing_is_dialled_and_with_it_the_alarm_goes_at_once():
    async def run():
        async with FakeBroker() as broker, LinkProcess(config(broker.port)) as link:
            await link.online()
            link.tell(do="bearer", up=False)
            broker.hang_up()
            await link.online(False)
            link.send("alarm", "t/alarm")
            await asyncio.sleep(1)
            assert broker.connections == 1
            begun = time.monotonic()
            link.tell(do="bearer", up=True)
            assert (await link.acked("alarm"))["at"] - begun < 2

    asyncio.run(run())


def test_confirmed_message_is_not_sent_again():
    async def run():
        async with _pair() as (broker, link):
            await link.online()
            await _until(lambda: broker.published)
            broker.fault("no_puback")
            link.send("alarm", "t/alarm")
            link.tell(do="confirm", key="alarm")
            await asyncio.sleep(1.5)
            health = await link.ask("health")
            assert (health["counters"]["races"], health["counters"]["pending"]) == (0, 0)

    asyncio.run(run())
