"""From the code to service mode: what is refused, what is not broken off, what is saved before (P1, P4)."""

import json

from firmware import service as module
from firmware.core import claim
from firmware.service import Service
from host_tests.lives import Part, inside

CODE = "K7QM-3XRT-9WDP"
ROUNDS = 100


def write_claim(name="claim.json", rounds=ROUNDS):
    check = claim.Check((bytes(8), rounds, bytes(32)), claim.plain(CODE))
    check.step(rounds)
    with open(name, "w") as file:
        file.write(json.dumps({"v": 1, "salt": "00" * 8, "rounds": rounds, "sha256": check.digits()}))


class Flat:
    """The shell with all that service.Service asks of it. `did`: what happened, in order; `at`: {ms: what happens then}."""

    def __init__(self):
        self.now, self.did, self.at = 1000, [], {}
        self.tries, self.due_ms = 0, None
        self.calls = Part(open=[])
        self.talk = Part(active=False, prompting=False)
        self.speech = Part(is_on=lambda: False)
        self.testing = Part(runs=False)
        self.pending, self.sounds, self.writes = 0, False, True
        self.link = Part(online=True, health=lambda: {"pending": self.pending})
        self.signals = Part(sound=lambda name: self.did.append(("sound", name)), sounding=lambda: self.sounds)
        self.recorder = Part(note=lambda word, detail: self.did.append(("note", word, detail)))
        self.reports = Part(note=lambda name, fields, key: self.did.append(("event", name, fields["state"], fields["tries"])))
        memory = Part(put=lambda name, value: self.did.append((name, value)))
        self.keeper = Part(memory=memory, save=lambda: self.did.append("saved"),
                           restart=lambda mark: self.did.append(("restarted", mark)))
        self.slices = 0

    def may_write(self):
        return self.writes

    async def sleep_ms(self, ms):
        self.slices += 1
        self.now += ms
        for at in sorted(self.at):
            if at <= self.now:
                self.at.pop(at)()

    def ask(self, code=CODE, at_once=False):
        """Runs the service to its end; what happened, and what was printed."""
        self.did, said = [], []
        real, module.asyncio = module.asyncio, self
        module.print = lambda *words: said.append(" ".join(str(word) for word in words))
        try:
            coroutine = Service(self, self, lambda: self.now).run(code, at_once)
            try:
                coroutine.send(None)
            except StopIteration:
                pass
        finally:
            module.asyncio = real
            del module.print
        return self.did, said


OPENED = [("note", "service", 1), ("sound", "SERVICE"), ("event", "service", "opened", 0), ("service", 1), "saved",
          ("restarted", claim.OPEN)]


def scene_of(scene):
    def within():
        write_claim()
        scene(Flat())

    inside(within)


def test_the_right_code_tells_the_flat_and_the_service_saves_and_starts_anew():
    def scene(flat):
        did, said = flat.ask()
        assert did == OPENED and said[0].startswith("service: opening") and said[-1].startswith("service: opened")
        assert Flat().ask("k7qm3xrt9wdp")[0] == OPENED

    scene_of(scene)


