"""core/pins.py: the chip's rules, one case each, against the tables of the ESP-IDF guide."""

from firmware.core import pins
from host_tests.core import chip_rules


def verdict(chip, module, pin, use, pull="none", wifi=True):
    problems, warnings = pins.check(chip, module, pin, use, pull, wifi)
    return ("problem" if problems else "warning" if warnings else "fine"), " ".join(problems + warnings)


def test_each_rule_bites_and_its_neighbour_does_not():
    cases = (
        ("esp32", "wroom", 25, "in", "up", True, "fine", ""),
        ("esp32", "wroom", 34, "in", "none", True, "fine", ""),
        ("esp32", "wroom", 34, "in", "up", True, "problem", "no pull resistors"),
        ("esp32", "wroom", 39, "in", "down", True, "problem", "no pull resistors"),
        ("esp32", "wroom", 35, "out", "none", True, "problem", "input only"),
        ("esp32", "wroom", 36, "in", "none", True, "warning", "false edges"),
        ("esp32", "wroom", 36, "adc", "none", True, "fine", ""),
        ("esp32", "wroom", 39, "level", "none", True, "fine", ""),
        ("esp32", "wroom", 39, "level", "up", True, "problem", "no pull resistors"),
        ("esp32", "wroom", 12, "level", "none", True, "problem", "1.8 V"),
        ("esp32", "wroom", 36, "data", "none", True, "warning", "click"),
        ("esp32", "wroom", 2, "data", "none", True, "warning", "strapping"),
        ("esp32", "wroom", 12, "serial", "none", True, "problem", "what drives it would decide that"),
        ("esp32", "wroom", 12, "in", "up", True, "problem", "a held cord would decide that"),
        ("esp32", "wroom", 5, "serial", "none", True, "warning", "strapping"),
        ("esp32", "wroom", 35, "data", "none", True, "fine", ""),
        ("esp32", "wroom", 6, "in", "none", True, "problem", "flash chip"),
        ("esp32", "wroom", 11, "out", "none", True, "problem", "flash chip"),
        ("esp32", "wroom", 1, "out", "none", True, "problem", "UART0"),
        ("esp32", "wroom", 3, "in", "none", True, "problem", "UART0"),
        ("esp32", "wroom", 0, "in", "up", True, "problem", "download mode"),
        ("esp32", "wroom", 0, "out", "none", True, "warning", "strapping"),
        ("esp32", "wroom", 2, "in", "up", True, "problem", "flashing"),
        ("esp32", "wroom", 2, "out", "none", True, "warning", "strapping"),
        ("esp32", "wroom", 12, "in", "up", True, "problem", "1.8 V"),
        ("esp32", "wroom", 12, "out", "none", True, "warning", "strapping"),
        ("esp32", "wroom", 15, "in", "up", True, "warning", "strapping"),
        ("esp32", "wroom", 5, "out", "none", True, "warning", "strapping"),
        ("esp32", "wroom", 16, "out", "none", True, "fine", ""),
        ("esp32", "wrover", 16, "out", "none", True, "problem", "PSRAM"),
        ("esp32", "wrover", 17, "in", "up", True, "problem", "PSRAM"),
        ("esp32", "wroom", 32, "adc", "none", True, "fine", ""),
        ("esp32", "wroom", 25, "adc", "none", True, "problem", "ADC2"),
        ("esp32", "wroom", 25, "adc", "none", False, "fine", ""),
        ("esp32", "wroom", 18, "adc", "none", False, "problem", "no ADC"),
        ("esp32", "wroom", 24, "in", "none", True, "problem", "does not exist"),
        ("esp32", "wroom", 37, "in", "none", True, "problem", "does not exist"),
        ("esp32", "wroom", 40, "in", "none", True, "problem", "does not exist"),
        ("esp32", "wroom", -1, "in", "none", True, "problem", "does not exist"),
        ("esp32s3", "quad", 34, "in", "up", True, "fine", ""),
        ("esp32s3", "octal", 34, "in", "up", True, "problem", "octal"),
        ("esp32s3", "quad", 38, "out", "none", True, "fine", ""),
        ("esp32s3", "octal", 38, "out", "none", True, "fine", ""),
        ("esp32s3", "quad", 10, "adc", "none", True, "fine", ""),
        ("esp32s3", "quad", 11, "adc", "none", True, "problem", "ADC2"),
        ("esp32s3", "quad", 21, "adc", "none", True, "problem", "no ADC"),
        ("esp32s3", "quad", 19, "in", "up", True, "problem", "USB"),
        ("esp32s3", "quad", 30, "out", "none", True, "problem", "flash chip"),
        ("esp32s3", "quad", 44, "in", "up", True, "problem", "UART0"),
        ("esp32s3", "quad", 0, "in", "up", True, "problem", "download mode"),
        ("esp32s3", "quad", 3, "in", "up", True, "warning", "JTAG"),
        ("esp32s3", "quad", 45, "in", "up", True, "problem", "1.8 V"),
        ("esp32s3", "quad", 46, "out", "none", True, "warning", "strapping"),
        ("esp32s3", "quad", 23, "in", "up", True, "problem", "does not exist"),
        ("esp32s3", "quad", 49, "in", "up", True, "problem", "does not exist"),
    )
    for chip, module, pin, use, pull, wifi, wanted, words in cases:
        found, text = verdict(chip, module, pin, use, pull, wifi)
        assert found == wanted and words in text, (chip, module, pin, use, pull, wifi, found, text)


