"""Takes apart what one read of a UDP socket gave: MicroPython's `readinto` goes on until its buffer is full or nothing is left,
so datagrams that waited together come as one run of bytes (py/stream.c, mp_stream_rw).

Each packet of a source carries the source's 4 bytes in its header; where they stand again, the next packet begins. Chance makes
one such place in 2**38 bytes of ciphertext. Rejected: asking for one packet's exact size (a digit's short packet takes the
next one's head along), `recv` (500 bytes of garbage a packet).
"""

import micropython


@micropython.viper
def next_start(data: ptr8, at: int, end: int, ours: ptr8) -> int:
    """Where the packet after the one at `at` begins, or `end`. `ours`: the source that we listen to.

    A packet begins with version 2 and has the source of the packet at `at` (which may be a new peer's) or ours at byte 8; a
    control packet (types 192-223) at byte 4, no nearer than a header's length, as a timestamp could look like its first bytes.
    So the 4 bytes before a control packet may look like the head of speech: its length, below 1,024 bytes, tells it from that
    packet's timestamp.
    """
    if at + 2 > end:
        return end
    own = at + 4 if data[at + 1] >= 192 and data[at + 1] < 224 else at + 8
    if own + 4 > end:
        own = at
    p = at + 1
    while p + 8 <= end:
        if data[p] >> 6 == 2:
            q = p + 8
            if data[p + 1] >= 192 and data[p + 1] < 224:
                q = p + 4 if p - at >= 12 else end
            elif data[p + 4] >> 6 == 2 and data[p + 5] >= 192 and data[p + 5] < 224 and data[p + 6] == 0 and p - at >= 8:
                q = end
            if q + 4 <= end:
                if data[q] == ours[0] and data[q + 1] == ours[1] and data[q + 2] == ours[2] and data[q + 3] == ours[3]:
                    return p
                wrong = data[q] ^ data[own] | data[q + 1] ^ data[own + 1] | data[q + 2] ^ data[own + 2]
                if (wrong | data[q + 3] ^ data[own + 3]) == 0:
                    return p
        p += 1
    return end
