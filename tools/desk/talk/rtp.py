"""RTP, RTCP and RFC 4733 packets of 20 ms speech at 8,000 Hz: built and read, nothing else. Pure.

Source: RFC 3550 sections 5.1, 6.4.1, 6.5, 6.6; RFC 5761 section 4 (telling RTCP from RTP on one port); RFC 4733 section 2.3.
"""

import struct

FRAME = 160  # samples, and bytes of G.711, in 20 ms
HEADER_BYTES = 12
PACKET_BYTES_MAX = 1500
DIGITS = "0123456789*#ABCD"
_VERSION = 0x80
_NTP_EPOCH_S = 2_208_988_800  # 1900 to 1970
_VOLUME = 10  # -dBm0 of the tone that a digit stands for
_SR, _RR, _SDES, _BYE = 200, 201, 202, 203
_DURATION_MAX = 0xFFFF


def build(pt, marker, seq, timestamp, ssrc, payload):
    return struct.pack(">BBHII", _VERSION, marker << 7 | pt, seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def read(packet):
    """(pt, seq, timestamp, ssrc, payload) or None if it is no RTP of version 2."""
    if len(packet) < HEADER_BYTES or packet[0] >> 6 != 2:
        return None
    seq, timestamp, ssrc = struct.unpack_from(">HII", packet, 2)
    start, end = HEADER_BYTES + 4 * (packet[0] & 15), len(packet)
    if packet[0] & 0x10:
        if start + 4 > end:
            return None
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    if packet[0] & 0x20:
        end -= packet[-1]
    return (packet[1] & 0x7F, seq, timestamp, ssrc, packet[start:end]) if start <= end else None


def is_rtcp(packet):
    return len(packet) >= 8 and packet[0] >> 6 == 2 and 192 <= packet[1] <= 223


def ssrc_of(packet):
    """The sender's SSRC, readable before anything is checked. `packet`: 8 bytes for RTCP, 12 for RTP at least."""
    return int.from_bytes(packet[4:8] if is_rtcp(packet) else packet[8:12], "big")


def digit_payload(digit, is_end, duration):
    """`duration`: timestamp units so far. Raises ValueError for what is no digit."""
    return struct.pack(">BBH", DIGITS.index(digit), is_end << 7 | _VOLUME, min(duration, _DURATION_MAX))


def report(ssrc, name, wall_s, timestamp, sent, received):
    """A compound RTCP packet: sender report with one block on the peer, and the CNAME `name` (ASCII).

    `sent`: (packets, octets). `received`: (ssrc, fraction lost 0-255, lost, highest extended seq, jitter, lsr, dlsr) or None.
    """
    ntp = int((wall_s + _NTP_EPOCH_S) * 2**32) & 0xFFFFFFFFFFFFFFFF
    body = struct.pack(">IQIII", ssrc, ntp, timestamp & 0xFFFFFFFF, sent[0] & 0xFFFFFFFF, sent[1] & 0xFFFFFFFF)
    if received:
        peer, fraction, lost, highest, jitter, lsr, dlsr = received
        lost24 = max(-0x800000, min(0x7FFFFF, lost)) & 0xFFFFFF
        body += struct.pack(">IIIIII", peer, fraction << 24 | lost24, highest & 0xFFFFFFFF, jitter, lsr, dlsr)
    return _rtcp(_SR, 1 if received else 0, body) + _sdes(ssrc, name)


def bye(ssrc, name):
    return _rtcp(_RR, 0, struct.pack(">I", ssrc)) + _sdes(ssrc, name) + _rtcp(_BYE, 1, struct.pack(">I", ssrc))


def read_reports(packet, about):
    """Of a compound packet {"lsr": middle 32 bits of its NTP time, "lost": of our packets, "jitter"}, each only if it says so.

    `about`: our SSRC, for the report block.
    """
    found, at = {}, 0
    while at + 4 <= len(packet):
        count, kind = packet[at] & 31, packet[at + 1]
        end = at + 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
        if packet[at] >> 6 != 2 or end > len(packet):
            break
        if kind == _SR and end - at >= 28:
            found["lsr"] = int.from_bytes(packet[at + 10 : at + 14], "big")
        if kind in (_SR, _RR):
            _read_blocks(packet[at + (28 if kind == _SR else 8) : end], count, about, found)
        at = end
    return found


def _read_blocks(blocks, count, about, found):
    for i in range(min(count, len(blocks) // 24)):
        ssrc, loss, _, jitter = struct.unpack_from(">IIII", blocks, 24 * i)
        if ssrc == about:
            lost = loss & 0xFFFFFF
            found["lost"], found["jitter"] = lost - (1 << 24 if lost & 0x800000 else 0), jitter


def _rtcp(kind, count, body):
    return struct.pack(">BBH", _VERSION | count, kind, len(body) // 4) + body


def _sdes(ssrc, name):
    item = struct.pack(">IBB", ssrc, 1, len(name)) + name.encode("ascii") + b"\0"
    return _rtcp(_SDES, 1, item + bytes(-len(item) % 4))
