"""chumicro-mqtt over its own chumicro-sockets: connect(), then check() and handle() in a loop; publish(qos=1, on_publish=...).

defaults: the constructor's (acknowledgement 5 s, 3 repeats, keep-alive 60 s, queue of 20), loop every 10 ms. tightest:
acknowledgement and send 0.2 s, no repeat, keep-alive 1 s, queue of 64, loop every 1 ms. It reconnects by itself and then
forgets what was not confirmed: that is published again here.
"""

import asyncio


class Client:
    def __init__(self, probe):
        import chumicro_sockets
        from chumicro_mqtt import MQTTBackpressureError, MQTTClient
        from chumicro_sockets.sockets_factory import fixed_connector_factory
        from chumicro_timing import ticks

        spec = probe.spec
        self._probe = probe
        self._full = MQTTBackpressureError
        self._ticks_ms = ticks.ticks_ms
        context = None
        if spec.get("ca"):
            with open(spec["ca"], "rb") as file:
                context = chumicro_sockets.ssl_context_with_ca(file.read())
        tight = spec["tight"]
        settings = {"ack_timeout_seconds": 0.2, "publish_retry_max": 0, "keep_alive_seconds": 1} if tight else {}
        if tight:
            settings["max_tx_queue_size"] = 64
        self._poll_ms = 1 if tight else 10
        self._room = 50 if tight else 16  # 200 at once do not fit into the heap
        self._client = MQTTClient(
            transport_factory=fixed_connector_factory(spec["name"], spec["port"], ssl_context=context),
            client_id=spec["id"],
            username=spec["user"],
            password=spec["password"],
            **settings,
        )
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._lost
        self._waiting = []
        self._sent = {}
        self._up = False

    def raise_alarm(self, n):
        self._waiting.append(n)
        self._publish()

    def _connected(self):
        self._up = True
        self._probe.changed(True)

    def _lost(self):
        self._up = False
        self._waiting = sorted(list(self._sent) + self._waiting)
        self._sent = {}
        self._probe.changed(False)

    def _publish(self):
        try:
            while self._up and self._waiting and len(self._sent) < self._room:
                n = self._waiting[0]
                self._client.publish(self._probe.topic, self._probe.payload(n), qos=1, on_publish=self._done(n))
                self._sent[n] = True
                self._waiting.pop(0)
        except self._full:
            pass  # goes on when the queue has drained

    def _done(self, n):
        def done(topic, payload):
            self._sent.pop(n, None)
            self._probe.acked(n)

        return done

    async def run(self):
        self._client.connect()
        while True:
            now_ms = self._ticks_ms()
            if self._client.check(now_ms):
                self._client.handle(now_ms)
            self._publish()
            await asyncio.sleep_ms(self._poll_ms)
