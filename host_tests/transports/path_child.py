"""A media path in the real MicroPython for test_media_path_host: `FAR_PORT SECURED MILLISECONDS`.

Prints its description as JSON, waits for a line, runs frames of 20 ms, then prints as JSON what it heard: each played frame's
first code or -1 for a missing one (nothing before the first), the counters, and the digits.
"""

import json
import os
import select
import sys
import time

from firmware.core.clock import PERIOD_MS
from firmware.transports.media_path import MediaPath
from host_tests.core.media.ecb import aes_ecb
from host_tests.transports.far_end import KEY


def now():
    return time.ticks_ms() & (PERIOD_MS - 1)


def media(port, secured):
    crypto = {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": KEY} if secured else None
    formats = [{"pt": 8, "name": "PCMA"}, {"pt": 101, "name": "telephone-event"}]
    return {"address": "127.0.0.1", "port": port, "rtcp": port, "ptime": 20, "direction": "sendrecv", "formats": formats,
            "profile": "RTP/SAVP" if secured else "RTP/AVP", "crypto": crypto}  # fmt: skip


def main(port, secured, frames):
    path = MediaPath(aes_ecb, os.urandom, now, lambda: "127.0.0.1")
    path.open(media(port, secured))
    print(json.dumps(path.local))
    sys.stdin.readline()
    poller = select.poll()
    codes, heard, pressed = bytearray(160), [], ""
    due = time.ticks_ms()
    for i in range(frames):
        while time.ticks_diff(due, time.ticks_ms()) > 0:
            path.poll()
            poller.poll(2)
        path.out[0] = 0x55
        path.send(i == 0)
        result = path.frame(codes)
        if result == 1:
            heard.append(codes[0])
        elif result == 0:
            heard.append(-1)
        pressed += path.digit() or ""
        if i % 50 == 49:
            path.housekeep()
        due = time.ticks_add(due, 20)
    print(json.dumps({"heard": heard, "counters": path.counters, "digits": pressed}))
    path.close()


main(int(sys.argv[1]), sys.argv[2] == "1", int(sys.argv[3]) // 20)
