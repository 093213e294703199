"""The I2S stand-in receives and sends as the ESP32's driver does, block by block, with each named fault. Both interpreters."""

import struct

import i2s_dma
import machine
from machine import I2S

world = machine.world

_RATE_HZ = 16000
_FRAMES = 320  # 20 ms, what the firmware asks for at a time


def _open(port=1, **changes):
    settings = {"sck": 32, "ws": 33, "sd": 35, "mode": I2S.RX, "bits": 32, "format": I2S.MONO, "rate": _RATE_HZ, "ibuf": 8192}
    settings.update(changes)
    return I2S(port, **settings)


def _ramp(count, start=0):
    """Samples that tell their place: multiples of 7 within 16 bits."""
    return _pcm([(start + i) * 7 % 60000 - 30000 for i in range(count)])


def _pcm(samples):
    """Bytes of 16-bit samples; one by one, because a board has no room for thousands of arguments."""
    made = bytearray(2 * len(samples))
    for i, sample in enumerate(samples):
        struct.pack_into("<h", made, 2 * i, sample)
    return bytes(made)


def _errno(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return None


class Listener:
    """Two buffers in turn, as a driver would: keeps every 16-bit sample and the time of each call."""

    def __init__(self, i2s, frames=_FRAMES, until=10**9, keeps=True):
        self.i2s = i2s
        self.keeps = keeps
        self.buffers = [bytearray(4 * frames), bytearray(4 * frames)]
        self.calls_ms = []
        self.samples = []
        self.until = until
        i2s.irq(self.full)
        i2s.readinto(self.buffers[0])

    def full(self, i2s):
        taken = self.buffers[len(self.calls_ms) % 2]
        self.calls_ms.append(world.now_ms)
        if len(self.calls_ms) < self.until:
            i2s.readinto(self.buffers[len(self.calls_ms) % 2])
        if not self.keeps:
            return
        self.samples.extend([slot >> 16 for slot in struct.unpack("<%di" % (len(taken) // 4), taken)])


def test_samples_arrive_once_each_in_order_left_justified_in_32_bits():
    pcm = _ramp(5 * _FRAMES)
    world.microphone(1).feed(pcm)
    one = Listener(_open())
    world.advance(200)
    heard = _pcm(one.samples)
    assert heard[: len(pcm)] == pcm
    assert not any(heard[len(pcm) :]) and len(heard) > len(pcm)


def test_buffers_of_20_ms_come_50_a_second_at_the_times_of_dma_blocks():
    one = Listener(_open(), keeps=False)
    world.advance(10000)
    gaps = [one.calls_ms[n] - one.calls_ms[n - 1] for n in range(1, 500)]
    assert len(one.calls_ms) == 500 and one.calls_ms[-1] == 10000
    assert one.calls_ms[:5] == [32, 48, 64, 80, 112] and set(gaps) == {16, 32}, set(gaps)


def test_a_blocking_read_waits_for_its_samples_and_no_longer():
    world.microphone(1).feed(_ramp(1000))
    i2s = _open(bits=16)
    buf = bytearray(2 * 500)
    assert i2s.readinto(buf) == 1000
    assert bytes(buf) == _ramp(500) and world.now_ms == 32
    assert i2s.readinto(buf) == 1000 and bytes(buf) == _ramp(500, 500)


def test_stereo_has_the_microphone_on_the_left_and_silence_on_the_right():
    world.microphone(1).feed(_ramp(300))
    i2s = _open(format=I2S.STEREO)
    buf = bytearray(8 * 256)
    i2s.readinto(buf)
    slots = struct.unpack("<512i", buf)
    assert struct.pack("<256h", *[slots[n] >> 16 for n in range(0, 512, 2)]) == _ramp(256)
    assert not any(slots[n] for n in range(1, 512, 2)) and not any(slot & 0xFF for slot in slots)


def test_what_is_not_read_in_time_is_lost_oldest_first():
    world.microphone(1).feed(_ramp(256 * 10))
    i2s = _open(bits=16)  # ibuf 8192: four blocks, of which the driver keeps three
    world.advance(16 * 10)
    buf = bytearray(2 * 256 * 3)
    i2s.readinto(buf)
    assert bytes(buf) == _ramp(256 * 3, 256 * 7)
    assert world.sound(1).port.lost_blocks == 7


def test_an_ibuf_of_any_size_gives_two_blocks_at_least():
    for ibuf, kept in ((1, 1), (2048, 1), (6144, 2), (8192, 3), (20000, 8)):
        world.clear()
        _open(ibuf=ibuf)
        world.advance(16 * 20)
        assert world.sound(1).port.lost_blocks == 20 - kept, ibuf


def test_wrong_directions_and_odd_sizes_are_refused_as_on_the_board():
    i2s = _open()
    assert _errno(lambda: i2s.write(bytes(4))) == 1
    assert _errno(lambda: i2s.readinto(bytearray(6))) == 22
    assert i2s.readinto(bytearray(0)) == 0
    speaker = _open(0, mode=I2S.TX, sck=18, ws=19, sd=21, bits=16)
    assert _errno(lambda: speaker.readinto(bytearray(4))) == 1


def test_an_input_only_pin_takes_data_and_gives_no_clock():
    _open(sd=35)
    for changes in ({"sck": 35}, {"ws": 39}):
        try:
            _open(**changes)
        except ValueError:
            continue
        assert False, changes


def test_a_microphone_is_open_from_the_start_until_deinit_and_again():
    for _ in range(3):
        assert not world.microphone(1).open
        one = Listener(_open())
        assert world.microphone(1).open
        world.advance(112)
        one.i2s.deinit()
        calls = len(one.calls_ms)
        world.advance(112)
        assert calls == 5 and len(one.calls_ms) == calls
        one.i2s.deinit()
    assert not world.microphone(0).open


def test_a_closed_port_cannot_be_read():
    i2s = _open()
    i2s.deinit()
    try:
        i2s.readinto(bytearray(4))
    except RuntimeError:
        return
    assert False, "a closed port was read"


def test_a_second_object_takes_the_port_over():
    old = Listener(_open())
    new = Listener(_open())
    world.advance(112)
    assert old.calls_ms == [] and len(new.calls_ms) == 5


def test_a_handler_that_asks_no_more_is_called_no_more():
    one = Listener(_open(), until=2)
    world.advance(1000)
    assert len(one.calls_ms) == 2


def test_a_second_buffer_handed_over_at_once_is_dropped_without_a_word():
    i2s = _open()
    calls = []
    i2s.irq(calls.append)
    assert i2s.readinto(bytearray(1280)) == 1280
    assert i2s.readinto(bytearray(1280)) == 1280
    world.advance(10)
    assert i2s.readinto(bytearray(1280)) == 1280  # the driver's task has the first one by now: this one waits
    world.advance(1000)
    assert len(calls) == 2 and world.sound(1).lost_buffers == 1


def test_a_stalled_microphone_never_calls_and_loses_its_time():
    one = Listener(_open())
    world.microphone(1).fault = "stall"
    world.microphone(1).feed(_ramp(256 * 40))
    world.advance(320)
    assert one.calls_ms == []
    world.microphone(1).fault = None
    world.advance(64)
    assert len(one.calls_ms) == 3
    assert _pcm(one.samples) == _ramp(960, 256 * 20)


def test_a_blocking_read_of_a_stalled_microphone_is_told():
    i2s = _open()
    world.microphone(1).fault = "stall"
    try:
        i2s.readinto(bytearray(4))
    except RuntimeError:
        return
    assert False, "the board would have stood still"


def test_a_silent_a_stuck_and_a_noisy_microphone_sound_like_it():
    microphone = world.microphone(1)
    for fault, at in (("silent", None), ("stuck", -1), ("stuck", 0x12345600), ("noise", None)):
        world.clear()
        microphone = world.microphone(1)
        microphone.feed(_ramp(256))
        microphone.fault, microphone.stuck_at = fault, at
        i2s = _open()
        buf = bytearray(1024)
        i2s.readinto(buf)
        slots = struct.unpack("<256i", buf)
        if fault == "noise":
            assert len(set(slots)) > 200 and max(slots) > 0x60000000 and min(slots) < -0x60000000
        else:
            assert set(slots) == {at or 0}, (fault, at)


def test_a_gap_takes_whole_blocks_out_of_the_stream():
    world.microphone(1).feed(_ramp(256 * 8))
    world.microphone(1).fault = "gap"
    one = Listener(_open(), frames=256)
    world.advance(16 * 8)
    wanted = b"".join(_ramp(256, 256 * n) for n in (0, 1, 2, 4, 5, 6))
    assert _pcm(one.samples) == wanted


def test_a_blocked_loop_gets_its_call_afterwards():
    one = Listener(_open())
    world.blocked = True
    world.advance(48)
    assert one.calls_ms == []
    world.unblock()
    assert one.calls_ms == [48, 48]  # its own, and that of the buffer which it asked for and which had come meanwhile


class Player:
    """Writes blocks of 320 frames, each when the one before has been taken, `late_ms` later."""

    def __init__(self, late_ms=0):
        world.i2s_paced = True
        self.written = 0
        self.calls_ms = []
        self.late_ms = late_ms
        self.owing = False
        self.i2s = _open(0, mode=I2S.TX, sck=18, ws=19, sd=21, bits=16, ibuf=2048)
        self.i2s.irq(self.taken)
        self.write()

    def write(self):
        self.i2s.write(_ramp(_FRAMES, _FRAMES * self.written))
        self.written += 1

    def taken(self, i2s):
        self.calls_ms.append(world.now_ms)
        if self.late_ms:
            self.owing = True
        else:
            self.write()

    def run(self, ms):
        for _ in range(ms // self.late_ms):
            world.advance(self.late_ms)
            if self.owing:
                self.owing = False
                self.write()


def _sent_without_a_gap(player, rounds, run):
    """Every sample from the first one written on, in order; looked at 80 ms at a time. Gives how many there were."""
    place = 0
    for _ in range(rounds):
        run(80)
        heard = bytes(world.sound(0).heard)
        world.sound(0).heard = bytearray()
        if not place:
            assert not any(heard[: 4 * 512])  # a ring that has just begun goes round once before it comes to what was written
            heard = heard[4 * 512 :]
        assert heard == _ramp(len(heard) // 2, place), place
        place += len(heard) // 2
    return place


def test_speech_of_20_ms_blocks_is_sent_without_a_gap_at_50_blocks_a_second():
    one = Player()
    assert _sent_without_a_gap(one, 125, world.advance) == 16 * 10000 - 4 * 256
    assert len(one.calls_ms) == 500 and one.calls_ms[-1] == 10000


def test_a_refill_within_the_reserve_of_ibuf_leaves_no_gap():
    one = Player(late_ms=8)
    assert _sent_without_a_gap(one, 20, one.run) == 16 * 1600 - 4 * 256


def test_a_refill_after_the_reserve_leaves_silence():
    one = Player(late_ms=100)
    one.run(500)
    heard = bytes(world.sound(0).heard)
    begin, end = heard.find(_ramp(8)), heard.find(_ramp(8, 3 * _FRAMES))
    assert 0 <= begin < end and bytes(512) in heard[begin:end]


def test_a_ring_gives_each_block_once_whatever_the_sizes_of_the_buffers():
    for size in (2, 34, 512, 640, 1000, 4096):
        port = i2s_dma.Port(True, _RATE_HZ, 16, 1, 8192)
        got = bytearray()
        for n in range(12):
            port.turn(_ramp(256, 256 * n))
            while True:
                if not port.waiting:
                    port.offer(bytearray(size))
                full = port.serve()
                if full is None:
                    break
                got.extend(full)
        assert bytes(got) == _ramp(256 * 12)[: len(got)] and len(got) > 256 * 12 * 2 - size - 512, size
