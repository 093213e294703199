"""The media path against a socket on loopback: both directions, refusals by name, nothing allocated."""

import gc
import os
import sys
import time

from firmware.core.media import aes_cm, rtp, srtp
from firmware.transports import media_path
from firmware.transports.datagrams import Datagrams
from firmware.transports.media_path import MediaPath
from host_tests.core.media.ecb import aes_ecb
from host_tests.transports.far_end import KEY, KEY_BYTES, Far

if sys.implementation.name == "cpython":
    from tools.vboard.standins.esp32_socket import Datagram as make_udp
else:
    from firmware.transports.datagrams import make_udp


class Clock:
    def __init__(self):
        self.ms = 1000

    def __call__(self):
        return self.ms


def free_port():
    """A port that is most likely free; `getsockname` does not exist on the board."""
    chance = os.urandom(2)
    return 20000 + 2 * ((chance[0] << 8 | chance[1]) % 5000)


def ends(secured, codec=8, shared=False):
    for _ in range(20):
        try:
            far = Far(free_port(), secured, codec)
            break
        except OSError:
            continue
    clock = Clock()
    path = MediaPath(aes_ecb, os.urandom, clock, lambda: "127.0.0.1", make_udp)
    path.open(far.media(far.port if shared else None))
    far.meet(path.local)
    return path, far, clock


def arrive(path, field="received", more=1):
    """Polls until a counter has grown, at most 2 s: loopback needs microseconds."""
    wanted = path.counters[field] + more
    for _ in range(200):
        path.poll()
        if path.counters[field] >= wanted:
            return True
        time.sleep(0.01)
    return False


def test_each_reason_of_a_refused_packet_has_its_counter():
    assert ["refused_" + reason for reason in rtp.REASONS[1:]] == list(media_path._REFUSED[1:])


def test_the_answer_describes_our_end_and_holds_a_fresh_key():
    keys = set()
    for _ in range(2):
        path, far, _ = ends(True)
        local = path.local
        assert 10000 <= local["port"] <= 19998 and local["port"] % 2 == 0 and local["rtcp"] == local["port"] + 1
        assert local["address"] == "127.0.0.1" and local["profile"] == "RTP/SAVP" and local["ptime"] == 20
        assert local["formats"] == [{"pt": 8, "name": "PCMA"}, {"pt": 101, "name": "telephone-event"}]
        assert local["crypto"]["tag"] == 1 and len(local["crypto"]["key"]) == 40 and local["crypto"]["key"] != KEY
        keys.add(local["crypto"]["key"])
        path.close()
        far.close()
    assert len(keys) == 2
    path, far, _ = ends(False, 0, shared=True)
    assert path.local["crypto"] is None and path.local["rtcp"] == path.local["port"] and path.codec == "PCMU"
    path.close()
    far.close()


def test_speech_comes_in_and_is_played_after_three_frames():
    for secured in (True, False):
        path, far, clock = ends(secured)
        codes = bytearray(160)
        for i in range(3):  # without SRTP three packets show who speaks; with it the first is the peer's
            far.speak(i)
        assert arrive(path, more=3 if secured else 1)
        first = 0 if secured else 2
        assert path.heard_ms == clock.ms
        results = [path.frame(codes) for _ in range(4)]
        assert results == [-1, -1, -1, 1] and codes == bytes([first]) * 160
        path.close()
        far.close()


def test_speech_goes_out_each_packet_20_ms_after_the_last():
    for secured in (True, False):
        path, far, _ = ends(secured)
        receiver = None
        if secured:
            from binascii import a2b_base64

            receiver = srtp.Receiver(aes_ecb, a2b_base64(path.local["crypto"]["key"]), aes_cm.Workspace())
        packets = []
        for i in range(3):
            path.out[:] = bytes([0x40 + i]) * 160
            path.send(i == 0)
            if i == 1:
                path.skip(5)
        for _ in range(200):
            data = far.take()
            if data is None:
                time.sleep(0.01)
                continue
            if receiver is not None:
                buffer = bytearray(data) + bytearray(80)
                assert receiver.unprotect(buffer, len(data), 12) == 172
                data = bytes(buffer[:172])
            packets.append(data)
            if len(packets) == 3:
                break
        assert [len(packet) for packet in packets] == [172] * 3
        assert [packet[1] for packet in packets] == [0x88, 8, 8]
        stamps = [int.from_bytes(packet[4:8], "big") for packet in packets]
        assert (stamps[1] - stamps[0]) & 0xFFFFFFFF == 160 and (stamps[2] - stamps[1]) & 0xFFFFFFFF == 6 * 160
        numbers = [packet[2] << 8 | packet[3] for packet in packets]
        assert numbers[1] == numbers[0] + 1 and numbers[0] < 0x8000
        assert [packet[12:] for packet in packets] == [bytes([0x40 + i]) * 160 for i in range(3)]
        assert path.counters["sent"] == 3 and path.counters["send_errors"] == 0
        path.close()
        far.close()


