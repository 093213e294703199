"""One I2S port as the ESP32's driver runs it: a ring of DMA blocks of 256 frames, and one buffer of the program in transit.

Used by both worlds (`world.py` in process, the virtual board's parent in real time): `turn()` is one block of time at the pins,
`serve()` moves bytes between the ring and the program's buffers. What follows from it, on the board as here:

- A buffer that is not a multiple of 256 frames is done at block times: 320 frames (20 ms at 16 kHz) are reported after 16, 16, 16
  and 32 ms in turn, 50 a second on average.
- The driver keeps one block less than the ring has. Receiving: what is not read in time is lost, oldest block first. Sending:
  that much can be written ahead; when it has run out, silence is sent until somebody writes.

Source: MicroPython ports/esp32/machine_i2s.c, ESP-IDF components/esp_driver_i2s/i2s_common.c (read; behaviour, not text).
"""

FRAMES = 256  # DMA_BUF_LEN_IN_I2S_FRAMES of ports/esp32
_RECEIVED_FRAME_BYTES = 8  # the port always receives two slots of 32 bits, and ibuf counts them


class Port:
    """`bits`: 16 or 32. `channels`: 1 or 2. `ibuf`: bytes, at least two blocks are made. Blocks have the program's format.

    `lost_blocks`: received and never read. `dry_blocks`: sent although the program had filled them in part or not at all.
    """

    def __init__(self, receives, rate_hz, bits, channels, ibuf):
        self.receives = receives
        self.rate_hz, self.bits, self.channels = rate_hz, bits, channels
        self.frame_bytes = bits // 8 * channels
        self.block_bytes = FRAMES * self.frame_bytes
        count = max(2, ibuf // (FRAMES * (_RECEIVED_FRAME_BYTES if receives else self.frame_bytes)))
        self._blocks = [bytearray(self.block_bytes) for _ in range(count)]
        self._finished = []  # blocks that the pins are done with, oldest first
        self._running = 0  # block that the pins are at
        self._current = None  # block that the program is at
        self._place = self.block_bytes  # byte in it
        self._filled = [0] * count
        self.waiting = []  # the program's buffers, in order
        self._moved = 0  # bytes of the first one
        self.lost_blocks = self.dry_blocks = 0

    def turn(self, received=None):
        """The pins are done with a block: fills it with `received`, or gives the bytes that were sent and clears it."""
        block = self._blocks[self._running]
        sent = None
        if self.receives:
            block[:] = received
        else:
            sent = bytes(block)
            self.dry_blocks += self._filled[self._running] < self.block_bytes
            self._filled[self._running] = 0
            block[:] = bytes(self.block_bytes)
        if len(self._finished) == len(self._blocks) - 1:
            self._finished.pop(0)
            self.lost_blocks += self.receives
        self._finished.append(self._running)
        self._running = (self._running + 1) % len(self._blocks)
        return sent

    def offer(self, buf):
        """The program hands over a buffer, to be filled (writable) or sent."""
        self.waiting.append(buf)

    def serve(self):
        """Moves what can be moved now. Returns the first waiting buffer if that completed it, else None."""
        while self.waiting:
            if self._place == self.block_bytes:
                if not self._finished:
                    return None
                self._current = self._finished.pop(0)
                self._place = 0
            buf = self.waiting[0]
            self._move(buf, min(self.block_bytes - self._place, len(buf) - self._moved))
            if self._moved == len(buf):
                self._moved = 0
                return self.waiting.pop(0)
        return None

    def _move(self, buf, size):
        block = self._blocks[self._current]
        if self.receives:
            buf[self._moved : self._moved + size] = block[self._place : self._place + size]
        else:
            block[self._place : self._place + size] = buf[self._moved : self._moved + size]
            self._filled[self._current] += size
        self._place += size
        self._moved += size
