"""umqtt.simple as versions 1.4 to 1.8 differ from 1.3.4, for tests: the documented differences on top of the installed 1.3.4.

connect() closes an old socket and sets a timeout on the new one; an empty user means none; SUBSCRIBE writes its length in
as many bytes as it needs; wait_msg() returns the first byte of a PUBLISH too. Source: micropython-lib, umqtt.simple's history.
"""

import struct

import umqtt.simple as base

socket = None  # as in the library: a module-level name that an adapter may replace


class _TimedSockets:
    """The replaced socket module, with the timeout that connect() sets since 1.6."""

    def __init__(self, sockets, timeout_s):
        self._sockets = sockets
        self._timeout_s = timeout_s

    def socket(self):
        made = self._sockets.socket()
        made.settimeout(self._timeout_s)
        return made

    def getaddrinfo(self, host, port):
        return self._sockets.getaddrinfo(host, port)


class MQTTClient(base.MQTTClient):
    def __init__(self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params=None):
        super().__init__(client_id, server, port, user or None, password, keepalive)

    def connect(self, clean_session=True, timeout=None):
        if self.sock:
            self.sock.close()
        base.socket = _TimedSockets(socket, timeout)
        return super().connect(clean_session)

    def subscribe(self, topic, qos=0):
        self.pid += 1
        length = len(topic) + 5
        head = bytes((0x82, length)) if length < 128 else bytes((0x82, length & 127 | 128, length >> 7))
        self.sock.write(head)
        self.sock.write(struct.pack("!H", self.pid))
        self._send_str(topic)
        self.sock.write(bytes((qos,)))
        while self.wait_msg() != 0x90:
            pass
        reply = self.sock.read(4)
        if (reply[1] << 8 | reply[2]) != self.pid or reply[3] == 0x80:
            raise base.MQTTException(reply[3])

    def wait_msg(self):
        said = []
        callback = self.cb
        self.cb = lambda topic, payload: (said.append(1), callback(topic, payload))
        try:
            first = super().wait_msg()
        finally:
            self.cb = callback
        return 0x30 if said and first is None else first
