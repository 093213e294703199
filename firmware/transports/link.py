"""The unit's link to the service: MQTT 3.1.1 over whatever bearer is up, never blocking, never waiting without a bound.

Rules. `send` puts a message into the outbox and, if the link is up and free, onto the wire at once. It is sent again on
each new connection until the broker's PUBACK. An urgent message without PUBACK within the adaptive round-trip timeout
makes the link *stalled*: a second connection is dialled beside it, and whichever proves alive first is the link. A link
from which nothing comes in answer to a ping is dead. Everything is decided in one place, `_work`, from due-fields;
it runs at the soonest of them, and after each call that may bring one nearer.

An application sees `send`, `confirm`, `run` and two callbacks. Source: D1, P1, P8, docs/link.md.
"""

from micropython import const

from firmware.core import clock
from firmware.core.backoff import Backoff
from firmware.transports import codec, connection, secure
from firmware.transports.clockwork import Clockwork
from firmware.transports.connection import Connection
from firmware.transports.dialler import Dialler
from firmware.transports.dns import Resolver
from firmware.transports.traffic import Traffic

_PAYLOAD_MAX = const(2048)  # bytes, docs/protocol.md
_TOPIC_MAX = const(256)  # bytes; ours are at most 86
_TURN_MAX_MS = const(1000)  # the supervisor sees `beat` grow at least this often
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
        from firmware.transports import bounds  # here, so that the table can be let go (app.py)

        if library is None:
            import umqtt.simple as library
        self.settings = settings = bounds.complete(config)
        self.now = now
        dns = config.get("dns")  # not by `config`, whose memory then stays for good
        self.resolver = Resolver(dns.strip if dns else bearer.dns_server, rand)
        self.online = False
        self.last_error = ""
        self.counters = dict.fromkeys(_COUNTERS, 0)
        self._on_message = on_message
        self._on_change = on_change
        self._rand = rand
        self._bearer = bearer
        self._brokers = config["brokers"]
        self._ca = config.get("ca")
        self._context = None
        coder = codec.Codec(library, config["client_id"], config.get("user"), config.get("password"), settings["keepalive_s"])
        topics = config.get("subscribe", ())
        self._traffic = Traffic(coder, settings, topics, hello, self._heard, now, self.counters)
        backoff = Backoff(settings["retry_urgent_ms"], settings["retry_max_ms"], rand)
        self.on_packet = self._traffic.take
        self._dialler = Dialler(self._dial, self._brokers, settings, backoff, rand)
        self._clockwork = Clockwork(now, self._work)
        self._turn_max_ms = min(_TURN_MAX_MS, settings["race_ms"], settings["pong_ms"])  # no answer can be overdue sooner
        self._bearer_up = True
        self._suspicions = 0  # since the service was last heard
        self._other_wanted = False  # a connection is dialled beside a link that is suspect but up

    # -- what the application calls

    def send(self, key, topic, payload, urgent):
        """Hands a message over; never blocks. Raises ValueError above 2,048 bytes of payload or 256 of topic."""
        if len(payload) > _PAYLOAD_MAX or len(topic) > _TOPIC_MAX:
            raise ValueError("link: %d bytes on %s are too many" % (len(payload), topic))
        traffic = self._traffic
        first = urgent and not traffic.outbox.urgent
        traffic.outbox.put(key, topic, payload, urgent)
        traffic.pump()
        if urgent and (traffic.conn is None or traffic.watch.racing):  # else the next turn comes before anything is due
            if first:
                self._dialler.at_once()
            self._clockwork.hurry()

    def confirm(self, key):
        """The application has what it wanted for `key`: it is sent no more and no race is run for it."""
        self._traffic.forget(key)

    def suspect(self):
        """The service does not answer though the broker takes everything: dial the next broker, and go over to it when it is up.

        With a single broker that is a new connection to the same one, which helps only if the old one lost its subscription: done
        at the 1st, 2nd, 4th, 8th ... call since the service was last heard. Off line there is nothing to add to the dialling.
        """
        conn = self._traffic.conn
        if conn is None or self._other_wanted:
            return
        self._suspicions += 1
        if len(self._brokers) > 1 or not self._suspicions & (self._suspicions - 1):
            self._other_wanted = True
            self._dialler.after(conn.broker)
            self._clockwork.hurry()

    @property
    def path(self):
        """Index of the broker in use, None off line."""
        conn = self._traffic.conn
        return None if conn is None else self._brokers.index(conn.broker)

    def go_over(self, index):
        """Calmly: dials broker `index` beside the link, and goes over to it when it is up; the old connection serves until then.
        True while that is under way; False off line, or while something else is dialled. A second call changes nothing."""
        if self._traffic.conn is None or self._other_wanted or self._dialler.attempts:
            return False
        self._other_wanted = True
        self._dialler.to(index)
        self._dialler.at_once()
        self._clockwork.hurry()
        return True

    @property
    def going_over(self):
        """True until the other broker is up or could not be reached."""
        return self._other_wanted

    def stay(self):
        """Calls `go_over` off, if it is still under way."""
        if self._other_wanted:
            self._other_wanted = False
            self._dialler.call_off()

    def renew(self):
        """The bearer has changed: what is up or dialled over the other one leads nowhere. Dials anew at once."""
        self._other_wanted = False
        self._dialler.stop("bearer changed")
        if self._traffic.conn:
            self._traffic.conn.close("bearer changed")
        self._dialler.at_once()
        self._clockwork.hurry()

    def pace(self, calm):
        """Keep-alive and pings as on battery (`calm`), or as on mains. The broker has to be told, so a connection that has the
        other pace is replaced by a new one beside it, which costs nobody a message; but only when nothing waits. True if there
        is nothing more to do; else call again some time later."""
        traffic = self._traffic
        traffic.calm = calm
        conn = traffic.conn
        if conn is None or conn.calm == calm:
            return True
        if not len(traffic.outbox):
            self.go_over(self.path)
        return False

    def health(self):
        """Counts since start, for the health report: name to integer."""
        outbox = self._traffic.outbox
        self.counters["dials"] = self._dialler.dials
        self.counters["dropped"] = outbox.dropped + outbox.refused
        self.counters["pending"] = len(outbox)
        return self.counters

    @property
    def beat(self):
        """Grows while the link's task works, at least once a second."""
        return self._clockwork.beat

    def on_ack(self, function):
        """`function(key)` is called at each PUBACK: the broker has the message, nobody else need have it."""
        self._traffic.on_ack = function

    async def run(self):
        """The link's task. Ends only when cancelled, and then leaves no socket open."""
        try:
            await self._clockwork.run()
        finally:
            self._dialler.stop("link ended")
            if self._traffic.conn:
                self._traffic.conn.close("link ended")

    # -- what is due

    def _work(self, late_ms):
        """Does what is due now; `late_ms`: the loop stood still that long. Returns ms until the next thing is due."""
        now_ms = self.now()
        if late_ms:
            self._traffic.watch.forgive(late_ms)
            self._dialler.forgive(late_ms)
        self._watch_bearer()
        if self._traffic.conn:
            self._watch_link(now_ms)
        if self._may_dial():
            self._dialler.tick(now_ms, self._urgent(), self._traffic.conn)
        return self._pause_ms(self.now())

    def _may_dial(self):
        wanted = self._traffic.conn is None or self._traffic.watch.racing or self._other_wanted
        return self._bearer_up and (wanted or len(self._dialler.attempts) > 0)

    def _urgent(self):
        """True while an alarm waits and the link, if there is one, does not carry it."""
        traffic = self._traffic
        return traffic.outbox.urgent > 0 and (traffic.conn is None or traffic.watch.racing)

    def _pause_ms(self, now_ms):
        due_ms = clock.add(now_ms, self._turn_max_ms if self._bearer_up else _DOWN_MS)
        if self._traffic.conn:
            due_ms = clock.soonest(due_ms, self._traffic.watch.next_due())
        if self._may_dial():
            due_ms = clock.soonest(due_ms, self._dialler.next_due(now_ms, self._urgent()))
        return clock.diff(due_ms, now_ms)

    def _watch_bearer(self):
        up = self._bearer.up()
        if up and not self._bearer_up:
            self._dialler.at_once()
        elif not up and self._bearer_up:
            self._dialler.stop("network down")
        self._bearer_up = up

    def _watch_link(self, now_ms):
        traffic = self._traffic
        if traffic.watch.check_stall(now_ms):
            self.counters["races"] += 1
        reason = traffic.watch.check_dead(now_ms, traffic.outbox.oldest_sent_ms())
        if reason:
            self.counters["dead"] += 1
            traffic.conn.close(reason)
            return
        traffic.ping_if_due(now_ms)
        if self._dialler.attempts and not traffic.watch.racing and not self._other_wanted:
            self._dialler.call_off()

    def _heard(self, topic, payload):
        self._suspicions = 0
        self._on_message(topic, payload)

    # -- what connections ask and say

    def _dial(self, broker):
        return Connection(broker, self)

    def context(self):
        """The TLS context, made once. Raises ValueError if the CA is missing or unreadable."""
        if self._context is None:
            self._context = secure.make_context(self._ca)
            self._ca = None  # TLS has its own copy
        return self._context

    def hello(self, attempt):
        return self._traffic.hello(attempt)

    def on_sent_connect(self, attempt):
        self._dialler.sent_connect(attempt)

    def on_joined(self, conn):
        self.counters["connects"] += 1
        old = self._traffic.conn
        self._other_wanted = False
        self._dialler.joined(conn)
        self._traffic.start(conn)  # before the old one is closed: at no moment are we without a link
        if old:
            old.close("replaced by a newer connection")
        self._set_online(True)

    def on_skipped(self, conn, pid):
        self._traffic.confirm_skipped(conn, pid)

    def on_drained(self, conn):
        if conn is self._traffic.conn:
            self._traffic.pump()

    def on_closed(self, conn, stage):
        """An attempt failed, or the link is lost; closed by us on purpose, it is neither."""
        now_ms = self.now()
        urgent = self._traffic.outbox.urgent > 0
        if conn in self._dialler.attempts:
            self.last_error = conn.reason
            self._other_wanted = False
            if stage == connection.CONNECTING:
                self.resolver.doubt(conn.broker["host"])
            self._dialler.failed(conn, now_ms, urgent)
        elif conn is self._traffic.conn:
            self.last_error = conn.reason
            self._traffic.end()
            if not urgent:
                self._dialler.hold(now_ms, self._rand(self.settings["gather_ms"]))
            self._set_online(False)
        self._clockwork.hurry()

    def _set_online(self, online):
        if online != self.online:
            self.online = online
            self._on_change(online)
