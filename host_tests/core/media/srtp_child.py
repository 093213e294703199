"""SRTP in the real MicroPython, driven by test_srtp_host: `protect COUNT FIRST OUT` or `unprotect IN`, control packets too.

Files hold datagrams, each behind its length in two bytes. `protect` makes COUNT packets of speech from number FIRST on, then 100
control packets; `unprotect` prints how many speech and control packets were opened with the payload they should have.
"""

import sys

from firmware.core.media import aes_cm, srtp
from host_tests.core.media.ecb import aes_ecb

MASTER = bytes(range(30))
CONTROLS = 100


def payload_byte(i):
    return (i * 7 + (i >> 8)) & 0xFF


def protect(count, first, path):
    sender, data = srtp.Sender(aes_ecb, MASTER, aes_cm.Workspace()), bytearray(172 + srtp.ROOM_BYTES)
    with open(path, "wb") as out:
        for i in range(count + CONTROLS):
            speech = i < count
            for at in range(172):
                data[at] = payload_byte(i) if at >= (12 if speech else 8) else 0
            number = first + i
            data[0], data[1] = 0x80, 8 if speech else 201
            data[2], data[3] = (number >> 8 & 0xFF, number & 0xFF) if speech else (0, 12)
            at = 8 if speech else 4
            data[at : at + 4] = b"\xca\xfe\xba\xbe"
            size = sender.protect(data, 172, 12) if speech else sender.protect_rtcp(data, 52)
            out.write(bytes((size >> 8, size & 0xFF)))
            out.write(memoryview(data)[:size])


def unprotect(path):
    receiver, data = srtp.Receiver(aes_ecb, MASTER, aes_cm.Workspace()), bytearray(300)
    good = [0, 0]
    with open(path, "rb") as source:
        i = 0
        while True:
            length = source.read(2)
            if not length:
                break
            size = length[0] << 8 | length[1]
            source.readinto(memoryview(data)[:size])
            speech = data[1] < 192
            got = receiver.unprotect(data, size, 12) if speech else receiver.unprotect_rtcp(data, size)
            wanted = payload_byte(i)
            right = data[12] == data[30] == data[got - 1] == wanted
            if right and got == (172 if speech else 52):
                good[not speech] += 1
            i += 1
    print("OPENED", good[0], good[1])


if sys.argv[1] == "protect":
    protect(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
else:
    unprotect(sys.argv[2])