def test_a_wrong_code_opens_nothing_and_makes_the_next_one_wait_longer():
    def scene(flat):
        waits = []
        for tries in range(1, 10):
            did, said = flat.ask("K7QM-3XRT-9WDQ")
            assert did == [("event", "service", "refused", tries)] and said[0].startswith("service: wrong code"), said
            waits.append((flat.due_ms - flat.now) // 1000)
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert flat.ask()[0][2] == ("event", "service", "opened", 9) and flat.tries == 0

    scene_of(scene)


def test_the_count_of_wrong_codes_ends_at_its_bound_and_the_wait_stays():
    def scene(flat):
        flat.tries = 999
        assert flat.ask("x")[0] == [("event", "service", "refused", 999)] and flat.due_ms == flat.now + 60000

    scene_of(scene)


def test_the_check_gives_others_their_turn_and_takes_as_long_for_what_is_no_code():
    def scene(flat):
        slices = []
        for code in ("K7QM-3XRT-9WDQ", "x", "J7QM-3XRT-9WDP", "\\x00"):
            flat.slices = 0
            flat.ask(code)
            slices.append(flat.slices)
        assert slices == [4] * 4, "a hundred rounds, twenty at a time"

    scene_of(scene)


def test_without_a_claim_nothing_opens_and_its_copy_serves():
    def scene(flat):
        for name in claim.FILES:
            with open(name, "w") as file:
                file.write("{}")
        did, said = flat.ask()
        assert did == [("event", "service", "refused", 1)] and "no claim code" in said[0]
        write_claim("claim.bak.json")
        assert Flat().ask()[0] == OPENED

    scene_of(scene)


def test_a_claim_that_has_grown_beyond_measure_is_not_read_whole_and_the_copy_serves():
    def scene(flat):
        write_claim("claim.bak.json")
        with open("claim.json", "w") as file:
            file.write(" " * 512 + json.dumps({"v": 1, "salt": "00" * 8, "rounds": 1, "sha256": "00" * 32}))
        assert flat.ask()[0] == OPENED

    scene_of(scene)


def test_what_goes_on_is_not_broken_off_unless_the_engineer_says_now():
    def scene(_):
        for part, field, value in (("calls", "open", ["call"]), ("talk", "active", True), ("speech", "is_on", lambda: True),
                                   ("testing", "runs", True)):
            flat = Flat()
            setattr(getattr(flat, part), field, value)
            did, said = flat.ask()
            assert did == [] and said[0].startswith("service: not opened: ") and flat.tries == 0, part
            assert flat.ask(at_once=True)[0] == OPENED, part

    scene_of(scene)


def test_a_call_that_is_raised_while_it_opens_calls_it_off_p4():
    def scene(flat):
        flat.sounds = True
        flat.at[flat.now + 2000] = lambda: flat.calls.open.append("call")
        did, said = flat.ask()
        assert did == [("note", "service", 1), ("sound", "SERVICE"), ("note", "service", 0)]
        assert said[-1] == "service: called off: a call is open"
        flat = Flat()
        flat.pending = 1
        flat.at[flat.now + 1000] = lambda: flat.calls.open.append("call")
        assert flat.ask()[0][-1] == ("note", "service", 0)
        flat = Flat()
        flat.sounds = True
        flat.at[flat.now + 2000] = lambda: flat.calls.open.append("call")
        assert flat.ask(at_once=True)[0] == OPENED

    scene_of(scene)


def test_words_and_report_are_waited_for_within_bounds():
    def scene(flat):
        flat.sounds, flat.pending = True, 3
        before = flat.now
        assert flat.ask()[0] == OPENED and 15000 <= flat.now - before < 15400
        flat = Flat()
        flat.sounds, flat.pending = True, 3
        flat.at[flat.now + 4000] = lambda: setattr(flat, "sounds", False)
        flat.at[flat.now + 5000] = lambda: setattr(flat, "pending", 0)
        before = flat.now
        assert flat.ask()[0] == OPENED and 5000 <= flat.now - before < 5400
        flat = Flat()
        flat.talk.prompting = True
        flat.at[flat.now + 7000] = lambda: setattr(flat.talk, "prompting", False)
        before = flat.now
        assert flat.ask()[0] == OPENED and 7000 <= flat.now - before < 7400, "the words, not only the tone"
        flat = Flat()
        flat.pending, flat.link.online = 3, False
        before = flat.now
        assert flat.ask()[0] == OPENED and flat.now - before < 1000, "off line nothing is waited for"

    scene_of(scene)


def test_below_the_battery_s_limit_nothing_is_written():
    def scene(flat):
        flat.writes = False
        assert flat.ask()[0] == [step for step in OPENED if step != "saved"]

    scene_of(scene)


def test_a_heap_that_fills_up_at_any_step_opens_nothing_and_says_so():
    def full(*_):
        raise MemoryError

    def scene(_):
        for part, name in (("recorder", "note"), ("signals", "sound"), ("reports", "note"), ("keeper", "save"),
                           ("keeper", "restart")):
            flat = Flat()
            setattr(getattr(flat, part), name, full)
            did, said = flat.ask()
            assert said[-1].startswith("service: not now: MemoryError"), (part, said)
            assert not [step for step in did if step[0] == "restarted"], part

    scene_of(scene)


def test_a_unit_without_tests_can_be_opened():
    def scene(flat):
        flat.testing = None
        assert flat.ask()[0] == OPENED

    scene_of(scene)
