"""umqtt.simple as its examples use it: connect, publish(qos=1), check_msg; after an OSError connect again and repeat.

defaults: no time-out, as the library sets none. tightest: a socket time-out before each call (the library has no setting for
it) and a ping each half keep-alive. One call blocks everything else in the program; that is the library's design.
"""

import asyncio
import time

import usocket

_POLL_MS = 20
_TIGHT_TIMEOUT_S = 0.2
_TIGHT_KEEPALIVE_S = 1


class Esp32Socket:
    """setblocking(True) forgets the time-out, as on the ESP32; the unix port keeps it. Source: ports/esp32/modsocket.c."""

    def __init__(self, sock, timeout_s):
        self._sock = sock
        sock.settimeout(timeout_s)
        self.settimeout = sock.settimeout
        self.read = sock.read
        self.write = sock.write
        self.close = sock.close
        self.connect = sock.connect

    def setblocking(self, flag):
        self._sock.settimeout(None if flag else 0)


class Sockets:
    def __init__(self, timeout_s):
        self._timeout_s = timeout_s
        self.getaddrinfo = usocket.getaddrinfo

    def socket(self):
        return Esp32Socket(usocket.socket(), self._timeout_s)


class Client:
    def __init__(self, probe):
        import umqtt.simple

        spec = probe.spec
        self._probe = probe
        self._timeout_s = _TIGHT_TIMEOUT_S if spec["tight"] else None
        umqtt.simple.socket = Sockets(self._timeout_s)
        keepalive_s = _TIGHT_KEEPALIVE_S if spec["tight"] else 0
        self._ping_ms = keepalive_s * 500
        self._client = umqtt.simple.MQTTClient(
            spec["id"], spec["name"], spec["port"], spec["user"], spec["password"], keepalive=keepalive_s
        )
        self._client.set_callback(lambda topic, payload: None)
        self._waiting = []
        self._heard = asyncio.ThreadSafeFlag()

    def raise_alarm(self, n):
        self._waiting.append(n)
        self._heard.set()

    async def run(self):
        while True:
            try:
                self._client.connect()
                self._probe.changed(True)
                await self._serve()
            except (OSError, IndexError, AssertionError):  # IndexError: an empty read, inside the library
                if self._client.sock:
                    self._client.sock.close()
                self._probe.changed(False)
            await asyncio.sleep_ms(_POLL_MS if self._timeout_s else 1000)

    async def _serve(self):
        pinged_ms = time.ticks_ms()
        while True:
            while self._waiting:
                self._client.sock.settimeout(self._timeout_s)
                self._client.publish(self._probe.topic, self._probe.payload(self._waiting[0]), qos=1)
                self._probe.acked(self._waiting.pop(0))
                await asyncio.sleep_ms(0)  # one call blocks; between two of them the program may go on
            self._client.check_msg()
            if self._ping_ms and time.ticks_diff(time.ticks_ms(), pinged_ms) >= self._ping_ms:
                pinged_ms = time.ticks_ms()
                self._ping()
            try:
                await asyncio.wait_for_ms(self._heard.wait(), _POLL_MS)
            except asyncio.TimeoutError:
                pass

    def _ping(self):
        """Asks and waits for the answer: without that the library never notices a dead link."""
        self._client.sock.settimeout(self._timeout_s)
        self._client.ping()
        self._client.wait_msg()
