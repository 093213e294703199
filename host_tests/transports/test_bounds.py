"""Every wait of the link has a bound, and nonsense is refused by name."""

from firmware.transports import bounds


def test_defaults_and_tightest_are_lawful():
    assert bounds.complete({}) == bounds.DEFAULTS
    tight = bounds.complete(bounds.TIGHTEST)
    for name, value in bounds.TIGHTEST.items():
        assert tight[name] == value <= bounds.DEFAULTS[name], name


def test_what_is_no_setting_of_the_link_is_left_alone():
    assert bounds.complete({"client_id": "u1", "race_ms": 300})["race_ms"] == 300
    assert "client_id" not in bounds.complete({"client_id": "u1"})


def test_nonsense_is_refused_with_the_name_of_the_setting():
    wrong = (("ping_ms", 0), ("race_ms", -5), ("dns_ms", "2000"), ("connect_ms", 1.5), ("tls_ms", None), ("ping_ms", 16000))
    for name, value in wrong:
        try:
            bounds.complete({name: value})
        except ValueError as error:
            assert name in str(error)
        else:
            raise AssertionError("%s %r" % (name, value))
