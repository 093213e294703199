"""Speech between the flat and the far end, and spoken messages: one task, 20 ms at a time, nothing allocated per frame.

- While a session lasts, 50 packets a second leave, the first at once, silence while nobody may listen: a device that stops
  sending gets no sound back through NAT. An open microphone sets the pace (its block is a packet); where it does not come for
  60 ms, or is closed, the clock does. After a stalled loop at most three packets leave together; what is older is skipped.
- The speaker asks: one block waits in its ring, so what the far end says is taken at the speaker's own pace.
- A message waits until its tone is over, pauses for another one, and gives way to a session that begins.
- It looks when the next block is due, and sleeps in between. An interrupt's flag (asyncio.ThreadSafeFlag) would be 50 times
  a second a coroutine and two entries in the poller: several KB of garbage a second.

Source: P3 (whose rule alone opens the microphone: core/speech/microphone.py), P6, D3; FACTS, speech.
"""

from micropython import const

from firmware.core import clock
from firmware.core.media.voice_switch import VoiceSwitch
from firmware.nap import Nap
from firmware.talk_far import Far
from firmware.talk_near import Near

_FRAME_MS = const(20)
_IDLE_MS = const(1000)  # a beat for the supervisor
_BLOCK_MS = const(17)  # the ESP32 reports 20 ms of sound at block times of its DMA, after 16, 16, 16 and 32 ms in turn
_LOOK_MS = const(5)  # the block that may be there is not: look again so soon
_PATIENCE_MS = const(40)  # an open microphone's block may be that late before silence takes its place
_EARLY_MS = const(-30)  # or come that early: blocks of a microphone that had stalled come close together
_TOGETHER = const(3)  # packets in one look, after a stall: so many at once are within any jitter buffer
_WAITING = const(1)  # blocks in the speaker's ring; the DMA has two and a half more
_WAITING_PROMPT = const(3)  # a message fills the empty DMA at once; nobody waits for its end as one does for an answer
_TONE_GAP_MS = const(300)  # a message waits for that much silence: the longest gap within a one-shot is 200 ms (core/patterns.py)
_VOICE_MS = const(500)  # contract of `both_heard`: longer than any noise of a door or a cough
_RINGS_ON_MS = const(300)  # so long a tone of ours may still be in the buffers and in the room
_HOUSEKEEP_MS = const(1000)
_VOLUMES_Q12 = (1453, 2053, 2900, 4096, 5786, 8173)  # 3 dB apart, -9 to +6 dB
_NORMAL = const(3)  # index of 0 dB
_OPEN_Q12 = const(2048)  # a voice that the voice switch lets through with less than -6 dB was heard


