"""The network between a measured client and its broker: the virtual board's relay, in the words of the bench.

    pass       bytes go through, at once or `delay_ms` later each way
    half_open  connections that exist swallow all bytes and never end; new ones work
    frozen     the same, and new ones are taken but swallow all bytes too: a broker that hangs
    dark       connections that exist swallow all bytes; new ones get no answer to their SYN: a blackout
    refuse     connections that exist are reset, new ones are refused: a broker that is down

What existed during a blackout stays dead after it, as when a router has forgotten it; TCP alone would deliver it late.
"""

import time

from tools.vboard.relay import Relay

_MODES = {"pass": "pass", "half_open": "forget", "frozen": "freeze", "dark": "hang", "refuse": "refuse"}


class Network:
    """An async context manager; `port` is where the client connects."""

    def __init__(self, target_port, delay_ms=0):
        self._relay = Relay(0, target_port)
        self._delay_ms = delay_ms

    async def __aenter__(self):
        await self._relay.__aenter__()
        self._relay.mode("pass", delay_ms=self._delay_ms)
        return self

    async def __aexit__(self, *error):
        await self._relay.__aexit__(*error)

    @property
    def port(self):
        return self._relay.port

    def set(self, mode):
        """Change the network's state. Returns time.monotonic() of the moment from which it holds."""
        if self._relay.current == "hang":
            self._relay.mode("forget")
        changed_s = time.monotonic()
        self._relay.mode(_MODES[mode], delay_ms=self._delay_ms)
        return changed_s
