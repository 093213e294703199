"""What has been handed over for sending and is not yet confirmed by the broker, in order.

Rules. A message stays until its PUBACK or until the application says that it needs it no more. A newer payload under the
same key takes the older one's place. Urgent messages (alarms) go out before routine ones and routine reports never push
one out (P1). A message keeps its packet id over connections, so a late PUBACK of the old connection still counts; a
replaced payload gets a new id, so a PUBACK of the old payload does not.
"""

from collections import OrderedDict

from micropython import const

from firmware.core import clock

_URGENT_MAX = const(256)  # 64 triggers x 4 calls; each call has one key, so this is far above what a flat can raise
_ROUTINE_MAX = const(16)  # reports: the newest are worth more than the oldest
_PID_MAX = const(65535)  # MQTT 3.1.1, 2.3.1: 1 ... 65,535, never 0; umqtt.simple itself would never wrap


class Message:
    """One pending message. `pid`: packet id, None until first sent. `on_wire`: written to the current connection."""

    pid = None  # what is the same for every new message stands in the class: making one costs less
    on_wire = False
    sends = 0
    sent_ms = 0

    def __init__(self, key, serial, topic, payload, urgent):
        self.key = key
        self.serial = serial
        self.topic = topic
        self.payload = payload
        self.urgent = urgent


class Outbox:
    """Pure: knows no sockets. `urgent`: number of urgent messages without PUBACK.

    `dropped`: routine messages given up for newer ones; `refused`: urgent ones beyond the bound.
    """

    def __init__(self):
        self._messages = OrderedDict()  # MicroPython's dict is unordered
        self._by_pid = {}
        self._unsent = ([], [])  # routine, urgent; each in order of arrival
        self._serial = 0
        self._pid = 0
        self.urgent = 0
        self.dropped = 0
        self.refused = 0

    def __len__(self):
        return len(self._messages)

    def put(self, key, topic, payload, urgent):
        """Takes a message; a pending one with the same key is replaced and keeps its place in the order.

        False: 256 urgent messages wait already and no routine one can go for it. It was not taken (counted in `refused`).
        """
        urgent = bool(urgent)
        message = self._messages.get(key)
        if message is not None:
            self._replace(message, topic, payload, urgent)
            return True
        full = self.urgent >= _URGENT_MAX if urgent else len(self._messages) - self.urgent >= _ROUTINE_MAX
        if full and not self._drop_routine():
            self.refused += 1
            return False
        self._serial += 1
        self._messages[key] = message = Message(key, self._serial, topic, payload, urgent)
        self._unsent[urgent].append(message)
        self.urgent += urgent
        return True

    def _replace(self, message, topic, payload, urgent):
        if not message.on_wire:
            self._unsent[message.urgent].remove(message)
        self.urgent += urgent - message.urgent
        if message.pid is not None:
            del self._by_pid[message.pid]
        message.topic, message.payload, message.urgent = topic, payload, urgent
        message.pid, message.on_wire, message.sends = None, False, 0
        self._queue(message)

    def _drop_routine(self):
        """The oldest routine message goes; an urgent one never does."""
        for message in self._messages.values():
            if not message.urgent:
                self._forget(message)
                self.dropped += 1
                return True
        return False

    def _queue(self, message):
        line = self._unsent[message.urgent]
        at = len(line)
        while at and line[at - 1].serial > message.serial:
            at -= 1
        line.insert(at, message)

    def next(self):
        """The message to send next, or None: urgent ones first, each kind in order."""
        line = self._unsent[1] or self._unsent[0]
        return line[0] if line else None

    def sent(self, message, now_ms):
        """`message` (from `next()`) was written to the current connection."""
        line = self._unsent[message.urgent]
        line.pop(0) if line and line[0] is message else line.remove(message)
        message.on_wire = True
        message.sends += 1
        message.sent_ms = now_ms

    def pid_for(self, message):
        """The packet id to send `message` with: its own, or the next free one."""
        pid = message.pid
        if pid is None:
            pid = self._pid + 1
            if pid > _PID_MAX or pid in self._by_pid:
                pid = self.new_pid()
            self._pid = message.pid = pid
            self._by_pid[pid] = message
        return pid

    def new_pid(self):
        """A packet id that no pending message has; 65,535 is followed by 1."""
        while True:
            self._pid = self._pid + 1 if self._pid < _PID_MAX else 1
            if self._pid not in self._by_pid:
                return self._pid

    def acked(self, pid):
        """The broker has message `pid`: it is forgotten and returned; None if no pending message has that id."""
        message = self._by_pid.pop(pid, None)
        if message is not None:
            del self._messages[message.key]
            self.urgent -= message.urgent
            if not message.on_wire:
                self._unsent[message.urgent].remove(message)
        return message

    def confirm(self, key):
        """The application needs `key` no more. True if it was pending."""
        message = self._messages.get(key)
        if message is None:
            return False
        self._forget(message)
        return True

    def _forget(self, message):
        del self._messages[message.key]
        if message.pid is not None:
            del self._by_pid[message.pid]
        if not message.on_wire:
            self._unsent[message.urgent].remove(message)
        self.urgent -= message.urgent

    def start_over(self):
        """A new connection: everything pending goes out again on it, in order."""
        for line in self._unsent:
            line.clear()
        for message in self._messages.values():
            message.on_wire = False
            self._unsent[message.urgent].append(message)

    def urgent_on_wire(self):
        """True while an urgent message is on the wire without PUBACK."""
        return self.urgent > len(self._unsent[1])

    def oldest_sent_ms(self):
        """When the oldest message on the wire was sent; None if there is none."""
        for message in self._messages.values():
            if message.on_wire:
                return message.sent_ms
        return None


def round_trip_ms(message, now_ms):
    """ms from sending to PUBACK, or None if it was sent more than once: nobody knows which copy was answered (Karn)."""
    return clock.diff(now_ms, message.sent_ms) if message.sends == 1 else None
