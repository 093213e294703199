"""I2S as the child sees it: the parent runs the DMA in real time; buffers go there and come back filled, or the word that they
have been sent. Here are only the driver's queue and the hand-over to the reader thread, which must not allocate."""

import struct
import time

from micropython import const

_SOUND = const(64)  # interrupt sources from here on are I2S ports
_TASK_MS = const(10)  # a FreeRTOS tick: until then the driver's task may not have emptied its queue of one
_SOUND_OPEN = const(6)
_SOUND_DATA = const(7)
_SOUND_CLOSE = const(8)
_SOUND_ASK = const(16)
_SOUND_LOST = const(17)


class BoardSound:
    """Base of BoardWorld. A port's session number tells what comes for a port that has been closed meanwhile."""

    def _make_sound(self):
        self._sounds = [None, None]
        self._sound_handlers = [None, None]
        self._buffers = [None, None, None, None]  # to be filled: two for each port in turn
        self._asked = bytearray(2)  # handed over so far; written by the main thread only
        self._done = bytearray(2)  # come back so far; written by the reader thread only
        self._asked_ms = [0, 0]
        self._session = bytearray(2)
        self._waste = bytearray(64)

    # The reader thread.

    def _take_sound(self, port, size, session):
        """The oldest buffer of the port is done; `size` bytes for it follow, 0 if it was one to be sent."""
        buf = self._buffers[2 * port + (self._done[port] & 1)]
        if session != self._session[port]:
            while size > 0:
                size -= self._socket.readinto(self._waste, size if size < 64 else 64)
            return
        if size:
            self._socket.readinto(buf)
        self._done[port] = (self._done[port] + 1) & 255
        self._interrupt(_SOUND + port)

    # What the stand-ins call.

    def i2s_open(self, port, pin, rate_hz, bits, channels, room_bytes, receives):
        self._session[port] = (self._session[port] + 1) & 255
        self._asked[port] = self._done[port] = 0
        facts = struct.pack("<BBIBB", bits, channels, room_bytes, receives, self._session[port])
        self._tell_with(_SOUND_OPEN, port, rate_hz, facts)

    def i2s_close(self, port):
        self._session[port] = (self._session[port] + 1) & 255
        self._tell(_SOUND_CLOSE, port, 0)

    def i2s_irq(self, port, i2s, handler):
        self._sounds[port], self._sound_handlers[port] = i2s, handler

    def i2s_write(self, port, buf):
        if self._takes(port):
            self._tell_buffer(_SOUND_DATA, port, buf)
        return len(buf)

    def i2s_read(self, port, buf):
        place = 2 * port + (self._asked[port] & 1)
        if self._takes(port):
            self._buffers[place] = buf
            self._tell(_SOUND_ASK, port, len(buf))
        return len(buf)

    def i2s_room(self, port):
        return self._asked[port] == self._done[port]

    def i2s_wait(self, port):
        while self._asked[port] != self._done[port]:
            time.sleep_ms(1)

    def _takes(self, port):
        """The driver's task holds one buffer, its queue another once the task has run; what is too much is dropped unsaid."""
        waiting = (self._asked[port] - self._done[port]) & 255
        now_ms = time.ticks_ms()
        if waiting and (waiting > 1 or now_ms - self._asked_ms[port] < _TASK_MS):
            self._tell(_SOUND_LOST, port, 1)
            return False
        self._asked_ms[port] = now_ms
        self._asked[port] = (self._asked[port] + 1) & 255
        return True
