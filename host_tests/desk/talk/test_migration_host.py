"""A database of the desk before it could speak: it opens, keeps its calls and log, and can speak from then on."""

import sqlite3

from host_tests.desk.talk.scene import call_flat, command, last, play
from tools.desk.store import Store
from tools.desk.talk.store import TalkStore

FLAT = "demo/f12/u1"
# The schema as it was released with version 1, copied here: the file that people have does not change with our code.
OLD = """
CREATE TABLE units (address TEXT PRIMARY KEY, sessions TEXT NOT NULL DEFAULT '{}', ctr_reserved INTEGER NOT NULL DEFAULT 0);
CREATE TABLE duty (scheme TEXT PRIMARY KEY, on_duty INTEGER NOT NULL);
CREATE TABLE calls (
    n INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL, call TEXT NOT NULL, state TEXT NOT NULL,
    body TEXT NOT NULL, UNIQUE (address, call));
CREATE INDEX calls_by_state ON calls (state);
CREATE TABLE log (n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, event TEXT NOT NULL,
    address TEXT NOT NULL, call TEXT NOT NULL, body TEXT NOT NULL);
INSERT INTO units VALUES ('demo/f12/u1', '{}', 300);
INSERT INTO duty VALUES ('demo', 1);
INSERT INTO calls VALUES (7, 'demo/f12/u1', 'u1-5e1f00d5-12', 'open', '{"triggers": 2}');
INSERT INTO log VALUES (41, 1000, 'alarm', 'demo/f12/u1', 'u1-5e1f00d5-12', '{}');
PRAGMA user_version=1;
"""


def test_a_database_of_the_version_before_opens_and_keeps_everything(tmp_path):
    path = tmp_path / "desk.db"
    old = sqlite3.connect(path)
    old.executescript(OLD)
    old.close()
    for _ in range(2):  # also after it was migrated
        store = Store(path)
        assert store.calls(closed=False, limit=-1) == [(7, FLAT, "u1-5e1f00d5-12", "open", {"triggers": 2})]
        assert (store.log_end(), store.duty(), store.next_ctr(FLAT) > 300) == (41, {"demo": True}, True)
        talks = TalkStore(store)
        assert talks.next_turn(FLAT) >= 1
        store.close()


def test_turns_never_go_back_and_follow_what_the_unit_tells(tmp_path):
    store = Store(tmp_path / "desk.db")
    talks = TalkStore(store)
    assert [talks.next_turn(FLAT), talks.next_turn(FLAT), talks.next_turn(FLAT, 40)] == [1, 2, 41]
    talks.keep_turn(FLAT, 7)
    assert talks.next_turn(FLAT) == 42
    talks.keep_turn(FLAT, 100)
    assert (talks.next_turn(FLAT), talks.next_turn("demo/f13/u1")) == (101, 1)
    store.close()


def test_facts_are_kept_once_each_and_swept_only_when_there_are_very_many(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.desk.talk.store._FACTS_KEPT", 500)
    store = Store(tmp_path / "desk.db")
    talks = TalkStore(store)
    with store.transaction():
        for seq in range(2000):
            message = {"session": "s", "seq": seq, "sid": "a"}
            assert talks.add_fact(seq, "microphone", FLAT, message, {"i": seq}) is not None
            assert talks.add_fact(seq, "microphone", FLAT, message, {}) is None
    assert len(talks.facts("microphone", "", 0, 10_000)) == 500
    assert talks.facts("microphone", "demo/f13/u1", 0, 10) == []
    assert talks.fact_of("microphone", "a") == {"i": 1999}
    store.close()


def test_only_sessions_that_are_over_are_swept(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.desk.talk.store._TALKS_KEPT", 500)
    store = Store(tmp_path / "desk.db")
    talks = TalkStore(store)
    with store.transaction():
        for i in range(1, 2001):
            assert talks.add_talk(f"{i:016x}", FLAT, {"i": i}) == i
            talks.save_talk(i, i != 7, {"i": i})
    over = talks.talks(True, -1)
    assert (len(over), over[0][3], talks.talks(False, -1)[0][3]) == (500, {"i": 1501}, {"i": 7})
    assert talks.talk("0" * 16) is None
    store.close()


def test_a_desk_that_was_killed_in_the_middle_of_an_offer_offers_above_it(tmp_path):
    async def script(wire, unit):
        wire.lose_up = lambda topic, payload: topic.endswith("/speech")
        await call_flat(wire, "intercom")
        offered = unit.speech.turn
        wire.kill_desk()
        wire.start_desk()
        wire.lose_up = lambda topic, payload: False
        await wire.settle()
        assert (last(wire)["reason"], unit.speech.session) == ("desk_restarted", None)
        await call_flat(wire, "intercom")
        assert unit.speech.turn > offered
        await command(wire, "clear_down")

    play(tmp_path, script)
