"""The UART of a running unit: what its driver and MicroPython's terminal layer do to bytes, which the unix port leaves out.

To the host a newline becomes CR LF. To the unit CR becomes LF, as `sys.stdin` gives it there. Ctrl-C is an interrupt while
MicroPython has it switched on (micropython.kbd_intr), else a byte like any other. Source: ports/esp32/mphalport.c, uart.c,
shared/runtime/sys_stdio_mphal.c (behaviour, not text).
"""

RAW = b"raw REPL; CTRL-B to exit\r\n"
FRIENDLY = b'Type "help()" for more information.\r\n'
INTERRUPT = 3


class Console:
    """`raw`: MicroPython is in its raw REPL, which it keeps over a soft reset."""

    def __init__(self):
        self.raw = False
        self._last = b""
        self._tail = b""

    def restart(self, soft):
        """A life begins; the raw REPL outlives only a soft reset."""
        self.raw = self.raw and soft
        self._tail = b""

    def to_host(self, data):
        """What the host gets of these bytes of the unit's."""
        self._look(data)
        out = bytearray()
        for byte in data:
            if byte == 10 and self._last != b"\r":
                out += b"\r"
            out.append(byte)
            self._last = b"\r" if byte == 13 else b""
        return bytes(out)

    def _look(self, data):
        seen = self._tail + data
        raw, friendly = seen.rfind(RAW), seen.rfind(FRIENDLY)
        if raw >= 0 or friendly >= 0:
            self.raw = raw > friendly
        self._tail = seen[-len(FRIENDLY) :]

    @staticmethod
    def to_unit(data):
        """Pieces in order: bytes for the unit's stdin, or INTERRUPT for a Ctrl-C."""
        pieces = []
        for number, piece in enumerate(data.replace(b"\r", b"\n").split(b"\x03")):
            if number:
                pieces.append(INTERRUPT)
            if piece:
                pieces.append(piece)
        return pieces


def catches_interrupt(pid):
    """Is MicroPython's handler for SIGINT in place in this process? It is while kbd_intr is on. Source: proc(5), SigCgt."""
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) & 1 << 1)
    except OSError:
        pass
    return False
