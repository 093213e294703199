"""The proof of each path, over a link that is led by hand: every way out, and nothing while somebody needs help (P4, P8)."""

from firmware.proofs import ASKING, GOING, IDLE, RETURNING, Proofs


class Flat:
    """Link, reports and clock. `dead`: brokers that cannot be reached; `deaf`: those behind which no service stands."""

    def __init__(self, count=3, path=0, dead=(), deaf=()):
        self.now = 1000
        self.path = path
        self.dead, self.deaf = dead, deaf
        self.counters = {"connects": 1}
        self.last_error = ""
        self.wanted = None
        self.going_over = False
        self.told = []
        self.asked = []
        self.faults = {}
        self.call = False
        self.went = []
        self.ids = 0
        paths = ["broker%d" % (i + 1) for i in range(count)]
        self.proofs = Proofs(paths, self, self, lambda: self.call, self.new_id, lambda: self.now)

    def new_id(self, count):
        assert count == 4
        self.ids += 1
        return "%08x" % self.ids

    # link
    def go_over(self, index):
        if self.path is None or self.going_over:
            return False
        self.wanted, self.going_over = index, True
        return True

    def stay(self):
        self.going_over = False

    def confirm(self, key):
        assert key == "proof"

    def arrive(self):
        """What was dialled is up, or has failed."""
        if not self.going_over:
            return
        self.going_over = False
        if self.wanted in self.dead:
            self.last_error = "refused"
        else:
            self.path = self.wanted
            self.counters["connects"] += 1
            self.went.append(self.path)

    # reports
    def note(self, name, fields, key=None):
        (self.asked if name == "proof" else self.told).append(fields)

    def fault(self, name, source, is_open):
        assert name == "path"
        self.faults[source] = is_open

    def second(self):
        self.now += 1000
        self.arrive()
        self.proofs.poll()
        if self.proofs.state == ASKING and self.path not in self.deaf:
            self.proofs.answered(self.asked[-1]["id"])

    def run(self, seconds=200):
        for _ in range(seconds):
            self.second()
            if self.proofs.state == IDLE:
                return self
        raise RuntimeError("never over: " + self.proofs.state)


def verdicts(flat):
    return [(told["what"], told["ok"]) for told in flat.told]


def test_every_path_is_proven_in_turn_and_the_link_comes_back():
    for home in (0, 1, 2):
        flat = Flat(path=home)
        assert flat.proofs.prove()
        flat.run()
        assert verdicts(flat) == [("path:broker1", True), ("path:broker2", True), ("path:broker3", True)]
        assert flat.path == home and flat.faults == {"broker1": False, "broker2": False, "broker3": False}
        assert [ask["path"] for ask in flat.asked] == ["broker1", "broker2", "broker3"]
        assert len({ask["id"] for ask in flat.asked}) == 3


def test_a_broker_that_cannot_be_reached_is_a_fault_with_its_reason_and_the_next_one_is_proven_all_the_same():
    flat = Flat(dead=(1,))
    flat.proofs.prove()
    flat.run()
    assert verdicts(flat) == [("path:broker1", True), ("path:broker2", False), ("path:broker3", True)]
    assert flat.told[1]["detail"] == "refused" and flat.faults == {"broker1": False, "broker2": True, "broker3": False}
    assert flat.path == 0


def test_a_broker_that_takes_everything_while_no_service_is_there_is_a_fault():
    flat = Flat(deaf=(0,))
    flat.proofs.prove("broker1")
    flat.run()
    assert verdicts(flat) == [("path:broker1", False)] and flat.faults == {"broker1": True}
    assert flat.told[0]["detail"] == "no answer from the service"


def test_what_was_found_is_told_where_somebody_hears_it_once_the_link_is_back_p5():
    flat = Flat(deaf=(1,))
    flat.proofs.prove()
    while flat.proofs.state != RETURNING:
        flat.second()
        assert flat.told == [] and flat.faults == {}
    flat.run()
    assert flat.path == 0 and flat.faults == {"broker1": False, "broker2": True, "broker3": False}
    flat = Flat(deaf=(1,))
    flat.proofs.prove()
    flat.second()
    flat.call = True
    flat.run()
    assert verdicts(flat) == [("path:broker1", True)], "what was found before a call broke it off"


def test_one_path_can_be_asked_for_and_its_result_is_there_afterwards():
    flat = Flat()
    assert flat.proofs.prove("broker2") and flat.proofs.result is None
    flat.run()
    assert flat.proofs.result[:2] == ("broker2", True) and flat.proofs.result[2].endswith(" ms") and flat.path == 0


def test_it_does_not_begin_off_line_twice_while_somebody_needs_help_or_for_a_path_that_is_not_there():
    flat = Flat()
    assert not flat.proofs.prove("broker4") and not flat.proofs.prove("x") and flat.proofs.state == IDLE
    flat.path = None
    assert not flat.proofs.prove()
    flat.path, flat.call = 0, True
    assert not flat.proofs.prove()
    flat.call = False
    assert flat.proofs.prove() and not flat.proofs.prove()


