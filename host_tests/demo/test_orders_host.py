"""The prompt's own orders: read in full, refused with what was wanted, carried out in the flat."""

import asyncio
import types

import pytest

from tools.demo import orders, prompt
from tools.demo.orders import Order
from tools.scenario.grammar import WordError
from tools.vboard import BoardError


def carry_out(order, room=None):
    asyncio.run(orders.carry_out(order, room))


def test_orders_are_read_with_their_words_and_everything_else_is_left_to_the_grammar():
    for line, order in (
        ("say Hello, I have fallen", Order("say WORDS", "Hello, I have fallen")),
        ("mic play ~/My Voice.wav", Order("mic play FILE", "~/My Voice.wav")),
        ("links", Order("links")),
    ):
        assert prompt.read(line) == order
    for line in ("press button", "light", "answer", "talk", "hang up"):
        assert orders.read(line) is None


def test_an_order_without_its_words_or_with_too_many_is_answered_with_what_was_wanted():
    for line, wanted in (("say", "`say WORDS` is wanted"), ("mic play", "`mic play FILE`"), ("links now", "`links` is wanted")):
        with pytest.raises(WordError, match=wanted):
            prompt.read(line)


def test_every_order_is_in_the_help_and_is_carried_out_by_something():
    assert set(orders.ORDERS) == set(orders._DOES)
    for name in orders.ORDERS:
        assert name in prompt.help_page()


def test_without_espeak_ng_the_person_is_told_what_else_works(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(BoardError, match="mic play FILE"):
        carry_out(Order("say WORDS", "hello"))


def test_words_are_spoken_into_a_file_that_plays_in_the_flat(monkeypatch, tmp_path):
    program = tmp_path / "espeak-ng"
    program.write_text('#!/bin/sh\nprintf "%s" "$4" > "$2"\n')  # as the real one: -w FILE -- WORDS
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    played = []
    room = types.SimpleNamespace(play=lambda path: played.append(path.read_text()))
    carry_out(Order("say WORDS", "-v hello"), room)
    assert played == ["-v hello"], "what is said is never an option"
