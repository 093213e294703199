"""Puts a record of test together from its parts: in any order, doubled, lost and sent again. Pure."""

import hashlib

_OPEN_MAX = 4  # records of one unit under way; it keeps four and sends one after the other


class Parts:
    """Those of one unit."""

    def __init__(self):
        self._open = {}  # (test, sha256, parts) -> {part: text}

    def take(self, message):
        """("", None): more is to come. ("", text): the whole. (reason, None): it cannot be right; all of it must come again.

        `message`: an event `test_record`.
        """
        if message["part"] > message["parts"]:
            return "part", None
        key = message["test"], message["sha256"], message["parts"]
        have = self._open.setdefault(key, {})
        have[message["part"]] = message["text"]
        while len(self._open) > _OPEN_MAX:
            del self._open[next(iter(self._open))]
        if len(have) < message["parts"]:
            return "", None
        del self._open[key]
        text = "".join(have[part] for part in sorted(have))
        if hashlib.sha256(text.encode()).hexdigest() != message["sha256"]:
            return "sha256", None
        return "", text