def test_only_the_answer_to_its_own_id_on_its_own_connection_counts():
    flat = Flat(deaf=(0,))
    flat.proofs.prove("broker1")
    proof_id = flat.asked[0]["id"]
    flat.proofs.answered("00000000")
    assert flat.proofs.state == ASKING
    flat.counters["connects"] += 1
    flat.proofs.answered(proof_id)
    assert flat.proofs.state == ASKING, "the link was lost meanwhile: it went another way"
    flat.counters["connects"] -= 1
    flat.path = 1
    flat.proofs.answered(proof_id)
    assert flat.proofs.state == ASKING
    flat.path = 0
    flat.proofs.answered(proof_id)
    assert flat.proofs.state == IDLE or flat.proofs.state == RETURNING
    flat.proofs.answered(proof_id)
    assert verdicts(flat) == [("path:broker1", True)], "once"


def test_the_bounds_of_each_step_from_both_sides():
    flat = Flat(deaf=(0,))
    flat.proofs.prove("broker1")
    flat.now += 9999
    flat.proofs.poll()
    assert flat.proofs.state == ASKING
    flat.now += 1
    flat.proofs.poll()
    assert verdicts(flat) == [("path:broker1", False)]
    flat = Flat()
    flat.proofs.prove("broker2")
    flat.now += 29999
    flat.proofs.poll()
    assert flat.proofs.state == GOING and flat.told == []
    flat.now += 1
    flat.proofs.poll()
    assert verdicts(flat) == [("path:broker2", False)] and flat.told[0]["detail"] == "not reached"
    assert flat.proofs.state == IDLE or not flat.going_over


def test_a_call_breaks_it_off_judges_nothing_and_the_way_back_is_dialled_in_the_same_turn_p4():
    flat = Flat(deaf=(1,))
    flat.proofs.prove("broker2")
    flat.second()
    assert flat.path == 1 and flat.proofs.state == ASKING
    flat.call = True
    flat.proofs.poll()
    assert flat.going_over and flat.wanted == 0 and flat.told == [] and flat.faults == {}
    flat.run()
    assert flat.path == 0 and flat.told == [] and flat.proofs.result is None


def test_a_call_while_another_broker_is_dialled_calls_that_off_and_brings_it_back_if_it_is_up_all_the_same_p4():
    flat = Flat()
    flat.proofs.prove("broker3")
    assert flat.proofs.state == GOING
    flat.call = True
    flat.proofs.poll()
    assert not flat.going_over and flat.path == 0
    flat.path = 2  # its CONNECT had been sent
    flat.second()
    assert flat.going_over and flat.wanted == 0
    flat.run()
    assert flat.path == 0 and flat.told == []


def test_the_way_back_to_a_broker_that_has_died_ends_after_30_s_with_the_link_that_there_is():
    flat = Flat()
    flat.proofs.prove("broker2")
    flat.second()
    flat.dead = (0,)
    begun = flat.now
    flat.run()
    assert flat.path == 1 and 29000 <= flat.now - begun <= 32000 and verdicts(flat) == [("path:broker2", True)]


def test_off_line_in_the_middle_ends_it_within_its_bounds():
    flat = Flat(deaf=(0, 1, 2))
    flat.proofs.prove()
    flat.path = None
    flat.run()
    assert verdicts(flat) == [("path:broker1", False), ("path:broker2", False), ("path:broker3", False)]
    assert flat.told[1]["detail"] == "off line"


def test_a_detail_is_cut_to_what_the_protocol_takes():
    flat = Flat(dead=(1,))
    flat.arrive_error = None
    flat.proofs.prove("broker2")
    flat.going_over = False
    flat.last_error = "x" * 200
    flat.proofs.poll()
    assert len(flat.told[0]["detail"]) == 64


def test_a_link_that_was_made_anew_meanwhile_is_asked_again_within_the_same_10_s():
    flat = Flat(deaf=(0,))
    assert flat.proofs.prove("broker1")
    flat.now += 3000
    flat.counters["connects"] += 1  # the pace of the battery: another connection to the same broker
    flat.proofs.answered(flat.asked[0]["id"])
    assert flat.proofs.result is None, "it came another way than it went"
    flat.proofs.poll()
    assert len(flat.asked) == 2 and flat.asked[1] == {"id": "00000002", "path": "broker1"}
    flat.now += 400
    flat.proofs.answered(flat.asked[0]["id"])
    assert flat.proofs.result is None
    flat.proofs.answered(flat.asked[1]["id"])
    assert flat.proofs.result == ("broker1", True, "400 ms")
    flat = Flat(deaf=(0,))
    flat.proofs.prove("broker1")
    for _ in range(9):
        flat.now += 1000
        flat.counters["connects"] += 1
        flat.proofs.poll()
    assert flat.proofs.result is None
    flat.now += 1000
    flat.counters["connects"] += 1
    flat.proofs.poll()
    assert flat.proofs.result == ("broker1", False, "no answer from the service"), "a link that never rests is no way round it"
