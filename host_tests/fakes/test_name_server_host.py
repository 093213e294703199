"""The fake name server answers a real resolver's query and misbehaves as told."""

import asyncio
import socket
import struct

import pytest

from host_tests.fakes.name_server import FakeNameServer

QUERY = struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\6broker\4test\0\0\1\0\1"


async def _ask(server, times=1):
    """The last reply to `times` queries, or None within 0.2 s."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("127.0.0.1", int(server.address.split(":")[1])))
        for _ in range(times):
            await loop.sock_sendall(sock, QUERY)
        try:
            return await asyncio.wait_for(loop.sock_recv(sock, 512), 0.2)
        except asyncio.TimeoutError:
            return None


@pytest.mark.parametrize(
    ("fault", "times"), [(None, 1), ("unknown", 1), ("silent", 3), ("lossy", 1), ("lossy", 2), ("stranger", 1)]
)
def test_answers_and_faults(fault, times):
    async def run():
        async with FakeNameServer({"broker.test": "127.0.0.9"}) as server:
            server.fault(fault)
            reply = await _ask(server, times)
            assert set(server.asked) == {"broker.test"}
            if fault == "silent" or (fault == "lossy" and times == 1):
                assert reply is None
            elif fault == "unknown":
                assert reply[3] & 15 == 3
            else:
                assert reply[-4:] == bytes((127, 0, 0, 9))
                assert (reply[:2] == QUERY[:2]) == (fault != "stranger")

    asyncio.run(run())


def test_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="no fault"):
        FakeNameServer({}).fault("late")
