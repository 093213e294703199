"""umqtt.simple2 as its README has it: publish(qos=1) returns at once, check_msg() in a loop, the status callback tells.

defaults: the constructor's (socket 5 s, message 10 s, no keep-alive), loop every 10 ms. tightest: socket 0.2 s, message 1 s
(whole seconds only), keep-alive 1 s, loop every 1 ms. The library does not reconnect: a time-out or error connects again here,
and what was not confirmed is published again.
"""

import asyncio
import time

_IN_FLIGHT = 20


class Client:
    def __init__(self, probe):
        from umqtt.simple2 import MQTTClient, MQTTException

        spec = probe.spec
        self._probe = probe
        self._errors = (OSError, MQTTException)
        self._tight = spec["tight"]
        settings = {"socket_timeout": 0.2, "message_timeout": 1, "keepalive": 1} if self._tight else {}
        self._client = MQTTClient(spec["id"], spec["name"], spec["port"], spec["user"], spec["password"], **settings)
        self._client.set_callback(lambda topic, payload, retained, again: None)
        self._client.set_callback_status(self._status)
        self._waiting = []
        self._pids = {}
        self._failed = False
        self._poll_ms = 1 if self._tight else 10

    def raise_alarm(self, n):
        self._waiting.append(n)

    def _status(self, pid, status):
        n = self._pids.pop(pid, None)
        if status == 0:
            self._failed = True
        if n is None:
            return
        if status == 1:
            self._probe.acked(n)
        else:
            self._waiting.insert(0, n)

    async def run(self):
        while True:
            try:
                self._connect()
                self._probe.changed(True)
                await self._serve()
            except self._errors:
                self._probe.changed(False)
            await asyncio.sleep_ms(20 if self._tight else 1000)

    def _connect(self):
        self._waiting[:0] = sorted(self._pids.values())
        self._pids.clear()
        self._failed = False
        self._client.connect()

    async def _serve(self):
        client = self._client
        pinged_ms = time.ticks_ms()
        while not self._failed:
            while self._waiting and len(self._pids) < _IN_FLIGHT:
                n = self._waiting[0]
                self._pids[client.publish(self._probe.topic, self._probe.payload(n), qos=1)] = n
                self._waiting.pop(0)
            client.check_msg()
            now_ms = time.ticks_ms()
            if self._tight and time.ticks_diff(now_ms, pinged_ms) > 500:
                if time.ticks_diff(now_ms, client.last_cpacket) > 1500:
                    raise OSError("no answer within 1.5 keep-alives")
                pinged_ms = now_ms
                client.ping()
            await asyncio.sleep_ms(self._poll_ms)
        raise OSError("a message was not confirmed in time")
