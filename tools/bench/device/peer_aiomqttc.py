"""aiomqttc as its README has it: connect(), then `await publish(qos=1)`, which says True once the PUBACK is there.

defaults: keep-alive 60 s, PUBACK waited for 5 s; False: publish again. tightest: keep-alive 1 s, PUBACK 0.2 s (an attribute,
not a documented setting), connect bound 1 s; False: disconnect, connect, publish again; up to 20 publishes at a time.
It gives asyncio no server name, so it cannot verify a broker's certificate; with TLS it runs unverified.
"""

import asyncio
import sys


def _quiet(*_):
    pass


class Client:
    def __init__(self, probe):
        import aiomqttc

        aiomqttc.log = _quiet  # it prints a line for each packet
        aiomqttc.TimeoutError = asyncio.TimeoutError  # it uses the name, MicroPython has no such builtin: its tasks would die
        spec = probe.spec
        self._probe = probe
        self._tight = spec["tight"]
        self._parallel = 20 if self._tight else 1
        context = None
        if spec.get("ca"):
            context = _context()
        settings = {"keepalive": 1} if self._tight else {}
        self._client = aiomqttc.MQTTClient(
            spec["id"], spec["name"], spec["port"], spec["user"], spec["password"], ssl=context or False, **settings
        )
        if self._tight:
            self._client.protocol._ack_timeout_sec = 0.2
        self._waiting = []
        self._running = 0
        self._failed = False

    def raise_alarm(self, n):
        self._waiting.append(n)
        self._start_more()

    def _start_more(self):
        while self._waiting and self._running < self._parallel and self._client.connected and not self._failed:
            self._running += 1
            asyncio.create_task(self._publish(self._waiting.pop(0)))

    async def _publish(self, n):
        try:
            delivered = await self._client.publish(self._probe.topic, self._probe.payload(n), qos=1)
        except (OSError, ValueError, AttributeError) as error:  # AttributeError: its stream is None while it closes
            sys.print_exception(error)
            delivered = False
        self._running -= 1
        if delivered:
            self._probe.acked(n)
        else:
            self._waiting.insert(0, n)
            self._waiting.sort()
            self._failed = self._tight
        self._start_more()

    async def run(self):
        up = False
        while True:
            if self._failed:
                await self._client.disconnect()
                self._failed = False
            if not self._client.connected:
                if up:
                    self._probe.changed(False)
                up = await self._client.connect(timeout_sec=1 if self._tight else 10)
                self._probe.changed(up)
                self._start_more()
            await asyncio.sleep_ms(20 if self._client.connected or self._tight else 1000)


def _context():
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
