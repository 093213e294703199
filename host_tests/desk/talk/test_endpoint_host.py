"""The media endpoint on real UDP sockets, with libsrtp at the far end."""

import asyncio
import random
import struct
import threading

import pytest

from host_tests.fakes.flat_media import FlatMedia, bound, flood, tone_codes
from tools.desk.talk import rtp
from tools.desk.talk.endpoint import TalkEndpoint
from tools.desk.talk.ports import PortRange
from tools.desk.talk.talker import Recorder, frames, source, tone

WAIT_S = 10


async def until(condition):
    """Wait for a condition, with a bound."""
    end = asyncio.get_running_loop().time() + WAIT_S
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise AssertionError("it did not come to that")
        await asyncio.sleep(0.005)


def joined(script, codec="PCMA", plain=False):
    """Run `script(endpoint, flat, got)` with both ends connected; `got`: list of (codes, lost)."""

    async def run():
        endpoint = TalkEndpoint("127.0.0.1", plain=plain)
        flat = FlatMedia(endpoint.offer(), codec, plain)
        got = []
        endpoint.attach(lambda codes, lost: got.append((codes, lost)))
        endpoint.accept(flat.media)
        try:
            await script(endpoint, flat, got)
        finally:
            endpoint.close()
            flat.close()

    asyncio.run(run())


@pytest.mark.parametrize(("codec", "plain"), [("PCMA", False), ("PCMU", False), ("PCMA", True)])
def test_frames_go_through_untouched_in_both_directions(codec, plain):
    async def script(endpoint, flat, got):
        assert endpoint.codec == codec
        for codes in tone_codes(40):
            flat.send(codes)
        await until(lambda: len(got) == 40)
        assert got == [(codes, 0) for codes in tone_codes(40)]
        wanted = iter(tone_codes(20))
        endpoint.play(lambda: next(wanted, None))
        await until(lambda: len(flat.speech()) == 20)
        assert flat.speech() == tone_codes(20)
        assert (flat.refused, endpoint.counters["refused_auth"]) == (0, 0)

    joined(script, codec, plain)


def test_silence_is_sent_while_there_is_nothing_to_say_about_50_times_a_second():
    async def script(endpoint, flat, got):
        began = asyncio.get_running_loop().time()
        await until(lambda: len(flat.listen()) >= 100)
        took_s = asyncio.get_running_loop().time() - began
        assert took_s > 1.5  # 100 frames last 2 s; it may be late on a busy machine, but never race ahead
        assert flat.speech() == []
        assert endpoint.counters["sent"] >= 100

    joined(script)


def test_pushed_frames_are_kept_short_and_a_wrong_length_is_refused():
    async def script(endpoint, flat, got):
        for codes in tone_codes(30):
            endpoint.push(codes)
        assert endpoint.counters["overruns"] == 20
        await until(lambda: len(flat.speech()) == 10)
        assert flat.speech() == tone_codes(30)[20:]
        await until(lambda: endpoint.counters["underruns"] == 1)
        with pytest.raises(ValueError, match="160"):
            endpoint.push(b"short")

    joined(script)


def test_on_hold_nothing_that_is_pushed_leaves_the_desk():
    async def script(endpoint, flat, got):
        endpoint.hushed = True
        for codes in tone_codes(5):
            endpoint.push(codes)
        seen = len(flat.listen())
        await until(lambda: len(flat.listen()) > seen + 20)
        assert flat.speech() == []

    joined(script)


def test_digits_follow_rfc_4733_and_speech_goes_on_after_them():
    async def script(endpoint, flat, got):
        assert endpoint.digit("5")
        assert endpoint.digit("#")
        with pytest.raises(ValueError, match="none of"):
            endpoint.digit("x")
        await until(lambda: len([1 for pt, _ in flat.listen() if pt == 101]) == 16)
        events = [struct.unpack(">BBH", payload) for pt, payload in flat.heard if pt == 101]
        assert [event for event, _, _ in events] == [5] * 8 + [11] * 8
        assert [flags >> 7 for _, flags, _ in events[:8]] == [0] * 5 + [1] * 3
        assert [duration for _, _, duration in events[:8]] == [160, 320, 480, 640, 800, 800, 800, 800]
        assert endpoint.counters["digits_sent"] == 2
        assert [endpoint.digit("1") for _ in range(20)].count(False) == 4  # no more than 16 wait

    joined(script)


def test_a_flat_without_digits_is_sent_none():
    async def run():
        endpoint = TalkEndpoint("127.0.0.1")
        flat = FlatMedia(endpoint.offer())
        endpoint.accept({**flat.media, "formats": flat.media["formats"][:1]})
        assert endpoint.digit("1") is False
        endpoint.close()
        flat.close()

    asyncio.run(run())


