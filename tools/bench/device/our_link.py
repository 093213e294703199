"""This project's own link, firmware/transports/link.py, as the application uses it."""

import os
import time

from firmware.transports import bounds
from firmware.transports.link import Link

_TICKS_MASK = (1 << 30) - 1


def _rand(n):
    return int.from_bytes(os.urandom(4), "big") % n


class Bearer:
    """A network that is always there."""

    def up(self):
        return True

    async def wait_up(self):
        pass

    def dns_server(self):
        return None


class Client:
    def __init__(self, probe):
        spec = probe.spec
        self._probe = probe
        ca = None
        if spec.get("ca"):
            with open(spec["ca"], "rb") as file:
                ca = file.read()
        broker = {"host": spec["name"], "port": spec["port"], "server_name": spec.get("server_name"), "tls": bool(ca)}
        config = {
            "client_id": spec["id"],
            "user": spec["user"],
            "password": spec["password"],
            "brokers": [broker],
            "ca": ca,
            "dns": spec.get("dns"),
            "subscribe": ["ils/v1/bench/%s/u1/down" % spec["id"]],
        }
        if spec["tight"]:
            for name in bounds.TIGHTEST:
                config[name] = bounds.TIGHTEST[name]
        self._link = Link(config, self._on_message, probe.changed, self._hello, self._now, _rand, Bearer())
        self._link.on_ack(self._acked)
        self.run = self._link.run

    def counters(self):
        return self._link.health()

    def _now(self):
        return time.ticks_ms() & _TICKS_MASK

    def _on_message(self, topic, payload):
        pass

    def _hello(self, number):
        topic = "ils/v1/bench/%s/u1/state" % self._probe.spec["id"]
        return topic, b'{"online":false}', [(topic, b'{"online":true}', True)]

    def _acked(self, key):
        self._probe.acked(int(key))

    def raise_alarm(self, n):
        self._link.send(str(n), self._probe.topic, self._probe.payload(n), True)
