"""Speech with everything real but the flat's firmware: desk process, broker, SRTP on UDP, SIGKILL in the middle."""

import asyncio
import base64
import contextlib

from host_tests.desk.talk.test_sound_host import Flats
from host_tests.fakes.desk import KEY, DeskProcess, write_config
from host_tests.fakes.flat_media import tone_codes
from host_tests.fakes.unit import FakeUnit
from host_tests.fakes.unit_link import UnitOnBroker
from host_tests.peers import need
from tools.brokers import Broker

WAIT_S = 20


async def both_ways(client, sid, flats):
    """A tone to the flat, and frames of the flat's to the desk."""
    await client.request("record", sid=sid, seconds=10)
    await client.request("tone", sid=sid, hz=440, seconds=1)
    for _ in range(WAIT_S * 50):
        if len(flats.now.speech()) >= 40:
            break
        flats.now.send(tone_codes(1)[0])
        await asyncio.sleep(0.02)
    recorded = await client.request("recorded", sid=sid)
    heard = base64.b64decode(recorded["codes"])[:1600] == tone_codes(1)[0] * 10
    return heard and len(flats.now.speech()) >= 40 and flats.now.refused == 0


def test_speech_of_a_call_survives_the_sudden_death_of_the_desk(tmp_path):
    need("nats")

    async def run():
        async with contextlib.AsyncExitStack() as stack:
            broker = await stack.enter_async_context(Broker("nats", dir=tmp_path / "broker"))
            desk = await stack.enter_async_context(DeskProcess(write_config(tmp_path, [broker.port])))
            unit, flats = FakeUnit(KEY), Flats()
            unit.speech.make_media = flats
            stack.callback(flats.close)
            link = await stack.enter_async_context(UnitOnBroker(unit, broker.port))
            async with desk.client() as client:
                await client.subscribe(since=0)
                await link.trigger()
                call = await client.wait_for_call(lambda view: view["state"] == "open", WAIT_S)
                sid = (await client.request("answer", call=call["n"], who="Mary", talk=True))["session"]["sid"]
                await client.wait_for_session(sid, "connected", WAIT_S)
                assert await both_ways(client, sid, flats)
            await desk.kill()
            await desk.start()
            async with desk.client() as client:
                await client.subscribe(since=0)
                await client.wait_for_session(sid, "connected", WAIT_S)
                assert await both_ways(client, sid, flats)
                await link.say([unit.speech.heard_both()[0]])
                await client.wait_for(lambda event: event["event"] == "talk" and event["why"] == "BOTH_HEARD", WAIT_S)
                await client.clear(call["n"], "help_sent", "speech", "Mary")
                await client.wait_for_call(lambda view: view["state"] == "closed", WAIT_S)
                (view,) = (await client.request("sessions", ended=True))["sessions"]
                assert (view["sid"], view["reason"]) == (sid, "call_over")
                log = (await client.request("microphone_log"))["entries"]
                assert [entry["open"] for entry in log] == [True, False]

    asyncio.run(run())