def test_datagrams_that_waited_together_are_told_apart_whatever_their_sizes():
    for secured in (True, False):
        path, far, _ = ends(secured, shared=True)
        for _ in range(3):
            far.speak()
        assert arrive(path, more=3 if secured else 1)
        before = path.counters["received"]
        far.put(far.rtp(b"\x05\x0a\x00\xa0", 101, stamp=far.time))
        far.speak(1)
        far.put(far.rtp(b"\x05\x8a\x01\x40", 101, stamp=far.time - 160))
        far.put(b"junk!")
        far.speak(2)
        assert arrive(path, more=4), path.counters
        assert path.counters["received"] == before + 4
        assert not secured or path.counters["refused_size"] == 1
        assert path.digit() == "5" and path.digit() is None
        path.close()
        far.close()


def test_each_bad_packet_is_refused_under_its_name():
    for secured in (True, False):
        path, far, _ = ends(secured)
        for _ in range(4):
            far.speak()
        assert arrive(path, more=4 if secured else 2)
        state = (path.counters["received"], path.heard_ms)
        tag = bytes(10) if secured else b""
        good = far.rtp(bytes(160))
        far.number -= 1
        cases = [
            (b"\x80\x08\x00", "refused_size"),
            (b"\x40" + good[1:], "refused_version"),
            (good[:1] + b"\x12" + good[2:], "refused_payload"),
            (good[:8] + b"\x00\x00\x00\x01" + good[12:], "refused_ssrc"),
            (good[:2] + bytes([(good[2] + 0x40) & 0xFF]) + good[3:], "refused_sequence"),
            (b"\x9f" + good[1:40], "refused_size"),
        ]
        if secured:
            cases += [(good[:-1] + bytes([good[-1] ^ 1]), "refused_auth"), (good[:60], "refused_auth")]
        else:
            cases += [(good[:12] + bytes(150), "refused_size"), (good[:12], "refused_size"),
                      (b"\xa0" + good[1:12] + b"\xff" * 160 + tag, "refused_size")]  # fmt: skip
        for packet, name in cases:
            far.put(packet)
            assert arrive(path, name), (secured, name, path.counters)
        assert state == (path.counters["received"], path.heard_ms)
        far.speak()
        assert arrive(path)
        far.number -= 1
        far.put(far.rtp(bytes(160)) if not secured else good)
        assert arrive(path, "refused_replay"), path.counters
        path.close()
        far.close()


def test_another_source_takes_over_only_after_the_first_has_fallen_silent():
    for secured in (True, False):
        path, far, clock = ends(secured)
        for _ in range(4):
            far.speak()
        assert arrive(path, more=4 if secured else 2)
        far.ssrc, far.number, far.time = 0xCAFE, 7, 999999
        if secured:
            far.sender = srtp.Sender(aes_ecb, KEY_BYTES, aes_cm.Workspace())
        clock.ms += 60
        for _ in range(4):
            far.speak()
        assert arrive(path, "refused_ssrc", 4)
        clock.ms += 60
        for _ in range(4):
            far.speak(9)
        assert arrive(path, more=4 if secured else 1), path.counters
        codes = bytearray(160)
        assert [path.frame(codes) for _ in range(4)][3] == 1 and codes == b"\x09" * 160
        path.close()
        far.close()


def test_reports_go_out_each_five_seconds_and_the_peers_are_taken():
    path, far, _ = ends(False, shared=True)
    for _ in range(4):
        path.housekeep()
    assert far.take() is None
    path.housekeep()
    report = None
    for _ in range(200):
        report = far.take()
        if report is not None:
            break
        time.sleep(0.01)
    assert report[1] == 201 and b"unit@127.0.0.1" in report
    far.put(b"\x80\xc9\x00\x01\x12\x34\x56\x78" + b"\x81\xcb\x00\x01\x12\x34\x56\x78")
    for _ in range(200):
        path.poll()
        if path._reporter.taken:
            break
        time.sleep(0.01)
    assert path._reporter.far_byes == 1 and path.local is not None, "a BYE ends nothing"
    path.close()
    far.close()


