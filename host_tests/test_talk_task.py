"""talk.py as a task, and frame by frame without garbage. MicroPython only: it stands on that asyncio, and that counts bytes."""

import sys

if sys.implementation.name == "micropython":
    import asyncio
    import gc
    import time

    from firmware.core import clock
    from firmware.drivers.microphone import Microphone
    from firmware.drivers.speaker import Speaker
    from firmware.talk import Talk

    class Port:
        """A port that is done with a buffer when `done` says so."""

        def __init__(self):
            self.handler = self.buffer = None
            self.is_open = True

        def irq(self, handler):
            self.handler = handler

        def write(self, buffer):
            self.buffer = buffer

        readinto = write

        def done(self):
            self.handler(self)

        def deinit(self):
            self.is_open = False

    class Path:
        """A far end that says the same for ever, with every tenth frame missing."""

        def __init__(self):
            self.codec = "PCMA"
            self.local = {}
            self.counters = {}
            self.heard_ms = None
            self.out = memoryview(bytearray(160))
            self.sent = self.taken = 0

        def open(self, media):
            self.media = media

        def send(self, marker):
            self.sent += 1

        def skip(self, count):
            self.skipped = count

        def poll(self):
            return None

        def frame(self, codes):
            self.taken += 1
            codes[self.taken % 160] = self.taken & 255
            return 1 if self.taken % 10 else 0

        def digit(self):
            return None

        def housekeep(self):
            return None

        def close(self):
            self.media = None

    class Prompts:
        """A message of as many frames as there are `left`."""

        left = 0

        def start(self, name):
            self.left = 100
            return True

        def read(self, codes):
            self.left -= 1
            return self.left > 0

        def close(self):
            self.left = 0

    class Bench:
        def __init__(self):
            self.ms = 5000
            self.out = Port()
            self.into = Port()
            self.path = Path()
            self.microphone = Microphone(lambda: self.into, 4, self.now)
            self.speaker = Speaker(self.out, {}, None, self.now)
            self.talk = Talk(self.microphone, self.speaker, lambda: self.path, Prompts(), self.now)

        def now(self):
            return self.ms

        def frames(self, count):
            """20 ms pass `count` times, with one block each way."""
            i = 0
            while i < count:
                self.ms += 20
                self.out.done()
                if self.microphone.is_open:
                    self.into.done()
                self.talk.step()
                i += 1

    def growth(work, *args):
        """Bytes that the heap grows by in `work`, with the collector off."""
        work(*args)  # what is made once is made now
        gc.collect()
        gc.disable()
        try:
            before = gc.mem_alloc()
            work(*args)
            return gc.mem_alloc() - before
        finally:
            gc.enable()

    def test_five_hundred_frames_both_ways_allocate_nothing():
        bench = Bench()
        bench.talk.start({})
        bench.talk.open_microphone()
        assert growth(bench.frames, 500) == 0
        assert bench.path.sent >= 1000 and bench.path.taken >= 1000
        bench.talk.hold(True)
        bench.talk.close_microphone()
        assert growth(bench.frames, 100) == 0, "nor on hold"

    def test_fifty_frames_of_a_message_and_a_thousand_looks_in_standby_allocate_nothing():
        bench = Bench()
        assert growth(bench.frames, 1000) == 0
        assert bench.talk.prompt("received")
        assert growth(bench.frames, 45) == 0 and bench.talk.prompting

    async def until(condition, limit_ms=3000):
        start = time.ticks_ms()
        while not condition():
            if time.ticks_diff(time.ticks_ms(), start) > limit_ms:
                raise OSError("not within %d ms" % limit_ms)
            await asyncio.sleep_ms(5)

    def run_task(work):
        """Runs `work(bench)` beside the task, in real time."""

        async def both():
            bench = Bench()
            bench.now = lambda: time.ticks_ms() & (clock.PERIOD_MS - 1)
            bench.talk = Talk(None, None, lambda: bench.path, Prompts(), bench.now)
            task = asyncio.create_task(bench.talk.run())
            try:
                await work(bench)
            finally:
                task.cancel()

        asyncio.run(both())

    def test_the_task_beats_in_standby_and_wakes_at_once_when_a_session_starts():
        async def work(bench):
            await until(lambda: bench.talk.beat == 1)
            await asyncio.sleep_ms(100)
            assert bench.talk.beat == 1, "stand-by costs nothing"
            bench.talk.start({})
            await until(lambda: bench.path.sent >= 10)
            assert bench.talk.beat >= 8
            bench.talk.stop()
            sent = bench.path.sent
            await asyncio.sleep_ms(60)
            assert bench.path.sent == sent
            await until(lambda: bench.talk.step() == 1000)

        run_task(work)

    def test_fifty_packets_a_second_leave_in_real_time():
        async def work(bench):
            started = time.ticks_ms()
            bench.talk.start({})
            await until(lambda: bench.path.sent >= 51)
            assert 900 <= time.ticks_diff(time.ticks_ms(), started) <= 2500

        run_task(work)
