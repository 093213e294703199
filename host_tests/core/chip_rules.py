"""What the data sheets forbid, written down a second time and by other means than core/pins.py: sets of pins, one question.

ESP32 data sheet 4.x: pins, strapping pins, ADC; ESP32-S3 data sheet 1.x, likewise. `refusal` answers with a word that the check's
message must hold, or "" for a pin that can be used so.
"""


def span(first, last):
    return set(range(first, last + 1))


CHIPS = {
    "esp32": {
        "exist": span(0, 19) | span(21, 23) | span(25, 27) | span(32, 36) | {39},
        "flash": span(6, 11), "console": {1: "UART0", 3: "UART0"}, "input only": span(34, 36) | {39},
        "adc1": span(32, 36) | {39}, "adc2": {0, 2, 4} | span(12, 15) | span(25, 27),
        "boot": {0: "download mode", 2: "for flashing", 12: "1.8 V"},
        "modules": {"wroom": {}, "wrover": {16: "PSRAM", 17: "PSRAM"}},
    },
    "esp32s3": {
        "exist": span(0, 21) | span(26, 48),
        "flash": span(26, 32), "console": {19: "USB", 20: "USB", 43: "UART0", 44: "UART0"}, "input only": set(),
        "adc1": span(1, 10), "adc2": span(11, 20),
        "boot": {0: "download mode", 45: "1.8 V", 46: "for flashing"},
        "modules": {"quad": {}, "octal": dict.fromkeys(span(33, 37), "octal")},
    },
}
RMII = {19: "TXD0", 21: "TX_EN", 22: "TXD1", 25: "RXD0", 26: "RXD1", 27: "CRS_DV"}  # of the ESP32
DECIDED_AT_POWER_UP = ("in", "level", "adc", "serial")  # by a held cord, or a modem whose lines idle high


def refusal(chip, module, pin, use, pull="none", wifi=True):
    rules = CHIPS[chip]
    if pin not in rules["exist"]:
        return "does not exist"
    if pin in rules["flash"]:
        return "flash chip"
    if pin in rules["console"]:
        return rules["console"][pin]
    if pin in rules["modules"][module]:
        return rules["modules"][module][pin]
    if pin in rules["input only"] and use == "out":
        return "input only"
    if pin in rules["input only"] and pull != "none":
        return "no pull resistors"
    if use == "adc" and pin not in rules["adc1"] | rules["adc2"]:
        return "no ADC"
    if use == "adc" and pin in rules["adc2"] and wifi:
        return "ADC2"
    if use in DECIDED_AT_POWER_UP and pin in rules["boot"]:
        return rules["boot"][pin]
    return ""
