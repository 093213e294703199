"""The line between a virtual board and its child: a child whose host is gone ends, however the host went."""

import asyncio
import socket
import struct

from host_tests.vboard import sample_root
from host_tests.vboard.sample_root import SOON_S
from tools.vboard import VirtualBoard
from tools.vboard.child_process import ChildProcess, accepted


class Resets(ChildProcess):
    """The host of the first child is killed before that child is to start, with words unread: the line is reset."""

    times = 0

    async def _take_connection(self, listener, token):
        Resets.times += 1
        if Resets.times > 1:
            return await super()._take_connection(listener, token)
        loop = asyncio.get_running_loop()
        connection, _ = await loop.sock_accept(listener)
        assert await loop.run_in_executor(None, accepted, connection, SOON_S) == token
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return False


def test_a_child_whose_line_is_reset_before_its_start_ends(tmp_path):
    async def scene():
        board = VirtualBoard(sample_root.write(tmp_path / "root"), tmp_path / "state", board="SAMPLE", process=Resets)
        async with board:
            assert [event["code"] for event in board.log if event["event"] == "crash"] == [-9]

    asyncio.run(asyncio.wait_for(scene(), SOON_S))
