"""The physical world in one process: what pins, ADCs, sound, radio and watchdog see when there is no virtual board.

pytest on CPython and the dual-runtime tests under MicroPython use it as their mocked pins: `machine.world.pin(34).drive(0)`.
Time stands still until `advance(ms)`. `clear()` makes a new world in place. Named faults, per part:

| part | fault |
|---|---|
| `pin(n).chatter(edges, level)` | contact bounce: that many edges, ending at `level` |
| `pin(n).fault = "stuck"` | level stays what it is, whatever drives it |
| `adc(n).fault` | `jump` (each reading 0 or full scale in turn), `stuck`, `nan`, `no_value` (raises OSError) |
| `wifi_mode` | `ok`, `no_ap`, `auth_fail`, `no_ip` (joins, no address ever), `dead_path` |
| `ethernet(mode)` | see network_lan.py |
| `modem(mode)`, `modem_power(on)` | see modem.py |
| `i2s_fault` | `stall`: the DMA takes nothing any more |
| `microphone(port).fault` | `stall`, `silent`, `stuck`, `noise`, `gap`; see world_sound.py |
| `blocked = True` | the loop is blocked: interrupts queue up (8 deep, the rest lost) until it is False again |
"""

import calendar2000
import outside
from world_sound import Microphone, Sound

_QUEUE_DEPTH = 8  # MICROPY_SCHEDULER_DEPTH of ports/esp32
_FULL_SCALE_UV = 3_300_000
_PATIENCE_BLOCKS = 1000  # of sound, 16 s: no buffer is that long


class Restart(BaseException):
    """The chip restarts here: nothing after `machine.reset()` runs. BaseException, so that `except Exception` cannot eat it."""

    def __init__(self, cause):
        super().__init__(cause)
        self.cause = cause


class Line:
    """What a GPIO is wired to. `out`: level the firmware drives, None while it is an input or hangs free."""

    def __init__(self, world, n):
        self._world = world
        self.n = n
        self.fault = None
        self.outside = None  # level driven from outside: 0, 1, or None for an open contact
        self.pull = None
        self.mode = None
        self.latch = 0
        self.seen = 0
        self.pin = self.handler = None
        self.trigger = 0
        self.history = []  # (ms, level) of every change seen on the line

    @property
    def out(self):
        return self.latch if self.mode is not None and self.mode & 2 else None

    def drive(self, level):
        """Outside drives 0 or 1, or None: the contact opens and the pull decides."""
        self.outside = level
        self.settle()

    def chatter(self, edges, level):
        """Contact bounce: `edges` level changes at one instant, the last one to `level`."""
        for left in range(edges - 1, -1, -1):
            self.drive(level if left % 2 == 0 else 1 - level)

    def settle(self):
        """Works out the level and fires the interrupt on a change."""
        level = self.out
        if level is None or (self.mode == 7 and level):
            level = self.outside
        if level is None:
            level = 1 if self.pull == 2 else 0
        if level == self.seen or self.fault == "stuck":
            return
        self.seen = level
        self.history.append((self._world.now_ms, level))
        if self.trigger & (1 if level else 2):
            self._world.interrupt(self.handler, self.pin)


class Analogue:
    """Voltage at an ADC pin, uV."""

    def __init__(self):
        self.uv = 0
        self.fault = None
        self.readings = 0
        self._held = 0

    def set_mv(self, mv):
        self.uv = int(mv * 1000)

    def set_cell_mv(self, mv, ratio_ppm):
        """A cell with `mv` at its terminals hangs on the pin, behind the divider of a board file (`power.battery.ratio_ppm`)."""
        self.uv = int(mv * 1_000_000_000 / ratio_ppm)

    def read(self):
        self.readings += 1
        if self.fault == "no_value":
            raise OSError(116, "ETIMEDOUT")
        if self.fault == "nan":
            return float("nan")
        if self.fault == "jump":
            return _FULL_SCALE_UV if self.readings % 2 else 0
        if self.fault != "stuck":
            self._held = self.uv
        return self._held


