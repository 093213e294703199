"""One broker: connects, subscribes, hands over what comes in, reconnects for ever. Tells each change in clear words."""

import asyncio
import random
import socket
import ssl

import aiomqtt

from .upward import CHANNELS

_KEEPALIVE_S = 12  # the protocol's; a dead link shows within 1.5 times that
_REPLY_S = 10  # bound on CONNACK, SUBACK, PUBACK
_IN_FLIGHT_MAX = 1000  # receipts on their way: with the library's 20 a storm of calls waits a round trip for every 20
_BACKOFF_S = (0.2, 1.0)  # first and longest wait: a flat may be waiting for its receipt, and the desk is only one client


class BrokerLink:
    """`on_message(link, topic, payload)` and `on_change(link, text)` are called in the loop; `text` is "" when connected."""

    def __init__(self, broker, client_id, on_message, on_change):
        self.broker, self.name = broker, broker.name
        self.connected = False
        self._client_id, self._on_message, self._on_change = client_id, on_message, on_change
        self._client = None
        self._sending = set()

    async def run(self):
        """Returns only when cancelled."""
        wait_s = _BACKOFF_S[0]
        while True:
            try:
                await self._serve()
                text = "connection ended"
            except (aiomqtt.MqttError, OSError, ssl.SSLError, ValueError) as error:
                text = f"{self.broker.host}:{self.broker.port}: {_plain(error)}"
            if self.connected:
                wait_s = _BACKOFF_S[0]
            self.connected, self._client = False, None
            self._on_change(self, text)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2, _BACKOFF_S[1])

    async def _serve(self):
        broker = self.broker
        client = aiomqtt.Client(
            broker.host, broker.port, username=broker.user, password=broker.password, identifier=self._client_id,
            tls_context=tls_context(broker) if broker.tls else None, keepalive=_KEEPALIVE_S, timeout=_REPLY_S, clean_session=True,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)], max_inflight_messages=_IN_FLIGHT_MAX,
        )  # fmt: skip
        client.pending_calls_threshold = 10_000
        async with client:
            codes = await client.subscribe([(f"ils/v1/+/+/+/{channel}", 1) for channel in CHANNELS])
            if any(code >= 128 for code in codes):
                raise ValueError(f"user {broker.user!r} may not subscribe to ils/v1/+/+/+/...; see the broker's access list")
            self._client, self.connected = client, True
            self._on_change(self, "")
            async for message in client.messages:
                self._on_message(self, str(message.topic), bytes(message.payload or b""))

    def publish(self, topic, payload):
        """QoS 1, without waiting. False if there is no connection; a loss later is made good at the application's level."""
        if not self.connected:
            return False
        task = asyncio.get_running_loop().create_task(self._publish(self._client, topic, payload))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return True

    async def _publish(self, client, topic, payload):
        try:
            await client.publish(topic, payload, qos=1)
        except (aiomqtt.MqttError, OSError, ValueError):
            return  # the connection is going; `_serve` reports it, and every command is sent again until confirmed


class _NamedContext(ssl.SSLContext):
    """Checks the certificate against the configured name even when the address is a number."""

    server_name = ""

    def wrap_socket(self, sock, **options):
        options["server_hostname"] = self.server_name
        return super().wrap_socket(sock, **options)


def tls_context(broker):
    """Verifies the certificate by the broker's own CA, and its name. `broker`: config.Broker."""
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.server_name = broker.server_name
    context.load_verify_locations(broker.ca_file)
    return context


def _plain(error):
    if isinstance(error, aiomqtt.exceptions.MqttConnectError):
        return f"the broker refused us ({error}); check user and password"
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:  # aiomqtt passes on only the words of the SSL error
        return "certificate refused: " + text.rpartition("verify failed: ")[2].partition(" (_ssl.c")[0]
    return text
