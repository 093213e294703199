"""The world as the child sees it: the same face as `standins/world.py`, backed by a socket to the virtual board's parent.

A thread that blocks on that socket takes what changes outside, into arrays made beforehand, and queues interrupts; the handlers
run in the main thread between two bytecodes, up to 8 waiting, as on the board. The interpreter has no global lock here, so the
thread must not allocate: only small integers and objects that exist already.
"""

import _thread
import os
import socket
import struct
import sys
import time
from array import array

import micropython
from board_flash import CutFlash
from board_sound import BoardSound
from micropython import const

_PINS = const(49)
_QUEUE_DEPTH = const(8)  # MICROPY_SCHEDULER_DEPTH of ports/esp32
_SOUND = const(64)  # interrupt sources from here on are I2S ports
_NEST = const(3)  # writers that can interrupt each other: main, one scheduled handler, and a spare

# Frames, as wire.py has them (a test compares). Here once more, because a const costs no heap and that module 2 KB.
_HEAD = "<BBHi"
_HEAD_BYTES = const(8)
_OPEN = const(2)
_HELLO = const(1)
_OUT = const(2)
_WATCHDOG = const(3)
_FEED = const(4)
_RESTART = const(5)
_RTC = const(9)
_RTC_MEMORY = const(10)
_FLASH = const(11)
_CUT = const(12)
_ENDED = const(13)
_RADIO = const(14)
_LOST = const(15)
_POWER = const(18)
_WIFI_MODES = ("ok", "no_ap", "auth_fail", "no_ip", "dead_path")
_DEAD_PATH = const(4)

world = None


def connect(settings):
    global world
    kind = BoardWorld
    if settings.get("bearers"):
        from board_bearers import BearersWorld as kind
    world = kind(settings)
    return world


