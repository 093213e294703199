"""The light never lies, and nothing masks a call's light (P2, P4)."""

from firmware.core import clock
from firmware.signals import Signals


class Wall:
    """A light and a sounder that note what they are told, with a clock set by hand."""

    def __init__(self):
        self.now = clock.PERIOD_MS - 1500
        self.lit = []
        self.tones = []
        self.signals = Signals(self, self, lambda: self.now)

    def set(self, level):
        self.lit.append((self.now, level))

    def tone(self, hz):
        if not self.tones or hz != self.tones[-1]:
            self.tones.append(hz)

    def run(self, ms):
        """Follows the due times for `ms`; the light's edges as (ms since start, level)."""
        start, end = self.now, clock.add(self.now, ms)
        del self.lit[:]
        while True:
            due = self.signals.next_due()
            if due is None or clock.diff(due, end) > 0:
                self.now = end
                break
            assert clock.diff(due, self.now) >= 0
            self.now = due
            self.signals.step()
        return [(clock.diff(at, start), level) for at, level in self.lit]


def test_calling_is_steady_received_flashes_and_standby_is_dark_p2():
    wall = Wall()
    wall.signals.show("CALLING")
    assert wall.lit[-1][1] == 1
    assert wall.run(5000) == []
    wall.signals.show("RECEIVED")
    assert wall.lit[-1][1] == 0, "the receipt is seen at once"
    assert wall.run(2200) == [(500, 1), (1000, 0), (1500, 1), (2000, 0)]
    wall.signals.show("STANDBY")
    assert wall.run(5000) == []


def test_an_open_fault_does_not_hide_that_somebody_speaks_or_wants_to_p3():
    wall = Wall()
    wall.signals.fault("link", True, True)
    for shown in ("ANNOUNCING", "SPEAKING", "ON_HOLD"):
        wall.signals.speech(shown)
        wall.run(1000)
        wall.signals.fault("storage", True, True)
        assert [level for _, level in wall.run(4000)].count(1) >= 1, shown
    wall.signals.speech(None)
    assert wall.lit[-1][1] == 0 and wall.run(5000) == [], "and then it is a fault's again: dark"


def test_an_open_fault_shows_only_in_standby_and_comes_back_after_the_call_p4():
    wall = Wall()
    wall.signals.show("STANDBY")
    wall.signals.fault("link", True, True)
    wall.run(3000)
    assert wall.tones.count(375) == 2
    wall.signals.show("RECEIVED")
    assert wall.run(2200) == [(500, 1), (1000, 0), (1500, 1), (2000, 0)]
    del wall.tones[:]
    wall.signals.fault("storage", True, True)
    assert wall.run(1000) == [(300, 1), (800, 0)] and 375 not in wall.tones
    wall.signals.show("STANDBY")
    assert wall.lit[-1][1] == 0
    wall.run(301000)
    assert wall.tones.count(375) == 2


def test_a_held_cord_is_told_even_in_a_call_so_that_somebody_lets_go_of_it():
    wall = Wall()
    wall.signals.show("RECEIVED")
    wall.signals.fault("held", True, True)
    wall.run(2000)
    assert wall.tones.count(375) == 4


def test_a_received_call_is_heard_as_well_as_seen_p2():
    wall = Wall()
    wall.signals.show("RECEIVED")
    wall.signals.sound("RECEIVED")
    wall.run(2000)
    assert [hz for hz in wall.tones if hz] == [500, 625, 750] and wall.tones[-1] == 0


def test_a_board_without_a_sounder_still_shows_its_light():
    wall = Wall()
    silent = Signals(wall, None, lambda: wall.now)
    silent.show("CALLING")
    silent.sound("ACTIVATED")
    assert wall.lit[-1][1] == 1


def test_a_board_without_a_light_still_sounds_p8():
    wall = Wall()
    dark = Signals(None, wall, lambda: wall.now)
    dark.show("CALLING")
    dark.sound("ACTIVATED")
    dark.step()
    assert [hz for hz in wall.tones if hz]


def test_speech_without_a_call_shows_the_double_light_and_a_call_goes_before_it_p2_p3():
    wall = Wall()
    wall.signals.speech("SPEAKING")
    assert wall.lit[-1][1] == 1 and wall.run(1400) == [(200, 0), (400, 1), (600, 0)]
    wall.signals.show("CALLING")
    assert wall.lit[-1][1] == 1 and wall.run(3000) == [], "raised meanwhile: steady until the receipt"
    wall.signals.show("STANDBY")
    wall.signals.speech(None)
    assert wall.lit[-1][1] == 0 and wall.run(3000) == []


def test_repeated_tones_are_silent_while_people_speak_and_come_back_after():
    wall = Wall()
    wall.signals.show("CALLING")
    wall.signals.speech("SPEAKING")
    wall.run(10000)
    assert not [hz for hz in wall.tones if hz]
    wall.signals.sound("ENDING_SOON")
    wall.run(1000)
    assert wall.tones.count(500) == 2
    wall.signals.speech(None)
    wall.run(10000)
    assert wall.tones.count(500) > 5


def test_on_hold_is_heard_every_ten_seconds():
    wall = Wall()
    wall.signals.speech("ON_HOLD")
    wall.run(30500)
    assert wall.tones.count(625) == 3


def test_messages_are_spoken_after_their_tone_but_not_between_people():
    wall, said = Wall(), []
    wall.prompt, wall.prompting = said.append, False
    signals = Signals(wall, wall, lambda: wall.now, wall)
    signals.sound("RECEIVED")
    assert signals.sounding()
    signals.announce("welfare")
    signals.speech("SPEAKING")
    signals.sound("STILL_TRYING")
    signals.speech(None)
    signals.sound("ENDED")
    signals.fault("link", True, True)
    assert said == ["received", "announce_welfare", "fault"]
    wall.signals = signals
    wall.run(5000)
    assert not signals.sounding()


def test_a_unit_without_light_and_loudspeaker_cannot_show_that_it_listens_p3():
    wall = Wall()
    for light, speaker, can in ((wall, wall, True), (None, wall, True), (wall, None, True), (None, None, False)):
        assert Signals(light, speaker, lambda: wall.now).can_show() is can


def test_a_repeated_tone_does_not_break_into_a_message():
    wall = Wall()
    wall.prompt, wall.prompting = lambda name: True, True
    wall.signals = Signals(wall, wall, lambda: wall.now, wall)
    wall.signals.show("CALLING")
    wall.run(10000)
    assert not [hz for hz in wall.tones if hz]
    wall.prompting = False
    wall.run(10000)
    assert wall.tones.count(500) > 3


def test_by_night_a_fault_is_a_low_tone_without_words_and_held_is_spoken_all_the_same():
    class Voice:
        prompting = False

        def __init__(self):
            self.said = []

        def prompt(self, name):
            self.said.append(name)

    for name, by_night, said in (("link", False, ["fault"]), ("link", True, []), ("held", True, ["held"])):
        wall, voice = Wall(), Voice()
        wall.signals._voice = voice
        wall.signals.fault(name, True, True, by_night)
        wall.run(1000)
        assert voice.said == said and 375 in wall.tones, (name, by_night)
