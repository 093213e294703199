"""The line to the child: whole frames in order whatever the network cuts, sound in its thread, the rest in the loop."""

import asyncio
import socket
import struct
import threading

from tools.vboard.child import wire
from tools.vboard.child_line import ChildLine, accepted


class Sound:
    def __init__(self):
        self.taken = []
        self.threads = set()
        self.runs = 0

    def take(self, *frame):
        self.taken.append(frame)
        self.threads.add(threading.current_thread().name)

    def due_s(self):
        return None

    def run(self, now_s):
        self.runs += 1


def _frame(operation, index=0, value=0, payload=b""):
    return struct.pack(wire.HEAD, operation, index, len(payload), value) + payload


def _with_line(talk):
    """Runs `talk(line, far socket, sound, frames that the loop got)` and gives what it returned."""

    async def inside():
        near, far = socket.socketpair()
        sound, got = Sound(), []

        def take(*frame):
            got.append((*frame, threading.current_thread().name))

        line = ChildLine(near, sound, take, asyncio.get_running_loop())
        line.start()
        try:
            return await asyncio.wait_for(talk(line, far, sound, got), 20)
        finally:
            far.close()
            await asyncio.get_running_loop().run_in_executor(None, line.join)

    return asyncio.run(inside())


async def _until(condition):
    while not condition():
        await asyncio.sleep(0.005)


def test_frames_cut_anywhere_arrive_whole_and_in_order():
    stream = b"".join(_frame(wire.RTC_MEMORY, n, -n, bytes([n]) * n) for n in range(40))

    async def talk(line, far, sound, got):
        for n in range(0, len(stream), 7):
            far.sendall(stream[n : n + 7])
            await asyncio.sleep(0)
        await _until(lambda: len(got) == 40)
        return got

    got = _with_line(talk)
    assert [frame[:4] for frame in got] == [(wire.RTC_MEMORY, n, -n, bytes([n]) * n) for n in range(40)]
    assert {frame[4] for frame in got} == {"MainThread"}


def test_samples_stay_in_the_thread_and_the_loop_gets_the_rest():
    async def talk(line, far, sound, got):
        far.sendall(_frame(wire.SOUND_DATA, 0, 1, b"ab") + _frame(wire.SOUND_ASK, 1, 640) + _frame(wire.OUT, 23, 1))
        await _until(lambda: got)
        assert [frame[0] for frame in sound.taken] == [wire.SOUND_DATA, wire.SOUND_ASK, wire.OUT]
        assert "MainThread" not in sound.threads and sound.runs
        return got

    assert [frame[:3] for frame in _with_line(talk)] == [(wire.OUT, 23, 1)]


def test_a_silenced_line_tells_and_takes_nothing():
    async def talk(line, far, sound, got):
        line.tell(wire.LEVEL, 3, 1)
        line.silence()
        line.tell(wire.LEVEL, 4, 1)
        far.sendall(_frame(wire.OUT, 23, 1))
        far.shutdown(socket.SHUT_WR)
        await asyncio.get_running_loop().run_in_executor(None, line.join)
        far.settimeout(5)
        assert got == [] and sound.taken == []
        return far.recv(100)

    assert _with_line(talk) == _frame(wire.LEVEL, 3, 1)


def test_a_child_that_has_gone_is_told_in_vain():
    async def talk(line, far, sound, got):
        far.close()
        for _ in range(100):
            line.tell(wire.LEVEL, 3, 1)
        await asyncio.get_running_loop().run_in_executor(None, line.join)
        return True

    assert _with_line(talk)


def test_hello_gives_its_token_and_nothing_else_does():
    for said, token in ((_frame(wire.HELLO, 0, 4711), 4711), (_frame(wire.OUT, 0, 4711), None), (b"GET /", None), (b"", None)):
        listener = socket.create_server(("127.0.0.1", 0))
        far = socket.create_connection(listener.getsockname())
        near, _ = listener.accept()
        far.sendall(said)
        far.shutdown(socket.SHUT_WR)
        assert accepted(near, 5) == token, said
        for end in (near, far, listener):
            end.close()