def test_packets_follow_the_flat_to_a_new_address_but_never_a_forger():
    async def script(endpoint, flat, got):
        flat.send(tone_codes(1)[0])
        await until(lambda: len(got) == 1)
        stranger = bound()
        forged = bytearray(flat.packet(tone_codes(1)[0]))
        forged[20] ^= 1
        flat.throw(bytes(forged), stranger)
        await until(lambda: endpoint.counters["refused_auth"] == 1)
        assert endpoint.counters["moved"] == 0
        flat.move()
        for codes in tone_codes(4):  # the forged one has left a hole: the frames behind it wait for it a moment
            flat.send(codes)
        await until(lambda: len(got) == 5 and len(flat.listen()) > 3)
        assert endpoint.counters["moved"] == 1
        with pytest.raises(BlockingIOError):
            stranger.recv(2048)
        stranger.close()

    joined(script)


def test_replayed_truncated_and_foreign_packets_are_counted_and_not_heard():
    async def script(endpoint, flat, got):
        good = flat.packet(tone_codes(1)[0])
        flat.throw(good)
        await until(lambda: len(got) == 1)
        for packet, reason in (
            (good, "replay"), (flat.packet(b"\xd5" * 160)[:-1], "auth"), (good[:11], "size"), (b"", "size"),
            (bytes(1400), "size"), (b"\x80" * 1501, "size"),
            (flat.packet(b"\xd5" * 160, pt=9), "payload"), (flat.packet(b"\xd5" * 80), "payload"),
            (flat.packet(b"\xd5" * 160, ssrc=0xBAD), "ssrc"), (bytes([0x80, 200]) + good[2:], "ssrc"),
            (bytes([0x80, 200]) + good[2:4] + good[8:12] + good[8:], "auth"),
        ):  # fmt: skip
            before = endpoint.counters["refused_" + reason]
            flat.throw(packet)
            await until(lambda name="refused_" + reason, count=before: endpoint.counters[name] == count + 1)
        assert len(got) == 1

    joined(script)


def test_a_flood_of_10000_forged_packets_a_second_leaves_the_flats_speech_unharmed():
    async def script(endpoint, flat, got):
        flat.send(tone_codes(1)[0])
        await until(lambda: len(got) == 1)
        sample = flat.packet(tone_codes(1)[0])
        junk = [sample[:40] + bytes([i]) + sample[41:] for i in range(256) if i != sample[40]] + [b"\x80\x08" + bytes(170)]
        thread = threading.Thread(target=flood, args=(flat.offer, 1.5, 10_000, lambda i: junk[i % len(junk)]))
        thread.start()
        sent = 1
        while thread.is_alive():
            flat.send(tone_codes(1)[0])
            sent += 1
            await asyncio.sleep(0.02)
        await until(lambda: endpoint.counters["refused_auth"] > 5000)
        await asyncio.sleep(0.1)
        assert len(got) >= 0.98 * sent, (len(got), sent, endpoint.counters)

    joined(script)


def test_lost_frames_are_told_and_counted_and_swapped_ones_put_right():
    async def script(endpoint, flat, got):
        packets = [flat.packet(codes) for codes in tone_codes(12)]
        for i in (0, 2, 1, 3, 5, 6, 7, 8, 9, 10, 11):
            flat.throw(packets[i])
        await until(lambda: len(got) == 11)
        codes = tone_codes(12)
        assert got == [(codes[i], 1 if i == 5 else 0) for i in (0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11)]
        flat.throw(packets[4])
        await until(lambda: endpoint.counters["late"] == 1)
        assert endpoint.counters["lost"] == 1

    joined(script)


def test_reports_are_exchanged_and_the_end_is_said(monkeypatch):
    monkeypatch.setattr("tools.desk.talk.endpoint._REPORT_FRAMES", 10)

    async def script(endpoint, flat, got):
        flat.send(tone_codes(1)[0])
        await until(lambda: flat.listen() and flat.reports)
        sender, count, kind = flat.reports[-1][4:8], flat.reports[-1][0] & 31, flat.reports[-1][1]
        assert (kind, count) == (200, 1)
        words = struct.pack(">IIIIII", int.from_bytes(sender, "big"), 7, 300, 80, 0, 0)
        report = struct.pack(">BBHI", 0x81, 201, 7, flat.ssrc) + words
        flat.throw(flat._out.protect_rtcp(report))
        await until(lambda: endpoint.counters["rtcp_received"] == 1)
        assert (endpoint.counters["peer_lost"], endpoint.counters["peer_jitter_ms"]) == (7, 10)
        endpoint.close()
        await until(lambda: flat.listen() and flat.reports[-1][-7] == 203)
        assert endpoint.active is False

    joined(script)


