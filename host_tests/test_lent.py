"""A program that is there only while it runs: what it says is passed on, and when it breaks it costs only itself (P4, P8)."""

from firmware.lent import Lent


class Program:
    """`broken`: what it raises from now on."""

    def __init__(self):
        self.state, self.result, self.broken, self.answers = "ASKING", None, None, []

    def poll(self):
        if self.broken:
            raise self.broken

    def answered(self, proof_id):
        self.answers.append(proof_id)
        if proof_id == "bad":
            raise ValueError(proof_id)


class Flat:
    """The shell, with `lent` in it. `gives`: the program, None, or what its loading raises."""

    def __init__(self, gives, paths=("broker1", "broker2")):
        self.now = 1000
        self.gives = gives
        self.begun, self.told = [], []
        self.reports = self.calls = self.talk = self.speech = self.link = self
        self.path, self.went = 0, []
        self.open, self.active = [], False
        self.lent = Lent(self, self.begin, "IDLE", paths, lambda: self.now)

    def begin(self, lent, *asked):
        assert lent is self.lent
        self.begun.append(asked)
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives

    def is_on(self):
        return False

    def stay(self):
        self.went.append("stay")

    def go_over(self, index):
        self.went.append(index)

    def note(self, name, fields, key):
        assert name == "proven" and key == "proven " + fields["what"] and fields["ok"] is False
        self.told.append((fields["what"], fields["detail"]))


def test_it_is_loaded_when_it_begins_and_let_go_of_when_it_rests_and_its_result_stays():
    flat = Flat(Program())
    lent, program = flat.lent, flat.gives
    assert lent.state == "IDLE" and lent.paths() == ("broker1", "broker2")
    lent.poll()
    lent.answered("00000000")
    assert flat.begun == [] and program.answers == []
    assert lent.prove("broker2") and flat.begun == [("broker2",)] and lent.state == "ASKING" and lent.result is None
    assert not lent.prove() and len(flat.begun) == 1, "it runs"
    lent.answered("0123abcd")
    program.state, program.result = "RETURNING", ("broker2", True, "5 ms")
    lent.poll()
    assert program.answers == ["0123abcd"] and lent.state == "RETURNING" and lent.result == ("broker2", True, "5 ms")
    program.state = "IDLE"
    lent.poll()
    assert lent.state == "IDLE" and lent._program is None and lent.result[1] and flat.told == []
    program.state = "ASKING"
    assert lent.start() and lent.result is None and flat.begun[-1] == ()


def test_one_that_cannot_begin_now_may_be_asked_again_at_once():
    flat = Flat(None)
    assert not flat.lent.prove() and not flat.lent.prove()
    assert len(flat.begun) == 2 and flat.told == [] and flat.lent.state == "IDLE"


def test_one_that_does_not_fit_is_told_once_and_asked_for_each_minute():
    for paths, told in ((("broker1", "broker2"), ["path:broker1", "path:broker2"]), ((), ["audio"])):
        flat = Flat(MemoryError(), paths)
        for _ in range(180):
            assert not flat.lent.prove()
            flat.now += 1000
        assert len(flat.begun) == 3 and flat.told == [(what, "memory") for what in told]
        flat.gives = Program()
        assert flat.lent.prove()
        flat.gives.broken = MemoryError()
        flat.lent.poll()
        assert len(flat.told) == 2 * len(told), "a new failure is told again"


def test_one_that_breaks_ends_and_nothing_else_does():
    for how in ("poll", "answered"):
        flat = Flat(Program())
        assert flat.lent.prove()
        flat.gives.broken = ValueError("x") if how == "poll" else None
        flat.lent.answered("bad" if how == "answered" else "0")
        flat.lent.poll()
        assert flat.lent.state == "IDLE" and flat.lent.result is None and flat.told[0] == ("path:broker1", "program")
        assert not flat.lent.prove(), "not within a minute"
        flat.now += 60000
        flat.gives.broken = None
        assert flat.lent.prove()


def test_busy_is_a_call_or_speech():
    flat = Flat(None)
    assert not flat.lent.busy()
    flat.open.append("call")
    assert flat.lent.busy()
    flat.open.clear()
    flat.active = True
    assert flat.lent.busy()


def test_a_proof_that_breaks_behind_another_broker_leads_the_link_back_p8():
    for path, went in ((0, ["stay"]), (None, ["stay"]), (1, ["stay", 0])):
        flat = Flat(Program())
        assert flat.lent.prove()
        flat.path = path
        flat.gives.broken = MemoryError()
        flat.lent.poll()
        assert flat.went == went, path
    flat = Flat(Program(), ())
    flat.lent.start()
    flat.gives.broken = MemoryError()
    flat.lent.poll()
    assert flat.went == []


def test_one_that_is_over_is_no_bar_to_the_next_where_nobody_looks_each_second():
    flat = Flat(Program(), ())
    assert flat.lent.start()
    flat.gives.state = "IDLE"
    assert flat.lent.start()
