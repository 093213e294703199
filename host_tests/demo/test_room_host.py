"""The flat's air: live speech, files before it, and the unit's sound in frames of 20 ms."""

from tools.demo.room import Room

FRAME = b"\x01\x02" * 320


class Board:
    """A virtual board's sound as docs/control-channel.md has it: a file plays to its end and then holds the microphone."""

    def __init__(self):
        self.microphone = self.speaker = self
        self.playing, self.fed, self.callbacks = False, [], []
        self._file = None

    def play(self, path):
        self._file, self.playing = path, True

    def feed(self, pcm):
        if self._file is None:
            self.fed.append(pcm)

    def silence(self):
        self._file, self.playing = None, False

    def subscribe(self, callback):
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)


def test_a_file_goes_before_live_speech_which_is_heard_again_after_it():
    board = Board()
    room = Room(board)
    room.speak(FRAME)
    room.play("words.wav")
    room.speak(FRAME)
    assert board.fed == [FRAME] and board.gain_db < -20
    board.playing = False  # the file has come to its end
    room.speak(FRAME)
    assert board.fed == [FRAME, FRAME]


def test_what_the_unit_plays_comes_in_frames_of_20_ms_and_a_long_silence_is_not_waited_for():
    board, frames = Board(), []
    leave = Room(board).listen(frames.append)
    for _ in range(5):
        board.callbacks[0](b"\x07" * 512)  # 16 ms, as the DMA has it
    assert frames == [b"\x07" * 640] * 4
    board.callbacks[0](bytes(32_000 * 60))
    assert len(frames) <= 10
    leave()
    assert board.callbacks == []


def test_a_scenario_s_own_voice_is_heard_at_its_own_level_and_not_over_spoken():
    board = Board()
    room = Room(board)
    room.speak(FRAME)
    room.make_way()
    board.play("tenant.wav")
    room.speak(FRAME)
    assert board.gain_db == 0 and board.fed == [FRAME]
    board.silence()
    room.speak(FRAME)
    assert board.gain_db < -20 and board.fed == [FRAME, FRAME]
