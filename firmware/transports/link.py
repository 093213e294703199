"""The unit's link to the service: MQTT 3.1.1 over whatever bearer is up, never blocking, never waiting without a bound.

Rules. `send` puts a message into the outbox and, if the link is up and free, onto the wire at once. It is sent again on
each new connection until the broker's PUBACK. An urgent message without PUBACK within the adaptive round-trip timeout
makes the link *stalled*: a second connection is dialled beside it, and whichever proves alive first is the link. A link
from which nothing comes in answer to a ping is dead. Everything is decided in one place, `_tick`, from due-fields;
it runs at the soonest of them, and after each call that may bring one nearer.

An application sees `send`, `confirm`, `run` and two callbacks. Source: D1, P1, P8, docs/link.md.
"""

import asyncio

from micropython import const

from firmware.core import clock
from firmware.core.backoff import Backoff
from firmware.transports import bounds, codec, secure
from firmware.transports.connection import Connection
from firmware.transports.dialler import Dialler
from firmware.transports.dns import Resolver
from firmware.transports.traffic import Traffic

_PAYLOAD_MAX = const(2048)  # bytes, docs/protocol.md
_TOPIC_MAX = const(256)  # bytes; ours are at most 86
_TICK_MAX_MS = const(1000)  # the supervisor sees `beat` grow at least this often
_LATE_MS = const(50)  # a tick later than this: the loop was blocked (flash, TLS calculation); what waited is not to blame
_DOWN_MS = const(200)  # how often to look whether the bearer is back
_COUNTERS = ("connects", "races", "resends", "late_pubacks", "oversized", "dead", "dials", "dropped", "pending")


