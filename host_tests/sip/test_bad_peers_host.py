"""The whole unit meets controllers that offer nonsense and peers that never send: they are told, and the alarm goes on (P4).

The judging of each field is in host_tests/core/speech/test_description.py, ports in use in host_tests/transports.
"""

import asyncio
import contextlib
import json
import secrets
import socket

from host_tests import real_unit
from host_tests.core.speech.descriptions import media
from host_tests.sip.controller import Controller
from tools.brokers import Broker
from tools.vboard import VirtualBoard

LOSS = {"loss_report_ms": 500, "loss_tone_ms": 1000, "loss_reoffer_ms": 1500, "loss_end_ms": 2500}
BAD = (
    ({"formats": [{"pt": 96, "name": "opus"}]}, "no_codec"), ({"formats": [{"pt": 101, "name": "telephone-event"}]}, "no_codec"),
    ({"formats": []}, "field"), ({"formats": [{"pt": 8, "name": "PCMU"}]}, "field"), ({"port": 0}, "field"),
    ({"rtcp": 70000}, "field"), ({"address": "phone.example"}, "field"), ({"address": "224.0.0.1"}, "field"),
    ({"ptime": 30}, "field"), ({"direction": "sendonly"}, "field"), ({"profile": "UDP/TLS/RTP/SAVPF"}, "field"),
    ({"crypto": None}, "crypto"),
    ({"profile": "RTP/AVP", "crypto": None}, "crypto"),
    ({"crypto": {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": "short"}}, "crypto"),
)  # fmt: skip


class Careless(Controller):
    """Says anything, lawful or not."""

    async def say_offer(self, turn, call, description):
        sid, topic = secrets.token_hex(8), self._prefix + "down"
        message = {"v": 1, "type": "offer", "unit": self._unit, "session": self._session, "from": "phone",
                   "ctr": next(self._numbers), "sid": sid, "turn": turn,
                   "kind": "alarm", "call": call, "who": "phone", "media": description}  # fmt: skip
        await self._client.publish(topic, self._sealer.seal(topic, json.dumps(message)), qos=1)
        return sid

    async def reply(self, sid, words=("answer", "declined")):
        return await self.heard(lambda m: m.get("sid") == sid and m.get("say") in words)


@contextlib.asynccontextmanager
async def in_call(tmp_path, **timers):
    """(virtual board, controller, call id): the unit has an answered call."""
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker("nats", dir=tmp_path / "broker"))
        controller = await stack.enter_async_context(Careless(broker.port, real_unit.KEY))
        root = real_unit.make_root(tmp_path, port=broker.port, timers=timers)
        board = await stack.enter_async_context(VirtualBoard(root, tmp_path / "state"))
        await controller.online()
        await board.press("button", 200)
        yield board, controller, await controller.take_call()


def opened(controller):
    return [message["open"] for message in controller.said if message.get("event") == "microphone"]


@contextlib.contextmanager
def silent_peer():
    """A port that takes packets and never sends one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        yield sock


def packets(sock):
    count = 0
    with contextlib.suppress(BlockingIOError):
        while sock.recv(2000):
            count += 1
    return count


def test_each_wrong_description_is_declined_with_its_reason_and_a_right_one_is_taken_after_them(tmp_path):
    async def scene():
        async with in_call(tmp_path) as (board, controller, call):
            told = []
            for turn, (changes, _) in enumerate(BAD, 1):
                sid = await controller.say_offer(turn, call, media(address="127.0.0.1", port=4000, rtcp=4000) | changes)
                reply = await controller.reply(sid)
                told.append((reply["say"], reply.get("reason")))
            assert opened(controller) == [] and not board.microphone.open
            with silent_peer() as sock:
                port = sock.getsockname()[1]
                sid = await controller.say_offer(len(BAD) + 1, call, media(address="127.0.0.1", port=port, rtcp=port))
                taken = await controller.reply(sid)
            return told, taken["say"], board.status()["boots"]

    told, taken, boots = asyncio.run(scene())
    assert told == [("declined", reason) for _, reason in BAD]
    assert taken == "answer" and boots == 1


def test_a_peer_that_never_sends_is_told_of_offered_to_anew_and_ends_in_a_raised_alarm_p4(tmp_path):
    async def scene():
        async with in_call(tmp_path, **LOSS) as (board, controller, call):
            with silent_peer() as sock:
                port = sock.getsockname()[1]
                sid = await controller.say_offer(1, call, media(address="127.0.0.1", port=port, rtcp=port))
                await controller.reply(sid, ("answer",))
                await controller.reply(sid, ("reoffer",))
                sent = packets(sock)
                reason = await controller.ended(sid)
                raised = await controller.heard(lambda m: m["type"] == "alarm" and m["escalation"] > 0)
                await board.wait_for(lambda status: not status["microphone"], timeout_s=10)
            said = [m["say"] for m in controller.said if m["type"] == "speech" and m["sid"] == sid]
            return sent, reason, raised["call"] == call, said, opened(controller)

    sent, reason, raised, said, microphone = asyncio.run(scene())
    assert sent >= 25, "the flat sends first and goes on, so that a NAT between opens"
    assert reason == "media_lost" and raised
    assert said == ["answer", "media", "reoffer", "ended"] and microphone == [True, False]


def test_a_peer_where_nobody_listens_costs_the_unit_nothing_but_the_session(tmp_path):
    async def scene():
        async with in_call(tmp_path, **LOSS) as (board, controller, call):
            with silent_peer() as sock:
                port = sock.getsockname()[1]
            sid = await controller.say_offer(1, call, media(address="127.0.0.1", port=port, rtcp=port))
            assert (await controller.reply(sid))["say"] == "answer"
            reason = await controller.ended(sid)
            last = await board.wait_for(lambda status: not status["microphone"], timeout_s=10)  # closes as the word is on its way
            return reason, last["boots"]

    assert asyncio.run(scene()) == ("media_lost", 1)
