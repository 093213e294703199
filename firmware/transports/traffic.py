"""What goes over the connection that is up: SUBSCRIBE, first messages, the outbox, pings and all that the broker says.

Packets are written whole and without waiting for answers; answers come in any order. Whether the link works is judged by
core.link_watch, what still has to be sent by core.outbox.
"""

import asyncio

from micropython import const

from firmware.core.link_watch import LinkWatch
from firmware.core.outbox import Outbox, round_trip_ms
from firmware.transports import codec

_BURST = const(8)  # packets in one turn of the loop; one takes an ESP32 about 1 ms


class Traffic:
    """`coder`: Codec. `counters`: dict of the link's counts, grown here. `hello(number)`: see Link. `now()`: ticks."""

    def __init__(self, coder, settings, topics, hello, on_message, now, counters):
        self.outbox = Outbox()
        self.watch = LinkWatch(settings)
        self.on_ack = None
        self.conn = None
        self._codec = coder
        self._topics = topics
        self._hello = hello
        self._on_message = on_message
        self._now = now
        self._counters = counters
        self._number = 0
        self._first = []  # what goes out first on this connection: topics to subscribe to, then (topic, payload, retain)
        self._first_pids = []
        self._pumping = False  # the next burst is on its way
        self._settings = settings
        self.calm = False  # keep-alive and pings of the next connection: those on battery

    def hello(self, attempt):
        """CONNECT for `attempt`, with a number of its own."""
        self._number += 1
        topic, payload, first = self._hello(self._number)
        attempt.first = list(self._topics) + list(first)
        attempt.calm = self.calm
        return self._codec.connect(topic, payload, self._settings["calm_keepalive_s" if self.calm else "keepalive_s"])

    def start(self, conn):
        """`conn` is the link from now on."""
        self.conn = conn
        self._first = conn.first
        self._first_pids = []
        self.watch.start(self._now(), conn.join_ms)
        self.watch.ping_ms = self._settings["calm_ping_ms" if conn.calm else "ping_ms"]
        self.outbox.start_over()
        self.pump()

    def end(self):
        """The link is gone; what was on the wire goes out again on the next one."""
        self.conn = None
        self.watch.end()
        self.outbox.start_over()

    # -- to the broker

    def pump(self):
        """Writes what waits, as far as the socket takes it; a long queue in bursts, so that the loop goes on meanwhile."""
        conn = self.conn
        if conn is None:
            return
        while self._first and conn.free:
            conn.write(self._first_packet(self._first.pop(0)))
        message = self.outbox.next()
        left = _BURST
        while message is not None and conn.free:
            if not left:
                break
            left -= 1
            self._write(conn, message)
            message = self.outbox.next()
        else:
            return
        if not self._pumping:
            self._pumping = True
            asyncio.create_task(self._pump_on())

    async def _pump_on(self):
        await asyncio.sleep_ms(0)
        self._pumping = False
        self.pump()

    def _first_packet(self, item):
        pid = self.outbox.new_pid()
        self._first_pids.append(pid)
        self.watch.asked(self._now())
        if isinstance(item, str):
            return self._codec.subscribe(item, pid)
        topic, payload, retain = item
        return self._codec.publish(topic, payload, pid, False, retain)

    def _write(self, conn, message):
        outbox = self.outbox
        conn.write(self._codec.publish(message.topic, message.payload, outbox.pid_for(message), message.sends > 0))
        now_ms = self._now()
        outbox.sent(message, now_ms)  # also if that write ended the connection: the next one starts over
        self.watch.asked(now_ms, message.urgent)
        if message.sends > 1:
            self._counters["resends"] += 1

    def ping_if_due(self, now_ms):
        if self.watch.ping_now(now_ms) and self.conn.free:
            self.watch.asked(now_ms)
            self.conn.write(self._codec.ping())

    def forget(self, key):
        """The application needs `key` no more."""
        if self.outbox.confirm(key):
            self.watch.unwanted(self.outbox.urgent_on_wire())

    # -- from the broker

    def take(self, conn, first):
        """One whole packet of `conn`. Raises ProtocolError."""
        framer = conn.framer
        if first == codec.PUBACK:
            at = framer.body_at
            if framer.end - at != 2:
                raise codec.ProtocolError("PUBACK of %d bytes" % (framer.end - at))
            pid = framer.view[at] << 8 | framer.view[at + 1]
            message = self.outbox.acked(pid)
            if message is None:
                self._first_answered(pid)
            else:
                self._confirmed(message)
        elif first == codec.SUBACK:
            self._suback(framer.body())
        elif first & 0xF0 == codec.PUBLISH:
            packet = framer.view[framer.start : framer.end]
            topic, payload, reply = self._codec.read_publish(packet, framer.body_at - framer.start)
            if reply is not None:
                conn.write(reply)
            self._on_message(topic, payload)
        elif first == codec.PINGRESP:
            self.watch.ponged(self._now(), self._owed())
        else:
            raise codec.ProtocolError("packet 0x%02x" % first)

    def confirm_skipped(self, conn, pid):
        """A packet too large for us was skipped. A PUBLISH with packet id `pid` (0: none) is confirmed unread."""
        self._counters["oversized"] += 1
        if pid:
            conn.write(self._codec.puback(pid))

    def _confirmed(self, message):
        """The application is told before anything else is done: it is what somebody waits for."""
        if self.on_ack:
            self.on_ack(message.key)
        now_ms = self._now()
        self.watch.confirmed(now_ms, round_trip_ms(message, now_ms), self.outbox.urgent_on_wire(), self._owed())

    def _suback(self, body):
        if len(body) != 3:
            raise codec.ProtocolError("SUBACK of %d bytes" % len(body))
        if body[2] > 1:
            raise codec.ProtocolError("subscription refused (access list?)")
        self._first_answered(body[0] << 8 | body[1])

    def _first_answered(self, pid):
        if pid in self._first_pids:
            self._first_pids.remove(pid)
            self.watch.answered(self._now(), self._owed())
        else:
            self._counters["late_pubacks"] += 1

    def _owed(self):
        return len(self._first_pids) > 0 or self.outbox.oldest_sent_ms() is not None
