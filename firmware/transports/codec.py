"""MQTT 3.1.1 packets, made and read by umqtt.simple, which never sees a socket.

The library writes a packet and then waits for the broker's answer. Here its socket is two byte buffers, the second one fed
beforehand with the answer it waits for: so it returns at once, and the packet lies in the first, whole, to be written in
one go. Works with umqtt.simple 1.3.4 (from PyPI) and 1.4 ... 1.8 (frozen into MicroPython's images) alike.

Kept away from the library, because it gets them wrong: packet ids (it never wraps), waiting (it blocks), text lengths
(it counts characters), SUBSCRIBE of long topics (1.3.4 writes one length byte), incoming packets not yet checked.
Source: D1, FACTS "Codec notes".
"""

import struct

from micropython import const

_PACKET_MAX = const(2400)  # bytes: 2,048 of payload (docs/protocol.md), topic, headers; a CONNECT with its will
_TOO_LONG = "packet above 2400 bytes"
_HEADS_MAX = const(8)  # topics; a unit publishes on four
_CONNACK_OK = b"\x20\x02\x00\x00"
CONNACK = const(0x20)
PUBLISH = const(0x30)
PUBACK = const(0x40)
SUBACK = const(0x90)
PINGRESP = const(0xD0)
_REFUSALS = (
    "accepted",
    "protocol version refused",
    "client id refused",
    "broker unavailable",
    "user or password refused",
    "not authorised (user, password or access list)",
)  # MQTT 3.1.1, table 3.1


class ProtocolError(Exception):
    """The peer sent what MQTT 3.1.1 does not allow; the connection is of no more use."""


class _Wire:
    """The library's socket: `write` appends to the packet, `read` takes from what it was fed."""

    def __init__(self):
        self.packet = memoryview(bytearray(_PACKET_MAX))
        self.length = 0
        self.answer = b""
        self._at = 0

    def feed(self, answer):
        self.length = 0
        self.answer = answer
        self._at = 0

    def write(self, data, length=None):
        if length is not None:
            data = data[:length]
        start = self.length
        self.length = end = start + len(data)
        if end > _PACKET_MAX:
            raise ValueError(_TOO_LONG)
        self.packet[start:end] = data

    def read(self, length):
        start = self._at
        self._at = start + length
        return bytes(self.answer[start : self._at])

    # What the library calls on a real socket and what has no meaning here.
    def connect(self, address):
        pass

    def setblocking(self, flag):
        pass

    def settimeout(self, timeout_s):
        pass

    def close(self):
        pass


class _Sockets:
    """Stands in for the library's `socket` module, so that its connect() gets the wire."""

    def __init__(self, wire):
        self._wire = wire

    def socket(self):
        return self._wire

    def getaddrinfo(self, host, port):
        return ((None,),)


class Codec:
    """Encodes for one client. `library`: the module umqtt.simple. `client_id`, `user`, `password`: str; user may be None.

    Each packet is a memoryview of one shared buffer, good until the next call. Raises ValueError for one that is too long.
    """

    def __init__(self, library, client_id, user, password, keepalive_s):
        self._wire = _Wire()
        library.socket = _Sockets(self._wire)
        self._client = library.MQTTClient(
            client_id.encode(), "", 1, user.encode() if user else None, (password or "").encode(), keepalive_s
        )
        self._client.set_callback(self._keep)
        self._client.sock = self._wire
        self._received = None
        self._heads = {}

    def _packet(self):
        return self._wire.packet[: self._wire.length]

    def connect(self, will_topic, will_payload, keepalive_s=None):
        """CONNECT with clean session and a retained QoS 1 will (`will_topic` None: without); `keepalive_s` from now on."""
        if will_topic is not None:
            self._client.set_last_will(will_topic.encode(), will_payload, True, 1)
        if keepalive_s:
            self._client.keepalive = keepalive_s
        self._wire.feed(_CONNACK_OK)
        self._client.connect()
        return self._packet()

    def publish(self, topic, payload, pid, again, retain=False):
        """PUBLISH with QoS 1 and packet id `pid` (1 ... 65,535). `again`: sets DUP.

        The library encodes each topic once and that is kept: its whole publish() took 6 of the 50 us from send to PUBACK.
        """
        head = self._heads.get(topic) or self._head(topic)
        size = len(head) + 2 + len(payload)
        packet = self._wire.packet
        packet[0] = 0x32 | again << 3 | retain
        if size > 127:
            packet[1], packet[2] = size & 127 | 128, size >> 7
            at = 3
        else:
            packet[1] = size
            at = 2
        if at + size > _PACKET_MAX:
            raise ValueError(_TOO_LONG)
        end = at + len(head)
        packet[at:end] = head
        packet[end], packet[end + 1] = pid >> 8, pid & 255
        at += size
        packet[end + 2 : at] = payload
        return packet[:at]

    def _head(self, topic):
        """What stands between the length and the packet id, as the library writes it for QoS 0 and no payload."""
        name = topic.encode()
        self._wire.feed(b"")
        self._client.publish(name, b"")
        if len(self._heads) >= _HEADS_MAX:
            self._heads.clear()
        self._heads[topic] = head = bytes(self._packet()[-len(name) - 2 :])
        return head

    def subscribe(self, topic, pid):
        """SUBSCRIBE to one topic with QoS 1."""
        name = topic.encode()
        length = len(name) + 5
        if length > 127:  # 1.3.4 writes a length of one byte whatever the topic
            return self._long_subscribe(name, length, pid)
        self._client.pid = pid - 1
        self._wire.feed(struct.pack("!BBHB", SUBACK, 3, pid, 1))
        self._client.subscribe(name, 1)
        return self._packet()

    def _long_subscribe(self, name, length, pid):
        self._wire.feed(b"")
        self._wire.write(struct.pack("!BBBHH", 0x82, length & 0x7F | 0x80, length >> 7, pid, len(name)))
        self._wire.write(name)
        self._wire.write(b"\x01")
        return self._packet()

    def ping(self):
        self._wire.feed(b"")
        self._client.ping()
        return self._packet()

    def puback(self, pid):
        self._wire.feed(b"")
        self._wire.write(struct.pack("!BBH", PUBACK, 2, pid))
        return self._packet()

    def _keep(self, topic, payload):
        self._received = topic, payload

    def read_publish(self, packet, body_at):
        """Decodes a whole PUBLISH: `packet` a memoryview of it, `body_at` where its body starts.

        Returns (topic as str, payload as bytes, the PUBACK to send or None for QoS 0). Raises ProtocolError.
        """
        qos = packet[0] >> 1 & 3
        body_bytes = len(packet) - body_at
        needed = 2 if body_bytes < 2 else 2 + (packet[body_at] << 8 | packet[body_at + 1]) + (2 if qos else 0)
        if qos > 1 or body_bytes < needed or needed < 3 + (2 if qos else 0):
            raise ProtocolError("PUBLISH malformed or with QoS 2")
        self._wire.feed(packet)
        self._client.wait_msg()
        topic, payload = self._received
        self._received = None
        try:
            topic = topic.decode()
        except UnicodeError:
            raise ProtocolError("PUBLISH with a topic that is not UTF-8") from None
        return topic, payload, self._packet() if qos else None


def check_connack(body):
    """None if `body` (2 bytes) accepts; the session-present flag does not matter. Else the reason as text."""
    if len(body) != 2:
        return "malformed CONNACK"
    if body[1] == 0:
        return None
    return _REFUSALS[body[1]] if body[1] < len(_REFUSALS) else "CONNACK code %d" % body[1]