def test_a_re_offer_brings_new_keys_and_speech_goes_on_with_the_counts():
    async def script(endpoint, flat, got):
        flat.send(tone_codes(1)[0])
        await until(lambda: len(got) == 1)
        offer = endpoint.offer()
        assert offer["crypto"]["key"] != flat.offer["crypto"]["key"]
        assert offer["port"] == flat.offer["port"]
        again = FlatMedia(offer)
        again.send(tone_codes(1)[0])
        await until(lambda: endpoint.counters["early"] == 1)
        flat.send(tone_codes(1)[0])
        await until(lambda: len(got) == 2)
        endpoint.accept(again.media)
        again.send(tone_codes(1)[0])
        await until(lambda: len(got) == 3)
        assert endpoint.counters["received"] == 3
        await until(lambda: len(again.listen()) > 3)
        assert again.refused == 0
        again.close()

    joined(script)


def test_a_port_range_that_is_used_up_is_an_error_and_a_closed_port_is_free_again():
    async def run():
        probe = bound()
        port = probe.getsockname()[1]
        probe.close()
        ports = PortRange(port, port)
        first, second = TalkEndpoint("127.0.0.1", ports), TalkEndpoint("127.0.0.1", ports)
        assert first.offer()["port"] == port
        with pytest.raises(OSError, match="no UDP port"):
            second.offer()
        first.close()
        assert second.offer()["port"] == port
        second.close()

    asyncio.run(run())


def test_plain_rtp_from_elsewhere_is_refused_while_the_flat_is_heard():
    async def script(endpoint, flat, got):
        flat.send(tone_codes(1)[0])
        await until(lambda: len(got) == 1)
        stranger = bound()
        flat.throw(flat.packet(tone_codes(1)[0]), stranger)
        await until(lambda: endpoint.counters["refused_source"] == 1)
        assert (len(got), endpoint.counters["moved"]) == (1, 0)
        stranger.close()

    joined(script, plain=True)


def test_a_tone_arrives_as_it_was_and_can_be_written_to_a_file(tmp_path):
    async def script(endpoint, flat, got):
        recorder = Recorder("PCMA")
        endpoint.attach(recorder)
        for codes in frames(tone(440, 0.2), "PCMA"):
            flat.send(codes)
        await until(lambda: len(recorder.frames) == 10)
        worst = max(abs(a - b) for a, b in zip(recorder.samples(), tone(440, 0.2), strict=True))
        assert worst <= 256
        recorder.write(tmp_path / "heard.wav")
        assert (tmp_path / "heard.wav").stat().st_size == 44 + 2 * 1600
        endpoint.play(source(tone(440, 0.1), "PCMA"))
        await until(lambda: len(flat.speech()) == 5)
        assert flat.speech() == frames(tone(440, 0.1), "PCMA")

    joined(script)


def test_any_packets_at_all_break_nothing_and_are_never_heard_under_srtp():
    """Also with the right version, payload type and source: only the key opens."""
    rng = random.Random(7)

    def junk(flat):
        head = bytes([rng.choice((0x80, 0x90, 0xA0, 0xBF, 0x00)), rng.choice((8, 0x88, 101, 200, 201, 255, 9))])
        ssrc = struct.pack(">I", rng.choice((flat.ssrc, 1)))
        return (head + rng.randbytes(2) + ssrc + ssrc + ssrc + rng.randbytes(rng.randrange(300)))[: rng.randrange(320)]

    for plain in (False, True):

        async def script(endpoint, flat, got, plain=plain):
            flat.send(tone_codes(1)[0])
            await until(lambda: len(got) == 1)
            for _ in range(3000):
                reason = endpoint._take(junk(flat), flat.socket.getsockname())
                assert reason is None or reason in endpoint.counters
            assert plain or len(got) == 1
            assert len(endpoint._sequence._held) <= 3

        joined(script, plain=plain)


def test_any_bytes_read_as_rtp_or_rtcp_break_nothing():
    for size in range(64):
        for first in (0x80, 0x9F, 0xA0, 0xBF, 0x00):
            packet = bytes([first, 200, 0xFF, 0xFF][:size]) + bytes([0xEE]) * max(0, size - 4)
            found = rtp.read(packet)
            assert found is None or len(found[4]) <= size
            assert isinstance(rtp.read_reports(packet, 0xEEEEEEEE), dict)
