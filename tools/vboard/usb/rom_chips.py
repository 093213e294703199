"""What the ROM loaders of the two chips answer when a register is read: who they are, their MAC, revision and clock.

Source: the chips' technical reference manuals (eFuse controller, UART, SPI), as esptool reads them.
"""

from dataclasses import dataclass, field

_BAUD = 115200
_XTAL_HZ = 40_000_000
_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class RomChip:
    """`spi`: base of the controller for the flash, and offsets of its user, user 2, and first data register."""

    name: str
    bootloader_at: int  # where the ROM looks for the second stage in the flash
    image_chip_id: int  # in the header of an image for it
    chip_id: int | None  # in the answer to GET_SECURITY_INFO; None: the ROM does not know the command
    spi: tuple
    clock_divider: int  # register of the UART's divider, by which esptool finds the crystal
    watchdog: int | None  # register that starts the RTC watchdog; esptool --after watchdog-reset
    banner: str
    reset_text: dict
    registers: dict = field(default_factory=dict)


def _esp32(mac):
    high = int.from_bytes(mac[:2], "big")
    efuse = 0x3FF5A000
    return {
        0x40001000: 0x00F01D83,  # the word by which esptool knows an ESP32
        efuse + 0x04: int.from_bytes(mac[2:], "big"),
        efuse + 0x08: high,
        efuse + 0x0C: 1 << 15 | 1 << 9,  # revision bit 0; package 1: D0WD
        efuse + 0x10: 128,  # 8 MHz oscillator as measured
        efuse + 0x14: 1 << 20 | 1 << 24,  # revision bit 1; minor 1
        0x3FF6607C: 1 << 31,  # revision bit 2: with the two others revision 3
        0x3FF5F06C: 800 << 7,  # calibration: 800 * 15625 * 128 / 40 = 40 MHz
    }


def _esp32s3(mac):
    efuse = 0x60007000
    return {
        0x40001000: 9,
        efuse + 0x44: int.from_bytes(mac[2:], "big"),
        efuse + 0x48: int.from_bytes(mac[:2], "big"),
        efuse + 0x44 + 12: 2 << 18,  # minor revision 2
        0x60004038: 1 << 3,  # strapping: not in download mode by GPIO 0 held for ever
    }


def _resets(*texts):
    """What the ROM prints as the reason of a start, by machine.reset_cause()."""
    return {cause: f"rst:{text}" for cause, text in enumerate(texts, 1)}


_RESETS32 = _resets("0x1 (POWERON_RESET)", "0xc (SW_CPU_RESET)", "0x8 (TG1WDT_SYS_RESET)", "0x5 (DEEPSLEEP_RESET)")
_RESETS_S3 = _resets("0x1 (POWERON)", "0xc (RTC_SW_CPU_RST)", "0x8 (TG1WDT_SYS_RST)", "0x5 (DSLEEP)")


def rom_chip(name, mac):
    """`esp32` or `esp32s3` with `mac` (6 bytes) in its eFuses. Raises ValueError."""
    if len(mac) != 6:
        raise ValueError("a MAC has 6 bytes")
    divider = _XTAL_HZ // _BAUD
    if name == "esp32":
        spi = 0x3FF42000, 0x1C, 0x24, 0x80
        facts = {"bootloader_at": 0x1000, "image_chip_id": 0, "chip_id": None, "spi": spi, "clock_divider": 0x3FF40014}
        facts |= {"watchdog": None, "banner": "ets Jul 29 2019 12:21:46", "reset_text": _RESETS32}
        registers = _esp32(mac)
    elif name == "esp32s3":
        spi = 0x60002000, 0x18, 0x20, 0x58
        facts = {"bootloader_at": 0, "image_chip_id": 9, "chip_id": 9, "spi": spi, "clock_divider": 0x60000014}
        facts |= {"watchdog": 0x60008098, "banner": "ESP-ROM:esp32s3-20210327", "reset_text": _RESETS_S3}
        registers = _esp32s3(mac)
    else:
        raise ValueError(f"chip {name!r}: esp32 or esp32s3 wanted")
    registers[facts["clock_divider"]] = divider
    return RomChip(name=name, registers={at: value & _MASK for at, value in registers.items()}, **facts)
