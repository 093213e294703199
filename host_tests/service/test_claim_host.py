"""Codes and claims as the tools make them; the unit's side is firmware/core/claim.py."""

import pytest

from firmware.core.claim import ALPHABET
from tools.service import claim


def test_a_new_code_is_written_in_groups_and_has_only_clear_letters():
    codes = {claim.new() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4]
        assert set(code) <= {*ALPHABET, "-"}
    assert not set("0O1Il") & set(ALPHABET) and len(set(ALPHABET)) == 32


def test_every_letter_of_the_alphabet_comes_up():
    assert set("".join(claim.new() for _ in range(300))) == {*ALPHABET, "-"}


def test_the_file_fits_its_code_and_no_other():
    code = claim.new()
    made = claim.file(code)
    assert claim.fits(code, made) and claim.fits(code.lower().replace("-", ""), made)
    assert not claim.fits(claim.new(), made) and not claim.fits("", made)
    assert set(made) == {"v", "salt", "rounds", "sha256"}


def test_two_units_with_one_code_have_different_claims():
    assert claim.file("K7QM-3XRT-9WDP") != claim.file("K7QM-3XRT-9WDP")


def test_the_claim_holds_nothing_of_the_code():
    code = claim.new()
    assert code.replace("-", "") not in str(claim.file(code)).upper()


def test_what_is_no_code_is_refused_and_not_repeated():
    with pytest.raises(ValueError, match="letters and digits") as refused:
        claim.file("SECRET")
    assert "SECRET" not in str(refused.value)


def test_a_claim_that_is_none_is_refused():
    with pytest.raises(ValueError):
        claim.fits("K7QM-3XRT-9WDP", {"v": 1})
