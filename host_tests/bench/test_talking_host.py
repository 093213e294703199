"""The bench's call is a call: both tones are heard, and a hole in the network is heard as a hole at both ends."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from tools import pki
from tools.bench import hearing
from tools.bench.probe import ProbeError
from tools.bench.talking import Talking
from tools.brokers import Broker
from tools.deploy import ROOT


def in_call(tmp_path, scene, **options):
    async def run():
        async with Broker("nats", dir=tmp_path / "broker") as broker:
            keys = pki.ensure(tmp_path / "pki")
            lab = SimpleNamespace(dir=tmp_path, broker=broker, tls_broker=None, pki=keys, source=ROOT, quick=True)
            async with Talking(lab, "call", **options) as talk:
                await talk.begin()
                return await scene(talk)

    return asyncio.run(run())


def test_both_tones_are_recorded_and_a_hole_in_the_network_is_seen_at_both_ends(tmp_path):
    async def scene(talk):
        since_s = time.monotonic()
        await asyncio.sleep(1)
        hole_s = time.monotonic()
        talk.network.swallowing = True
        await asyncio.sleep(0.6)
        talk.network.swallowing = False
        await asyncio.sleep(0.8)
        until_s = time.monotonic() - 0.1
        heard = talk.in_flat(since_s, hole_s), talk.in_flat(hole_s, until_s), talk.at_far_end(since_s, until_s)
        return (*heard, await talk.counters())

    before, flat, far, counters = in_call(tmp_path, scene)
    assert len(before) >= 99 and sum(hearing.silences_ms(before)) <= 200  # a busy machine may cost some
    assert 300 <= hearing.longest_ms(flat) <= 900
    assert hearing.longest_ms(far) >= 300, "what is missing counts, as the far end counts it"
    assert counters["received"] >= 60 and counters["refused_auth"] == 0


def test_a_refused_command_and_a_word_that_never_comes_are_errors_in_words(tmp_path):
    async def scene(talk):
        with pytest.raises(ProbeError, match="no_such_session"):
            await talk.caller.control("0" * 16, "talk")
        with pytest.raises(ProbeError, match="last words"):
            await talk.caller.heard(lambda message: False, timeout_s=0.1)
        return talk.sid

    assert len(in_call(tmp_path, scene)) == 16
