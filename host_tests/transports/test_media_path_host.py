"""The media path in the real MicroPython with libsrtp at the far end, through a relay with loss, jitter, holds and floods."""

import asyncio
import base64
import json
import socket
import struct

import pylibsrtp

from host_tests.run_micropython import ROOT, interpreter
from tools.vboard.udp_relay import UdpRelay

SSRC = 0x0BADCAFE
FAR_KEY = bytes(range(30))


def lib(key, kind):
    policy = pylibsrtp.Policy(key=key, ssrc_type=kind, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80)
    return pylibsrtp.Session(policy)


class FarEnd:
    """Speaks 20 ms packets to the unit and opens what the unit says; the first code of packet i is i % 200."""

    def __init__(self, secured):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind(("127.0.0.1", 0))
        self.secured = secured
        self.out = lib(FAR_KEY, pylibsrtp.Policy.SSRC_ANY_OUTBOUND) if secured else None
        self.came = None
        self.opened = self.failed = self.sent = 0

    def expect(self, local):
        if self.secured:
            self.came = lib(base64.b64decode(local["crypto"]["key"]), pylibsrtp.Policy.SSRC_ANY_INBOUND)

    async def listen(self):
        loop = asyncio.get_running_loop()
        while True:
            data, self.peer = await loop.sock_recvfrom(self.sock, 2000)
            if self.secured and not 192 <= data[1] <= 223:
                try:
                    data = self.came.unprotect(data)
                except pylibsrtp.Error:
                    self.failed += 1
            self.opened += len(data) == 172

    async def speak(self, packets):
        loop = asyncio.get_running_loop()
        began = loop.time()
        for i in range(packets):
            self.send(i, 8, bytes([i % 200]) * 160, i * 160)
            await asyncio.sleep(max(0, began + (i + 1) * 0.02 - loop.time()))

    def send(self, number, kind, payload, stamp):
        data = struct.pack(">BBHII", 0x80, kind, (65000 + number) & 0xFFFF, (stamp - 1000) & 0xFFFFFFFF, SSRC) + payload
        self.sock.sendto(self.out.protect(data) if self.secured else data, self.peer)
        self.sent += 1


async def call(secured, run_ms, weather):
    """(what the unit heard, far end) of a call of `run_ms`; `weather(relay)` is a coroutine that runs beside it."""
    far = FarEnd(secured)
    async with UdpRelay(far.sock.getsockname(), seed=5) as relay:
        path = [str(ROOT / "tools/vboard/standins"), str(ROOT), ".frozen", str(ROOT / "lib")]
        arguments = ["x", str(relay.port), "1" if secured else "0", str(run_ms)]
        code = f"import sys\nsys.path[:] = {path!r}\nsys.argv[:] = {arguments!r}\nimport host_tests.transports.path_child"
        child = await asyncio.create_subprocess_exec(interpreter(), "-X", "heapsize=320k", "-c", code,
                                                     stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)  # fmt: skip
        try:
            far.expect(json.loads(await asyncio.wait_for(child.stdout.readline(), 10)))
            listening = asyncio.ensure_future(far.listen())
            child.stdin.write(b"go\n")
            while not far.opened:
                await asyncio.sleep(0.005)
            beside = asyncio.ensure_future(weather(relay))
            await far.speak(run_ms // 20 - 25)
            said = json.loads(await asyncio.wait_for(child.stdout.readline(), 20))
            await asyncio.wait_for(beside, 10)
            await asyncio.wait_for(child.wait(), 10)
            listening.cancel()
            return said, far
        finally:
            if child.returncode is None:
                child.kill()
            far.sock.close()


async def fair(relay):
    return None


def missing(heard):
    """Of the frames between the first and the last one that was played."""
    while heard and heard[-1] == -1:
        heard.pop()
    return heard.count(-1)


def check_unharmed(secured, flood):
    """The peer's packets were taken and played but for 3 %. A busy machine loses some in its own buffers: best of three runs."""
    for _ in range(3):
        said, far = asyncio.run(call(secured, 4000, flood))
        counters = said["counters"]
        refused = sum(counters[name] for name in counters if name.startswith("refused_"))
        lost = max(far.sent - counters["received"], missing(said["heard"]))
        if lost <= 0.03 * far.sent:
            break
    assert refused > 500 and lost <= 0.03 * far.sent, (secured, lost, refused, counters)


def test_libsrtp_and_the_unit_understand_each_other_both_ways():
    for secured in (True, False):
        said, far = asyncio.run(call(secured, 3000, fair))
        counters = said["counters"]
        assert far.failed == 0 and far.opened >= 140, (far.opened, far.failed)
        assert counters["received"] >= far.sent - 2 and counters["srtp_failures"] == 0, counters
        played = [code for code in said["heard"] if code != -1]
        assert len(played) >= far.sent - 8
        steps = sum((b - a) % 200 == 1 for a, b in zip(played, played[1:], strict=False))
        assert steps >= len(played) - 5


def test_ten_thousand_hostile_packets_a_second_leave_the_peers_speech_unharmed():
    """Altered copies of the peer's own packets, in the peer's name, for 2 s of the call."""

    async def flood(relay):
        await asyncio.sleep(0.5)
        await relay.flood("down", 10_000, 2)

    check_unharmed(True, flood)


def test_a_flood_of_any_bytes_leaves_the_peers_speech_unharmed():
    async def flood(relay):
        await asyncio.sleep(0.5)
        await relay.flood("down", 10_000, 2, lambda i: bytes([(i * 7 + k) & 0xFF for k in range(i % 240)]) + b"x")

    for secured in (True, False):
        check_unharmed(secured, flood)


def test_loss_and_jitter_of_the_network_are_borne():
    async def weather(relay):
        relay.loss_pct, relay.jitter_ms = 3, 20

    said, far = asyncio.run(call(True, 8000, weather))
    counters = said["counters"]
    assert counters["srtp_failures"] == 0 and 1 <= counters["lost"] <= 30
    by_us = counters["late"] + counters["early"] + counters["dropped"]
    assert by_us <= 0.02 * far.sent + 3, counters  # 8 s hold the first packets too; the figure proper is test_jitter_host's
