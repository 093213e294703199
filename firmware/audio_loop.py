"""The unit hears itself: a tone from the loudspeaker, its level at the microphone. Source: P3, P5; core/media/tone_meter.py.

For about 2.5 s the light winks as for a test; the opening tone is sounded before the microphone opens, under the one rule of
core/speech/microphone.py (reason `self_test`): no session, no open call, privacy off. Whatever ends that ends the test, and so
does a message that is spoken meanwhile; nothing is judged then. What is heard is measured and forgotten; no sample leaves the
unit.
"""

from micropython import const

from firmware.core import clock
from firmware.core.media.tone_meter import ToneMeter, judge

_COEFFICIENT_Q12 = const(7839)  # 2 cos(2 pi 750 / 16000) x 4096: core/patterns.py, MEASURE
_FRAMES = const(320)
_COUNT = const(25)  # frames of 20 ms, with the tone and without
_SETTLE_MS = const(700)  # the opening tone takes 250 ms, and rings on
_DELAY_MS = const(300)  # from the order to the room: the speaker's buffers have 112 ms, the microphone's 64
_LONGEST_MS = const(8000)

OFF = "OFF"
SETTLING = "SETTLING"
BEFORE = "BEFORE"
WAITING = "WAITING"
DURING = "DURING"


class AudioLoop:
    """`talk`: listen, listening, prompting; `speech`: self_test; `signals`: sound; `reports`: note, fault; `busy()`: a call or
    speech is on; `digits(n)`: n random bytes as hex digits; `now()`: tick; `mean_abs`, `recur`: as in
    core.media.tone_meter.ToneMeter.

    `result`: (ok, detail) of the last test, None while it runs or when it was broken off.
    """

    def __init__(self, talk, speech, signals, reports, busy, digits, now, mean_abs, recur):
        self._talk = talk
        self._speech = speech
        self._signals = signals
        self._reports = reports
        self._busy = busy
        self._digits = digits
        self._now = now
        self._meter = ToneMeter(_COEFFICIENT_Q12, _FRAMES, mean_abs, recur)
        self._before = (0, 0)
        self._due_ms = self._end_ms = None
        self.state = OFF
        self.result = None

    def start(self):
        """Begins; False if a message is spoken, or the microphone may not, or does not open: a call or speech is on, privacy is,
        or it is dead."""
        if self.state != OFF or self._busy() or self._talk.prompting:
            return False
        self.result = None
        if not self._speech.self_test(self._digits(8)):
            self._speech.self_test(None)
            return False
        self._due_ms = clock.add(self._now(), _SETTLE_MS)
        self._end_ms = clock.add(self._now(), _LONGEST_MS)
        self.state = SETTLING
        self._meter.clear()
        self._talk.listen(self)
        return True

    def heard(self, pcm16):
        """A frame of the microphone."""
        if self.state in (BEFORE, DURING):
            self._meter.take(pcm16)

    def step(self):
        """Some hundred times a second while it runs; at least once a second (`poll`)."""
        if self.state == OFF:
            return
        if self._busy() or self._talk.prompting or not self._talk.listening:
            self._over()
        elif clock.reached(self._now(), self._end_ms):
            self._judged("microphone")  # it does not give frames
        elif self.state in (SETTLING, WAITING):
            if clock.reached(self._now(), self._due_ms):
                self.state = BEFORE if self.state == SETTLING else DURING
                self._meter.clear()
        elif self._meter.count >= _COUNT:
            self._next()

    poll = step

    def _next(self):
        meter = self._meter
        if self.state == BEFORE:
            self._before = (meter.sound, meter.tone)
            self._signals.sound("MEASURE")
            self._due_ms = clock.add(self._now(), _DELAY_MS)
            self.state = WAITING
        else:
            self._judged(judge(*self._before, meter.sound, meter.tone, meter.steady))

    def _judged(self, verdict):
        meter = self._meter
        detail = "%s: tone %d, before %d, sound %d" % (verdict or "ok", meter.tone, self._before[1], self._before[0])
        self._over()
        self.result = (verdict == "", detail)
        self._reports.note("proven", {"what": "audio", "ok": verdict == "", "detail": detail}, "proven audio")
        if verdict == "noise":
            return  # what cannot be tested is neither a pass nor a fault (P7)
        self._reports.fault("microphone", "", verdict == "microphone")
        if verdict != "microphone":  # of the loudspeaker a deaf unit knows nothing
            self._reports.fault("speaker", "", verdict == "speaker")

    def _over(self):
        self.state = OFF
        self._talk.listen(None)
        self._speech.self_test(None)