class BoardWorld(BoardSound):
    def __init__(self, settings):
        self.chip = settings["chip"]
        self.unique_id = bytes(settings["unique_id"])
        self.cpu_hz = settings["mhz"] * 1_000_000
        self.wifi_pm = 1
        self.reset_cause = settings["cause"]
        self.partitions = settings["partitions"]
        self.flash = {}
        self.rtc_memory = bytes(settings["rtc_memory"])
        self.wifi_ip = "127.0.0.1"
        self.wifi_dns = settings["dns"]
        self.wifi_rssi_dbm = -61
        self.wifi_mode = _WIFI_MODES[0]
        self.wifi_join_ms = 0
        self.wifi_changed_ms = 0
        self.wifi_lost = 0
        self._wifi_active = False
        self._make_tables()
        self._connect(settings)

    def _make_tables(self):
        self._outside = bytearray([_OPEN] * _PINS)
        self._seen = bytearray(_PINS)
        self._pull = bytearray(_PINS)
        self._mode = bytearray(_PINS)
        self._latch = bytearray(_PINS)
        self._told = bytearray([255] * _PINS)
        self._trigger = bytearray(_PINS)
        self._uv = array("i", [0] * _PINS)
        self._readings = 0
        self._pins = {}  # by GPIO, of those with an interrupt; the thread looks at neither
        self._handlers = {}
        self._make_sound()
        self._queue = bytearray(_QUEUE_DEPTH)
        self._put = self._taken = 0
        self._lost = 0
        self._scheduled = False
        self._writing = False
        self._cut_kind = 0
        self._cut_in = 0
        self._operations = 0
        self._started = False
        self.udp_fault = bytearray(1)  # index into esp32_socket.FAULTS

    def _connect(self, settings):
        self._heads = [bytearray(_HEAD_BYTES) for _ in range(_NEST + 1)]
        self._depth = 0
        self.bell = open(settings["state"] + "/bell", "r+b")  # noqa: SIM115 - for life
        self._ring = b"!"
        self._rung = False
        self._socket = socket.socket()
        self._socket.connect(socket.getaddrinfo("127.0.0.1", settings["port"])[0][-1])
        self._socket.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY: a light must not wait for Nagle
        self._tell(_HELLO, 0, settings["token"])
        self._run = self._run_queue  # bound once: binding allocates, and the thread must not
        _thread.start_new_thread(self._listen, ())
        while not self._started:
            time.sleep_ms(1)

    # The reader thread. No allocation from `while` on.

    def _listen(self):
        frame = bytearray(_HEAD_BYTES)
        read, level, sound, other = self._socket.readinto, self._take_level, self._take_sound, self._take_other
        try:
            while read(frame) == 8:
                value = frame[4] | frame[5] << 8 | frame[6] << 16 | frame[7] << 24
                if value & 0x80000000:
                    value -= 0x100000000
                if frame[0] == 1:
                    level(frame[1], value)
                elif frame[0] == 5:
                    sound(frame[1], frame[2] | frame[3] << 8, value)
                else:
                    other(frame[0], frame[1], value)
        except OSError:
            pass  # the line was reset: it went without having read all
        # The parent is gone. `system` is the one way to end the process from here, also when the main thread is inside C code.
        os.system("kill -9 $PPID")

    def _take_level(self, n, value):
        self._outside[n] = value
        if self._mode[n] & 2 and self._mode[n] != 7:
            return
        level = value if value != 2 else self._pull[n] >> 1
        if level == self._seen[n]:
            return
        self._seen[n] = level
        if self._trigger[n] & (1 if level else 2):
            self._interrupt(n)

    def _take_other(self, operation, n, value):
        if operation == 2:
            self._uv[n] = value
        elif operation == 3:
            self._take_wifi(n, value)
        elif operation == 4:
            self.wifi_rssi_dbm = value
        elif operation == 6:
            self._cut_kind = n
            self._cut_in = value
        elif operation == 7:
            self._started = True
        elif operation == 9:
            self.udp_fault[0] = n

    def _take_wifi(self, mode, join_ms):
        if mode and mode != _DEAD_PATH:
            self.wifi_lost += 1
        self.wifi_join_ms = join_ms
        if mode != _DEAD_PATH and self.wifi_mode != "dead_path":
            self.wifi_changed_ms = time.ticks_ms()
        self.wifi_mode = _WIFI_MODES[mode]

    def _interrupt(self, source):
        if self._put - self._taken >= _QUEUE_DEPTH:
            self._lost += 1
            return
        self._queue[self._put & 7] = source
        self._put += 1
        if not self._scheduled:
            self._scheduled = True
            micropython.schedule(self._run, 0)
        if not self._rung:
            self._rung = True
            self.bell.write(self._ring)

    # Main thread again.

    def answer_bell(self, buf):
        """Takes the one byte that woke the poller; the interrupts themselves are already scheduled."""
        self.bell.readinto(buf)
        self._rung = False

    def _run_queue(self, _):
        self._scheduled = False
        if self._writing:  # in the middle of a frame of two parts: comes back when it is out
            return
        while self._taken != self._put:
            source = self._queue[self._taken & 7]
            self._taken += 1
            if source >= _SOUND:
                handler, arg = self._sound_handlers[source - _SOUND], self._sounds[source - _SOUND]
            else:
                handler, arg = self._handlers.get(source), self._pins.get(source)
            if handler is None:
                continue
            try:
                handler(arg)
            except Exception as error:  # noqa: BLE001 - the board prints it and goes on
                sys.print_exception(error)
        if self._lost:
            self._tell(_LOST, 0, self._lost)
            self._lost = 0

    def _tell(self, operation, n, value):
        """One frame in one write. A handler that interrupts this uses the next buffer, so frames never mix."""
        self._depth += 1
        head = self._heads[self._depth]
        struct.pack_into(_HEAD, head, 0, operation, n, 0, value)
        self._socket.write(head)
        self._depth -= 1

    def _tell_buffer(self, operation, port, buf):
        """As `_tell_with`, without a copy, because it happens 50 times a second: two writes, with no handler in between."""
        self._writing = True
        self._depth += 1
        head = self._heads[self._depth]
        struct.pack_into(_HEAD, head, 0, operation, port, len(buf), self._session[port])
        self._socket.write(head)
        self._socket.write(buf)
        self._depth -= 1
        self._writing = False
        if self._taken != self._put and not self._scheduled:
            self._scheduled = True
            micropython.schedule(self._run, 0)

    def _tell_with(self, operation, n, value, payload):
        frame = bytearray(_HEAD_BYTES + len(payload))
        struct.pack_into(_HEAD, frame, 0, operation, n, len(payload), value)
        frame[_HEAD_BYTES:] = payload
        self._socket.write(frame)

    # What the stand-ins call.

    @property
    def now_ms(self):
        return time.ticks_ms()

    @property
    def wifi_active(self):
        return self._wifi_active

    @wifi_active.setter
    def wifi_active(self, on):
        if on != self._wifi_active:
            self._wifi_active = on
            self._tell(_RADIO, 1 if on else 0, 0)

    def tell_power(self):
        self._tell(_POWER, self.wifi_pm, self.cpu_hz // 1_000_000)

    def level(self, n):
        return self._seen[n]

    def setup(self, n, mode, pull):
        if mode is not None:
            self._mode[n] = mode
        if pull != -1:
            self._pull[n] = pull or 0
        self._settle(n)

    def write(self, n, level):
        self._latch[n] = level
        self._settle(n)

    def _settle(self, n):
        mode = self._mode[n]
        drives = mode & 2 and (mode != 7 or not self._latch[n])
        out = self._latch[n] if drives else 2
        if out != self._told[n] and not (out == 2 and self._told[n] == 255):
            self._told[n] = out
            self._tell(_OUT, n, out if out != 2 else -1)
        if drives:
            self._seen[n] = out
        else:
            outside = self._outside[n]
            self._seen[n] = outside if outside != 2 else self._pull[n] >> 1

    def watch(self, n, pin, handler, trigger):
        self._trigger[n] = 0
        self._pins[n], self._handlers[n] = pin, handler
        self._trigger[n] = trigger & 3

    def adc_uv(self, n):
        uv = self._uv[n]
        if uv >= 0:
            return uv
        if uv == -1:
            raise OSError(116, "ETIMEDOUT")
        if uv == -2:
            return float("nan")
        self._readings += 1
        return 3_300_000 if self._readings & 1 else 0

    def watchdog(self, timeout_ms):
        self._tell(_WATCHDOG, 0, timeout_ms)

    def feed(self):
        self._tell(_FEED, 0, 0)

    def restart(self, cause):
        self._tell(_RESTART, cause, 0)
        self._stand_still()

    def ended(self, how):
        self._tell(_ENDED, how, 0)

    def idle(self):
        time.sleep_ms(1)

    def rtc_get(self):
        import calendar2000

        total_s = self.rtc_offset_s + time.ticks_ms() // 1000
        year, month, day, hour, minute, second, weekday, _ = calendar2000.fields(total_s)
        return year, month, day, weekday, hour, minute, second, time.ticks_ms() % 1000 * 1000

    def rtc_set(self, when):
        import calendar2000

        year, month, day, _, hour, minute, second, _ = when
        self.rtc_offset_s = calendar2000.seconds(year, month, day, hour, minute, second) - time.ticks_ms() // 1000
        self._tell(_RTC, 0, self.rtc_offset_s)

    def rtc_memory_set(self, data):
        self.rtc_memory = data
        self._tell_with(_RTC_MEMORY, 0, 0, data)

    def open_flash(self, label):
        return CutFlash(self, self.partitions[label], "/.state/flash_%s.bin" % label)

    # Flash, on the way to power cuts.

    def flash_begins(self):
        """Counts a program or erase; gives how the power is to go at this very one (index into nor.CUT_KINDS), or None."""
        self._operations += 1
        if not self._cut_in:
            return None
        self._cut_in -= 1
        return None if self._cut_in else self._cut_kind

    def flash_done(self, what):
        self._tell(_FLASH, what, self._operations)

    def lose_power(self):
        self._tell(_CUT, 0, self._operations)
        self._stand_still()

    def _stand_still(self):
        self._trigger[:] = bytes(_PINS)
        while True:
            time.sleep(3600)
