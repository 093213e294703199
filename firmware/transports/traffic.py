"""What goes over the connection that is up: SUBSCRIBE, first messages, the outbox, pings and all that the broker says.

Rules. Packets are written whole and without waiting for answers; answers come in any order. A link *stalls* when an urgent
message is on the wire and no PUBACK at all has come for the adaptive timeout. It is *dead* when something was asked and
no answer of any kind came for `pong_ms`. A PUBACK that never comes although the broker answers pings ends the connection too.
"""

import asyncio

from micropython import const

from firmware.core import clock
from firmware.core.outbox import Outbox, round_trip_ms
from firmware.core.round_trip import RoundTrip
from firmware.transports import codec

_BURST = const(8)  # packets; one takes an ESP32 about 1 ms
_PUBACK_MS = const(10000)  # NATS writes to disk first, and stalls of seconds are known; after that it has forgotten


class Traffic:
    """`coder`: Codec. `counters`: dict of the link's counts, grown here. `hello(number)`: see Link. `now()`: ticks."""

    def __init__(self, coder, settings, topics, hello, on_message, now, counters):
        self.outbox = Outbox()
        self.on_ack = None
        self.conn = None
        self.racing = False  # a second connection is wanted: latched from the stall until any confirmation
        self._codec = coder
        self._settings = settings
        self._topics = topics
        self._hello = hello
        self._on_message = on_message
        self._now = now
        self._counters = counters
        self._round_trip = RoundTrip(settings["race_ms"], settings["race_ceiling_ms"], settings["race_initial_ms"])
        self._number = 0
        self._first = []  # what goes out first on this connection: topics to subscribe to, then (topic, payload, retain)
        self._first_pids = []
        self._pumping = False  # the next burst is on its way
        self._waiting_ms = None  # an urgent message is on the wire and nothing was confirmed since then
        self._asked_ms = None  # something was asked and nothing was answered since then
        self._proved_ms = 0  # newest answer to anything of ours

    def hello(self, attempt):
        """CONNECT for `attempt`, with a number of its own."""
        self._number += 1
        topic, payload, first = self._hello(self._number)
        attempt.first = list(self._topics) + list(first)
        return self._codec.connect(topic, payload)

    def start(self, conn):
        """`conn` is the link from now on."""
        self.conn = conn
        self._first = conn.first
        self._first_pids = []
        self._waiting_ms = self._asked_ms = None
        self.racing = False
        self._proved_ms = self._now()
        if self._round_trip.mean_ms() is None:
            self._round_trip.sample(conn.join_ms)
        self.outbox.start_over()
        self.pump()

    def end(self):
        """The link is gone; what was on the wire goes out again on the next one."""
        self.conn = None
        self.racing = False
        self._waiting_ms = self._asked_ms = None
        self.outbox.start_over()

    def pump(self):
        """Writes what waits, as far as the socket takes it; a long queue in bursts, so that the loop goes on meanwhile."""
        conn = self.conn
        for _ in range(_BURST):
            if conn is None or conn is not self.conn or not conn.free():
                return
            if self._first:
                conn.write(self._first_packet(self._first.pop(0)))
            else:
                message = self.outbox.next()
                if message is None:
                    return
                self._write(conn, message)
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
        self._ask(self._now())
        if isinstance(item, str):
            return self._codec.subscribe(item, pid)
        topic, payload, retain = item
        return self._codec.publish(topic, payload, pid, False, retain)

    def _write(self, conn, message):
        now_ms = self._now()
        again = message.sends > 0
        packet = self._codec.publish(message.topic, message.payload, self.outbox.pid_for(message), again)
        self.outbox.sent(message, now_ms)
        self._ask(now_ms)
        if again:
            self._counters["resends"] += 1
        if message.urgent and self._waiting_ms is None:
            self._waiting_ms = now_ms
        conn.write(packet)

    def _ask(self, now_ms):
        if self._asked_ms is None:
            self._asked_ms = now_ms

    # -- what the broker says

    def take(self, conn, first):
        """One whole packet of `conn`, which is the link or was it a moment ago. Raises ProtocolError."""
        kind = first & 0xF0
        framer = conn.framer
        if kind == codec.PUBACK or kind == codec.SUBACK:
            self._answered(framer.packet[framer.body_at :], kind)
        elif kind == codec.PUBLISH:
            topic, payload, reply = self._codec.read_publish(framer.packet, framer.body_at)
            if reply is not None:
                conn.write(reply)
            self._on_message(topic, payload)
        elif first == codec.PINGRESP:
            now_ms = self._now()
            if self._asked_ms is not None:
                self._round_trip.sample(clock.diff(now_ms, self._asked_ms))
            self._proved(now_ms)
        else:
            raise codec.ProtocolError("packet 0x%02x" % first)

    def confirm_skipped(self, conn, pid):
        """A packet too large for us was skipped. A PUBLISH with packet id `pid` (0: none) is confirmed unread."""
        self._counters["oversized"] += 1
        if pid:
            conn.write(self._codec.puback(pid))

    def _answered(self, body, kind):
        if len(body) != (2 if kind == codec.PUBACK else 3):
            raise codec.ProtocolError("answer of %d bytes" % len(body))
        if kind == codec.SUBACK and body[2] > 1:
            raise codec.ProtocolError("subscription refused (access list?)")
        now_ms = self._now()
        pid = body[0] << 8 | body[1]
        message = self.outbox.acked(pid, now_ms)
        if message is None:
            self._other_answer(pid, now_ms)
            return
        rtt_ms = round_trip_ms(message, now_ms)
        if rtt_ms is None:
            self._round_trip.settle()
        else:
            self._round_trip.sample(rtt_ms)
        self.progress(now_ms)
        if self.on_ack:
            self.on_ack(message.key)

    def _other_answer(self, pid, now_ms):
        if pid in self._first_pids:
            self._first_pids.remove(pid)
            self._proved(now_ms)
        else:
            self._counters["late_pubacks"] += 1

    def _proved(self, now_ms):
        self._proved_ms = now_ms
        self._asked_ms = now_ms if self._first_pids or self.outbox.oldest_sent_ms() is not None else None

    def progress(self, now_ms):
        """A message was confirmed: whatever else waits has its full time again."""
        self._waiting_ms = now_ms if self.outbox.urgent_on_wire() else None
        self.racing = False
        self._proved(now_ms)

    # -- time

    def check_stall(self, now_ms):
        """Sets `racing` once an urgent message has waited too long for any PUBACK, and leaves the next one more time."""
        if not self.racing and clock.reached(now_ms, self._race_due()):
            self.racing = True
            self._counters["races"] += 1
            self._round_trip.back_off()

    def _race_due(self):
        if self.racing or self._waiting_ms is None:
            return None
        return clock.add(self._waiting_ms, self._round_trip.timeout_ms())

    def _dead_due(self):
        """A slow broker, once it has been taken for dead, is given more time: else it would never get to answer."""
        return clock.add(self._asked_ms, max(self._settings["pong_ms"], self._round_trip.timeout_ms()))

    def failing(self, now_ms):
        """Pings when it is time. Returns why the link is dead, or None."""
        sent_ms = self.outbox.oldest_sent_ms()
        if self._asked_ms is not None and clock.reached(now_ms, self._dead_due()):
            self._round_trip.back_off()
            return "no answer for %d ms" % clock.diff(now_ms, self._asked_ms)
        if sent_ms is not None and clock.diff(now_ms, sent_ms) >= _PUBACK_MS:
            return "no PUBACK for %d ms" % _PUBACK_MS
        if self._asked_ms is None and clock.reached(now_ms, self._ping_due()) and self.conn.free():
            self._asked_ms = now_ms
            self.conn.write(self._codec.ping())
        return None

    def _ping_due(self):
        return clock.add(self._proved_ms, self._settings["ping_ms"])

    def next_due(self):
        """Soonest tick at which `check_stall` or `failing` may have something to do."""
        due_ms = self._ping_due() if self._asked_ms is None else self._dead_due()
        return clock.soonest(due_ms, self._race_due())

    def forgive(self, late_ms):
        """The loop stood still for `late_ms`: answers may lie in the socket, so nobody was late."""
        if self._waiting_ms is not None:
            self._waiting_ms = clock.add(self._waiting_ms, late_ms)
        if self._asked_ms is not None:
            self._asked_ms = clock.add(self._asked_ms, late_ms)
