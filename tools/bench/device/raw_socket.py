"""The floor: QoS 1 by hand over asyncio's own stream, with nothing kept, checked or repeated."""

import asyncio
import struct
import time


def connect_packet(client_id, user, password):
    body = b"\x00\x04MQTT\x04" + bytes([0xC2 if user else 0x02]) + b"\x00\x00"
    for text in (client_id, user, password) if user else (client_id,):
        body += struct.pack("!H", len(text)) + text.encode()
    return b"\x10" + bytes([len(body)]) + body


class Raw:
    def __init__(self, spec, topic):
        self._spec = spec
        self._topic = topic.encode()
        self._reader = self._writer = None

    async def open(self):
        spec = self._spec
        self._reader, self._writer = await asyncio.open_connection(spec["host"], spec["broker_port"])
        self._writer.write(connect_packet(spec["id"] + "-raw", spec["user"], spec["password"]))
        await self._writer.drain()
        answer = await self._reader.readexactly(4)
        if answer[0] != 0x20 or answer[3] != 0:
            raise OSError("CONNECT refused: %r" % answer)

    async def publish(self, pid, payload):
        """One PUBLISH with QoS 1 and its PUBACK. Returns us."""
        length = 4 + len(self._topic) + len(payload)
        begun_us = time.ticks_us()
        packet = struct.pack("!BBBH", 0x32, length & 0x7F | 0x80, length >> 7, len(self._topic))
        self._writer.write(packet + self._topic + struct.pack("!H", pid) + payload)
        await self._writer.drain()
        answer = await self._reader.readexactly(4)
        took_us = time.ticks_diff(time.ticks_us(), begun_us)
        if answer != struct.pack("!BBH", 0x40, 2, pid):
            raise OSError("no PUBACK: %r" % answer)
        return took_us


class Client:
    """The same behind the probe's face, for the instruction count: `publish` returns when the PUBACK is there."""

    def __init__(self, probe):
        self._probe = probe
        self._raw = Raw(probe.spec, probe.topic)

    async def run(self):
        await self._raw.open()
        self._probe.changed(True)

    async def publish(self, n):
        await self._raw.publish(n + 1, self._probe.payload(n))
