"""This tool at the scheme's brokers: hears one unit as the service does, seal and all, and speaks to it as `installer`."""

import queue
import secrets
import threading
import time

import paho.mqtt.client as mqtt

from tools.desk import broker as tls
from tools.desk import downward, upward
from tools.desk.config import Broker

from .errors import InstallError

_SENDER = "installer"
_CONNECT_S = 15
_KEEPALIVE_S = 12
_LOOK_S = 0.2


class Listener:
    """`with`: connected to every broker that can be reached, at least one. `look()` is called in each wait. Messages of the unit
    `identity` are read in order.

    `refused`: how many messages were refused, by reason; `session`: whose `down` messages are for. Raises InstallError
    (`broker`).
    """

    def __init__(self, scheme, identity, stop, look=lambda: None):
        self._scheme, self._identity, self._stop, self._look = scheme, identity, stop, look
        self._base = f"ils/v1/{identity.address}"
        self._key = bytes.fromhex(identity.key)
        self._queue = queue.Queue()
        self._clients, self._why = [], {}
        self._ctr = int(time.time()) % 1_000_000_000  # grows from run to run: a session outlives one
        self._lock = threading.Lock()
        self.refused = {}
        self.session = ""

    def __enter__(self):
        try:
            for one in self._scheme.brokers:
                self._connect(one)
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for client, _ in self._clients:
            client.disconnect()
            client.loop_stop()

    def next(self, bound_s):
        """The next message as a dict, or None after `bound_s`."""
        end_s = time.monotonic() + bound_s
        while True:
            self._stop.check()
            self._look()
            try:
                return self._queue.get(timeout=max(0.0, min(_LOOK_S, end_s - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= end_s:
                    return None

    def say(self, kind, **body):
        """Sends a message to the unit over every broker that is there; returns its number."""
        with self._lock:
            self._ctr += 1
            number = self._ctr
        head = {"unit": self._identity.unit, "session": self.session, "from": _SENDER, "ctr": number, "at": int(time.time())}
        topic = f"{self._base}/down"
        payload = downward.build(self._key, topic, kind, head, body)
        for client, _ in self._clients:
            if client.is_connected():
                client.publish(topic, payload, qos=1)
        return number

    def _connect(self, one):
        user, password = self._scheme.installer
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, f"{_SENDER}-{secrets.token_hex(4)}", clean_session=True)
        client.username_pw_set(user, password)
        if one["tls"]:
            client.tls_set_context(tls.tls_context(_as_desk(one, user, password, self._scheme.ca_pem)))
        name = f"{one['host']}:{one['port']}"
        subscribed = threading.Event()
        client.on_connect = lambda client, data, flags, reason, properties: self._connected(client, name, reason)
        client.on_subscribe = lambda client, data, mid, reasons, properties: self._subscribed(name, reasons, subscribed)
        client.on_message = lambda client, data, message: self._take(message.topic, bytes(message.payload))
        try:
            client.connect(one["host"], one["port"], keepalive=_KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._why[name] = _plain(error)
            return
        client.loop_start()
        self._clients.append((client, subscribed))

    def _connected(self, client, name, reason):
        if reason.is_failure:
            self._why[name] = f"it refuses us ({reason})"
        else:
            client.subscribe(f"{self._base}/#", qos=1)

    def _subscribed(self, name, reasons, subscribed):
        if any(reason.is_failure for reason in reasons):
            self._why[name] = f"user {self._scheme.installer[0]!r} may not hear {self._base}/#"
        else:
            subscribed.set()

    def _wait(self):
        end_s = time.monotonic() + _CONNECT_S
        while self._clients and time.monotonic() < end_s:
            self._stop.check()
            if all(subscribed.is_set() for _, subscribed in self._clients) or len(self._why) == len(self._scheme.brokers):
                break
            time.sleep(_LOOK_S / 10)
        if not any(subscribed.is_set() for _, subscribed in self._clients):
            name, why = next(iter(self._why.items()), (self._scheme.brokers[0]["host"], f"no word from it in {_CONNECT_S} s"))
            raise InstallError("broker", broker=name, why=why)

    def _take(self, topic, payload):
        if topic == f"{self._base}/down" or not payload:
            return
        place = upward.split_topic(topic)
        message, reason = upward.read(topic, payload, self._key) if place else (None, "topic")
        if message is None:
            self.refused[reason] = self.refused.get(reason, 0) + 1
        else:
            self._queue.put(message)


def _as_desk(one, user, password, ca_pem):
    return Broker(one["host"], one["host"], one["port"], user, password, True, ca_pem, one["server_name"])


def _plain(error):
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "certificate refused: " + text.rpartition("verify failed: ")[2].partition(" (_ssl.c")[0]
    return text
