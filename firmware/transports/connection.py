"""One connection to one broker, from the name to the last byte: a socket, a task that dials and then reads, and no policy.

Rules. The stages go RESOLVING -> CONNECTING -> SECURING -> JOINING -> UP, and from any of them to CLOSED, once. The
task never blocks: it waits for its socket only. It has no time-outs of its own: the link's tick looks at `stage`,
`entered_ms` and `progress_ms` and calls `close`, which ends the task and the socket together. Whatever the broker sends
or the network does ends here as CLOSED with a clear text.
"""

import asyncio
import errno
import socket

from micropython import const

from firmware.core import clock
from firmware.transports import codec
from firmware.transports.dns import sockaddr
from firmware.transports.framing import Framer
from firmware.transports.ready import readable, writable
from firmware.transports.secure import Pacer, wrap

RESOLVING = "resolving"
CONNECTING = "connecting"
SECURING = "securing"
JOINING = "joining"
UP = "up"
CLOSED = "closed"
_BURST = const(8)  # packets per turn of the loop
_REST_MAX = const(64)  # packets: only answers to the broker are added while the socket is full, 4 bytes each
_TROUBLE = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset by the broker",
    errno.EHOSTUNREACH: "no route",
    errno.ETIMEDOUT: "no answer",
    errno.ENOMEM: "out of memory",
}


