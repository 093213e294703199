"""The `machine.UART` stand-in and the modem behind it behave as the ESP32 and a SIM7600 do. Runs on both interpreters."""

import machine

world = machine.world


def _uart(**settings):
    return machine.UART(1, 115200, tx=27, rx=26, timeout=50, **settings)


def _awake(mode="ok"):
    world.modem(mode)
    world.modem_power(True)
    world.advance(600)
    uart = _uart()
    assert _ask(uart, "ATE0").endswith("\r\nOK\r\n")
    return uart


def _ask(uart, command, wait_ms=0):
    uart.write(command.encode() + b"\r")
    world.advance(wait_ms)
    return (uart.read() or b"").decode()


def _raised(kind, call):
    try:
        call()
    except kind as error:
        return str(error)
    assert False, "not refused"


def test_a_read_waits_as_long_as_it_was_told_and_then_gives_none():
    uart = machine.UART(1, 115200, tx=27, rx=26)
    assert uart.read() is None and uart.readline() is None and uart.any() == 0 and world.now_ms == 0
    uart.init(115200, timeout=70)
    assert uart.read(5) is None and world.now_ms == 70
    assert uart.readinto(bytearray(4)) is None and world.now_ms == 140


def test_the_modem_is_silent_until_it_has_power_and_has_started():
    uart = _uart()
    assert _ask(uart, "AT") == ""
    world.modem_power(True)
    world.advance(299 - 50)
    assert _ask(uart, "AT") == ""
    world.advance(100)
    assert _ask(uart, "AT") == "AT\r\r\nOK\r\n", "with its echo"


def test_answers_come_after_a_while_and_line_by_line():
    uart = _awake()
    uart.init(115200, timeout=0)
    assert uart.write(b"AT+CREG?\r") == 9 and uart.any() == 0
    assert not uart.ioctl(3, 1)
    world.advance(20)
    assert uart.any() and uart.ioctl(3, 1) == 1
    assert [uart.readline() for _ in range(4)] == [b"\r\n", b"+CREG: 0,1\r\n", b"\r\n", b"OK\r\n"]
    assert uart.readline() is None


def test_what_nobody_reads_in_time_is_lost():
    uart = _awake()
    for _ in range(10):
        uart.write(b"ATI\r")
    world.advance(100)
    assert uart.any() == 256 + 128
    uart = _uart(rxbuf=1024)
    for _ in range(10):
        uart.write(b"ATI\r")
    world.advance(100)
    assert uart.any() > 1000


def test_two_objects_of_a_port_are_one_port_and_other_pins_reach_nobody():
    uart = _awake()
    uart.write(b"AT\r")
    world.advance(20)
    other = machine.UART(1, timeout=50)
    assert other.any() == 0, "setting it up anew discards what had come"
    assert "OK" in _ask(other, "AT")
    for settings in ({"tx": 26, "rx": 27}, {"tx": 27, "rx": 26, "baudrate": 9600}):
        uart.init(**settings)
        assert _ask(uart, "AT") == "", settings


def test_wrong_settings_are_refused_as_on_the_board():
    assert "does not exist" in _raised(ValueError, lambda: machine.UART(3))
    assert "data bits" in _raised(ValueError, lambda: machine.UART(1, 115200, bits=9))
    assert "stop bits" in _raised(ValueError, lambda: machine.UART(1, 115200, stop=3))
    assert "ESP_FAIL" in _raised(OSError, lambda: machine.UART(1, 115200, rxbuf=64))
    uart = _uart()
    assert "trigger" in _raised(ValueError, lambda: uart.irq(print, 0x8000))
    assert "hard" in _raised(ValueError, lambda: uart.irq(print, uart.IRQ_RXIDLE, True))
    uart.deinit()
    assert uart.read() is None and "ESP_FAIL" in _raised(OSError, uart.any)


def test_each_mode_answers_as_it_should():
    for mode, pin, registered, dialled in (
        ("ok", "+CPIN: READY", "+CREG: 0,1", "CONNECT 115200"),
        ("no_sim", "+CME ERROR: SIM not inserted", "+CREG: 0,0", "NO CARRIER"),
        ("sim_pin", "+CPIN: SIM PIN", "+CREG: 0,0", "NO CARRIER"),
        ("wrong_pin", "+CPIN: SIM PIN", "+CREG: 0,0", "NO CARRIER"),
        ("no_network", "+CPIN: READY", "+CREG: 0,2", "NO CARRIER"),
        ("dial_refused", "+CPIN: READY", "+CREG: 0,1", "NO CARRIER"),
        ("ppp_refused", "+CPIN: READY", "+CREG: 0,1", "CONNECT 115200"),
        ("dead_path", "+CPIN: READY", "+CREG: 0,1", "CONNECT 115200"),
    ):
        world.clear()
        uart = _awake(mode)
        for command, wanted in (("AT+CPIN?", pin), ("AT+CREG?", registered), ("ATD*99#", dialled)):
            assert wanted in _ask(uart, command, 100), (mode, command)


def test_a_silent_modem_says_nothing_and_hears_nothing():
    uart = _awake()
    world.modem("silent")
    assert _ask(uart, "AT", 1000) == ""
    world.modem("ok")
    assert "OK" in _ask(uart, "AT")


def test_the_right_pin_opens_the_sim_and_three_wrong_ones_lock_it():
    uart = _awake("sim_pin")
    assert "incorrect password" in _ask(uart, 'AT+CPIN="4711"')
    assert "OK" in _ask(uart, "AT+CPIN=1234", 500)
    assert "READY" in _ask(uart, "AT+CPIN?") and "0,1" in _ask(uart, "AT+CREG?")
    world.clear()
    uart = _awake("wrong_pin")
    for _ in range(3):
        assert "+CME ERROR: incorrect password" in _ask(uart, "AT+CPIN=1234")
    assert "SIM PUK" in _ask(uart, "AT+CPIN?") and "+CME ERROR: SIM PUK required" in _ask(uart, "AT+CPIN=1234")


def test_errors_are_numbers_or_bare_as_it_was_told():
    uart = _awake("no_sim")
    for command, wanted in (("AT+CMEE=1", "+CME ERROR: 10"), ("AT+CMEE=0", "\r\nERROR")):
        _ask(uart, command)
        assert wanted in _ask(uart, "AT+CPIN?")
    assert "\r\nERROR" in _ask(uart, "AT+NONSENSE")


def test_in_data_mode_it_takes_no_commands_until_it_is_escaped_with_silence():
    uart = _awake()
    assert "CONNECT" in _ask(uart, "ATD*99#", 100)
    assert _ask(uart, "AT", 200) == ""
    assert _ask(uart, "+++", 1200) == "", "a command and no second of silence went before it, and it ended in CR"
    world.advance(1000)
    uart.write(b"+++")
    world.advance(900)
    assert uart.read() is None
    world.advance(100)
    assert uart.read() == b"\r\nOK\r\n" and "OK" in _ask(uart, "AT")


def test_a_restart_of_the_unit_finds_it_as_it_was():
    world.modem_power(2)
    uart = _uart()
    assert _ask(uart, "AT", 200) == ""
    world.advance(1000)
    uart.write(b"+++")
    world.advance(1000)
    assert "OK" in uart.read().decode()
    world.modem_power(False)
    assert _ask(uart, "AT", 200) == ""