def test_a_closed_path_is_quiet_and_knows_no_keys():
    path, far, _ = ends(True)
    path.send(True)
    path.close()
    path.close()
    path.send(True)
    path.poll()
    path.housekeep()
    assert path.frame(bytearray(160)) == -1 and path.digit() is None and path.local is None
    assert not any(path._packet) and not any(path._sender._rtp._salt) and path._receiver._rtp._cipher is None
    far.close()


def test_a_heap_too_full_for_a_good_bye_closes_the_sockets_and_forgets_the_keys_all_the_same():
    def full(bye):
        raise MemoryError("memory allocation failed")

    path, far, _ = ends(True)
    path._report = full
    port = path.local["port"]
    path.close()
    assert not any(path._sender._rtp._salt) and path.local is None
    for again in (port, port + 1):
        Datagrams(again, "127.0.0.1", 9, make_udp).close()  # both ports are free
    far.close()


def test_no_port_is_no_path_and_leaves_no_socket():
    class Taken:
        made = closed = 0

        def __init__(self):
            Taken.made += 1

        def setblocking(self, on):
            pass

        def bind(self, address):
            raise OSError(98, "EADDRINUSE")

        def close(self):
            Taken.closed += 1

    path = MediaPath(aes_ecb, os.urandom, Clock(), lambda: "127.0.0.1", Taken)
    media = {"address": "127.0.0.1", "port": 4000, "rtcp": 4001, "profile": "RTP/AVP", "direction": "sendrecv", "ptime": 20,
             "formats": [{"pt": 8, "name": "PCMA"}], "crypto": None}  # fmt: skip
    try:
        path.open(media)
    except OSError as error:
        assert error.args[0] == 98 and 5 <= Taken.made == Taken.closed <= 50
        return
    raise AssertionError("opened")


def test_a_report_port_that_is_taken_costs_no_socket():
    made = []

    class Even:
        """Only even ports are free."""

        def __init__(self):
            made.append(self)
            self.closed = False

        def setblocking(self, on):
            self.blocking = on

        def bind(self, address):
            if isinstance(address, tuple):
                taken = address[1] % 2
            else:
                taken = address[3] % 2  # MicroPython's packed form: the port's low byte
            if taken:
                raise OSError(98, "EADDRINUSE")

        def connect(self, address):
            self.far = address

        def close(self):
            self.closed = True

    media = {"address": "127.0.0.1", "port": 4000, "rtcp": 4001, "profile": "RTP/AVP", "direction": "sendrecv", "ptime": 20,
             "formats": [{"pt": 8, "name": "PCMA"}], "crypto": None}  # fmt: skip
    try:
        MediaPath(aes_ecb, os.urandom, Clock(), lambda: "127.0.0.1", Even).open(media)
    except OSError:
        assert len(made) >= 10 and all(one.closed for one in made)
        return
    raise AssertionError("opened")


def test_a_poll_gives_way_after_4_ms_however_much_waits():
    path, far, clock = ends(False)
    for _ in range(3):
        far.speak()
    assert arrive(path)
    reads = []

    class Endless:
        """Each read takes 1 ms and brings something."""

        def read(self, buffer, now_ms):
            clock.ms += 1
            reads.append(now_ms)
            return 20

        read_one = None
        errors = reopened = 0

    real, path._speech = path._speech, Endless()
    path.poll()
    assert len(reads) == 4
    path._speech = real
    path.close()
    far.close()


def test_a_digit_of_a_new_source_counts_though_its_time_lies_before_the_last_one_s():
    path, far, clock = ends(True)
    for stamp, digit in ((5000, 1), (10, 2)):
        for _ in range(3):
            far.speak()
        assert arrive(path)
        far.put(far.rtp(bytes((digit, 0, 0, 160)), 101, stamp=stamp))
        assert arrive(path)
        assert path.digit() == str(digit)
        far.ssrc = 0xCAFE
        far.sender = srtp.Sender(aes_ecb, KEY_BYTES, aes_cm.Workspace())
        clock.ms += 200
    path.close()
    far.close()


def test_a_thousand_frames_both_ways_cost_no_memory():
    if not hasattr(gc, "mem_alloc"):
        return
    for secured in (True, False):
        path, far, _ = ends(secured)
        for _ in range(3):
            far.speak()
        assert arrive(path, more=3 if secured else 1)
        codes = bytearray(160)
        packets = [far.rtp(bytes(160)) for _ in range(5)]
        used = 0
        for _ in range(200):
            for packet in packets:
                far.put(packet)
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            for _ in range(5):
                path.poll()
                path.frame(codes)
                path.digit()
                path.send(False)
            used += gc.mem_alloc() - before
            gc.enable()
            while far.take() is not None:
                pass
        assert used == 0, (secured, used)
        path.close()
        far.close()
