"""The timeline: every event gets a number, goes to the database, and once that is durable to all who listen."""

import asyncio

_QUEUE_MAX = 20_000  # events a listener may be behind before it is cut off; 200 calls at once make 2,000 in one go


class Listener:
    """`queue` holds events; None in it: cut off for being too slow."""

    def __init__(self):
        self.queue = asyncio.Queue()
        self.cut_off = False


class Timeline:
    """`wall_ms()`: the clock, ms since 1970."""

    def __init__(self, store, wall_ms):
        self._store, self._wall_ms = store, wall_ms
        self._fresh, self._later, self._listeners = [], [], set()

    def emit(self, event, address="", call="", **body):
        """Write one event down, in the transaction that is open; listeners get it at the next `flush`, after the commit."""
        self._write(self._wall_ms(), event, address, call, body)

    def emit_later(self, event, address="", call="", **body):
        """For what happens outside a transaction: written down at the next `flush`, many in one disk sync."""
        self._later.append((self._wall_ms(), event, address, call, body))

    def _write(self, at_ms, event, address, call, body):
        n = self._store.log(at_ms, event, address, call, body)
        self._fresh.append(as_event((n, at_ms, event, address, call, body)))

    def flush(self):
        """Raises sqlite3.Error if what was left for later cannot be written."""
        later, self._later = self._later, []
        if later:
            with self._store.transaction():
                for item in later:
                    self._write(*item)
        self.deliver()

    def deliver(self):
        """Give what is committed to the listeners; call it before anything is awaited, so that `forget` cannot hit it."""
        for item in self._fresh:
            for listener in list(self._listeners):
                self._give(listener, item)
        self._fresh.clear()

    def forget(self):
        """The transaction failed: what was written in it did not happen."""
        self._fresh.clear()

    def listen(self):
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener):
        self._listeners.discard(listener)

    def _give(self, listener, item):
        if listener.queue.qsize() >= _QUEUE_MAX:
            listener.cut_off = True
            self._listeners.discard(listener)
            listener.queue.put_nowait(None)
        else:
            listener.queue.put_nowait(item)


def as_event(row):
    """The API's form of a log entry. `body` fields are on top; the fixed ones win."""
    n, at_ms, event, address, call, body = row
    scheme, flat, unit = address.split("/") if address else ("", "", "")
    place = {"scheme": scheme, "flat": flat, "unit": unit, "call": call}
    return {**body, **place, "v": 1, "event": event, "n": n, "at": at_ms / 1000}
