"""The count of wrong codes sees a wrong code."""

import array

from tools.bench.figures.codec_tables import count_wrong
from tools.desk.talk import talker


def _right():
    out = b""
    for encode, decode in ((talker.alaw, talker.sample_of_alaw), (talker.ulaw, talker.sample_of_ulaw)):
        out += bytes(encode(sample) for sample in range(-32768, 32768))
        out += array.array("h", (decode(code) for code in range(256))).tobytes()
    return out


def test_right_tables_have_no_wrong_code_and_each_wrong_one_counts_in_its_place():
    data = bytearray(_right())
    assert set(count_wrong(bytes(data)).values()) == {0}
    data[100] ^= 1
    data[65536 + 40] ^= 1
    data[-1] ^= 1
    assert count_wrong(bytes(data)) == {"alaw encode": 1, "alaw decode": 1, "ulaw encode": 0, "ulaw decode": 1}
