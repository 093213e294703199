"""What records mean after anything: the four rules of core/recovery.py, one by one."""

from firmware.core import record
from firmware.core.open_calls import OpenCalls
from firmware.core.recovery import Replay, Survey, bad_map
from firmware.core.ring import Ring

EPOCH = 0x1234


def _rec(kind, seq, slot, boot, call_n=0, fields=(1, 0, 0, 0), count=0, extra=0, epoch=EPOCH):
    buf = bytearray(record.SIZE)
    record.encode(buf, (epoch, seq, slot, boot), kind, call_n, fields, count, extra)
    return record.decode(memoryview(buf), slot)


def _kill(seq, slot, boot, count=0, extra=0, call_n=0):
    return _rec(record.KILL, seq, slot, boot, call_n, (record.NO_SECTOR, 5, 0, 128), count, extra)


def _replayed(base, recs):
    calls = OpenCalls()
    replay = Replay(calls, EPOCH, base)
    for rec in recs:
        replay.feed(*(rec if len(rec) == 3 else (rec[record.F_SEQ], rec[1], rec)))
    return [call.call_n for call in calls.copy()], replay


def test_the_base_is_the_kill_note_of_the_newest_session_then_place():
    cases = (
        ([_kill(3, 4, 2), _kill(3, 9, 2)], 1),
        ([_kill(4, 0, 2), _kill(3, 9, 2)], 0),
        ([_kill(3, 9, 3), _kill(4, 0, 2)], 0),
    )
    for notes, newest in cases:
        survey = Survey(Ring(6, 16))
        for note in notes:
            survey.feed(0, note[1], note)
        assert survey.base == notes[newest]


def test_the_survey_finds_the_highest_numbers_wherever_they_stand():
    ring = Ring(6, 16)
    survey = Survey(ring)
    survey.feed(2, 3, _rec(record.CLEARED, 8, 3, 5, call_n=41))
    survey.feed(2, 4, _rec(record.BOOT, 8, 4, 9))
    survey.feed(3, 0, _kill(7, 0, 4, call_n=140))
    survey.feed(3, 6, None)
    survey.feed(3, 5, _rec(record.READY, 7, 5, 4, call_n=17, fields=(1, 0, 0, 0)))
    assert (survey.boot, survey.call_n, survey.calls_seen) == (9, 140, True)
    assert ring.seq == [0, 0, 8, 7, 0, 0]
    assert ring.erases[1] == 17
    assert bad_map(survey.base) == 5 + (128 << 16)
    assert bad_map(None) == 0


def test_before_the_base_only_its_own_run_counts():
    base = _kill(2, 5, 1, count=2, extra=2)
    run = [_rec(record.KEPT, 2, 3, 1, call_n=7, count=0), _rec(record.KEPT, 2, 4, 1, call_n=8, count=1)]
    stale = [_rec(record.TRIGGER, 2, 0, 1, call_n=5), _rec(record.KEPT, 2, 1, 1, call_n=6, count=0)]
    found, replay = _replayed(base, stale + run + [base, _rec(record.CLEARED, 2, 6, 1, call_n=7)])
    assert found == [8]
    assert replay.whole()
    assert replay.low_seq() == 2


def test_an_empty_run_takes_nothing_over_from_an_older_one():
    base = _kill(2, 5, 1)
    found, replay = _replayed(base, [_rec(record.KEPT, 2, 1, 1, call_n=6, count=0), base])
    assert (found, replay.whole(), replay.low_seq()) == ([], True, 2)


def test_records_of_another_session_or_epoch_do_not_speak_after_the_base():
    base = _kill(2, 5, 3)
    others = [
        _rec(record.TRIGGER, 2, 6, 2, call_n=9),
        _rec(record.TRIGGER, 2, 7, 4, call_n=10),
        _rec(record.TRIGGER, 2, 8, 3, call_n=11, epoch=EPOCH + 1),
        _rec(record.KEPT, 2, 9, 3, call_n=12),
        _rec(record.TRIGGER, 2, 10, 3, call_n=13),
    ]
    found, replay = _replayed(base, others)
    assert found == [13]
    assert replay.high_seq == 2


def test_without_a_kill_note_everything_readable_counts_and_clears_take_away():
    recs = [
        _rec(record.TRIGGER, 1, 0, 1, call_n=1),
        _rec(record.KEPT, 1, 1, 2, call_n=2),
        _rec(record.CLEARED, 1, 2, 3, call_n=1),
        _rec(record.BOOT, 1, 3, 4),
    ]
    assert _replayed(None, recs)[0] == [2]


def test_a_run_with_a_record_missing_is_not_whole():
    base = _kill(2, 5, 1, count=2, extra=2)
    assert not _replayed(base, [_rec(record.KEPT, 2, 3, 1, call_n=7, count=0), base])[1].whole()


def test_an_unreadable_slot_is_reported_unless_it_is_the_last_one_which_a_cut_may_have_torn():
    base = _kill(2, 5, 1)
    torn_last = [base, _rec(record.TRIGGER, 2, 6, 1, call_n=1), (2, 7, None)]
    assert _replayed(base, torn_last)[1].unreadable == 0
    assert _replayed(base, torn_last + [_rec(record.BOOT, 2, 8, 2)])[1].unreadable == 0
    assert _replayed(base, torn_last + [_rec(record.CLEARED, 2, 8, 1, call_n=1)])[1].unreadable == 1


def test_the_newest_ready_note_after_the_base_says_which_sector_is_ready():
    base = _kill(2, 5, 1)
    assert _replayed(base, [base])[1].ready == record.NO_SECTOR
    assert _replayed(base, [base, _rec(record.READY, 2, 6, 1, fields=(4, 0, 0, 0))])[1].ready == 4
