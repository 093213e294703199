"""A whole unit in a call: virtual board, broker, a controller, and a far end behind a network that can be spoilt.

    async with Talking(lab, "loss") as talk:
        await talk.begin()                     # press, receipt, answered, offer, answer; both sides send a tone
        talk.network.loss_pct = 3
        ...
        talk.in_flat(since_s, until_s), talk.at_far_end(since_s, until_s)      # sizes of the tone, each 10 ms

The unit's loudspeaker is recorded in real time, as heard in the room; what the far end hears is made of the packets as they come.
`mute`: the far end says nothing; `pulled`: [time.monotonic()] of each of its frames with the tone.
"""

import array
import asyncio
import contextlib
import secrets
import shutil
import ssl
import time
import wave

from tools.bench import hearing
from tools.bench.caller import Caller
from tools.bench.measure import median
from tools.bench.mqtt_tap import Tap
from tools.bench.probe import ProbeError
from tools.brokers import free_port
from tools.deploy import deploy, image_of, unit_settings, write_settings
from tools.desk.talk import talker
from tools.desk.talk.endpoint import TalkEndpoint
from tools.vboard import VirtualBoard
from tools.vboard.child_process import BOARD_HEAP
from tools.vboard.udp_relay import UdpRelay

IN_FLAT_HZ, FAR_HZ = 700, 1100  # what is said in the flat, and by the far end
_FLAT_RATE_HZ, _FAR_RATE_HZ = 16000, 8000
_VOICE = 330  # of 32,767: a firm voice at half a metre of the microphone
_FAR_SIZE = 8000
_ADDRESS = "whole/f1/u1"
_FLOWS_S = 5.0
_SETTLED_S = 1.0  # for gain and jitter buffer to come to rest


