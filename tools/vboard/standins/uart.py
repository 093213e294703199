"""`machine.UART` as the ESP32 has it, with a modem on the pins where the board has one; nobody on others. Both runtimes.

Two objects of one port share all they have (on the board they are one object). `read` and `readline` wait up to `timeout` ms for
the first byte and up to `timeout_char` ms for each further one, and no Python runs meanwhile; the default, 0, does not wait:
None if there is nothing. `write` takes everything. What does not fit into `rxbuf` (256 bytes, and 128 in the chip) is lost.
Setting it up anew discards what had come.

Interrupts: registered and refused as on the board, for PPP, which takes the port's one handler over. The virtual board fires
none: what reads a modem here looks, or waits in asyncio's poller.

Source: MicroPython ports/esp32/machine_uart.c, extmod/machine_uart.c, py/stream.c.
"""

import io

from world import world

_FIFO_BYTES = 128
_DEFAULT_PINS = {1: (10, 9), 2: (17, 16)}


class _Port:
    """What lasts of a port, whichever object it is asked by."""

    def __init__(self, number):
        self.number = number
        self.handler = self.modem = None
        self.is_open = False
        self.restart()

    def restart(self):
        self.baud, self.rxbuf, self.timeout_ms, self.char_ms = 115200, 256, 0, 0
        self.tx, self.rx = _DEFAULT_PINS.get(self.number, (1, 3))

    def connect(self):
        """Finds the modem, if pins and speed are its; else nobody hears and nobody speaks. What had come is lost."""
        facts = world.cellular
        self.modem = None
        if facts and (self.tx, self.rx, self.baud) == (facts["tx"], facts["rx"], facts["baud"]):
            from modem import of_world

            self.modem = of_world()
            self.modem.room = self.rxbuf + _FIFO_BYTES
            self.modem.forget()


class UART(io.IOBase):
    IRQ_RX = 1
    IRQ_RXIDLE = 0x1000
    IRQ_BREAK = 4
    INV_TX = 0x20
    INV_RX = 4
    INV_RTS = 0x40
    INV_CTS = 8
    RTS = 1
    CTS = 2

    def __init__(self, number, baudrate=0, bits=0, parity=None, stop=0, **settings):
        if not 0 <= number <= 2:
            raise ValueError("UART(%d) does not exist" % number)
        if world.uarts is None:
            world.uarts = {}
        if number not in world.uarts:
            world.uarts[number] = _Port(number)
        self._port = world.uarts[number]
        self.init(baudrate, bits, parity, stop, **settings)

    def init(self, baudrate=0, bits=0, parity=None, stop=0, **settings):
        if bits not in (0, 5, 6, 7, 8):
            raise ValueError("invalid data bits")
        if stop not in (0, 1, 2):
            raise ValueError("invalid stop bits")
        port = self._port
        if not port.is_open:
            port.restart()
        for name in settings:
            if name not in ("tx", "rx", "rts", "cts", "txbuf", "rxbuf", "timeout", "timeout_char", "invert", "flow"):
                raise TypeError("extra keyword arguments given")
        port.rxbuf = settings.get("rxbuf", port.rxbuf)
        if port.rxbuf <= _FIFO_BYTES:
            port.is_open = False
            raise OSError(-1, "ESP_FAIL")
        port.baud = baudrate or port.baud
        port.tx, port.rx = _pin(settings, "tx", port.tx), _pin(settings, "rx", port.rx)
        port.timeout_ms = settings.get("timeout", port.timeout_ms)
        port.char_ms = settings.get("timeout_char", port.char_ms)
        port.is_open = True
        port.connect()

    @property
    def modem(self):
        """For PPP: who is behind the pins, or None."""
        return self._port.modem

    def deinit(self):
        self._port.is_open = False

    def any(self):
        if not self._port.is_open:
            raise OSError(-1, "ESP_FAIL")
        return 0 if self.modem is None else self.modem.any()

    def _take(self, size):
        """Up to `size` bytes, waiting as `timeout` and `timeout_char` say; b"" if nothing came."""
        if not self._port.is_open or not size or self.modem is None:
            if self._port.is_open and size and self._port.timeout_ms:
                world.block(self._port.timeout_ms)
            return b""
        got, limit_ms = b"", self._port.timeout_ms
        while len(got) < size:
            if self._wait(limit_ms):
                got += self.modem.read(size - len(got) if limit_ms == 0 else 1)
            else:
                break
            limit_ms = self._port.char_ms
        return got

    def _wait(self, limit_ms):
        """True once there is something to read, False if there was nothing for `limit_ms`."""
        if self.modem.any():
            return True
        due_ms, end_ms = self.modem.next_ms(), world.now_ms + limit_ms
        if limit_ms:
            world.block(min(due_ms, end_ms) - world.now_ms if due_ms is not None else limit_ms)
        return self.modem.any() > 0

    def read(self, size=-1):
        """bytes; None if there is nothing. Without a size: until nothing more comes in time."""
        got = b""
        while size < 0 or len(got) < size:
            more = self._take(256 if size < 0 else size - len(got))
            got += more
            if not more or size >= 0:
                break
        return got or None

    def readinto(self, buf, size=None):
        got = self._take(len(buf) if size is None else min(size, len(buf)))
        buf[: len(got)] = got
        return len(got) or None

    def readline(self, size=-1):
        """bytes up to and with the next line feed, or what has come until nothing more comes in time; None: nothing."""
        got = b""
        while got[-1:] != b"\n" and (size < 0 or len(got) < size):
            more = self._take(1)
            if not more:
                break
            got += more
        return got or None

    def write(self, buf):
        if not self._port.is_open:
            return None
        if self.modem is not None:
            self.modem.write(bytes(buf))
        return len(buf)

    def txdone(self):
        return True

    def flush(self):
        return None

    def sendbreak(self):
        return None

    def irq(self, handler=None, trigger=0, hard=False):
        if handler is not None and not callable(handler):
            raise ValueError("handler must be None or callable")
        if trigger & ~(self.IRQ_RX | self.IRQ_RXIDLE | self.IRQ_BREAK):
            raise ValueError("trigger 0x%04x unsupported" % trigger)
        if hard:
            raise ValueError("hard IRQ is not supported")
        self._port.handler = handler

    def ioctl(self, request, arg):
        if request == 3:  # MP_STREAM_POLL
            return (1 if arg & 1 and self.any() else 0) | arg & 4
        if request == 4:
            return 0
        return -1


def _pin(settings, name, default):
    pin = settings.get(name, default)
    return pin if isinstance(pin, int) else pin.n
