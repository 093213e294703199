"""What a unit says of its power, its own tests, its mode and its bearer, as the desk shows it. Pure.

A report or event that does not name a field leaves what was known: older units say less. Source: docs/protocol.md.
"""

ON_BATTERY = ("on_battery", "low", "critical", "dying")  # states of the event `battery`
_OF_HEALTH = ("mode", "mains", "battery", "resets", "proven", "tested", "due", "bearer")
_OF_BATTERY = ("mv", "why", "state", "hours")


class Supply:
    """`view()`: mode, clean, mains, battery, resets, proven, tested, due, bearer; each null until the unit has said it; and
    service: somebody has its console open, and it does not call until it starts again.

    `battery`: mv, why, state, hours and by (how the hours were reckoned; empty when an event has changed them since the report).
    """

    def __init__(self, saved=None):
        """`saved`: body of the newest stored event `mains`, or None: it decides how patient the desk is before the first word."""
        self._said = {**dict.fromkeys(("mode", "clean", *_OF_HEALTH)), "service": False}
        if saved:
            self._said["mains"] = saved["on"]

    @property
    def on_battery(self):
        """True when the unit is known to have no mains."""
        battery = self._said["battery"]
        return self._said["mains"] is False or bool(battery) and battery["state"] in ON_BATTERY

    def started(self, message):
        self._said["service"] = False
        for name in ("clean", "mode"):
            self._said[name] = message.get(name, self._said[name])

    def event(self, message):
        """`mains`, `battery`, `bearer` or `service`; any other event changes nothing. True if it is news."""
        before = self.view()
        if message["event"] == "mains":
            self._said["mains"] = message["on"]
            self._mend_battery(message["on"])
        elif message["event"] == "battery":
            self._said["battery"] = {**{name: message[name] for name in _OF_BATTERY}, "by": ""}
            if message["state"] in ON_BATTERY or message["state"] == "mains":
                self._said["mains"] = message["state"] == "mains"
        elif message["event"] == "bearer":
            self._said["bearer"] = message["bearer"]
        elif message["event"] == "service" and message["state"] == "opened":
            self._said["service"] = True
        return self.view() != before

    def report(self, message):
        """A health report. True if it is news."""
        before = self.view()
        for name in _OF_HEALTH:
            self._said[name] = message.get(name, self._said[name])
        return self.view() != before

    def view(self):
        return dict(self._said)

    def _mend_battery(self, on):
        """The state of the battery must not say the opposite of the mains, which the unit has just told."""
        battery = self._said["battery"]
        if on and battery and battery["state"] in ON_BATTERY:
            self._said["battery"] = {**battery, "state": "mains"}
