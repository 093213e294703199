"""The console of a unit that runs: lines, noise and floods; nothing of it stops or opens anything by itself."""

from firmware.console import Console

READY = ((None, 1),)


class Line:
    """What was typed, as stdin and its poller. `fails`: reading raises OSError, as a line does that hangs up."""

    def __init__(self):
        self.data = b""
        self.fails = False
        self.reads = 0

    def ipoll(self, timeout_ms):
        assert timeout_ms == 0, "never waits"
        return READY if self.data or self.fails else ()

    def readinto(self, buf):
        self.reads += 1
        if self.fails:
            raise OSError(5)
        assert len(buf) == 1
        buf[0] = self.data[0]
        self.data = self.data[1:]
        return 1


class Uplink:
    prefix = "ils/v1/demo/f12/u1/"


class Asked:
    """In place of on_demand, of service.Service and of its coroutine's task."""

    def __init__(self):
        self.lines = []
        self.uplink = Uplink()
        self.full = None
        self.over = False

    def service(self):
        if self.full:
            raise self.full
        return self.made

    def made(self, shell, console, now):
        return self

    def run(self, code, at_once):
        self.lines.append((code, at_once))

    def done(self):
        return self.over


class Flat:
    def __init__(self):
        self.now = 1000
        self.line, self.asked = Line(), Asked()
        self.said = []
        self.console = Console(self.asked, self.line, self.line, self.asked, lambda: self.now)

    def type(self, data, steps=1):
        """Returns what was asked for since."""
        self.asked.lines.clear()
        self.line.data += data
        for _ in range(steps):
            self.with_task(self.console.step)
        return list(self.asked.lines)

    def with_task(self, step):
        """Runs a step with `asyncio.create_task` and `print` put aside."""
        import firmware.console as module

        asyncio = module.asyncio

        class Aside:
            @staticmethod
            def create_task(coroutine):
                return self.asked

        module.asyncio = Aside
        module.print = lambda *words: self.said.append(" ".join(str(word) for word in words))
        try:
            step()
        finally:
            module.asyncio = asyncio
            del module.print


def test_who_is_answered_with_the_unit_s_name_and_nothing_secret():
    flat = Flat()
    assert flat.type(b"who\n") == [] and flat.said == ["unit ils/v1/demo/f12/u1/ running"]
    for line in (b"who\r\n", b"\r\n\r\nwho\r\n", b"\x03\x01who\n", b"  who  \n", b"w\x7fh\x1fo\xff\n"):
        flat = Flat()
        flat.type(line)
        assert flat.said == ["unit ils/v1/demo/f12/u1/ running"], line


def test_a_code_is_handed_on_as_it_was_typed():
    for line, wanted in ((b"service K7QM-3XRT-9WDP\n", ("K7QM-3XRT-9WDP", False)), (b"service x now\r", ("x", True)),
                         (b"\r\x03\x03\nservice x\n", ("x", False)), (b"service x later\n", ("x", False)),
                         (b"service now\n", ("now", False)), (b"service x y now\n", ("x", False))):
        assert Flat().type(line) == [wanted], line


def test_what_is_no_line_of_ours_gets_no_answer():
    for line in (b"\n", b"\r\n", b"help\n", b"who are you\n", b"service\n", b"SERVICE x\n", b"import os\n", b"\x03\x04\x01\x02\n",
                 bytes(range(128, 256)) + b"\n", b"services x\n",
                 b"service\xc2\xa0x\n", b"service\x7fx\n", b"x" * 48 + b"\n"):
        flat = Flat()
        assert flat.type(line) == [] and flat.said == [], line


def test_a_line_that_is_too_long_is_none_and_the_next_one_is_read():
    flat = Flat()
    assert flat.type(b"service " + b"x" * 41 + b"\nwho\n") == [] and len(flat.said) == 1
    assert Flat().type(b"service " + b"x" * 40 + b"\n") == [("x" * 40, False)], "48 characters are a line"
    assert Flat().type(b"y" * 100 + b"service x\nservice z\n") == [("z", False)]


def test_a_line_without_an_end_takes_no_more_memory_than_a_line():
    flat = Flat()
    flat.type(b"y" * 5000, steps=10)
    assert len(flat.console._line) <= 49


def test_a_flood_is_taken_in_pieces_and_what_comes_after_it_is_heard():
    flat = Flat()
    flat.type(b"\x03" * 10000)
    assert flat.line.reads == 512, "a look takes so many at most"
    assert flat.type(b"\nservice x\n", steps=20) == [("x", False)]


def test_a_flood_of_lines_of_ours_gets_one_answer_a_look():
    """An answer is as long as three names: a hundred of them would stand on the line for a second, and the loop with them."""
    flat = Flat()
    flat.type(b"who\n" * 300)
    assert len(flat.said) == 1
    flat.type(b"", steps=9)
    assert len(flat.said) == 10
    flat = Flat()
    flat.console.due_ms = flat.now + 60000
    flat.type(b"service x\n" * 50)
    assert flat.said == ["service: wait 61 s"]


def test_a_look_at_a_silent_line_reads_nothing():
    flat = Flat()
    flat.type(b"", steps=100)
    assert flat.line.reads == 0 and flat.said == []


def test_a_look_at_a_silent_line_allocates_nothing_where_it_matters():
    import sys

    if sys.implementation.name != "micropython":
        return  # CPython allocates as it likes
    import gc
    import select
    import socket

    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(socket.getaddrinfo("127.0.0.1", 0)[0][-1])
    poller = select.poll()
    poller.register(silent, select.POLLIN)
    console = Console(None, poller, silent, None, lambda: 7)
    console.step()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(1000):
        console.step()
    made = gc.mem_alloc() - before
    gc.enable()
    silent.close()
    assert made <= 64, made


def test_a_line_that_hangs_up_costs_nothing():
    flat = Flat()
    flat.line.fails = True
    assert flat.type(b"service x\n") == []
    flat.line.fails = False
    assert flat.type(b"") == [("x", False)]


def test_one_code_is_looked_at_at_a_time():
    flat = Flat()
    assert flat.type(b"service a\nservice b\n", steps=2) == [("a", False)]
    assert flat.said == ["service: a code is being looked at"]
    flat.asked.over = True
    assert flat.type(b"service c\n") == [("c", False)]


def test_before_its_time_no_code_is_looked_at():
    flat = Flat()
    flat.console.due_ms = flat.now + 4000
    assert flat.type(b"service a\n") == [] and flat.said == ["service: wait 5 s"]
    flat.now += 3999
    assert flat.type(b"service a\n") == [] and flat.said[1:] == ["service: wait 1 s"]
    flat.now += 1
    assert flat.type(b"service a\n") == [("a", False)]


def test_a_heap_that_is_too_full_is_said_and_the_next_try_may_succeed():
    for problem in (MemoryError, ImportError):
        flat = Flat()
        flat.asked.full = problem
        assert flat.type(b"service a\n") == [] and flat.said[0].startswith("service: not now: " + problem.__name__)
        flat.asked.full = None
        assert flat.type(b"service a\n") == [("a", False)]