class Link:
    """`config`: client_id, user, password, brokers, ca, dns, subscribe, and what of bounds.DEFAULTS shall differ.

    on_message(topic: str, payload: bytes), on_change(online: bool): plain functions, called from the loop.
    hello(number) -> (will topic, will payload, [(topic, payload, retain), ...]): asked before each CONNECT, numbered 1, 2, 3 ...
    now() -> ticks of core.clock; rand(n) -> 0 ... n-1; bearer: up(), dns_server().
    library: umqtt.simple unless a test brings another. Raises ValueError for settings that cannot work.
    """

    def __init__(self, config, on_message, on_change, hello, now, rand, bearer, library=None):
        if library is None:
            import umqtt.simple as library
        self.settings = settings = bounds.complete(config)
        self.now = now
        self.resolver = Resolver(lambda: config.get("dns") or bearer.dns_server(), rand)
        self.online = False
        self.last_error = ""
        self.beat = 0
        self.counters = dict.fromkeys(_COUNTERS, 0)
        self._on_change = on_change
        self._rand = rand
        self._bearer = bearer
        self._ca = config.get("ca")
        self._context = None
        coder = codec.Codec(library, config["client_id"], config.get("user"), config.get("password"), settings["keepalive_s"])
        topics = config.get("subscribe", ())
        self._traffic = Traffic(coder, settings, topics, hello, on_message, now, self.counters)
        backoff = Backoff(settings["retry_urgent_ms"], settings["retry_max_ms"], rand)
        self._dialler = Dialler(self._dial, config["brokers"], settings, backoff, rand)
        self._bearer_up = True
        self._ticking = False
        self._wake_ms = now()  # when run() ticks next
        self._nudge_ms = None  # when an extra tick comes before that

    # -- what the application calls

    def send(self, key, topic, payload, urgent):
        """Hands a message over; never blocks. Raises ValueError above 2,048 bytes of payload or 256 of topic."""
        if len(payload) > _PAYLOAD_MAX or len(topic) > _TOPIC_MAX:
            raise ValueError("link: %d bytes on %s are too many" % (len(payload), topic))
        outbox = self._traffic.outbox
        if urgent and not outbox.urgent_waiting():
            self._dialler.at_once()
        outbox.put(key, topic, payload, urgent)
        self._traffic.pump()
        if urgent:
            self._hurry()

    def confirm(self, key):
        """The application has what it wanted for `key`: it is sent no more and no race is run for it."""
        if self._traffic.outbox.confirm(key):
            self._traffic.progress(self.now())

    def suspect(self):
        """No receipt has come, whatever the broker confirmed: the next broker is tried beside this one. With a single broker
        there is no other path, and nothing is done."""
        if self._traffic.conn and self._dialler.other_than(self._traffic.conn.broker):
            self._traffic.racing = True
            self._hurry()

    def health(self):
        """Counts since start, for the health report: name to integer."""
        outbox = self._traffic.outbox
        self.counters["dials"] = self._dialler.dials
        self.counters["dropped"] = outbox.dropped
        self.counters["pending"] = len(outbox)
        return self.counters

    def on_ack(self, function):
        """`function(key)` is called at each PUBACK: the broker has the message, nobody else need have it."""
        self._traffic.on_ack = function

    async def run(self):
        """The link's task. Ends only when cancelled, and then leaves no socket open."""
        try:
            while True:
                self.beat += 1
                self._wake_ms = clock.add(self.now(), self._tick(self._wake_ms))
                await asyncio.sleep_ms(max(0, clock.diff(self._wake_ms, self.now())))
        finally:
            self._dialler.stop("link ended")
            if self._traffic.conn:
                self._traffic.conn.close("link ended")

    # -- time

    def _tick(self, expected_ms):
        """Does what is due; it was to be called at `expected_ms`. Returns ms until the next thing is due."""
        self._ticking = True
        now_ms = self.now()
        late_ms = clock.diff(now_ms, expected_ms)
        if late_ms > _LATE_MS:
            self._forgive(late_ms)
        traffic, dialler = self._traffic, self._dialler
        self._watch_bearer()
        if traffic.conn:
            self._watch_link(now_ms)
        if self._may_dial():
            dialler.tick(now_ms, self._urgent(), traffic.conn)
        self._ticking = False
        return self._pause_ms(self.now())

    def _may_dial(self):
        traffic = self._traffic
        return self._bearer_up and (traffic.conn is None or traffic.racing or len(self._dialler.attempts) > 0)

    def _urgent(self):
        """True while an alarm waits and the link, if there is one, does not carry it."""
        traffic = self._traffic
        return traffic.outbox.urgent_waiting() > 0 and (traffic.conn is None or traffic.racing)

    def _pause_ms(self, now_ms):
        traffic = self._traffic
        due_ms = clock.add(now_ms, _TICK_MAX_MS if self._bearer_up else _DOWN_MS)
        if traffic.conn:
            due_ms = clock.soonest(due_ms, traffic.next_due())
        if self._may_dial():
            due_ms = clock.soonest(due_ms, self._dialler.next_due(now_ms, self._urgent()))
        return max(1, clock.diff(due_ms, now_ms))

    def _forgive(self, late_ms):
        """The loop stood still: no socket could be read meanwhile, so nobody was late."""
        self._traffic.forgive(late_ms)
        self._dialler.forgive(late_ms)

    def _hurry(self):
        """Something may be due before run() wakes: look at it now, and again when it is due."""
        now_ms = self.now()
        if self._ticking or clock.reached(now_ms, self._wake_ms) or clock.reached(now_ms, self._nudge_ms):
            return  # a tick comes in a moment, and knows what it has to forgive
        pause_ms = self._tick(now_ms)
        due_ms = clock.add(now_ms, pause_ms)
        nudged = self._nudge_ms is not None and clock.diff(due_ms, self._nudge_ms) >= 0
        if not nudged and clock.diff(due_ms, self._wake_ms) < 0:
            self._nudge_ms = due_ms
            asyncio.create_task(self._nudge(pause_ms, due_ms))

    async def _nudge(self, pause_ms, due_ms):
        await asyncio.sleep_ms(pause_ms)
        if self._nudge_ms == due_ms:
            self._nudge_ms = None
        self._hurry()

    def _watch_bearer(self):
        up = self._bearer.up()
        if up and not self._bearer_up:
            self._dialler.at_once()
        elif not up and self._bearer_up:
            self._dialler.stop("network down")
        self._bearer_up = up

    def _watch_link(self, now_ms):
        traffic = self._traffic
        traffic.check_stall(now_ms)
        reason = traffic.failing(now_ms)
        if reason:
            self.counters["dead"] += 1
            traffic.conn.close(reason)
        elif not traffic.racing and self._dialler.attempts:
            self._dialler.call_off()

    # -- what connections say and ask

    def _dial(self, broker):
        return Connection(broker, self)

    def context(self):
        """The TLS context, made once. Raises ValueError if the CA is missing or unreadable."""
        if self._context is None:
            self._context = secure.make_context(self._ca)
        return self._context

    def hello(self, attempt):
        return self._traffic.hello(attempt)

    def on_sent_connect(self, attempt):
        self._dialler.sent_connect(attempt)

    def on_joined(self, conn):
        self.counters["connects"] += 1
        old = self._traffic.conn
        self._dialler.joined(conn)
        self._traffic.start(conn)
        if old:
            old.close("replaced by a newer connection")
        self._set_online(True)

    def on_packet(self, conn, first):
        self._traffic.take(conn, first)

    def on_skipped(self, conn, pid):
        self._traffic.confirm_skipped(conn, pid)

    def on_drained(self, conn):
        if conn is self._traffic.conn:
            self._traffic.pump()

    def on_closed(self, conn, stage):
        """An attempt failed, or the link is lost; closed by us on purpose, it is neither."""
        now_ms = self.now()
        urgent = self._traffic.outbox.urgent_waiting() > 0
        if conn in self._dialler.attempts:
            self.last_error = conn.reason
            self._dialler.failed(conn, now_ms, urgent)
        elif conn is self._traffic.conn:
            self.last_error = conn.reason
            self._traffic.end()
            if not urgent:
                self._dialler.hold(now_ms, self._rand(self.settings["gather_ms"]))
            self._set_online(False)
        self._hurry()

    def _set_online(self, online):
        if online != self.online:
            self.online = online
            self._on_change(online)