class Talk:
    """`microphone`, `speaker`: of drivers, or None; `make_path()`: a new transports.media_path.MediaPath; `prompts`:
    drivers.prompts.PromptReader; `volume_pct`: of the messages. The task is `run()`; `beat` grows with it."""

    def __init__(self, microphone, speaker, make_path, prompts, now, volume_pct=100):
        self._microphone = microphone
        self._speaker = speaker
        self._make_path = make_path
        self._prompts = prompts
        self._now = now
        self._prompt_q12 = 4096 * volume_pct // 100
        self._near = Near(microphone.gain_shift if microphone else 0)
        self._far = Far()
        self._switch = VoiceSwitch()
        self._path = None
        self._nap = None
        self._held = False
        self._volume = _NORMAL
        self._near_ms = 0  # of voices that were let through
        self._far_ms = 0
        self._due_ms = 0  # when the next packet leaves
        self._housekeep_due = 0
        self._quiet_ms = 0  # tick since which no tone sounds
        self._marker = False
        self._tone_ms = 0  # tick until which the microphone may hear a tone of ours
        self._listener = None
        self.beat = 0
        self.prompting = False

    # --- for the session

    @property
    def active(self):
        return self._path is not None

    @property
    def heard_ms(self):
        """Tick of the newest lawful packet; None before the first."""
        return None if self._path is None else self._path.heard_ms

    @property
    def listening(self):
        """True while the microphone is on, also against our will."""
        return self._microphone is not None and self._microphone.is_open

    @property
    def deaf(self):
        """True when the microphone is open and has given nothing for half a second."""
        return self._microphone is not None and self._microphone.stalled

    @property
    def both_heard(self):
        """True once each voice has been let through for 500 ms in this session."""
        return self._near_ms >= _VOICE_MS and self._far_ms >= _VOICE_MS

    def forget_voices(self):
        """`both_heard` begins anew: the speech has become that of a call, and what was said before does not count for it (P6)."""
        self._near_ms = self._far_ms = 0

    def start(self, media):
        """Begins speech with the far end of `media` (lawful by core/speech/description.py), or takes a new description into the
        same session. Returns our own. Raises OSError; the old path then stays."""
        path = self._make_path()
        try:
            path.open(media)
        except (OSError, ValueError, MemoryError):
            path.close()
            raise
        old, self._path = self._path, path
        if old is None:
            self._begin()
        else:
            old.close()
        self._near.speak(path.codec)
        self._far.speak(path.codec)
        self._marker = True
        self._housekeep_due = self._now()
        self._due_ms = clock.add(self._now(), _FRAME_MS)
        self._send(None)
        self._wake()
        return path.local

    def _begin(self):
        self.quiet()
        self._switch = VoiceSwitch()
        self._held = False
        self._volume = _NORMAL
        self._near_ms = self._far_ms = 0
        self._tone_ms = self._now()
        if self._speaker:
            self._speaker.begin()

    def stop(self):
        """Ends speech, and closes the microphone whatever else happens."""
        path, self._path = self._path, None
        try:
            self.close_microphone()
        finally:
            if path is not None:
                if self._speaker and not self.prompting:
                    self._speaker.end()
                path.close()

    def open_microphone(self):
        """For the one rule alone (P3). Raises OSError, in words, where there is none or it does not start."""
        if self._microphone is None:
            raise OSError("microphone: none on this board")
        self._microphone.open()
        self._wake()

    def has_both(self):
        """True if there are microphone and loudspeaker."""
        return self._microphone is not None and self._speaker is not None

    def listen(self, listener):
        """While there is no session: `listener.heard(pcm16)` gets what an open microphone hears, 320 samples at 16 kHz, good
        until it returns, and `listener.step()` is called every 5 ms. None: nobody any more."""
        self._listener = listener
        self._wake()

    def _overhear(self):
        microphone = self._microphone
        self._speaker.tend()
        if microphone.is_open:
            microphone.tend()
            block = microphone.take()
            while block is not None and self._listener is not None:
                self._listener.heard(self._near.samples(block))
                block = microphone.take()
        if self._listener is not None:
            self._listener.step()
        return _LOOK_MS

    def close_microphone(self):
        if self._microphone is not None:
            self._microphone.close()

    def mode(self, mode):
        """`auto`, `talk`, `listen` or `duplex`, as the operator sees it."""
        self._switch.mode = mode

    def volume(self, step):
        """Louder or quieter in the flat by `step` x 3 dB, within six steps."""
        self._volume = min(max(self._volume + step, 0), len(_VOLUMES_Q12) - 1)
        self._switch.relearn()

    def hold(self, on):
        """On hold both directions are silent; packets go on, and what arrives is let go by: nothing is late afterwards."""
        self._held = on

    def digit(self):
        """A digit that the far end has pressed, or None."""
        return None if self._path is None else self._path.digit()

    def counters(self):
        """Counters of the media, for a report."""
        counted = {} if self._path is None else dict(self._path.counters)
        for part, names in ((self._speaker, ("underruns", "stalls", "write_errors")), (self._microphone, ("overruns", "stalls"))):
            for name in names if part else ():
                counted[("speaker_" if part is self._speaker else "microphone_") + name] = getattr(part, name)
        return counted

    # --- spoken messages

    def prompt(self, name, in_session=False):
        """Speaks a message once its tone is over, in place of one that is being spoken. False if that cannot be: no such file, no
        speaker, or a session that it was not asked for (`in_session`)."""
        if self._speaker is None or (self._path is not None and not in_session):
            return False
        self.quiet()
        if not self._prompts.start(name):
            return False
        self.prompting = True
        self._quiet_ms = self._now()
        self._wake()
        return True

    def quiet(self):
        """Ends the message that is being spoken."""
        if self.prompting:
            self.prompting = False
            self._prompts.close()
            if self._path is None:
                self._speaker.end()

    # --- the task

    async def run(self):
        """Speaks and listens for ever; in stand-by it wakes once a second."""
        nap = self._nap = Nap()
        while True:
            self.beat += 1
            await nap.begin(self.step())
            nap.end()

    def _wake(self):
        if self._nap is not None:
            self._nap.wake()

    def step(self):
        """Does what is due; returns how many ms later something may be due again. Allocates nothing."""
        if self._path is None and not self.prompting:
            return _IDLE_MS if self._listener is None else self._overhear()
        now_ms = self._now()
        if self._path is not None:
            self._path.poll()
            self._send_due(now_ms)
            if clock.reached(now_ms, self._housekeep_due):
                self._housekeep_due = clock.add(now_ms, _HOUSEKEEP_MS)
                self._path.housekeep()
        if self._speaker is not None:
            self._speaker.tend()
            self._play(now_ms)
        return self._rest_ms(now_ms)

    def _rest_ms(self, now_ms):
        microphone = self._microphone
        if self._path is None:
            return _FRAME_MS
        if microphone is None or not microphone.is_open:
            return min(max(clock.diff(self._due_ms, now_ms), 1), _FRAME_MS)
        rest_ms = clock.diff(clock.add(microphone.last_ms, _BLOCK_MS), now_ms)
        return min(rest_ms, _FRAME_MS) if rest_ms > 0 else _LOOK_MS

    def _send_due(self, now_ms):
        """Sends what is due: the blocks of the microphone, or silence."""
        limit_ms = sent = 0
        if self._microphone is not None and self._microphone.is_open:
            self._microphone.tend()
            sent = self._send_blocks(now_ms)
            limit_ms = _PATIENCE_MS
        late_ms = clock.diff(now_ms, self._due_ms) - limit_ms
        if late_ms < 0:
            return
        count = late_ms // _FRAME_MS + 1
        if sent + count > _TOGETHER:
            self._path.skip(sent + count - _TOGETHER)
            self._marker = True
        for _ in range(min(count, _TOGETHER - sent)):
            self._send(None)
        self._due_ms = clock.add(self._due_ms, _FRAME_MS * count)

    def _send_blocks(self, now_ms):
        """Sends what the microphone has; returns how many."""
        sent = 0
        while sent < _TOGETHER:
            block = self._microphone.take()
            if block is None:
                break
            late_ms = clock.diff(now_ms, self._due_ms)
            if late_ms < _EARLY_MS:
                continue
            self._send(block)
            sent += 1
            nudge_ms = 0
            if not -2 <= late_ms <= 2:  # the clock follows the microphone's
                nudge_ms = 1 if late_ms > 0 else -1
            self._due_ms = clock.add(self._due_ms, _FRAME_MS + nudge_ms)
        return sent

    def _send(self, block):
        near, switch = self._near, self._switch
        if block is None or self._held:
            near.mute(self._path.out)
            switch.decide(0, self._far.level)
        else:
            near.listen(block, switch.far_voice or switch.near_to_q12 < _OPEN_Q12)
            switch.decide(near.level, self._far.level)
            near.codes(self._path.out, switch.near_to_q12)
            if switch.near_voice and switch.near_to_q12 >= _OPEN_Q12 and self._near_ms < _VOICE_MS and not self._hears_tone():
                self._near_ms += _FRAME_MS
        self._path.send(self._marker)
        self._marker = False

    def _hears_tone(self):
        """True while the microphone may hear a tone of ours: that is nobody's voice (P6)."""
        now_ms = self._now()
        if self._speaker is not None and self._speaker.sounding:
            self._tone_ms = clock.add(now_ms, _RINGS_ON_MS)
        return not clock.reached(now_ms, self._tone_ms)

    def _play(self, now_ms):
        """Keeps the speaker's ring filled."""
        while self._speaker.queued() < (_WAITING_PROMPT if self.prompting else _WAITING):
            block = self._speaker.free()
            if self.prompting and self._speak(now_ms, block):
                continue
            if self._path is None:
                return
            self._far.listen(self._path)
            self._far.play(block, self._far_gain_q12())
            self._speaker.queue()

    def _far_gain_q12(self):
        switch = self._switch
        if self._held:
            return 0
        if switch.far_voice and switch.far_to_q12 >= _OPEN_Q12 and self._far_ms < _VOICE_MS:
            self._far_ms += _FRAME_MS
        return _VOLUMES_Q12[self._volume] * switch.far_to_q12 >> 12

    def _speak(self, now_ms, block):
        """Queues the next frame of the message. False while a tone is heard, and at its end."""
        if self._speaker.sounding:
            self._quiet_ms = clock.add(now_ms, _TONE_GAP_MS)
        if not clock.reached(now_ms, self._quiet_ms):
            return False
        if not self._prompts.read(self._far.prompt_codes):
            self.quiet()
            return False
        self._speaker.begin()
        if self._path is not None:
            self._far.listen(self._path)  # let go by: afterwards the far end is heard as it speaks then
        self._far.prompt(block, self._prompt_q12)
        self._speaker.queue()
        return True
