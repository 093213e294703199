"""Spoken messages from files, streamed: `prompts/LANGUAGE/NAME.al`, A-law at 8 kHz without a header, never loaded whole."""

from micropython import const

FRAME_BYTES = const(160)  # 20 ms
_SILENCE = const(0xD5)  # A-law of 0


class PromptReader:
    """`folder`: where the files of the unit's language are."""

    def __init__(self, folder):
        self._folder = folder
        self._file = None

    def start(self, name):
        """Opens a message, in place of one that is open. False if it cannot be opened: then tones alone must do."""
        self.close()
        try:
            self._file = open("%s/%s.al" % (self._folder, name), "rb")  # noqa: SIM115 - it is closed by `close`
        except (OSError, MemoryError):
            return False
        return True

    def read(self, codes):
        """Fills `codes` (FRAME_BYTES) with what comes next, the rest of a last frame with silence. False after the end, or where
        the file cannot be read further: then `codes` are as they were."""
        if self._file is None:
            return False
        try:
            count = self._file.readinto(codes)
        except OSError:
            count = 0
        if not count:
            self.close()
            return False
        for i in range(count, FRAME_BYTES):
            codes[i] = _SILENCE
        return True

    def close(self):
        """Closes the file, if one is open."""
        if self._file is not None:
            self._file.close()
            self._file = None
