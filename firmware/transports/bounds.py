"""The link's settings: every wait has a bound, each with its default and the reason for it. All in ms unless named otherwise."""

DEFAULTS = {
    "keepalive_s": 12,  # the broker tells everybody after 18 s at most that the unit is gone (DESIGN: silent unit <= 20 s)
    "ping_ms": 5000,  # so long without a word from the broker: ask. Under half of the keep-alive, so one may be lost
    "pong_ms": 3000,  # no word for so long after that: the link is dead. Above TCP's own repeats on a poor Wi-Fi (1-2 s)
    "calm_keepalive_s": 60,  # on battery: the broker tells after 90 s at most (DESIGN: silent unit on battery)
    "calm_ping_ms": 25000,  # and two pings within that: each wakes the radio
    "race_ms": 500,  # floor of the time an alarm waits for its PUBACK before a second connection is dialled. Above the
    # 300 ms for which Wi-Fi power save may hold a packet, below what anybody would notice
    "race_ceiling_ms": 4000,  # and its ceiling, however slow the network was so far
    "race_initial_ms": 1000,  # and before anything is known of the network (RFC 6298 2.1)
    "stagger_ms": 250,  # an attempt that has made no progress for so long gets a second one beside it while an alarm
    # waits: in a blackout TCP repeats its SYN after 1, 3, 7 s, too late for us. Plus up to 100 ms of jitter
    "secure_patience_ms": 500,  # the same during TLS handshake and CONNACK, or 4 times what TCP took if that is more
    "dns_ms": 2000,  # name server: answers in 20-200 ms if it lives
    "dns_again_ms": 500,  # UDP loses packets: ask again
    "connect_ms": 5000,  # TCP: covers two lost SYNs
    "tls_ms": 8000,  # handshake: about 1 s of calculation on an ESP32, more beside another one
    "connack_ms": 5000,  # NATS holds a client id that changes connections often for 1 s
    "retry_urgent_ms": 100,  # after a refusal while an alarm waits: this to twice this
    "retry_max_ms": 30000,  # else 1, 2, 4 ... up to this, each with jitter
    "gather_ms": 1000,  # after a loss nothing waits for: first dial after 0 ... this, so that a street comes back spread out
}

TIGHTEST = {
    "keepalive_s": 3,
    "ping_ms": 1000,
    "pong_ms": 400,
    "race_ms": 100,
    "race_ceiling_ms": 400,
    "race_initial_ms": 200,
    "stagger_ms": 150,
    "secure_patience_ms": 250,
    "retry_urgent_ms": 100,
    "gather_ms": 100,
}  # for benches and wired links; on Wi-Fi with power save it would race for nothing


def complete(config):
    """DEFAULTS overridden by what `config` has of them. Raises ValueError naming the setting that is no positive integer."""
    settings = {}
    for name, default in DEFAULTS.items():
        value = config.get(name, default)
        if not isinstance(value, int) or value <= 0:
            raise ValueError("link setting %s: a whole number above 0 is wanted, got %r" % (name, value))
        settings[name] = value
    for pace in ("", "calm_"):
        if settings["pong_ms"] + settings[pace + "ping_ms"] >= settings[pace + "keepalive_s"] * 1500:
            raise ValueError("link settings: %sping_ms + pong_ms must be below 1.5 x %skeepalive_s" % (pace, pace))
    return settings
