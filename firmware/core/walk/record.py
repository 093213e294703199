"""The text of a record of test: one line of JSON for each thing, the same bytes on every runtime. Pure.

    line 1       object: v, test, unit, board, board_sha256, firmware, config_sha256, prev, engineer, witness, by, started
    lines 2 ...  list for each result, in the order in which they came: [step, result, detail, ms or null]
    last line    object: verdict, ended, defects, untested, due

Lines end in LF, the text is UTF-8, nothing stands between tokens, keys come in the order above. Strings escape `"` and `\\` and
nothing else: control characters become a space and half a surrogate pair a `?`, so that every JSON library writes the same
bytes. A record is known by the SHA-256 of the whole text and names that of the unit's record before in `prev`: a chain. Records
are written here and checked at the service (tools/records). Source: docs/records.md; P7.
"""

from binascii import hexlify
from collections import OrderedDict
from hashlib import sha256

from micropython import const

VERSION = const(1)
FIRST = "0" * 64  # `prev` of a unit's first record
_HEAD = ("test", "unit", "board", "board_sha256", "firmware", "config_sha256", "prev", "engineer", "witness", "by", "started")
_LONGEST = {"engineer": 32, "witness": 64}  # characters; docs/protocol.md, `test`
_SECRET = ("wifi", "mqtt", "cellular")  # fields of settings.json
_WORDS = {None: "null", True: "true", False: "false"}
_STEP_MAX = const(40)
_DETAIL_MAX = const(64)


def head(header):
    """Line 1. `header`: dict of the fields above but `v`; `started`: s since 1970 UTC, or None while the clock is not set."""
    pairs = ['"v":%d' % VERSION]
    for name in _HEAD:
        value = header[name]
        if name in _LONGEST:
            value = value[: _LONGEST[name]]
        pairs.append('"%s":%s' % (name, _json(value)))
    return "{" + ",".join(pairs) + "}\n"


def line(step, result, detail="", ms=None):
    """One result. `result`: pass, fail, skip or open; `ms`: latency to the service's receipt, where there is one."""
    return _json((step[:_STEP_MAX], result, detail[:_DETAIL_MAX], ms)) + "\n"


def tail(verdict, ended_s, results, due):
    """The last line. `results`: list of (step, result, detail); the last one of a step counts. `due`: "YYYY-MM-DD" or None."""
    last = OrderedDict()
    for step, result, detail in results:
        last[step] = (result, detail)
    defects = [step for step in last if last[step][0] == "fail"]
    untested = [(step, last[step][1]) for step in last if last[step][0] in ("skip", "open")]
    return '{"verdict":%s,"ended":%s,"defects":%s,"untested":%s,"due":%s}\n' % (
        _json(verdict), _json(ended_s), _json(defects), _json(untested), _json(due))


def configured(settings):
    """SHA-256 over the settings in force (core.settings.usable) without what is secret: passwords and the network. The key is in
    a file of its own. Two units that are set alike have the same hash, whatever the order in their files."""
    return described({name: settings[name] for name in settings if name not in _SECRET})


def described(data):
    """SHA-256, 64 hexadecimal digits, over what JSON can hold: here a resolved board file, with all that it inherits."""
    sum_ = sha256(b"")
    _pour(data, lambda text: sum_.update(text.encode()))
    return hexlify(sum_.digest()).decode()


def _json(value):
    pieces = []
    _pour(value, pieces.append)
    return "".join(pieces)


def _pour(value, put):
    """JSON without spaces, piece by piece; objects in the order of their names."""
    if isinstance(value, dict):
        before = "{"
        for name in sorted(value):
            put(before + _quoted(name) + ":")
            _pour(value[name], put)
            before = ","
        put("}" if value else "{}")
    elif isinstance(value, (list, tuple)):
        before = "["
        for one in value:
            put(before)
            _pour(one, put)
            before = ","
        put("]" if value else "[]")
    elif isinstance(value, str):
        put(_quoted(value))
    elif value is None or value is True or value is False:
        put(_WORDS[value])
    else:
        put("%d" % value if isinstance(value, int) else "%.6f" % value)


def _quoted(text):
    plain = "".join([_plain(char) for char in text])
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(char):
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return " "
    return "?" if 0xD800 <= code < 0xE000 else char
