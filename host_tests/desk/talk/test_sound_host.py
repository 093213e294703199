"""Sessions of the desk with real sound on UDP: the flat's end by libsrtp, and by the firmware's own media path."""

import asyncio
import base64
import json
import os
import time

import pytest

from firmware.transports.media_path import MediaPath
from host_tests.core.media.ecb import aes_ecb
from host_tests.desk.talk.scene import command, last, play, session, speaking, talk
from host_tests.desk.talk.test_endpoint_host import until
from host_tests.fakes.flat_media import FlatMedia, bound, tone_codes
from tools.desk.requests import REQUESTS
from tools.desk.switchboard import DeskError
from tools.desk.talk.endpoint import TalkEndpoint
from tools.desk.talk.talker import frames, tone
from tools.vboard.standins.esp32_socket import Datagram


class Flats:
    """Opens the flat's end for each offer; `now`: the newest."""

    def __init__(self):
        self.now = None

    def __call__(self, offered):
        self.close()
        self.now = FlatMedia(offered)
        return self.now.media

    def close(self):
        if self.now:
            self.now.close()


def heard_by(wire):
    """List that fills with what the desk hears in its one session."""
    got = []
    wire.desk.talks.endpoint(session(wire)["sid"]).attach(lambda codes, lost: got.append(codes))
    return got


def with_sound(tmp_path, script):
    flats = Flats()

    async def joined(wire, unit):
        unit.speech.make_media = flats
        await script(wire, unit, flats)

    try:
        play(tmp_path, joined)
    finally:
        flats.close()


async def spoken(wire, flats):
    """Both directions work now."""
    got, wanted = heard_by(wire), iter(tone_codes(5))
    for codes in tone_codes(5):
        flats.now.send(codes)
    await until(lambda: got == tone_codes(5))
    wire.desk.talks.endpoint(session(wire)["sid"]).play(lambda: next(wanted, None))
    await until(lambda: flats.now.speech() == tone_codes(5))
    assert flats.now.refused == 0


def test_an_answered_call_carries_speech_both_ways_until_it_is_hung_up(tmp_path):
    async def script(wire, unit, flats):
        await speaking(wire, unit)
        await spoken(wire, flats)
        endpoint = wire.desk.talks.endpoint(session(wire)["sid"])
        await command(wire, "clear_down")
        assert (endpoint.active, endpoint.port) == (False, None)
        assert last(wire)["counters"]["received"] == 5
        assert last(wire)["counters"]["refused_auth"] == 0

    with_sound(tmp_path, script)


def test_a_tone_goes_out_and_what_comes_back_can_be_recorded_where_faults_may_be_put_in(tmp_path):
    async def script(wire, unit, flats):
        await speaking(wire, unit)
        sid = session(wire)["sid"]
        REQUESTS["record"](wire.desk, {"sid": sid, "seconds": 2})
        for codes in tone_codes(5):
            flats.now.send(codes)
        REQUESTS["tone"](wire.desk, {"sid": sid, "hz": 440, "seconds": 1})
        await until(lambda: len(flats.now.speech()) >= 50)
        assert flats.now.speech() == frames(tone(440, 1), "PCMA")
        recorded = REQUESTS["recorded"](wire.desk, {"sid": sid})
        assert (recorded["codec"], base64.b64decode(recorded["codes"])) == ("PCMA", b"".join(tone_codes(5)))
        wire.desk.injection.allowed = False
        with pytest.raises(DeskError, match="for tests"):
            REQUESTS["record"](wire.desk, {"sid": sid, "seconds": 2})

    with_sound(tmp_path, script)


def test_a_takeover_leaves_the_first_operator_without_the_flats_voice(tmp_path):
    async def script(wire, unit, flats):
        await speaking(wire, unit)
        first = heard_by(wire)
        await talk(wire, "Bob")
        await spoken(wire, flats)
        assert first == []

    with_sound(tmp_path, script)


def test_a_re_offer_of_the_flat_moves_the_sound_and_the_listener_stays(tmp_path):
    async def script(wire, unit, flats):
        await speaking(wire, unit)
        await spoken(wire, flats)
        wire.up(unit.speech.reoffer())
        await wire.settle()
        assert unit.speech.turn == 2
        await spoken(wire, flats)
        assert session(wire)["counters"]["received"] == 10

    with_sound(tmp_path, script)


def test_a_desk_that_restarts_in_the_middle_of_speech_speaks_on(tmp_path):
    async def script(wire, unit, flats):
        view = await speaking(wire, unit)
        await spoken(wire, flats)
        wire.kill_desk()
        wire.start_desk()
        await wire.settle()
        assert session(wire)["sid"] == view["sid"]
        await spoken(wire, flats)

    with_sound(tmp_path, script)


def test_keys_are_in_no_event_view_or_table(tmp_path):
    async def script(wire, unit, flats):
        await speaking(wire, unit)
        offer = next(down for down in wire.downs if down["type"] == "offer")
        keys = [offer["media"]["crypto"]["key"], flats.now.media["crypto"]["key"]]
        kept = json.dumps([row[5] for row in wire.desk.store.log_since(0, 10_000)]) + json.dumps(session(wire))
        kept += json.dumps(wire.desk.talks.store.talks(False, -1))
        assert [key for key in keys if key in kept] == []

    with_sound(tmp_path, script)


def test_forged_sound_from_elsewhere_does_not_disturb_the_session(tmp_path):
    async def script(wire, unit, flats):
        await speaking(wire, unit)
        await spoken(wire, flats)
        stranger = bound()
        for i in range(300):
            flats.now.throw(b"\x80\x08" + bytes([0, i % 256]) + os.urandom(180), stranger)
        await until(lambda: session(wire)["counters"]["refused_ssrc"] > 200)
        await spoken(wire, flats)
        assert session(wire)["counters"]["moved"] == 0
        stranger.close()

    with_sound(tmp_path, script)


def test_the_firmwares_media_path_and_the_desk_understand_each_other():
    """Each written from the page: SRTP and RTCP both ways, digits down, a codec agreed on."""

    async def run():
        endpoint, began_s = TalkEndpoint("127.0.0.1"), time.monotonic()
        path = MediaPath(aes_ecb, os.urandom, lambda: round(1000 * time.monotonic()) % (1 << 30), lambda: "127.0.0.1", Datagram)
        path.open(endpoint.offer())
        got, played, frame = [], [], bytearray(160)
        endpoint.attach(lambda codes, lost: got.append(codes))
        endpoint.accept(path.local)
        wanted = iter(tone_codes(20, 0x20))
        endpoint.play(lambda: next(wanted, None))
        endpoint.digit("7")
        digits = []
        for i in range(60):
            path.out[:] = tone_codes(1, i)[0]
            path.send(i == 0)
            path.poll()
            if path.frame(frame) == 1:
                played.append(bytes(frame))
            digits.append(path.digit())
            await asyncio.sleep(max(0, began_s + 0.02 * i - time.monotonic()))
        await until(lambda: len(got) == 60)
        assert got == [tone_codes(1, i)[0] for i in range(60)]
        assert path.counters["received"] > 20
        assert len(set(played) & set(tone_codes(20, 0x20))) >= 5  # the digit took the time of 8, a busy machine that of some more
        assert digits.count("7") == 1
        for _ in range(6):
            path.housekeep()
        await until(lambda: endpoint.counters["rtcp_received"] > 0)
        counters = path.counters
        assert [counters[name] for name in counters if name.startswith("refused") and counters[name]] == []
        assert (endpoint.counters["lost"], endpoint.counters["refused_auth"]) == (0, 0)
        path.close()
        endpoint.close()

    asyncio.run(run())
