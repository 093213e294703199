"""What goes over a connection, in which order, and what each answer changes (P1)."""

import asyncio

import host_tests.transports.loop  # noqa: F401 - gives CPython's asyncio what the code under test needs
from firmware.transports import bounds
from firmware.transports.codec import Codec, ProtocolError
from firmware.transports.framing import Framer
from firmware.transports.traffic import Traffic
from host_tests.transports.umqtt_versions import VERSIONS


class FakeConn:
    """Takes packets while it has room."""

    def __init__(self, room=1000):
        self.written = []
        self.room = room
        self.first = ()
        self.join_ms = 5
        self.framer = Framer()

    @property
    def free(self):
        return self.room > 0

    def write(self, packet):
        self.room -= 1
        self.written.append(bytes(packet))

    def kinds(self):
        return [packet[0] & 0xF0 for packet in self.written]


class Once:
    """A socket with one packet."""

    def __init__(self, packet):
        self.packet = packet

    def readinto(self, buffer):
        buffer[: len(self.packet)] = self.packet
        return len(self.packet)


class Bench:
    def __init__(self):
        self.now_ms = 1000
        self.heard = []
        self.acked = []
        self.counters = {"resends": 0, "late_pubacks": 0, "oversized": 0}
        coder = Codec(VERSIONS[0][1], "u1", None, None, 12)
        hello = lambda number: ("t/state", b"off%d" % number, [("t/state", b"on%d" % number, True)])  # noqa: E731
        hear = lambda topic, payload: self.heard.append((topic, payload))  # noqa: E731
        self.traffic = Traffic(coder, bounds.complete({}), ["t/down"], hello, hear, lambda: self.now_ms, self.counters)
        self.traffic.on_ack = self.acked.append

    def up(self, room=1000):
        conn = FakeConn(room)
        connect = bytes(self.traffic.hello(conn))
        assert connect[0] == 0x10
        self.traffic.start(conn)
        return conn

    def say(self, conn, packet):
        conn.framer.fill(Once(packet))
        first = conn.framer.next()
        while first is not None:
            self.traffic.take(conn, first)
            first = conn.framer.next()

    def put(self, *keys, urgent=True):
        for key in keys:
            self.traffic.outbox.put(key, "t/alarm", key.encode(), urgent)
        self.traffic.pump()


def _pid(packet):
    """Packet id of a PUBLISH on t/alarm."""
    at = packet.index(b"t/alarm") + 7
    return packet[at : at + 2]


def test_a_new_connection_subscribes_says_hello_and_then_sends_what_waits():
    bench = Bench()
    bench.put("report", urgent=False)
    bench.put("alarm")
    conn = bench.up()
    assert conn.kinds() == [0x80, 0x30, 0x30, 0x30]
    assert b"on1" in conn.written[1]
    assert conn.written[2].endswith(b"alarm")
    assert conn.written[3].endswith(b"report")


def test_each_connect_has_the_next_number():
    bench = Bench()
    assert [bytes(bench.traffic.hello(FakeConn()))[-4:] for _ in range(3)] == [b"off1", b"off2", b"off3"]


def test_full_socket_takes_nothing_more_and_goes_on_in_order():
    bench = Bench()
    conn = bench.up()
    conn.room = 2
    bench.put("a", "b", "c", "d")
    assert [packet[-1:] for packet in conn.written[2:]] == [b"a", b"b"]
    conn.room = 10
    bench.traffic.pump()
    assert [packet[-1:] for packet in conn.written[2:]] == [b"a", b"b", b"c", b"d"]


def test_long_queue_goes_out_in_bursts_with_turns_of_the_loop_between():
    bench = Bench()

    async def run():
        conn = bench.up()
        bench.put(*["k%02d" % i for i in range(30)])
        counts = [len(conn.written)]
        while len(conn.written) < 32:
            await asyncio.sleep_ms(0)
            counts.append(len(conn.written))
        assert max(counts[i + 1] - counts[i] for i in range(len(counts) - 1)) <= 8
        assert [packet[-3:] for packet in conn.written[2:]] == [b"k%02d" % i for i in range(30)]

    asyncio.run(run())


def test_puback_tells_the_application_and_a_second_one_is_only_counted():
    bench = Bench()
    conn = bench.up()
    bench.put("a", "b")
    for _ in range(2):
        bench.say(conn, b"\x40\2" + _pid(conn.written[2]))
    assert bench.acked == ["a"]
    assert bench.counters["late_pubacks"] == 1
    assert len(bench.traffic.outbox) == 1


def test_lost_connection_sends_again_with_dup_and_the_same_id():
    bench = Bench()
    first = bench.up()
    bench.put("a")
    bench.traffic.end()
    second = bench.up()
    assert second.written[2][0] == first.written[2][0] | 8
    assert second.written[2][1:] == first.written[2][1:]
    assert bench.counters["resends"] == 1


def test_ping_goes_out_when_nothing_was_proved_for_5_s_and_nothing_is_owed():
    bench = Bench()
    conn = bench.up()
    bench.traffic.ping_if_due(60000)
    assert len(conn.written) == 2  # SUBACK and PUBACK are still owed: that is judged, not asked again
    bench.say(conn, b"\x90\3\0\1\1\x40\2\0\2")
    bench.traffic.ping_if_due(5999)
    assert len(conn.written) == 2
    bench.traffic.ping_if_due(6000)
    assert conn.written[2] == b"\xc0\0"
    bench.now_ms = 6010
    bench.say(conn, b"\xd0\0")
    assert bench.traffic.watch.next_due() == 11010


def test_message_is_confirmed_before_it_is_told():
    bench = Bench()
    conn = bench.up()
    bench.say(conn, b"\x32\x0b\0\6t/down\0\7x")
    assert conn.written[-1] == b"\x40\2\0\7"
    assert bench.heard == [("t/down", b"x")]


def test_what_a_broker_may_not_send_raises_protocol_error():
    for packet in (b"\x20\2\0\0", b"\x10\0", b"\x62\2\0\1", b"\x40\1\0", b"\x90\3\0\1\x80", b"\xe0\0", b"\x34\5\0\1t\0\1"):
        bench = Bench()
        conn = bench.up()
        try:
            bench.say(conn, packet)
        except ProtocolError:
            continue
        raise AssertionError("%r taken" % packet)


def test_forgotten_message_is_not_sent_again():
    bench = Bench()
    bench.up()
    bench.put("a")
    bench.traffic.forget("a")
    bench.traffic.end()
    assert len(bench.up().written) == 2
