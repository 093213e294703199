"""Sound of the world in one process: what an I2S port has sent, and the microphone that it listens to.

`world.sound(port)`: an open port. `world.microphone(port)`: `feed(pcm16)`, and its named faults in `fault`:

| fault | what the port receives |
|---|---|
| `stall` | nothing: the DMA stands still, no handler is called |
| `silent` | zeros: no microphone, or its supply is gone |
| `stuck` | the same slot for ever, `stuck_at` (32 bits, -1: the data line hangs high) |
| `noise` | noise at full scale |
| `gap` | one block in four is lost |
"""

import struct

import i2s_dma

_GAP_BLOCKS = 4
_TASK_MS = 10  # a FreeRTOS tick: until then the driver's task, of the same priority, may not have emptied its queue of one


def slots(samples, bits, channels):
    """Bytes of a port that receives these 16-bit samples in the left slot; the right one is silent, as of one INMP441."""
    if bits == 32:
        samples = [sample * 65536 for sample in samples]
    if channels == 2:
        samples = [value for sample in samples for value in (sample, 0)]
    return struct.pack("<%d%s" % (len(samples), "h" if bits == 16 else "i"), *samples)


class Microphone:
    """What sounds in front of the microphone of one port. Silence when it was fed nothing. `open`: the port listens."""

    def __init__(self):
        self.fault = None
        self.stuck_at = -1
        self.open = False
        self.blocks = 0  # heard since the world began
        self._fed = bytearray()
        self._noise = 1

    def feed(self, pcm16):
        """Appends 16-bit little-endian mono samples at the port's rate."""
        self._fed.extend(pcm16)

    def block(self, bits, channels):
        """The next 256 frames in the port's format, or None when this block does not arrive."""
        self.blocks += 1
        fed = bytes(self._fed[: 2 * i2s_dma.FRAMES])
        self._fed = self._fed[2 * i2s_dma.FRAMES :]
        if self.fault == "gap" and self.blocks % _GAP_BLOCKS == 0:
            return None
        if self.fault == "stuck":
            slot = self.stuck_at if bits == 32 else self.stuck_at >> 16
            return struct.pack("<i" if bits == 32 else "<h", slot) * (channels * i2s_dma.FRAMES)
        return slots(self._samples(fed), bits, channels)

    def _samples(self, fed):
        if self.fault == "noise":
            return [self._dice() for _ in range(i2s_dma.FRAMES)]
        if self.fault == "silent":
            return [0] * i2s_dma.FRAMES
        return struct.unpack("<%dh" % i2s_dma.FRAMES, fed + bytes(2 * i2s_dma.FRAMES - len(fed)))

    def _dice(self):
        self._noise = (self._noise * 75 + 74) % 65537  # ZX81's generator: no big integers on a 32-bit board
        return self._noise % 65536 - 32768


class Sound:
    """One open I2S port. Sending: `samples` collects what was written, of a paced port `heard` what it has sent."""

    def __init__(self, pin, rate_hz, bits, channels, room_bytes, receives, now_ms):
        self.pin = pin
        self.rate_hz = rate_hz
        self.bits = bits
        self.channels = channels
        self.room_bytes = room_bytes
        self.receives = receives
        self.port = i2s_dma.Port(receives, rate_hz, bits, channels, room_bytes)
        self.samples = bytearray()
        self.heard = bytearray()
        self.waiting_bytes = 0
        self.lost_buffers = 0  # handed over while one was in transit: the driver takes them without a word and drops them
        self.i2s = self.handler = None
        self.closed = False
        self._since_ms = now_ms
        self._turns = 0
        self._offered_ms = now_ms
        self.serving = False

    def due_ms(self):
        """When the pins are done with the block that they are at."""
        return self._since_ms + (self._turns + 1) * i2s_dma.FRAMES * 1000 // self.rate_hz

    def turn(self, microphone, stalled):
        """One block of time has passed at the pins."""
        self._turns += 1
        if self.receives:
            received = microphone.block(self.bits, self.channels)
            if received is not None and microphone.fault != "stall":
                self.port.turn(received)
        elif not stalled:
            self.heard.extend(self.port.turn())

    def offer(self, buf, now_ms):
        """A buffer of the program. One may be in transit and a second one in the driver's queue, once its task has run."""
        waiting = len(self.port.waiting)
        if waiting > 1 or (waiting and self.handler is not None and now_ms - self._offered_ms < _TASK_MS):
            self.lost_buffers += 1
            return
        self._offered_ms = now_ms
        self.port.offer(buf)
