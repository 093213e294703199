"""`machine` as the ESP32 has it, on a world outside: in-process (`world.py`) or the virtual board's parent.

Runs under CPython and MicroPython. The subset a speech module uses, with the ESP32's constants, defaults and refusals. What the
pins see and drive is the world's affair; `machine.world` is that world. Source: MicroPython ports/esp32 (behaviour, not text).
"""

import io

from world import world

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_FIRST_INPUT_ONLY = {"esp32": 34, "esp32s3": 99}  # ESP32 GPIO 34-39 have no output driver and no pulls
_MISSING = {"esp32": (24, 28, 29, 30, 31), "esp32s3": (22, 23, 24, 25)}
_HIGHEST = {"esp32": 39, "esp32s3": 48}
_ADC_PINS = {
    "esp32": (36, 37, 38, 39, 32, 33, 34, 35, 4, 0, 2, 15, 13, 12, 14, 27, 25, 26),
    "esp32s3": tuple(range(1, 21)),
}
_ADC1_PINS = {"esp32": (36, 37, 38, 39, 32, 33, 34, 35), "esp32s3": tuple(range(1, 11))}
_CPU_HZ = (20_000_000, 40_000_000, 80_000_000, 160_000_000, 240_000_000)
_FULL_SCALE_UV = (950_000, 1_250_000, 1_750_000, 3_100_000)  # by attenuation; ESP32 datasheet, ADC: upper end of the usable range


def _number(pin):
    """GPIO number of a number or Pin. Raises ValueError as the board does for one that the chip lacks."""
    n = pin if isinstance(pin, int) else pin.n
    if not 0 <= n <= _HIGHEST[world.chip] or n in _MISSING[world.chip]:
        raise ValueError("invalid pin")
    return n


