"""Link and bearer from settings. MicroPython only: the link stands on that asyncio; under pytest this file has no tests."""

import sys

if sys.implementation.name == "micropython":
    from firmware.core import settings
    from firmware.core.seal import Sealer
    from firmware.core.uplink import Uplink
    from firmware.online import Alone, make_link
    from firmware.shell import rand

    GIVEN = {"scheme": "demo", "flat": "f12", "unit": "u1", "wifi": {"ssid": "demo", "password": "demo-password"},
             "brokers": [{"host": "127.0.0.1", "port": 8883, "server_name": "broker", "tls": True}], "mqtt": {"password": "x"}}

    class Fake:
        """As much of shell.Shell and stored.Stored as make_link asks for."""

        def __init__(self, **changes):
            self.settings = settings.usable(dict(GIVEN, **changes))[0]
            self.ca = None
            self.board = {}
            self.bearers = settings.usable_bearers(self.settings, self.board)
            self.uplink = Uplink(("demo", "f12", "u1"), Sealer(bytes(32)), "0" * 16, 1, "0" * 8, [])

        def heard(self, topic, payload):
            raise RuntimeError("nothing is connected")

        link_changed = hello = heard

    def now():
        return 0

    def test_good_settings_give_a_link_and_a_bearer():
        fake = Fake()
        link, bearer = make_link(fake, fake, now, rand)
        assert link is not bearer and not link.online and bearer.rssi_dbm() is None

    def test_what_is_above_the_protocol_s_bound_is_refused_and_what_is_at_it_is_taken():
        fake = Fake()
        link, _ = make_link(fake, fake, now, rand)
        link.send("alarm1", "topic", bytes(2048), False)
        for topic, payload in (("topic", bytes(2049)), ("t" * 257, b"")):
            try:
                link.send("alarm2", topic, payload, False)
            except ValueError as problem:
                assert "too many" in str(problem)
            else:
                raise RuntimeError("taken: %d bytes on %d" % (len(payload), len(topic)))
        assert link.health()["pending"] == 1

    def test_without_wifi_or_broker_the_unit_goes_on_alone_and_says_why():
        for changes, word in (({"wifi": None}, "wifi"), ({"brokers": []}, "broker")):
            fake = Fake(**changes)
            link, bearer = make_link(fake, fake, now, rand)
            assert isinstance(link, Alone) and link is bearer and word in link.last_error
            link.send("alarm1", "topic", b"payload", True)
            link.confirm("alarm1")
            link.suspect()
            assert not link.online and link.rssi_dbm() is None and not link.gave_up and not link.resting

    def test_random_numbers_stay_in_their_range_and_differ():
        drawn = [rand(100) for _ in range(200)]
        assert min(drawn) >= 0 and max(drawn) <= 99 and len(set(drawn)) > 30
