"""Reads MQTT PUBLISH packets out of a stream of bytes that goes by, however it was cut into pieces."""


class Tap:
    """`feed` gives (topic, payload) of each PUBLISH that is now complete."""

    def __init__(self):
        self._bytes = bytearray()

    def feed(self, chunk):
        self._bytes += chunk
        found = []
        while True:
            whole = _whole_packet(self._bytes)
            if whole is None:
                return found
            body_at, end = whole
            packet = bytes(self._bytes[:end])
            del self._bytes[:end]
            if packet[0] >> 4 == 3:
                found.append(_publish(packet, body_at))


def _whole_packet(data):
    """(where its body starts, where it ends), or None while bytes are missing."""
    length = 0
    for i in range(1, 5):
        if i >= len(data):
            return None
        length |= (data[i] & 0x7F) << 7 * (i - 1)
        if not data[i] & 0x80:
            end = i + 1 + length
            return (i + 1, end) if end <= len(data) else None
    raise ValueError("not MQTT: a remaining length of more than 4 bytes")


def _publish(packet, body_at):
    topic_end = body_at + 2 + int.from_bytes(packet[body_at : body_at + 2], "big")
    payload_at = topic_end + (2 if packet[0] & 0x06 else 0)
    return packet[body_at + 2 : topic_end].decode(), packet[payload_at:]
