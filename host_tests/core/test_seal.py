"""HMAC-SHA256 in the last 74 bytes of a message (P2: no one else can say "received")."""

from firmware.core.seal import SEAL_BYTES, Sealer

KEY = bytes(range(32))
TOPIC = "ils/v1/demo/f12/u1/down"
# The vector of docs/protocol.md, computed with another implementation (CPython's hmac).
VECTOR = b'{"v":1,"type":"query","mac":"86daf0813f73c3db9b0e02deb7b69f195132cc96b4ffdf114852e933b7ca8f64"}'


def test_the_vector_of_the_protocol_page_comes_out():
    assert Sealer(KEY).seal(TOPIC, '{"v":1,"type":"query"}') == VECTOR
    assert Sealer(KEY).check(TOPIC, VECTOR)


def test_every_flipped_bit_of_a_sealed_message_is_noticed():
    sealer = Sealer(KEY)
    for position in range(len(VECTOR)):
        for bit in (1, 16, 128):
            forged = bytearray(VECTOR)
            forged[position] ^= bit
            assert not sealer.check(TOPIC, bytes(forged)), position


def test_another_topic_another_key_and_a_cut_message_are_refused():
    sealer = Sealer(KEY)
    assert not sealer.check("ils/v1/demo/f13/u1/down", VECTOR)
    assert not Sealer(bytes(32)).check(TOPIC, VECTOR)
    for length in range(len(VECTOR)):
        assert not sealer.check(TOPIC, VECTOR[:length]), length
    assert not sealer.check(TOPIC, VECTOR[-SEAL_BYTES:])


def test_a_key_of_another_length_is_refused_in_clear_words():
    for length in (0, 31, 33, 64):
        try:
            Sealer(bytes(length))
        except ValueError as problem:
            assert "32 bytes" in str(problem) and str(length) in str(problem)
        else:
            assert False, length
