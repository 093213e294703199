"""umqtt.simple as a codec: what it gets wrong must not reach the wire or us, with 1.3.4 and with 1.8-like versions."""

from firmware.transports.codec import Codec, ProtocolError, check_connack
from host_tests.transports.umqtt_versions import VERSIONS


def _codecs(user="demo.f12", password="secret"):
    return [(name, Codec(library, "u1", user, password, 12)) for name, library in VERSIONS]


def _body(packet):
    """(first byte, body) of one whole packet; fails if its length field is wrong."""
    packet = bytes(packet)
    length = shift = 0
    at = 1
    while True:
        length |= (packet[at] & 127) << shift
        shift += 7
        at += 1
        if not packet[at - 1] & 128:
            break
    assert len(packet) == at + length, (len(packet), at, length)
    return packet[0], packet[at:]


def _text(data, at):
    end = at + 2 + (data[at] << 8 | data[at + 1])
    return data[at + 2 : end], end


def test_connect_has_clean_session_a_retained_will_and_the_login():
    for name, codec in _codecs():
        first, body = _body(codec.connect("ils/v1/demo/f12/u1/state", b'{"online":false}'))
        assert first == 0x10
        assert body[:10] == b"\0\4MQTT\4\xee\0\x0c", name  # user, password, will retained with QoS 1, clean session; 12 s
        at = 10
        for wanted in (b"u1", b"ils/v1/demo/f12/u1/state", b'{"online":false}', b"demo.f12", b"secret"):
            found, at = _text(body, at)
            assert found == wanted, name
        assert at == len(body)


def test_connect_can_be_made_again_and_again_and_without_login():
    for name, codec in _codecs(None, None):
        packets = [bytes(codec.connect("t", b"w" * size)) for size in (10, 900, 10)]
        assert packets[0] == packets[2], name
        assert _body(packets[1])[1][7] == 0x2E


def test_publish_is_one_whole_packet_with_the_id_asked_for_over_the_whole_range():
    for name, codec in _codecs():
        for pid in (1, 2, 255, 256, 65534, 65535, 1):
            first, body = _body(codec.publish("a/b", b"payload", pid, False))
            assert (first, body) == (0x32, b"\0\3a/b" + bytes((pid >> 8, pid & 255)) + b"payload"), name


def test_publish_again_sets_dup_and_state_is_retained():
    for _, codec in _codecs():
        assert _body(codec.publish("t", b"x", 7, True))[0] == 0x3A
        assert _body(codec.publish("t", b"x", 7, False, True))[0] == 0x33
        assert _body(codec.publish("t", b"x", 7, False))[0] == 0x32


def test_topics_and_payloads_of_every_length_are_framed_right():
    for name, codec in _codecs():
        for topic_bytes in (1, 86, 122, 123, 127, 128, 129, 200, 256):
            topic = "t" * topic_bytes
            first, body = _body(codec.subscribe(topic, 300))
            length = bytes((topic_bytes >> 8, topic_bytes & 255))
            assert (first, body) == (0x82, b"\1\x2c" + length + topic.encode() + b"\1"), name
            for payload_bytes in (0, 1, 100, 2048):
                _, body = _body(codec.publish(topic, b"p" * payload_bytes, 5, False))
                assert len(body) == 2 + topic_bytes + 2 + payload_bytes


def test_text_beyond_ascii_is_counted_in_bytes():
    for name, codec in _codecs():
        _, body = _body(codec.publish("fl\u00e4t/\u20ac", b"x", 1, False))
        assert body == b"\0\x09fl\xc3\xa4t/\xe2\x82\xac\0\1x", name
        _, body = _body(codec.subscribe("\u20ac", 1))
        assert body == b"\0\1\0\3\xe2\x82\xac\1", name


def test_packet_above_the_buffer_is_refused_and_the_next_one_is_whole():
    for _, codec in _codecs():
        try:
            codec.publish("t", b"p" * 3000, 1, False)
        except ValueError as error:
            assert "2400" in str(error)
        else:
            raise AssertionError("taken")
        assert _body(codec.publish("t", b"p", 1, False))[1] == b"\0\1t\0\1p"


def test_ping_and_puback_are_two_and_four_bytes():
    for _, codec in _codecs():
        assert bytes(codec.ping()) == b"\xc0\0"
        assert bytes(codec.puback(0xABCD)) == b"\x40\x02\xab\xcd"


def test_incoming_publish_is_decoded_and_confirmed_with_its_own_id():
    for name, codec in _codecs():
        for qos, head, reply in ((0, b"", None), (1, b"\xfe\xdc", b"\x40\x02\xfe\xdc")):
            for payload in (b"", b"{}", bytes(range(256)) * 4):
                body = b"\0\6t/down" + head + payload
                packet = bytes((0x30 | qos << 1,)) + _length(len(body)) + body
                topic, found, answer = codec.read_publish(memoryview(packet), len(packet) - len(body))
                assert (topic, found) == ("t/down", payload), name
                assert (bytes(answer) if answer is not None else None) == reply


def _length(size):
    return bytes((size,)) if size < 128 else bytes((size & 127 | 128, size >> 7))


def test_broken_publish_raises_protocol_error_and_nothing_else():
    bodies = [b"", b"\0", b"\0\0", b"\0\0\0\1", b"\0\x09short", b"\xff\xff" + b"x" * 50]
    bodies += [b"\0\3abc", b"\0\3abc\1", b"\0\2\xc3\x28\0\1x"]
    for name, codec in _codecs():
        for first in (0x32, 0x34, 0x36, 0x3F):
            for body in bodies:
                packet = bytes((first, len(body))) + body
                try:
                    codec.read_publish(memoryview(packet), 2)
                except ProtocolError:
                    continue
                raise AssertionError("%s took 0x%02x %r" % (name, first, body))


def test_session_present_in_connack_is_no_refusal_and_refusals_have_words():
    for body, wanted in ((b"\0\0", None), (b"\1\0", None), (b"\0\4", "password"), (b"\0\5", "authorised"), (b"\0\x63", "99")):
        reason = check_connack(body)
        assert reason is None if wanted is None else wanted in reason, body
    for body in (b"", b"\0", b"\0\0\0"):
        assert "malformed" in check_connack(body)
