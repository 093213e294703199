"""What core.bearers knows of one bearer: whether it is on, since when it has a network, how far it is to be trusted; and who of
several is trusted most. Pure."""

from micropython import const

from firmware.core import clock

_HOLD_MS = const(60000)  # after it was left, before it is gone back to; doubled each time that it fails again
_HOLD_MAX_MS = const(3600000)
_AGE_MS = const(7200000)  # what is older needs no exact time; ticks can be compared for 6 days only
# How long it may take to come up. Wi-Fi 1-4 s and DHCP; Ethernet up to 4 s of negotiation and DHCP; a modem 12 s of its own
# start, then the network: 5-45 s
_PATIENCE_MS = {"wifi": 15000, "ethernet": 20000, "cellular": 75000}
_SLOW = const(3)  # times as long may a modem be without a network: it dials again within 10 to 30 s


class Bearer:
    """`name`: "ethernet", "wifi", "cellular". `on`: it is switched on; `up_ms`: since when it has a network, None: it has none;
    `hold_ms`: how long after it was left it is gone back to at the soonest; `tried`: in vain, since the link was last up;
    `patience_ms`: how long it may take to come up; `slow`: factor for the time that it may be without a network; `hungry`: the
    battery is too small for it, and the loop stands still while it is switched on."""

    def __init__(self, name):
        self.name = name
        self.on = self.tried = False
        self.up_ms = None
        self.hold_ms = _HOLD_MS
        self.patience_ms = _PATIENCE_MS[name]
        self.slow = _SLOW if name == "cellular" else 1
        self.hungry = name == "ethernet"  # 155 mA with the PHY on, against 41 (FACTS)

    def switch(self, on):
        """True if that changes anything."""
        changed = on != self.on
        self.on = on
        if not on:
            self.up_ms = None
        return changed

    def lasts(self, wanted_ms, now_ms):
        """It has had a network for so long."""
        return self.up_ms is not None and clock.diff(now_ms, self.up_ms) >= wanted_ms

    def forgive(self):
        """What it did before counts no more."""
        self.hold_ms = _HOLD_MS

    def doubt(self):
        """It has failed again."""
        self.hold_ms = min(self.hold_ms * 2, _HOLD_MAX_MS)


def young(tick_ms, now_ms):
    """The tick, or one that is just old enough; None for None."""
    if tick_ms is not None and clock.diff(now_ms, tick_ms) > _AGE_MS:
        return clock.add(now_ms, -_AGE_MS)
    return tick_ms


def better(bearers, carrier, battery):
    """Who of those before the carrier is gone back to, None if nobody: who failed least, so that one without a cable does not
    stand before one that works."""
    best = None
    for index in range(carrier):
        one = bearers[index]
        if (best is None or one.hold_ms < bearers[best].hold_ms) and not (battery and one.hungry):
            best = index
    return best
