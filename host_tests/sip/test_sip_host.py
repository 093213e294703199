"""The SIP agent and the measure themselves: two real phones talk with each other through the agent."""

import asyncio
import math
import random

import pytest

from host_tests.sip.agent import SipAgent
from host_tests.sip.baresip import Baresip
from host_tests.sip.sdp import media_of, sdp_of
from host_tests.sip.tone import read_wav, tone_db, tone_share

MEDIA = {"address": "127.0.0.1", "port": 4000, "rtcp": 4001, "profile": "RTP/SAVP", "ptime": 20, "direction": "sendrecv",
         "formats": [{"pt": 8, "name": "PCMA"}, {"pt": 101, "name": "telephone-event"}],
         "crypto": {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": "A" * 40}}


def test_media_survives_the_way_to_sdp_and_back():
    plain = {**MEDIA, "profile": "RTP/AVP", "crypto": None}
    for media in (MEDIA, {**MEDIA, "rtcp": 4000}, plain, {**MEDIA, "direction": "inactive"}):
        assert media_of(sdp_of(media)) == media


def test_an_sdp_without_audio_is_refused():
    with pytest.raises(ValueError, match="no audio"):
        media_of("v=0\r\nm=video 4000 RTP/AVP 96\r\n")


def test_the_measure_knows_a_tone_from_noise():
    noise = random.Random(5)
    tone = [round(8000 * math.sin(2 * math.pi * 1004 * i / 8000)) for i in range(16000)]
    assert tone_db(tone, 8000, 1004) > 60
    noisy = [value + round(noise.gauss(0, 800)) for value in tone]
    assert 15 < tone_db(noisy, 8000, 1004) < 19, "8,000 at the peak over 800 rms: 17 dB"
    assert tone_db(noisy, 8000, 700) < -10 and tone_db([0] * 8000, 8000, 1004) == -99
    assert tone_share(tone + [0] * 16000, 8000, 1004, 35) == 0.5


@pytest.mark.parametrize("srtp", [True, False])
def test_two_real_phones_talk_through_the_agent_one_calling_one_called(tmp_path, srtp):
    async def scene():
        async with SipAgent() as agent:
            called = Baresip(tmp_path / "called", 700, srtp)
            calling = Baresip(tmp_path / "calling", 1004, srtp, dial="sip:flat@127.0.0.1:%d" % agent.port)
            async with called, calling:
                incoming = await agent.wait_call()
                outgoing = await agent.dial(called.port)
                assert (incoming.remote["crypto"] is not None) is srtp
                incoming.accept(outgoing.remote)
                outgoing.accept(incoming.remote)
                await asyncio.sleep(4)  # the length of the recording, not a wait for something to happen
                await incoming.hang_up()
                await outgoing.hang_up()
            return calling.heard(), called.heard()

    by_caller, by_called = asyncio.run(scene())
    for path, hz in ((by_caller, 700), (by_called, 1004)):
        samples, rate_hz = read_wav(path)
        assert tone_db(samples, rate_hz, hz) >= 35, path
