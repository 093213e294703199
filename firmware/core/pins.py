"""What each GPIO of a chip can and must not do: data and the one function that reads it.

Source, where no other is named: ESP-IDF Programming Guide, "GPIO & RTC GPIO" for ESP32 and ESP32-S3, tables and notes; ADC units
from the same tables.
"""

_UART_ESP32 = "is UART0, the console and the way to flash the unit"
_FLASH = "is wired to the flash chip inside the module"

# chip -> rules. Numbers as tuples; `refuse`: pin -> why never; `boot_in`: pin -> why not as an input (a held cord at power-up
# would decide how the chip starts); `warn`: pin -> what to look at.
CHIPS = {
    "esp32": {
        "pins": tuple(range(20)) + (21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 39),  # as led out by the modules
        "input_only": (34, 35, 36, 39),  # and without pull-up or pull-down
        "adc1": (32, 33, 34, 35, 36, 39),
        "adc2": (0, 2, 4, 12, 13, 14, 15, 25, 26, 27),
        "refuse": {1: _UART_ESP32, 3: _UART_ESP32, 6: _FLASH, 7: _FLASH, 8: _FLASH, 9: _FLASH, 10: _FLASH, 11: _FLASH},
        "boot_in": {  # ESP32 datasheet, strapping pins
            0: "low at power-up starts the download mode instead of the firmware",
            2: "must be low or free for flashing",
            12: "high at power-up sets the flash to 1.8 V and the chip does not start",
        },
        "warn": {
            0: "is a strapping pin: what is wired there must not pull it low at power-up",
            2: "is a strapping pin: what is wired there must not pull it high while flashing",
            5: "is a strapping pin (SDIO timing, unused here); it is high during the start",
            12: "is a strapping pin: what is wired there must not pull it high at power-up",
            15: "is a strapping pin: low at power-up silences the boot messages, nothing else",
        },
        "irq_warn": {  # ESP32 errata, "ECO and Workarounds", 3.11
            36: "sees false edges of 80 ns whenever an ADC or Wi-Fi power saving is used; they cost wake-ups, not calls",
            39: "sees false edges of 80 ns whenever an ADC or Wi-Fi power saving is used; they cost wake-ups, not calls",
        },
        "uarts": (1, 2),  # free to use; 0 is the console
        "rmii": {  # ESP32 technical reference, Ethernet MAC: all but MDC and MDIO have their pin in the chip
            "fixed": {19: "TXD0", 21: "TX_EN", 22: "TXD1", 25: "RXD0", 26: "RXD1", 27: "CRS_DV"},
            "in": (0,),
            "out": (0, 16, 17),
        },
        "modules": {"wroom": {}, "wrover": {16: "is wired to the PSRAM of a WROVER", 17: "is wired to the PSRAM of a WROVER"}},
    },
    "esp32s3": {
        "pins": tuple(range(22)) + tuple(range(26, 49)),
        "input_only": (),
        "adc1": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        "adc2": (11, 12, 13, 14, 15, 16, 17, 18, 19, 20),
        "refuse": {
            19: "is USB, the console and the way to flash the unit",
            20: "is USB, the console and the way to flash the unit",
            26: _FLASH, 27: _FLASH, 28: _FLASH, 29: _FLASH, 30: _FLASH, 31: _FLASH, 32: _FLASH,
            43: "is UART0, the boot messages and a console", 44: "is UART0, the boot messages and a console",
        },
        "boot_in": {  # ESP32-S3 datasheet, strapping pins
            0: "low at power-up starts the download mode instead of the firmware",
            45: "high at power-up sets the flash to 1.8 V and the chip does not start",
            46: "must be low or free for flashing",
        },
        "warn": {
            0: "is a strapping pin: what is wired there must not pull it low at power-up",
            3: "is a strapping pin (source of JTAG); it floats during the start",
            45: "is a strapping pin: what is wired there must not pull it high at power-up",
            46: "is a strapping pin: what is wired there must not pull it high while flashing",
        },
        "irq_warn": {},
        "uarts": (1, 2),
        "modules": {"quad": {}, "octal": dict.fromkeys((33, 34, 35, 36, 37), "is wired to the octal flash or PSRAM")},
    },
}

_FALSE_EDGES = "has its level pulled low for 80 ns whenever an ADC or Wi-Fi power saving is used: a click now and then"

USES = ("in", "level", "out", "adc", "data", "serial")


def check(chip, module, pin, use, pull="none", wifi=True):
    """Problems and warnings of one use of one pin: two lists of text that begin with "GPIO n".

    `chip`: key of CHIPS; `module`: key of its modules; `use`: of USES ("level": an input that is asked now and then, without
    interrupt; "data": from another chip that is silent at power-up; "serial": from one that holds its lines high then); `pull`:
    `none`, `up` or `down`; `wifi`: Wi-Fi is a bearer.
    """
    rules = CHIPS[chip]
    name = "GPIO %d " % pin
    if pin not in rules["pins"]:
        return [name + "does not exist on a module with the %s; choose one of its data sheet" % chip], []
    for table in (rules["refuse"], rules["modules"][module]):
        if pin in table:
            return [name + table[pin] + "; choose another pin"], []
    problems = []
    warnings = []
    if pin in rules["input_only"]:
        if use == "out":
            problems.append(name + "is input only; choose a pin with an output driver")
        if pull != "none":
            problems.append(name + 'has no pull resistors; write "pull": "none" and fit a resistor')
    if use == "adc" and pin not in rules["adc1"]:
        problems.append(_adc_problem(rules, pin, wifi))
    if use == "in" and pin in rules["irq_warn"]:
        warnings.append(name + rules["irq_warn"][pin])
    if use == "data" and pin in rules["irq_warn"]:
        warnings.append(name + _FALSE_EDGES)
    if use in ("in", "level", "adc", "serial") and pin in rules["boot_in"]:
        why = "what drives it" if use == "serial" else "a held cord"
        problems.append(name + rules["boot_in"][pin] + "; %s would decide that: choose another pin" % why)
    elif pin in rules["warn"]:
        warnings.append(name + rules["warn"][pin])
    return [text for text in problems if text], warnings


def _adc_problem(rules, pin, wifi):
    adc1 = ", ".join(str(n) for n in rules["adc1"])
    if pin not in rules["adc2"]:
        return "GPIO %d has no ADC; choose one of %s" % (pin, adc1)
    if wifi:
        return "GPIO %d is on ADC2, which does not work while Wi-Fi is on; choose one of %s" % (pin, adc1)
    return ""
