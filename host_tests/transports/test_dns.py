"""The resolver's packets: right answers are read, everything else is not taken for one."""

import struct

from firmware.transports.dns import Resolver, answer, is_numeric, query, sockaddr

ASKED = query("broker.example", 0x1234)


def _reply(records, ident=0x1234, flags=0x8180, asked=ASKED):
    packet = struct.pack("!HHHHHH", ident, flags, 1, len(records), 0, 0) + asked[12:]
    for name, kind, data in records:
        packet += name + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
    return packet


def test_query_is_as_rfc_1035_has_it():
    assert ASKED == b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\6broker\7example\0\0\1\0\1"


def test_numeric_addresses_are_known_from_names():
    for text in ("10.0.0.1", "255.255.255.255", "0.0.0.0"):
        assert is_numeric(text), text
    for text in ("256.0.0.1", "1.2.3", "a.b.c.d", "1.2.3.4.5", "", "1..2.3", "broker"):
        assert not is_numeric(text), text


def test_a_name_never_reaches_getaddrinfo():
    assert sockaddr("127.0.0.1", 80)
    try:
        sockaddr("localhost", 80)
    except ValueError as error:
        assert "numeric" in str(error)
    else:
        raise AssertionError("looked up")


def test_first_address_is_taken_also_behind_an_alias():
    plain = (b"\xc0\x0c", 1, bytes((192, 0, 2, 7)))
    alias = (b"\xc0\x0c", 5, b"\5other\xc0\x13")
    named = (b"\5other\7example\0", 1, bytes((192, 0, 2, 9)))
    ipv6 = (b"\xc0\x0c", 28, bytes(16))
    for records, wanted in (((plain,), "192.0.2.7"), ((alias, named), "192.0.2.9"), ((ipv6, plain), "192.0.2.7")):
        assert answer(_reply(records), ASKED) == wanted


def test_what_answers_another_question_is_no_answer():
    plain = (b"\xc0\x0c", 1, bytes((192, 0, 2, 7)))
    others = (
        _reply((plain,), ident=0x4321),
        _reply((plain,), flags=0x0100),
        _reply((plain,), asked=query("brokar.example", 0x1234)),
        b"",
        b"\x12\x34",
    )
    for reply in others:
        assert answer(reply, ASKED) is None, reply


def test_no_such_name_no_address_and_cut_replies_raise_os_error():
    plain = (b"\xc0\x0c", 1, bytes((192, 0, 2, 7)))
    whole = _reply((plain,))
    ipv6 = _reply(((b"\xc0\x0c", 28, bytes(16)),))
    for reply in (_reply((), flags=0x8183), _reply(()), ipv6, whole[:-1], whole[: len(ASKED) + 3]):
        try:
            answer(reply, ASKED)
        except OSError:
            continue
        raise AssertionError(reply)


def test_names_that_are_none_are_refused():
    for name in ("", "a..b", ".", "x" * 64 + ".example"):
        try:
            query(name, 1)
        except ValueError as error:
            assert "host name" in str(error)
        else:
            raise AssertionError(name)


def test_last_good_address_is_used_and_doubt_asks_once():
    resolver = Resolver(lambda: None, lambda n: 0)
    assert resolver.known("192.0.2.1") == "192.0.2.1"
    assert resolver.known("broker.example") is None
    resolver._last_good["broker.example"] = "192.0.2.7"
    assert resolver.known("broker.example") == "192.0.2.7"
    resolver.doubt("broker.example")
    assert resolver.known("broker.example") is None
    assert resolver.known("broker.example") == "192.0.2.7"
