"""talk.py: what counts as speech of a session (P6), and that nothing of one session reaches into the next."""

from host_tests.test_talk import Bench, spoken


def both_speak(bench, ms):
    """Both ends talk in turn, so that the voice switch lets each through."""
    bench.hums = True
    bench.run(ms)
    bench.paths[-1].says = [spoken(8000) for _ in range(ms // 20)]
    bench.run(ms)


def session(bench):
    bench.talk.start({})
    bench.talk.open_microphone()


def test_a_tone_of_ours_is_nobody_s_voice_p6():
    bench = Bench()
    session(bench)
    bench.paths[0].says = [spoken(8000) for _ in range(50)]
    bench.run(1200)
    bench.hums = True
    bench.speaker.tone(500)
    bench.run(1500)
    bench.speaker.tone(0)
    bench.run(240)
    assert not bench.talk.both_heard, "what the microphone heard was the tone"
    bench.run(1000)
    assert bench.talk.both_heard


def test_a_microphone_that_does_not_stop_still_ends_the_session_and_is_told_p3():
    bench = Bench()
    session(bench)
    assert bench.talk.listening
    port, bench.microphone._i2s = bench.microphone._i2s, Stuck()
    try:
        bench.talk.stop()
    except OSError:
        assert not bench.talk.active and not bench.paths[0].is_open and bench.talk.listening
    else:
        assert False, "nobody was told"
    port.deinit()


class Stuck:
    def deinit(self):
        raise OSError(5)


def test_what_was_said_in_one_session_does_not_count_for_the_next_p6():
    bench = Bench()
    session(bench)
    both_speak(bench, 1500)
    assert bench.talk.both_heard
    bench.talk.stop()
    session(bench)
    assert not bench.talk.both_heard


def test_a_voice_that_the_operator_s_mode_shuts_out_was_not_heard_p6():
    for mode in ("talk", "listen"):
        bench = Bench()
        session(bench)
        bench.talk.mode(mode)
        both_speak(bench, 1500)
        assert not bench.talk.both_heard, mode
        bench.talk.mode("auto")
        both_speak(bench, 1500)
        assert bench.talk.both_heard, mode


def test_a_hold_ends_with_its_session():
    bench = Bench()
    session(bench)
    bench.talk.hold(True)
    bench.talk.stop()
    bench.talk.start({})
    bench.paths[-1].says = [spoken(8000) for _ in range(60)]
    bench.run(1000)
    assert bench.heard(200) > 2000


def test_another_volume_is_told_to_the_voice_switch_whose_echo_it_changes():
    bench = Bench()
    session(bench)
    told = []
    bench.talk._switch.relearn = lambda: told.append(True)
    bench.talk.volume(1)
    assert told == [True]
