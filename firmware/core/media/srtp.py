"""SRTP and SRTCP with AES_CM_128_HMAC_SHA1_80: protects what is sent, checks and opens what comes in, in place.

Rules. One master key and salt (30 bytes, SDES) a direction; no MKI, key derivation rate 0. A packet is held against the window
before its tag is computed, and nothing is remembered of it unless its tag is right. The receiver knows one source at a time;
one that was left never comes back under the same key, or its old packets would pass again with a new window. Nothing is
allocated per packet. Each method gives the new size of the packet, or one of the reasons below, which are negative.
Source: RFC 3711 3.3, 3.4, 4.2; P3 (nobody listens).
"""

from micropython import const

from firmware.core.media import aes_cm, octets
from firmware.core.media.window import Window

KEY_BYTES = const(30)  # master key 16 and master salt 14, RFC 3711 8.2
TAG_BYTES = const(10)
RTCP_EXTRA_BYTES = const(14)  # E flag with index, and the tag
ROOM_BYTES = const(80)  # behind a packet before it is protected: ROC, index, tag and SHA-1's padding are written there
_LATE_WRAP = const(4096)  # a first packet numbered below this may follow the number's first wrap that we did not see; 80 s
_SOURCES = const(8)  # sources under one key; a peer that restarts its stream more often needs a new offer

SIZE = const(-1)
REPLAY = const(-2)
AUTH = const(-3)
SOURCE = const(-4)


def _check_length(master):
    if len(master) != KEY_BYTES:
        raise ValueError("SRTP master key and salt: 30 bytes wanted, got %d" % len(master))


def _put_word(data, at, high, low):
    """`high` * 65536 + `low`, most significant byte first: the whole would be no small integer on the board."""
    data[at] = high >> 8 & 0xFF
    data[at + 1] = high & 0xFF
    data[at + 2] = low >> 8
    data[at + 3] = low & 0xFF


class Sender:
    """Protects the packets of one source. `master`: our own 30 bytes. Raises ValueError for another length."""

    def __init__(self, aes_ecb, master, space):
        _check_length(master)
        self._rtp = aes_cm.Keys(aes_ecb, master, 0, space)
        self._rtcp = aes_cm.Keys(aes_ecb, master, 3, space)
        self._roc = 0
        self._number = None
        self._rtcp_index = 0

    def protect(self, data, size, header):
        """An RTP packet of `size` bytes whose payload begins at `header`, in order of its numbers. Its size grows by 10."""
        number = data[2] << 8 | data[3]
        if self._number is not None and number < self._number:
            self._roc += 1
        self._number = number
        self._rtp.crypt(data, header, size - header, 8, self._roc, number)
        _put_word(data, size, self._roc >> 16, self._roc & 0xFFFF)
        self._rtp.sign(data, size + 4, size)
        return size + TAG_BYTES

    def protect_rtcp(self, data, size):
        """A compound RTCP packet. Its size grows by 14."""
        index = self._rtcp_index
        self._rtcp_index += 1  # below 2**30 for as long as anybody may talk: one each 5 s
        self._rtcp.crypt(data, 8, size - 8, 4, index >> 16, index & 0xFFFF)
        _put_word(data, size, 0x8000 | index >> 16, index & 0xFFFF)
        self._rtcp.sign(data, size + 4, size + 4)
        return size + RTCP_EXTRA_BYTES

    def wipe(self):
        self._rtp.wipe()
        self._rtcp.wipe()


class Receiver:
    """Opens the packets of one source at a time. `master`: the peer's 30 bytes. Raises ValueError for another length.

    `is_new`: the packet that was opened last came from another source than the one before. What a refused packet's buffer
    holds afterwards is nonsense.
    """

    def __init__(self, aes_ecb, master, space):
        _check_length(master)
        self._rtp = aes_cm.Keys(aes_ecb, master, 0, space)
        self._rtcp = aes_cm.Keys(aes_ecb, master, 3, space)
        self._tag = bytearray(TAG_BYTES)
        self._sources = bytearray(4 * _SOURCES)
        self._known = 0
        self._window = Window()
        self._roc = 0
        self._highest = 0
        self._rtcp_source = None
        self._rtcp_window = Window()
        self._rtcp_highest = 0
        self.is_new = False

    def _place(self, data, at):
        """Which of the sources under this key it is, counted from 0 for the first; -1 for a new one."""
        place = self._known - 1  # mostly the last one
        while place >= 0 and octets.differ(data, at, self._sources, 4 * place, 4):
            place -= 1
        return place

    def unprotect(self, data, size, header):
        """An RTP packet of `size` bytes whose header takes `header`."""
        body = size - TAG_BYTES
        if body < header:
            return SIZE
        number = data[2] << 8 | data[3]
        place = self._place(data, 8)
        distance = roc = 0
        if place < 0:
            if self._known == _SOURCES:
                return SOURCE
        elif place != self._known - 1:
            return SOURCE
        else:
            distance = ((number - self._highest + 0x8000) & 0xFFFF) - 0x8000
            roc = self._roc + ((self._highest + distance) >> 16)
            if roc < 0 or self._window.has(number, distance):
                return REPLAY
        octets.copy(data, body, self._tag, 0, TAG_BYTES)
        if not self._is_right(data, body, roc):
            if place >= 0 or number >= _LATE_WRAP:
                return AUTH
            roc = 1
            if not self._is_right(data, body, roc):
                return AUTH
        self._remember(data, number, distance, roc, place < 0)
        self._rtp.crypt(data, header, body - header, 8, roc, number)
        return body

    def _is_right(self, data, body, roc):
        _put_word(data, body, roc >> 16, roc & 0xFFFF)
        return self._rtp.is_right(data, body + 4, self._tag)

    def _remember(self, data, number, distance, roc, is_new):
        self.is_new = is_new
        if is_new:
            octets.copy(data, 8, self._sources, 4 * self._known, 4)
            self._known += 1
            self._window.clear()
        self._window.take(number, distance)
        if is_new or distance > 0:
            self._highest = number
            self._roc = roc

    def unprotect_rtcp(self, data, size):
        """An RTCP packet of `size` bytes, of the source whose RTP was opened last; before any RTP there is none."""
        at = size - RTCP_EXTRA_BYTES
        if at < 8:
            return SIZE
        place = self._place(data, 4)
        if place < 0 or place != self._known - 1:
            return SOURCE
        fresh = place != self._rtcp_source
        if data[at] & 0x40:
            return REPLAY  # an index of 2**30 and more: nobody gets there at one packet a second
        index = (data[at] & 0x3F) << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]
        distance = 0 if fresh else index - self._rtcp_highest
        if not fresh and self._rtcp_window.has(index, distance):
            return REPLAY
        octets.copy(data, size - TAG_BYTES, self._tag, 0, TAG_BYTES)
        if not self._rtcp.is_right(data, size - TAG_BYTES, self._tag):
            return AUTH
        if fresh:
            self._rtcp_source = place
            self._rtcp_window.clear()
        self._rtcp_window.take(index, distance)
        if fresh or distance > 0:
            self._rtcp_highest = index
        if data[at] & 0x80:
            self._rtcp.crypt(data, 8, at - 8, 4, index >> 16, index & 0xFFFF)
        return at

    def wipe(self):
        self._rtp.wipe()
        self._rtcp.wipe()
