"""The prompt's own orders: read in full, refused with what was wanted, carried out on a stage."""

import asyncio
import types

import pytest

from tools.demo import orders, prompt
from tools.demo.orders import Order
from tools.desk.client import DeskError
from tools.scenario.grammar import WordError
from tools.vboard import BoardError


class Desk:
    """Notes what is asked; `sessions`: what it says of them."""

    def __init__(self, *sessions):
        self.asked, self.sessions = [], [{"sid": sid} for sid in sessions]

    async def request(self, do, **fields):
        self.asked.append((do, fields))
        return {"sessions": self.sessions}


def stage_with(client, call=None):
    view = types.SimpleNamespace(newest=lambda: call)
    return types.SimpleNamespace(desk=types.SimpleNamespace(client=client), view=view, address=("demo", "f12", "u1"))


def carry_out(order, client, call=None, room=None):
    asyncio.run(orders.carry_out(order, stage_with(client, call), room))


def test_orders_are_read_with_their_words_and_everything_else_is_left_to_the_grammar():
    for line, order in (
        ("talk", Order("talk")),
        ("Welfare", Order("welfare")),
        ("hang up", Order("hang up")),
        ("say Hello, I have fallen", Order("say WORDS", "Hello, I have fallen")),
        ("mic play ~/My Voice.wav", Order("mic play FILE", "~/My Voice.wav")),
        ("links", Order("links")),
    ):
        assert prompt.read(line) == order
    for line in ("press button", "light", "answer"):
        assert orders.read(line) is None


def test_an_order_without_its_words_or_with_too_many_is_answered_with_what_was_wanted():
    for line, wanted in (("say", "`say WORDS` is wanted"), ("mic play", "`mic play FILE`"), ("talk to me", "`talk` is wanted")):
        with pytest.raises(WordError, match=wanted):
            prompt.read(line)


def test_every_order_is_in_the_help_and_is_carried_out_by_something():
    assert set(orders.ORDERS) == set(orders._DOES)
    for name in orders.ORDERS:
        assert name in prompt.help_page()


def test_talk_welfare_and_hang_up_ask_the_desk_for_it():
    desk = Desk("c0ffee0123456789")
    carry_out(Order("talk"), desk, {"n": 3, "state": "answered"})
    carry_out(Order("welfare"), desk)
    carry_out(Order("hang up"), desk)
    assert desk.asked == [
        ("talk", {"call": 3}),
        ("welfare", {"unit": "demo/f12/u1", "who": "the coordinator"}),
        ("sessions", {}),
        ("hang_up", {"sid": "c0ffee0123456789"}),
    ]


def test_what_cannot_be_done_is_said_in_plain_words():
    for order, desk, call, words in (
        (Order("talk"), Desk(), None, "no open call"),
        (Order("talk"), Desk(), {"n": 1, "state": "closed"}, "no open call"),
        (Order("hang up"), Desk(), None, "nobody speaks"),
        (Order("intercom"), None, None, "the desk is stopped"),
    ):
        with pytest.raises(DeskError, match=words):
            carry_out(order, desk, call)


def test_without_espeak_ng_the_person_is_told_what_else_works(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(BoardError, match="mic play FILE"):
        carry_out(Order("say WORDS", "hello"), Desk())


def test_words_are_spoken_into_a_file_that_plays_in_the_flat(monkeypatch, tmp_path):
    program = tmp_path / "espeak-ng"
    program.write_text('#!/bin/sh\nprintf "%s" "$4" > "$2"\n')  # as the real one: -w FILE -- WORDS
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    played = []
    room = types.SimpleNamespace(play=lambda path: played.append(path.read_text()))
    carry_out(Order("say WORDS", "-v hello"), Desk(), room=room)
    assert played == ["-v hello"], "what is said is never an option"
