"""The flat's own firmware on the virtual board talks with phones that others wrote (D3, P3, P6).

Signalling goes over a real broker as the protocol page says, sound over UDP on loopback. What the tenant would hear is recorded
at the virtual loudspeaker, what the phone heard is recorded by the phone.
"""

import asyncio
import contextlib

import pytest

from host_tests import real_unit
from host_tests.peers import need
from host_tests.sip.agent import SipAgent
from host_tests.sip.baresip import Baresip, write_tone
from host_tests.sip.controller import Controller
from host_tests.sip.echo import SippEcho
from host_tests.sip.tone import read_wav, tone_db, tone_share
from tools.brokers import Broker
from tools.vboard import VirtualBoard

IN_FLAT_HZ = 700  # what the tenant "says"
AT_PHONE_HZ = 1004  # ITU's test tone: no whole fraction of 8 kHz, so every code of a codec is used
TALK_S = 6
LEAST_DB = 35
_VOICE = 330  # of 32,767, -40 dBFS: 80 dB sound pressure at an INMP441 (-26 dBFS at 94 dB), a firm voice at half a metre


@contextlib.asynccontextmanager
async def flat(tmp_path, **speech):
    """(virtual board, controller): the unit on line, its microphone hears a tone, its loudspeaker is recorded in speaker.wav."""
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker("nats", dir=tmp_path / "broker"))
        controller = await stack.enter_async_context(Controller(broker.port, real_unit.KEY))
        root = real_unit.make_root(tmp_path, port=broker.port, speech=speech)
        board = await stack.enter_async_context(VirtualBoard(root, tmp_path / "state"))
        await controller.online()
        write_tone(tmp_path / "mouth.wav", IN_FLAT_HZ, rate_hz=16000, amplitude=_VOICE)
        board.microphone.play(tmp_path / "mouth.wav", loop=True)
        yield board, controller


async def talk(board, controller, media, tmp_path):
    """Press, answer, offer `media`, switch to duplex; (session id, the flat's media)."""
    await board.press("button", 200)
    call = await controller.take_call()
    sid, local = await controller.offer(media, call=call)
    return sid, local


def counters(controller):
    """Those of the flat's newest `alive`."""
    return [message["counters"] for message in controller.said if message.get("say") == "alive"][-1]


async def speak(board, controller, sid, tmp_path):
    await controller.control(sid, "duplex")  # both tones go on for ever: voice switching would let one of them rest
    board.speaker.record(tmp_path / "speaker.wav")
    await asyncio.sleep(TALK_S)  # the length of the recording
    board.speaker.stop()
    since = len(controller.said)
    await controller.send("alive", sid=sid)
    await controller.heard(lambda m: m.get("say") == "alive", since)


@pytest.mark.parametrize("srtp", [True, False])
@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
def test_the_flat_talks_with_a_baresip_that_calls(tmp_path, srtp, codec):
    async def scene():
        async with flat(tmp_path, plain_rtp=not srtp) as (board, controller), SipAgent() as agent:
            dial = "sip:flat@127.0.0.1:%d" % agent.port
            async with Baresip(tmp_path / "phone", AT_PHONE_HZ, srtp, codec, dial) as phone:
                dialog = await agent.wait_call()
                sid, local = await talk(board, controller, dialog.remote, tmp_path)
                dialog.accept(local)
                await speak(board, controller, sid, tmp_path)
                await dialog.hang_up()
            return phone, counters(controller)

    phone, counted = asyncio.run(scene())
    _both_heard(tmp_path, phone)
    assert counted["refused_auth"] == 0, counted
    assert phone.srtp_failures() == 0, phone.log


def test_a_phone_whose_keys_are_wrong_is_noticed_at_both_ends(tmp_path):
    """The counts above can be other than 0: the phone gets a wrong key for the flat's packets, and the flat for the phone's."""

    async def scene():
        async with flat(tmp_path) as (board, controller), SipAgent() as agent:
            async with Baresip(tmp_path / "phone", AT_PHONE_HZ) as phone:
                dialog = await agent.dial(phone.port)
                wrong = {**dialog.remote["crypto"], "key": "A" * 40}
                sid, local = await talk(board, controller, {**dialog.remote, "crypto": wrong}, tmp_path)
                dialog.accept({**local, "crypto": {**local["crypto"], "key": "B" * 40}})
                await speak(board, controller, sid, tmp_path)
                await dialog.hang_up()
            return phone, counters(controller)

    phone, counted = asyncio.run(scene())
    assert counted["refused_auth"] > 50 and counted["received"] == 0, counted
    assert phone.srtp_failures() > 50, phone.log


@pytest.mark.parametrize("srtp", [True, False])
def test_the_flat_talks_with_a_baresip_that_is_called_and_then_clears_down(tmp_path, srtp):
    async def scene():
        async with flat(tmp_path, plain_rtp=not srtp) as (board, controller), SipAgent() as agent:
            async with Baresip(tmp_path / "phone", AT_PHONE_HZ, srtp) as phone:
                dialog = await agent.dial(phone.port)
                sid, local = await talk(board, controller, dialog.remote, tmp_path)
                dialog.accept(local)
                await speak(board, controller, sid, tmp_path)
                since = len(controller.said)
                await controller.control(sid, "clear_down")
                reason = await controller.ended(sid, since)
                await board.wait_for(lambda status: not board.microphone.open, timeout_s=10)
                await dialog.hang_up()
            return phone, reason, [m["open"] for m in controller.said if m.get("event") == "microphone"]

    phone, reason, opened = asyncio.run(scene())
    _both_heard(tmp_path, phone)
    assert reason == "clear_down" and opened == [True, False]


def _both_heard(tmp_path, phone):
    for path, hz in ((phone.heard(), IN_FLAT_HZ), (tmp_path / "speaker.wav", AT_PHONE_HZ)):
        samples, rate_hz = read_wav(path)
        assert tone_db(samples, rate_hz, hz) >= LEAST_DB, (path, tone_db(samples, rate_hz, hz))
        assert tone_share(samples[rate_hz:-rate_hz], rate_hz, hz, LEAST_DB) > 0.5, path


def test_the_tenant_hears_themselves_through_the_echo_of_sipp(tmp_path):
    need("sipp")

    async def scene():
        async with flat(tmp_path, plain_rtp=True) as (board, controller), SipAgent() as agent:
            async with SippEcho(tmp_path / "sipp") as echo:
                dialog = await agent.dial(echo.port)
                sid, local = await talk(board, controller, dialog.remote, tmp_path)
                dialog.accept(local)
                await speak(board, controller, sid, tmp_path)
                await dialog.hang_up()
            return counters(controller)

    counted = asyncio.run(scene())
    samples, rate_hz = read_wav(tmp_path / "speaker.wav")
    assert tone_db(samples, rate_hz, IN_FLAT_HZ) >= LEAST_DB
    assert counted["received"] > 0.9 * counted["sent"] - 10, counted