class Talking:
    """An async context manager. `main`: text of another main.py; `timers`: of the unit's settings; `broker`: of tools.brokers,
    by default the lab's; `tls`: to the broker. `network`: the UdpRelay between the two ends."""

    def __init__(self, lab, name, main=None, timers=None, broker=None, tls=False):
        self._lab, self._main, self._timers, self._tls = lab, main, timers or {}, tls
        self._dir = lab.dir / name
        self._broker = broker or (lab.tls_broker if tls else lab.broker)
        self._stack = contextlib.AsyncExitStack()
        self._taps = {}
        self.published, self.pulled = [], []
        self.mute = False
        self.usual = None  # size of the far end's tone at the loudspeaker
        self.board = self.caller = self.far = self.network = self.sid = self.call = self.media = None

    async def __aenter__(self):
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_):
        await self._stack.aclose()

    async def _start(self):
        pki, key = self._lab.pki, secrets.token_bytes(32)
        self._dir.mkdir(parents=True, exist_ok=True)
        context = ssl.create_default_context(cafile=pki.ca_pem) if self._tls else None
        if context:
            context.check_hostname = False  # the certificate names the broker, not the loopback
        self.caller = await self._stack.enter_async_context(Caller(self._broker.port, key, _ADDRESS, context))
        dialled = free_port()
        brokers = [{"host": "127.0.0.1", "port": dialled, "server_name": pki.server_name, "tls": self._tls}]
        settings = unit_settings("f1", "u1", brokers, "bench-password", scheme="whole", timers=self._timers)
        root = self._dir / "root"
        self._deploy(root, settings, key)
        if self._main:
            (root / "main.py").write_text(self._main)
        relays = [(dialled, self._broker.port)]
        state = self._dir / f"state-{secrets.token_hex(4)}"
        self.board = VirtualBoard(root=root, state=state, relays=relays, heapsize=BOARD_HEAP)
        if not self._tls:
            self.board.relays[0].tap = self._take
        await self._stack.enter_async_context(self.board)
        await self.caller.online()

    def _deploy(self, root, settings, key):
        """As a unit is installed; the modules are compiled once for all calls of a run."""
        first = self._lab.dir / "unit-of-calls"
        if not first.exists():
            deploy(first, settings, key, self._lab.pki.ca_der, "rom", source=self._lab.source)
        shutil.copytree(first, root, dirs_exist_ok=True)
        shutil.copyfile(image_of(first), image_of(root))
        write_settings(root, settings)
        (root / settings.get("key_file", "unit.key")).write_text(key.hex() + "\n")

    def _take(self, link, way, data):
        if way == "up":
            tap = self._taps.setdefault(link, Tap())
            self.published += [(time.monotonic(), topic) for topic, _ in tap.feed(data)]

    async def begin(self, tones=True):
        """Press, answer, speech in both directions at once (`duplex`: the tones go on for ever)."""
        await self.board.press("button", 100)
        self.call = await self.caller.take_call()
        self.far = TalkEndpoint("127.0.0.1")
        self._stack.callback(self.far.close)
        offer = self.far.offer()
        self.network = await self._stack.enter_async_context(UdpRelay(("127.0.0.1", self.far.port)))
        offer.update(port=self.network.port, rtcp=self.network.port)
        self.sid, self.media = await self.caller.offer(offer, self.call)
        self._record()
        self.far.accept(self.media)
        await self.caller.control(self.sid, "duplex")
        if tones:
            await self._sound()

    def _record(self):
        self.room, self.came = array.array("h"), []
        self.room_since_s = time.monotonic()
        self._stack.callback(self.board.speaker.subscribe(lambda pcm: self.room.frombytes(pcm)))
        self.far.attach(self._arrived)

    def _arrived(self, codes, lost):
        self.came.append((time.monotonic(), codes, lost))

    async def _sound(self):
        one = talker.frames(hearing.tone(FAR_HZ, 0.2, _FAR_SIZE, _FAR_RATE_HZ), self.far.codec)
        silence = talker.frames([0] * len(one[0]), self.far.codec)[0]

        def pull():
            if self.mute:
                return silence
            self.pulled.append(time.monotonic())
            return one[len(self.pulled) % len(one)]

        self.far.play(pull)
        await self.say(hearing.tone(IN_FLAT_HZ, 1, _VOICE), loop=True)
        deadline_s = time.monotonic() + _FLOWS_S
        while self.far.counters["received"] < 25 or not any(self.room[-1600:]):
            if time.monotonic() > deadline_s:
                raise ProbeError(f"no speech: {self.far.counters}; the unit's last words: {self.caller.last_words()}")
            await asyncio.sleep(0.05)
        await asyncio.sleep(_SETTLED_S)
        now_s = time.monotonic()
        self.usual = median(self.in_flat(now_s - 0.5, now_s - 0.1))

    async def say(self, samples, loop=False):
        """In the flat, at 16 kHz, once the microphone is open. time.monotonic() of the first sample, a block's beginning."""
        path = self._dir / "mouth.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, _FLAT_RATE_HZ, 0, "NONE", ""))
            file.writeframes(array.array("h", samples).tobytes())
        sound, place = self.board.chip.sound, []
        heard = sound.room.heard
        sound.room.heard = lambda at, count: place.append(at) or heard(at, count)
        with sound.lock:
            self.board.microphone.play(path, loop)
            place.clear()
        deadline_s = time.monotonic() + _FLOWS_S
        while not place and time.monotonic() < deadline_s:
            await asyncio.sleep(0.005)
        sound.room.heard = heard
        if not place:
            raise ProbeError("the unit's microphone does not run")
        return time.monotonic() - (sound.now_place() - place[0]) / _FLAT_RATE_HZ

    async def counters(self):
        return await self.caller.counters(self.sid)

    def in_flat(self, since_s, until_s):
        """Sizes of the far end's tone at the loudspeaker between two times of time.monotonic()."""
        first, last = (round((at_s - self.room_since_s) * _FLAT_RATE_HZ) for at_s in (since_s, until_s))
        return hearing.sizes(self.room[first:last], _FLAT_RATE_HZ, FAR_HZ)

    def decoded(self, codes):
        """Samples of a frame of the flat."""
        recorder = talker.Recorder(self.far.codec)
        recorder(codes, 0)
        return recorder.samples()

    def at_far_end(self, since_s, until_s):
        """Sizes of the flat's tone in the packets that came between two times, silence for those that did not."""
        recorder = talker.Recorder(self.far.codec, seconds_max=600)
        for at_s, codes, lost in self.came:
            if since_s <= at_s < until_s:
                recorder(codes, lost)
        return hearing.sizes(recorder.samples(), _FAR_RATE_HZ, IN_FLAT_HZ)
