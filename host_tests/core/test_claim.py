"""The claim code: what is a code, what is a claim, and that only the right code fits."""

import json
from binascii import hexlify
from hashlib import sha256

from firmware.core.claim import Check, parse, plain

SALT = bytes(range(8))
CODE = "K7QM-3XRT-9WDP"


def claim_of(code, rounds):
    """Written out apart from the module."""
    digest = b""
    for _ in range(rounds):
        digest = sha256(digest + SALT + code.encode()).digest()
    return {"v": 1, "salt": hexlify(SALT).decode(), "rounds": rounds, "sha256": hexlify(digest).decode()}


def judged(given, code, step=7):
    check = Check(parse(json.dumps(given)), plain(code))
    for _ in range(1000):
        found = check.step(step)
        if found is not None:
            return found
    raise AssertionError("the check does not end")


def test_case_and_hyphens_do_not_matter():
    for text in (CODE, "k7qm3xrt9wdp", "K7QM3XRT9WDP", "K7-QM3X-RT9W-DP"):
        assert plain(text) == b"K7QM3XRT9WDP", text


def test_what_is_no_code_is_none():
    for text in ("", "K7QM-3XRT-9WD", "K7QM-3XRT-9WDPP", "K7QM-3XRT-9WD0", "K7QM-3XRT-9WDI", "K7QM 3XRT 9WDP",
                 "K7QM-3XRT-9WD\xe9"):
        assert plain(text) is None, text


def test_only_the_right_code_fits():
    given = claim_of("K7QM3XRT9WDP", 100)
    assert judged(given, CODE) is True
    for wrong in ("K7QM-3XRT-9WDQ", "J7QM-3XRT-9WDP", "", "K7QM-3XRT-9WD0"):
        assert judged(given, wrong) is False, wrong


def test_every_bit_of_the_digest_counts():
    salt, rounds, digest = parse(json.dumps(claim_of("K7QM3XRT9WDP", 1)))
    for place in range(256):
        other = bytearray(digest)
        other[place // 8] ^= 1 << place % 8
        assert Check((salt, rounds, bytes(other)), plain(CODE)).step(1) is False, place
    assert Check((salt, rounds, digest), plain(CODE)).step(1) is True


def test_the_check_is_made_in_slices_which_change_nothing():
    for rounds in (1, 2, 99, 100, 101):
        for step in (1, 7, 100, 1000):
            assert judged(claim_of("K7QM3XRT9WDP", rounds), CODE, step) is True, (rounds, step)


def test_what_is_no_code_never_fits_whatever_the_claim():
    zeros = Check((SALT, 1, bytes(32)), bytes(12))
    zeros.step(1)
    digest = bytes(int(zeros.digits()[i:i + 2], 16) for i in range(0, 64, 2))
    assert Check((SALT, 1, digest), bytes(12)).step(1) is True, "this claim fits what stands in for a code"
    assert Check((SALT, 1, digest), None).step(1) is False


def test_a_claim_that_is_none_is_refused():
    good = claim_of("K7QM3XRT9WDP", 3)
    parse(json.dumps(good))
    for change in ({"v": 2}, {"rounds": 0}, {"rounds": 100001}, {"rounds": "3"}, {"rounds": True}, {"salt": "00"}, {"salt": None},
                   {"sha256": "00" * 31}, {"sha256": "zz" * 32}, {"salt": 16}):
        refused = False
        try:
            parse(json.dumps(dict(good, **change)))
        except ValueError:
            refused = True
        assert refused, change
    for text in ("", "[]", "null", '{"v": 1}', "{"):
        refused = False
        try:
            parse(text)
        except ValueError:
            refused = True
        assert refused, text
