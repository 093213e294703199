"""What may be said to a virtual ESP32 on a port, a line each: at its standard input, or through its `.hand` socket (hand.py)."""

from tools.vboard.errors import BoardError


def obey(board, line):
    """Does what a line says; returns the answer, a dict."""
    words = line.split()
    try:
        if words[:1] == ["fault"] and len(words) > 1:
            board.fault(words[1], **dict(_setting(word) for word in words[2:]))
        elif words == ["boot"]:
            board.press_boot()
        elif words in (["reset"], ["pull"], ["plug"], ["heal"]):
            getattr(board, words[0])()
        elif words == ["status"]:
            return {"ok": True, **board.status()}
        else:
            raise BoardError(f"{line!r}: boot, reset, pull, plug, status, heal or fault NAME SETTING=VALUE wanted")
    except BoardError as error:
        return {"ok": False, "error": str(error), "mode": board.mode}
    return {"ok": True, "mode": board.mode}


def _setting(word):
    name, _, value = word.partition("=")
    try:
        return name, int(value, 0)
    except ValueError:
        return name, value
