"""Sends one message to one unit: counter, seal, the right broker. What goes wrong on purpose is in inject.py."""

import asyncio

from .downward import build

_OTHER_KEY = bytes(32)  # for the fault mode wrong_seal


class Sender:
    """`links`: the brokers in the order of the configuration. `wall_ms()`: ms since 1970."""

    def __init__(self, sender_id, store, links, injection, timeline, wall_ms):
        self._id, self._store, self._links = sender_id, store, links
        self._injection, self._timeline, self._wall_ms = injection, timeline, wall_ms

    def send(self, record, kind, body, session=None, via=None):
        """The message's `ctr`, or None if there is no broker or the unit was never heard.

        `session`: the one to answer; None: the unit's newest. `via`: name of the only broker that will do; None: the best.
        """
        link = self._link(record) if via is None else self._only(via)
        session = session or record.sessions.session
        if link is None or session is None:
            return None
        topic = f"ils/v1/{record.address}/down"
        ctr = self._store.next_ctr(record.address)
        key = record.unit.key
        if self._injection.allowed:
            key, body = self._spoilt(kind, key, body)
        head = {"unit": record.unit.unit, "session": session, "from": self._id, "ctr": ctr, "at": self._wall_ms() // 1000}
        payload = build(key, topic, kind, head, body)
        if self._injection.allowed:
            self._publish_badly(link, kind, topic, payload)
        else:
            link.publish(topic, payload)
        return ctr

    def _only(self, via):
        return next((link for link in self._links if link.connected and link.name == via), None)

    def _link(self, record):
        """The broker through which the unit was last heard; else the first that is connected."""
        up = [link for link in self._links if link.connected]
        return next((link for link in up if link.name == record.via), up[0] if up else None)

    def _spoilt(self, kind, key, body):
        if kind == "receipt" and self._injection.take("wrong_call"):
            body = {**body, "call": body["call"].rsplit("-", 1)[0] + "-999999999"}
        if self._injection.take("wrong_seal"):
            key = _OTHER_KEY
        return key, body

    def _publish_badly(self, link, kind, topic, payload):
        if kind == "receipt" and self._injection.take("withhold_receipts"):
            self._timeline.emit_later("injected", mode="withhold_receipts", topic=topic)
            return
        if self._injection.take("drop_down"):
            self._timeline.emit_later("injected", mode="drop_down", topic=topic)
            return
        copies = 2 if self._injection.take("replay_down") else 1
        for _ in range(copies):
            delay_ms = self._injection.modes["delay_ms"]
            if delay_ms:
                asyncio.get_running_loop().call_later(delay_ms / 1000, link.publish, topic, payload)
            else:
                link.publish(topic, payload)