def test_every_pin_in_every_use_is_judged_as_the_data_sheets_say():
    for chip in chip_rules.CHIPS:
        for module in chip_rules.CHIPS[chip]["modules"]:
            for pin in range(-2, 60):
                for use in pins.USES:
                    for pull in ("none", "up", "down"):
                        for wifi in (True, False):
                            check_one(chip, module, pin, use, pull, wifi)


def check_one(chip, module, pin, use, pull, wifi):
    wanted = chip_rules.refusal(chip, module, pin, use, pull, wifi)
    problems = pins.check(chip, module, pin, use, pull, wifi)[0]
    if wanted:
        assert any(wanted in text for text in problems), (chip, module, pin, use, pull, wifi, wanted, problems)
    else:
        assert problems == [], (chip, module, pin, use, pull, wifi, problems)


def test_the_chips_and_modules_are_those_of_the_data_sheets():
    assert sorted(pins.CHIPS) == sorted(chip_rules.CHIPS)
    for chip in pins.CHIPS:
        assert sorted(pins.CHIPS[chip]["modules"]) == sorted(chip_rules.CHIPS[chip]["modules"])
    assert pins.CHIPS["esp32"]["rmii"]["fixed"] == chip_rules.RMII and "rmii" not in pins.CHIPS["esp32s3"]


def test_every_message_names_the_pin_and_every_problem_says_what_to_do():
    for chip in pins.CHIPS:
        for module in pins.CHIPS[chip]["modules"]:
            for pin in range(-1, 60):
                for use in pins.USES:
                    for pull in ("none", "up"):
                        problems, warnings = pins.check(chip, module, pin, use, pull)
                        for text in problems + warnings:
                            assert text.startswith("GPIO %d " % pin), text
                        for text in problems:
                            assert "choose" in text or "fit a resistor" in text, text


def test_the_tables_agree_with_themselves():
    for chip in pins.CHIPS:
        rules = pins.CHIPS[chip]
        for name in ("input_only", "adc1", "adc2", "refuse", "boot_in", "warn", "irq_warn"):
            for pin in rules[name]:
                assert pin in rules["pins"], (chip, name, pin)
        for pin in rules["boot_in"]:
            assert pin in rules["warn"], (chip, pin)
        assert not set(rules["adc1"]) & set(rules["adc2"])
