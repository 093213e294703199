"""The flat's air: what is said in front of the unit's microphone, live or from a file, and what its loudspeaker gives."""

_ACROSS_THE_ROOM_DB = -30  # a browser gives a voice close by; the unit's microphone is set for one far away
_FRAME_BYTES = 640  # 20 ms of 16-bit samples at 16 kHz
_KEPT_BYTES = 5 * _FRAME_BYTES
_LONG_BYTES = 50 * _FRAME_BYTES  # more than 1 s at once is the silence since the unit last played: nobody waits for it


class Room:
    """`board`: VirtualBoard. A file goes before live speech, which is lost meanwhile."""

    def __init__(self, board):
        self._board, self._plays = board, False

    def speak(self, frame):
        """20 ms of live speech."""
        microphone = self._board.microphone
        if microphone.playing:
            return
        if self._plays:
            microphone.silence()  # a file that has ended holds the microphone until then
            self._plays = False
        microphone.gain_db = _ACROSS_THE_ROOM_DB
        microphone.feed(frame)

    def play(self, path):
        """A WAV file of 16 bits. Raises BoardError."""
        self._board.microphone.play(path)
        self._board.microphone.gain_db = _ACROSS_THE_ROOM_DB
        self._plays = True

    def make_way(self):
        """The next voice is a scenario's own, made at the level of somebody far away."""
        self._board.microphone.gain_db = 0
        self._plays = False

    def listen(self, take):
        """`take(frame)` for each 20 ms that the unit plays. Returns a function that ends it."""
        waiting = bytearray()

        def heard(data):
            waiting.extend(data if len(data) < _LONG_BYTES else data[-_KEPT_BYTES:])
            while len(waiting) >= _FRAME_BYTES:
                take(bytes(waiting[:_FRAME_BYTES]))
                del waiting[:_FRAME_BYTES]

        return self._board.speaker.subscribe(heard)
