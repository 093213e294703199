"""The desk's page as it is served, without a broker: a desk with one call stored, and sound by a real RTP pair on loopback."""

import asyncio
import contextlib
import http.client
import json
from urllib.parse import urlsplit

import websockets

from host_tests.fakes.desk import KEY, write_config
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.wire import WireLink
from tools.desk.config import load
from tools.desk.desk import Desk
from tools.desk.talk.endpoint import TalkEndpoint
from tools.desk.web.page import DeskPage

TOKEN = "the-right-token"
SID = "c0ffee0123456789"
WAIT_S = 10


@contextlib.asynccontextmanager
async def served(tmp_path, sounds=None, calls=1):
    """(desk, page). `sounds`: dict of sid to endpoint. The unit of flat 12 has raised `calls` calls."""
    desk = Desk(load(write_config(tmp_path, [1])), WireLink)
    unit = FakeUnit(KEY)
    for n in range(calls):
        for topic, payload in unit.trigger(n):
            desk.links[0].on_message(desk.links[0], topic, payload)
    await desk.step()
    try:
        async with DeskPage(desk, TOKEN, (sounds or {}).get) as page:
            yield desk, page
    finally:
        desk.store.close()


@contextlib.contextmanager
def rtp_pair(codec="PCMA"):
    """(the desk's endpoint, the flat's): SRTP between them on loopback, both running."""
    desk, flat = TalkEndpoint("127.0.0.1"), TalkEndpoint("127.0.0.1")
    offer, answer = desk.offer(), flat.offer()
    for media in (offer, answer):
        media["formats"] = [item for item in media["formats"] if item["name"] in (codec, "telephone-event")]
    flat.accept(offer)
    desk.accept(answer)
    try:
        yield desk, flat
    finally:
        desk.close()
        flat.close()


class Browser:
    """What a browser does over HTTP, without one: keeps the cookie, names its origin."""

    def __init__(self, page):
        self._port = page.port
        self.origin = f"http://127.0.0.1:{page.port}"
        self.cookie = ""

    async def fetch(self, path, method="GET", body=None, **headers):
        """(status, headers, text)."""
        return await asyncio.to_thread(self._fetch, path, method, body, headers)

    def _fetch(self, path, method, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT_S)
        sent = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            connection.request(method, path, body, sent)
            reply = connection.getresponse()
            given = reply.getheader("set-cookie")
            if given and reply.status < 400:
                self.cookie = given.split(";")[0]
            return reply.status, dict(reply.getheaders()), reply.read().decode()
        finally:
            connection.close()

    async def enter(self, page):
        link = urlsplit(page.link())
        status, _, _ = await self.fetch(f"{link.path}?{link.query}")
        if status != 200:
            raise AssertionError(f"a fresh link was answered with {status}")
        return self

    def socket(self, path, origin=None, **options):
        headers = {"Cookie": self.cookie} if self.cookie else {}
        url = f"ws://127.0.0.1:{self._port}{path}"
        return websockets.connect(url, origin=origin or self.origin, additional_headers=headers, compression=None, **options)


async def close_code(socket):
    """The code with which the server closed; whatever it said before is dropped."""
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await asyncio.wait_for(socket.recv(), WAIT_S)
    return socket.close_code


async def ask(socket, do, request_id=7, **fields):
    """The reply to a request, events before it dropped."""
    await socket.send(json.dumps({"v": 1, "id": request_id, "do": do, **fields}))
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))
        if message.get("id") == request_id:
            return message


async def until(predicate, timeout_s=WAIT_S):
    """Waits until `predicate()` is true."""
    end_s = asyncio.get_running_loop().time() + timeout_s
    while not predicate():
        if asyncio.get_running_loop().time() > end_s:
            raise AssertionError("it has not become true in time")
        await asyncio.sleep(0.02)