class Connection:
    """`owner` is told `on_sent_connect`, `on_joined`, `on_packet(conn, first_byte)`, `on_skipped(conn, pid)`, `on_drained` and
    `on_closed(conn, stage)`; gives the CONNECT packet, `hello(conn)`; and lends `now()`, `resolver`, `context()` and `settings`.

    `broker`: {"host", "port", "server_name", "tls"}. `secure`: holds or will hold a TLS context (tens of KB on the board).
    """

    def __init__(self, broker, owner):
        self.broker = broker
        self.secure = bool(broker["tls"])
        self.stage = RESOLVING
        self.reason = None
        self.framer = None  # made when the broker has taken our CONNECT: attempts that hang cost no buffer
        self.entered_ms = self.progress_ms = owner.now()
        self.dial_ms = None  # how long TCP took: a measure of this network's round trip
        self._owner = owner
        self._raw = None
        self._sock = None
        self.first = ()  # what the link sends first on it
        self.calm = False  # it has the keep-alive of a unit on battery
        self.join_ms = None  # from CONNECT to CONNACK
        self.free = False  # UP, and the next packet goes straight to the socket; else `on_drained` will tell
        self._rest = []  # what the socket would not take yet, oldest first
        self._writer = None
        self._task = asyncio.create_task(self._run())

    def name(self):
        return "%s:%d" % (self.broker["host"], self.broker["port"])

    def _enter(self, stage):
        self.stage = stage
        self.entered_ms = self.progress_ms = self._owner.now()

    async def _run(self):
        """Ends only with the connection closed; an error that is no network trouble closes it too, then goes to the loop."""
        try:
            await self._dial()
            await self._read()
        except (OSError, ValueError, codec.ProtocolError) as error:
            self.close(_text(self.stage, error))
        finally:
            self.close("task ended")

    async def _dial(self):
        resolver = self._owner.resolver
        address = resolver.known(self.broker["host"])
        if address is None:
            address = await resolver.ask(self.broker["host"], self._owner.settings["dns_again_ms"])
        target = sockaddr(address, self.broker["port"])
        self._enter(CONNECTING)
        begun_ms = self.progress_ms
        self._raw = self._sock = socket.socket()
        self._raw.setblocking(False)
        try:
            self._raw.connect(target)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise
        await writable(self._raw)
        pacer = None
        if self.secure:
            pacer = Pacer(self._raw)
            self._sock = wrap(self._owner.context(), pacer, self.broker["server_name"])
        await self._join(begun_ms, pacer)

    async def _join(self, begun_ms, pacer):
        """Writes CONNECT; over TLS that is also what drives the handshake."""
        packet = bytes(self._owner.hello(self))  # a copy: a handshake takes several turns
        self.dial_ms = None
        while True:
            taken = self._sock.write(packet)
            if self.dial_ms is None:  # the write got past TCP: had it been refused, it would have raised
                self._enter(SECURING if self.secure else JOINING)
                self.dial_ms = clock.diff(self.progress_ms, begun_ms)
            if taken:
                break
            if pacer is None:
                await writable(self._raw)
            elif pacer.paused:
                await asyncio.sleep_ms(0)
            else:
                await readable(self._raw)
            self.progress_ms = self._owner.now()
        if pacer:
            pacer.handshaking = False
        if taken < len(packet):
            raise OSError("CONNECT not taken whole")
        self._enter(JOINING)
        self._owner.on_sent_connect(self)

    async def _read(self):
        framer = self.framer = Framer()
        while True:
            count = framer.fill(self._sock)
            if count is None:  # all is read, so nothing can be left inside TLS: waiting for the socket below it is enough
                await readable(self._raw)
                continue
            if count == 0:
                raise OSError("closed by the broker")
            while self._take_packets(framer):  # a broker that never stops talking must not keep the loop
                await asyncio.sleep_ms(0)
            if self.secure:
                await asyncio.sleep_ms(0)
            else:
                await readable(self._raw)  # TCP keeps nothing back from the poller

    def _take_packets(self, framer):
        """Handles a handful of packets; True if there may be more."""
        for _ in range(_BURST):
            first = framer.next()
            if first is None or self.stage == CLOSED:
                break
            if self.stage == UP:
                self._owner.on_packet(self, first)
            else:
                self._accept(first)
        else:
            return True
        if framer.skipped_pid is not None:
            pid, framer.skipped_pid = framer.skipped_pid, None
            self._owner.on_skipped(self, pid)
        return False

    def _accept(self, first):
        if first != codec.CONNACK:
            raise codec.ProtocolError("packet 0x%02x instead of CONNACK" % first)
        refusal = codec.check_connack(self.framer.body())
        if refusal:
            raise codec.ProtocolError(refusal)
        self.join_ms = clock.diff(self._owner.now(), self.entered_ms)
        self._enter(UP)
        self.free = True
        self._owner.on_joined(self)

    def write(self, packet):
        """Writes one whole packet; what the socket does not take is kept and follows by itself, in order."""
        if not self.free:
            self._keep(packet)
            return
        try:
            taken = self._sock.write(packet) or 0
        except (OSError, ValueError) as error:
            self.close(_text(self.stage, error))
            return
        if taken < len(packet):
            self.free = False
            self._rest.append(bytes(packet[taken:]))
            self._writer = asyncio.create_task(self._drain())

    def _keep(self, packet):
        if self.stage == UP:
            self._rest.append(bytes(packet))
            if len(self._rest) > _REST_MAX:
                self.close("takes nothing any more")

    async def _drain(self):
        """A piece is offered again as it was: TLS takes it for the one it could not get rid of before."""
        try:
            while self._rest:
                await writable(self._raw)
                piece = self._rest[0]
                taken = self._sock.write(piece) or 0
                if taken < len(piece):
                    self._rest[0] = piece[taken:]
                else:
                    self._rest.pop(0)
        except (OSError, ValueError) as error:
            self.close(_text(self.stage, error))
            return
        self._writer = None
        self.free = True
        self._owner.on_drained(self)

    def close(self, reason):
        """Ends the tasks and the socket, now. Safe at any time, also from its own callbacks; only the first one counts."""
        if self.stage == CLOSED:
            return
        text = "broker %s: %s" % (self.name(), reason)
        failed_stage, self.stage, self.reason = self.stage, CLOSED, text
        self.free = False
        for task in (self._task, self._writer):
            if task and task is not asyncio.current_task():
                task.cancel()  # before the socket goes: it must leave the poller first
        if self._sock:
            self._sock.close()
        if self._raw:
            self._raw.close()
        self._owner.on_closed(self, failed_stage)


def _text(stage, error):
    if isinstance(error, codec.ProtocolError):
        return "CONNECT: %s" % error if stage == JOINING else "protocol broken: %s" % error
    if isinstance(error, ValueError):
        return "certificate refused: %s" % str(error).strip() if stage in (CONNECTING, SECURING) else "%s: %s" % (stage, error)
    code = error.args[0] if error.args else "failed"
    return "%s: %s" % (stage, _TROUBLE.get(code, error.args[1] if len(error.args) > 1 else code))