class World:
    def __init__(self):
        self.clear()

    generation = 0

    def clear(self):
        """A new world at time 0 after power-on: nothing connected, nothing configured."""
        self.generation += 1  # a radio of the old world is not carried over
        self.chip = "esp32"
        self.now_ms = 0
        self.unique_id = b"\x24\x6f\x28\x00\x00\x01"
        self.cpu_hz = 160_000_000
        self.reset_cause = 1
        self.lines = {}
        self.analogues = {}
        self.sounds = {}
        self.microphones = {}
        self.i2s_fault = None
        self.i2s_paced = False  # a sending port runs by the clock as a receiving one does, instead of by `i2s_run`
        self.blocked = False
        self.lost_interrupts = 0
        self._queue = []
        self.watchdog_ms = None
        self.fed_ms = 0
        self.feeds = 0
        self.bites = 0  # watchdog resets so far
        self.restarts = []  # causes asked for by machine.reset() and soft_reset()
        self.rtc_memory = b""
        self._rtc_offset_s = 0
        self.power_log = []  # (ms, Hz of the processor, power-save mode of the Wi-Fi) after each change of either
        self.wifi_active = False
        self.wifi_pm = 1
        self.wifi_mode = "ok"
        self.wifi_join_ms = 300
        self.wifi_rssi_dbm = -61
        self.wifi_ip = "10.0.2.15"
        self.wifi_dns = "10.0.2.3"
        self.wifi_changed_ms = 0
        self.wifi_lost = 0
        self.bearers = list(outside.AT_FIRST)
        self.routes = self.modem_object = self.uarts = None
        self.cellular = {"tx": 27, "rx": 26, "baud": 115200}  # where a modem hangs; None: there is none
        self.bearer_log = []  # (index of routes.HOSTS, has an address)
        self.partitions = {"journal": 16}  # label: sectors of 4,096 bytes
        self.flash = {}

    def pin(self, n):
        if n not in self.lines:
            self.lines[n] = Line(self, n)
        return self.lines[n]

    def adc(self, n):
        if n not in self.analogues:
            self.analogues[n] = Analogue()
        return self.analogues[n]

    def sound(self, port):
        return self.sounds[port]

    def microphone(self, port):
        """What that port hears; may be fed before the port is opened."""
        if port not in self.microphones:
            self.microphones[port] = Microphone()
        return self.microphones[port]

    def wifi(self, mode):
        """Radio conditions change now; an established connection is lost unless the new mode is `ok`."""
        if mode not in ("ok", "no_ap", "auth_fail", "no_ip", "dead_path"):
            raise ValueError("wifi mode: " + mode)
        if mode not in ("ok", "dead_path"):
            self.wifi_lost += 1
        if "dead_path" not in (mode, self.wifi_mode):
            self.wifi_changed_ms = self.now_ms
        self.wifi_mode = mode

    def ethernet(self, mode):
        """What the network socket is plugged into changes now."""
        from network_lan import MODES

        if mode == "unplugged":
            self.bearers[outside.ETHERNET_LOST] += 1
        self.bearers[outside.ETHERNET_MODE] = MODES.index(mode)
        self.bearers[outside.ETHERNET_CHANGED] = self.now_ms

    def modem(self, mode):
        """SIM and mobile network change now."""
        from modem import MODES

        if mode == "carrier_lost":
            self.bearers[outside.MODEM_LOST] += 1
        self.bearers[outside.MODEM_MODE] = MODES.index(mode)
        self.bearers[outside.MODEM_SINCE] = self.now_ms

    def modem_power(self, power):
        """False: off; True: it starts now; 2: it has been in data mode since before the unit's start."""
        self.bearers[outside.MODEM_POWER] = int(power)
        self.bearers[outside.MODEM_CHANGED] = self.now_ms

    def advance(self, ms):
        """Time passes, block by block of the sound; the watchdog bites if it was not fed for its time."""
        end_ms = self.now_ms + ms
        while self.sounds and self._sound_until(end_ms):
            pass
        self.now_ms = end_ms
        if self.watchdog_ms is not None and self.now_ms - self.fed_ms >= self.watchdog_ms:
            self.bites += 1
            self.fed_ms = self.now_ms

    def unblock(self):
        """The blocked loop goes on: queued interrupts run in order."""
        self.blocked = False
        while self._queue:
            handler, arg = self._queue.pop(0)
            handler(arg)

    # What the stand-ins call.

    def interrupt(self, handler, arg):
        if not self.blocked:
            handler(arg)
        elif len(self._queue) < _QUEUE_DEPTH:
            self._queue.append((handler, arg))
        else:
            self.lost_interrupts += 1

    def level(self, n):
        return self.pin(n).seen

    def setup(self, n, mode, pull):
        line = self.pin(n)
        if mode is not None:
            line.mode = mode
        if pull != -1:
            line.pull = pull
        line.settle()

    def write(self, n, level):
        line = self.pin(n)
        line.latch = level
        line.settle()

    def watch(self, n, pin, handler, trigger):
        line = self.pin(n)
        line.pin, line.handler, line.trigger = pin, handler, trigger

    def adc_uv(self, n):
        return self.adc(n).read()

    def i2s_open(self, port, pin, rate_hz, bits, channels, room_bytes, receives):
        self.i2s_close(port)
        self.sounds[port] = Sound(pin, rate_hz, bits, channels, room_bytes, receives, self.now_ms)
        self.microphone(port).open = receives

    def i2s_close(self, port):
        if port in self.sounds:
            self.sounds[port].handler = None
            self.sounds[port].closed = True
        self.microphone(port).open = False

    def i2s_irq(self, port, i2s, handler):
        self.sounds[port].i2s, self.sounds[port].handler = i2s, handler

    def i2s_write(self, port, buf):
        sound = self.sounds[port]
        if self.i2s_paced:
            self._offer(sound, bytes(buf))
        else:
            sound.samples.extend(bytes(buf))
            sound.waiting_bytes += len(buf)
        return len(buf)

    def i2s_read(self, port, buf):
        self._offer(self.sounds[port], buf)
        return len(buf)

    def i2s_room(self, port):
        return self.sounds[port].waiting_bytes == 0

    def i2s_wait(self, port):
        """Blocks until the port is done with the program's buffer: the clock runs on. Raises RuntimeError if it never will."""
        sound = self.sounds[port]
        if not self._is_clocked(sound):
            self.i2s_run(port)
        for _ in range(_PATIENCE_BLOCKS):
            if not sound.port.waiting:
                return
            self.advance(sound.due_ms() - self.now_ms)
        raise RuntimeError("the board would stand still here: no sound comes")

    def i2s_run(self, port):
        """The DMA takes what waits and calls the handler, once. True if it did; False when nothing waits or it stalls."""
        sound = self.sounds[port]
        if self.i2s_fault == "stall" or not sound.waiting_bytes:
            return False
        sound.waiting_bytes = 0
        if sound.handler is not None:
            self.interrupt(sound.handler, sound.i2s)
        return True

    def _is_clocked(self, sound):
        return not sound.closed and (sound.receives or self.i2s_paced)

    def _sound_until(self, end_ms):
        """One block of the port that is due first; False if none is due by `end_ms`."""
        ports = [(sound.due_ms(), port) for port, sound in self.sounds.items() if self._is_clocked(sound)]
        if not ports or min(ports)[0] > end_ms:
            return False
        self.now_ms, port = min(ports)
        sound = self.sounds[port]
        sound.turn(self.microphone(port), self.i2s_fault == "stall")
        self._serve(sound)
        return True

    def _offer(self, sound, buf):
        sound.offer(buf, self.now_ms)
        if not sound.serving:
            self._serve(sound)

    def _serve(self, sound):
        """Handlers run here, not inside each other: one that hands over the next buffer is served when it has returned."""
        sound.serving = True
        while not sound.closed and sound.port.serve() is not None:
            if sound.handler is not None:
                self.interrupt(sound.handler, sound.i2s)
        sound.serving = False

    def watchdog(self, timeout_ms):
        self.watchdog_ms = timeout_ms
        self.fed_ms = self.now_ms

    def feed(self):
        self.feeds += 1
        self.fed_ms = self.now_ms

    def restart(self, cause):
        self.restarts.append(cause)
        raise Restart(cause)

    def idle(self):
        return None

    def block(self, ms):
        """A call that blocks: time passes, and no handler runs before it returns."""
        self.blocked = True
        self.advance(ms)
        self.unblock()

    def tell_bearer(self, bearer, has_address):
        self.bearer_log.append((bearer, has_address))

    def tell_modem(self, in_data):
        return None

    def tell_power(self):
        self.power_log.append((self.now_ms, self.cpu_hz, self.wifi_pm))

    def open_flash(self, label):
        from nor import NorFlash

        return NorFlash(sectors=self.partitions[label])

    def rtc_get(self):
        year, month, day, hour, minute, second, weekday, _ = calendar2000.fields(self._rtc_offset_s + self.now_ms // 1000)
        return year, month, day, weekday, hour, minute, second, self.now_ms % 1000 * 1000

    def rtc_set(self, when):
        year, month, day, _, hour, minute, second, _ = when
        self._rtc_offset_s = calendar2000.seconds(year, month, day, hour, minute, second) - self.now_ms // 1000

    def rtc_memory_set(self, data):
        self.rtc_memory = data


world = World()