class Pin:
    """One GPIO. Differs from the board in one way: two `Pin(4)` are two objects on one line (there: one object)."""

    IN = 1
    OUT = 3
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, number, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        self.n = _number(number)
        self._trigger = 0
        if mode is not None or pull != -1 or value is not None:
            self.init(mode, pull, value=value)

    def init(self, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        """As the board: the value is set before the mode, so an output never glitches to the wrong level."""
        if mode is not None and mode & 2 and self.n >= _FIRST_INPUT_ONLY[world.chip]:
            raise ValueError("pin can only be input")
        if value is not None:
            world.write(self.n, 1 if value else 0)
        if pull != -1 and self.n >= _FIRST_INPUT_ONLY[world.chip]:
            pull = None  # the chip takes the call and does nothing
        world.setup(self.n, mode, pull)

    def value(self, level=None):
        if level is None:
            return world.level(self.n)
        world.write(self.n, 1 if level else 0)
        return None

    def __call__(self, level=None):
        return self.value(level)

    def on(self):
        world.write(self.n, 1)

    def off(self):
        world.write(self.n, 0)

    def toggle(self):
        world.write(self.n, 1 - world.level(self.n))

    def irq(self, handler=None, trigger=3, wake=None):
        """Soft interrupt: `handler(pin)` runs between two bytecodes, from a queue of 8; what does not fit is lost."""
        if wake is None:
            self._trigger = trigger if handler is not None else 0
            world.watch(self.n, self, handler, self._trigger)
        return self

    def __repr__(self):
        return "Pin(%d)" % self.n


class ADC:
    """One ADC channel; 12 bits. Attenuation decides where readings saturate. ADC2 fails while Wi-Fi is on (ESP32)."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    def __init__(self, pin, *, atten=-1):
        self._n = _number(pin)
        if self._n not in _ADC_PINS[world.chip]:
            raise ValueError("invalid pin")
        self._shared = self._n not in _ADC1_PINS[world.chip]
        self.atten(atten if atten != -1 else 3)

    def init(self, *, atten=-1):
        self.atten(atten if atten != -1 else 3)

    def atten(self, atten):
        if not 0 <= atten <= 3:
            raise ValueError("invalid attenuation")
        self._full_uv = _FULL_SCALE_UV[atten]

    def read_uv(self):
        """Calibrated reading in uV, 0 ... full scale. Raises OSError (timed out) for ADC2 with Wi-Fi on, or fault `no_value`."""
        if self._shared and world.wifi_active:
            raise OSError(116, "ETIMEDOUT")  # ETIMEDOUT, what check_esp_err makes of ESP_ERR_TIMEOUT
        uv = world.adc_uv(self._n)
        if uv != uv:  # fault `nan`: what arithmetic on a broken calibration would hand on
            return uv
        return max(0, min(uv, self._full_uv))

    def read_u16(self):
        raw = self.read()
        return raw << 4 | raw >> 8

    def read(self):
        return self.read_uv() * 4095 // self._full_uv


class I2S(io.IOBase):
    """One I2S port, sending or receiving. With `irq` set, `write` and `readinto` return at once and `handler(i2s)` is called when
    the port is done with the whole buffer, which must be left alone until then; without, they wait for that.

    A second object on a port takes it over, as on the board. asyncio streams: sending only.
    """

    RX = 1
    TX = 2
    MONO = 0
    STEREO = 1
    wakes_by_interrupt = True  # for the virtual board's poller

    def __init__(self, port, *, sck, ws, sd, mode, bits, format, rate, ibuf, mck=None):  # noqa: A002 - the board's name
        if port not in (0, 1):
            raise ValueError("invalid id")
        if mode not in (I2S.RX, I2S.TX):
            raise ValueError("invalid mode")
        if bits not in (16, 32):
            raise ValueError("invalid bits")
        if format not in (I2S.MONO, I2S.STEREO):
            raise ValueError("invalid format")
        if rate <= 0:
            raise OSError(-258, "ESP_ERR_INVALID_ARG")
        receives = mode == I2S.RX
        for pin in (sck, ws) if receives else (sck, ws, sd):
            if _number(pin) >= _FIRST_INPUT_ONLY[world.chip]:  # stricter than the board, which starts and has no clock
                raise ValueError("pin can only be input")
        self._port, self._receives = port, receives
        self._frame_bytes = bits // 8 * (1 + format)
        world.i2s_open(port, _number(sd), rate, bits, 1 + format, ibuf, receives)
        world.i2s_irq(port, self, None)
        self._nonblocking = False
        self._open = True

    def irq(self, handler):
        if handler is not None and not callable(handler):
            raise ValueError("invalid callback")
        self._nonblocking = handler is not None
        world.i2s_irq(self._port, self, handler)

    def readinto(self, buf):
        self._refuse(not self._receives, len(buf) % self._frame_bytes)
        return self._settle(world.i2s_read(self._port, buf) if len(buf) else 0)

    def write(self, buf):
        self._refuse(self._receives, 0)
        return self._settle(world.i2s_write(self._port, buf) if len(buf) else 0)

    def _refuse(self, is_wrong_way, odd_bytes):
        if is_wrong_way:
            raise OSError(1, "EPERM")
        if odd_bytes:
            raise OSError(22, "EINVAL")
        if not self._open:
            raise RuntimeError("I2S used after deinit: with a handler set the board panics here")

    def _settle(self, size):
        if not self._nonblocking:
            world.i2s_wait(self._port)
        return size

    def ioctl(self, request, arg):
        if request == 3:  # MP_STREAM_POLL
            return arg & 4 if world.i2s_room(self._port) else 0
        return -1

    def deinit(self):
        if self._open:
            self._open = False
            world.i2s_irq(self._port, self, None)
            world.i2s_close(self._port)


class WDT:
    """Hardware watchdog; once started it cannot be stopped. A second one sets a new time, as on the board."""

    def __init__(self, number=0, timeout=5000):
        if number != 0:
            raise ValueError()
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        world.watchdog(timeout)

    def feed(self):
        world.feed()


class RTC:
    """Calendar clock from 2000-01-01 after a power loss; runs on over a reset. `memory`: 2,048 bytes with the same life."""

    def datetime(self, when=None):
        """(year, month, day, weekday 0-6 from Monday, hour, minute, second, microsecond)."""
        if when is None:
            return world.rtc_get()
        if len(when) != 8:
            raise ValueError("requested length 8 but object has length %d" % len(when))
        world.rtc_set(when)
        return None

    def init(self, when):
        year, month, day, hour, minute, second, microsecond, _ = when
        world.rtc_set((year, month, day, 0, hour, minute, second, microsecond))

    def memory(self, data=None):
        if data is None:
            return bytes(world.rtc_memory)
        if len(data) > 2048:
            raise ValueError("buffer too long")
        world.rtc_memory_set(bytes(data))
        return None


def freq(hz=None):
    """The processor's clock. It outlives a soft reset; any other start begins with 160 MHz."""
    if hz is None:
        return world.cpu_hz
    if hz not in _CPU_HZ:
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    world.cpu_hz = hz
    world.tell_power()
    return None


def reset():
    world.restart(HARD_RESET)


def soft_reset():
    world.restart(SOFT_RESET)


def reset_cause():
    return world.reset_cause


def __getattr__(name):
    import machine_more

    return getattr(machine_more, name)
