"""Media descriptions, lawful and hostile: judged without raising."""

from firmware.core.speech import description
from host_tests.core.speech.descriptions import KEY, media

BAD_VALUES = (None, True, -1, 0, 1.5, "", "x" * 3000, [], [[]] * 50, {}, {"pt": 8}, 1 << 70, [None], "\x00", b"\x00")


def formats(*pairs):
    return [{"pt": pt, "name": name} for pt, name in pairs]


def test_the_example_of_the_protocol_is_lawful():
    assert description.problem(media(), False) is None
    assert description.choose(media()) == formats((8, "PCMA"), (101, "telephone-event"))


def test_every_field_of_every_wrong_kind_is_refused_and_nothing_raises():
    for name in media():
        for bad in BAD_VALUES:
            wrong = description.problem(media(**{name: bad}), True)
            assert wrong in ("field", "crypto", "no_codec"), (name, bad)
        fields = media()
        del fields[name]
        assert description.problem(fields, True) in ("field", "crypto"), name
    for bad in BAD_VALUES:
        assert description.problem(bad, True) == "field"


def test_addresses_are_those_of_one_host():
    for good in ("192.0.2.5", "10.0.0.1", "127.0.0.1", "223.255.255.254"):
        assert description.problem(media(address=good), False) is None, good
    for bad in ("0.0.0.0", "224.0.0.1", "255.255.255.255", "1.2.3", "1.2.3.4.5", "1.2.3.256", "host.exa", "1.2.3.-4", "1.2.3. 4",
                "::1", "1..2.3", "01234.1.1.1", "\u0661.1.1.1"):
        assert description.problem(media(address=bad), False) == "field", bad


def test_ports_may_be_one_and_the_same_but_must_be_ports():
    assert description.problem(media(rtcp=4000), False) is None
    for name in ("port", "rtcp"):
        for bad in (0, 65536, -4000, 4000.0, True, "4000"):
            assert description.problem(media(**{name: bad}), False) == "field", (name, bad)


def test_formats_are_few_known_by_one_number_each_and_hold_a_codec_of_ours():
    for good, chosen in (
        (formats((0, "PCMU"), (8, "PCMA")), formats((0, "PCMU"))),
        (formats((96, "opus"), (8, "PCMA"), (97, "telephone-event")), formats((8, "PCMA"), (97, "telephone-event"))),
        (formats((98, "PCMA")), formats((98, "PCMA"))),
    ):
        assert description.problem(media(formats=good), False) is None
        assert description.choose(media(formats=good)) == chosen
    for bad, reason in (
        (formats((96, "opus")), "no_codec"), (formats((101, "telephone-event")), "no_codec"),
        (formats((8, "PCMU")), "field"), (formats((8, "PCMA"), (8, "PCMA")), "field"), (formats((128, "PCMA")), "field"),
        (formats((72, "PCMA")), "field"), (formats((8, "PCMA"), *[(n, "x") for n in range(20, 28)]), "field"),
        (formats((8, "PCMA"), (9, "")), "field"), (formats((8, "PCMA"), (9, "x" * 25)), "field"), (["PCMA"], "field"),
        ([{"pt": "8", "name": "PCMA"}], "field"), ([{"name": "PCMA"}], "field"), ([{"pt": 8, "name": ["PCMA"]}], "field"),
    ):
        assert description.problem(media(formats=bad), False) == reason, bad


def test_plain_rtp_is_taken_only_where_the_settings_allow_it_and_never_half():
    plain = media(profile="RTP/AVP", crypto=None)
    assert description.problem(plain, False) == "crypto" and description.problem(plain, True) is None
    assert description.problem(media(crypto=None), True) == "crypto"
    assert description.problem(media(profile="RTP/AVP"), True) == "crypto"


def test_the_key_is_40_characters_of_base64_for_the_one_suite():
    for changes in ({"tag": 0}, {"tag": 10}, {"suite": "AES_CM_128_HMAC_SHA1_32"}, {"key": KEY[:-1]}, {"key": KEY + "A"},
                    {"key": KEY[:-1] + "="}, {"key": "-" * 40}, {"key": None}, {"tag": True}, {"suite": None}, {"key": [KEY]}):
        crypto = {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": KEY}
        crypto.update(changes)
        assert description.problem(media(crypto=crypto), True) == "crypto", changes


def test_what_it_does_not_know_it_ignores():
    assert description.problem(media(colour="red", bandwidth=64), False) is None
