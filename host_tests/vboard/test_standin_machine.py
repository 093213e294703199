"""The `machine` stand-in behaves as the ESP32's, also with each of its named faults. Runs on both interpreters."""

import machine
import world as world_module
from machine import ADC, I2S, RTC, WDT, Pin

world = machine.world


def _refuses(call, kind=ValueError):
    try:
        call()
    except kind:
        return True
    return False


def test_a_pin_with_a_pull_up_reads_high_until_its_contact_closes():
    pin = Pin(14, Pin.IN, Pin.PULL_UP)
    assert pin.value() == 1
    world.pin(14).drive(0)
    assert pin.value() == 0 and pin() == 0
    world.pin(14).drive(None)
    assert pin.value() == 1


def test_pins_34_to_39_have_neither_output_nor_pull():
    assert _refuses(lambda: Pin(34, Pin.OUT))
    assert Pin(34, Pin.IN, Pin.PULL_UP).value() == 0
    assert _refuses(lambda: Pin(24)) and _refuses(lambda: Pin(40)) and _refuses(lambda: Pin(-1))


def test_an_output_gets_its_value_before_its_mode():
    Pin(4, Pin.OUT, value=1)
    assert world.pin(4).history == [(0, 1)]


def test_an_output_can_be_set_toggled_and_read_back():
    pin = Pin(4, Pin.OUT, value=0)
    pin.on()
    assert pin.value() == 1 and world.pin(4).out == 1
    pin.toggle()
    pin(1)
    pin.value(0)
    assert [level for _, level in world.pin(4).history] == [1, 0, 1, 0]


def test_an_interrupt_comes_only_for_its_own_edge():
    for trigger, wanted in ((Pin.IRQ_FALLING, [0]), (Pin.IRQ_RISING, [1]), (Pin.IRQ_FALLING | Pin.IRQ_RISING, [0, 1])):
        world.clear()
        pin = Pin(14, Pin.IN, Pin.PULL_UP)
        seen = []
        pin.irq(lambda p, seen=seen: seen.append(p.value()), trigger)
        world.pin(14).drive(0)
        world.pin(14).drive(1)
        assert seen == wanted, (trigger, seen)


def test_an_interrupt_can_be_taken_away():
    pin = Pin(14, Pin.IN, Pin.PULL_UP)
    seen = []
    pin.irq(seen.append, Pin.IRQ_FALLING)
    pin.irq(None)
    world.pin(14).drive(0)
    assert seen == []


def test_a_blocked_loop_gets_its_interrupts_afterwards_and_loses_those_past_eight():
    pin = Pin(14, Pin.IN, Pin.PULL_UP)
    seen = []
    pin.irq(seen.append, Pin.IRQ_FALLING | Pin.IRQ_RISING)
    world.blocked = True
    world.pin(14).chatter(11, 0)
    assert seen == []
    world.unblock()
    assert len(seen) == 8 and world.lost_interrupts == 3


def test_chatter_ends_at_the_level_that_was_asked_for():
    pin = Pin(14, Pin.IN, Pin.PULL_UP)
    for edges, level in ((7, 0), (5, 1), (2, 1)):
        world.pin(14).chatter(edges, level)
        assert pin.value() == level, (edges, level)


def test_a_stuck_line_does_not_move():
    pin = Pin(14, Pin.IN, Pin.PULL_UP)
    world.pin(14).fault = "stuck"
    world.pin(14).drive(0)
    assert pin.value() == 1


def test_an_adc_reads_microvolts_and_saturates_by_attenuation():
    world.adc(32).set_mv(1234)
    adc = ADC(Pin(32))
    assert adc.read_uv() == 1234000
    adc.atten(ADC.ATTN_0DB)
    assert adc.read_uv() == 950000 and adc.read() == 4095 and adc.read_u16() == 65535
    assert _refuses(lambda: adc.atten(4)) and _refuses(lambda: ADC(5))


def test_adc2_fails_while_the_radio_is_on():
    adc = ADC(4)
    assert adc.read_uv() == 0
    world.wifi_active = True
    assert _refuses(adc.read_uv, OSError)
    assert ADC(33).read_uv() == 0


def test_each_adc_fault_shows_in_the_readings():
    adc = ADC(33)
    world.adc(33).set_mv(700)
    assert adc.read_uv() == 700000
    world.adc(33).fault = "jump"
    assert sorted([adc.read_uv(), adc.read_uv()]) == [0, 3100000]
    world.adc(33).fault = "nan"
    assert adc.read_uv() != adc.read_uv()
    world.adc(33).fault = "no_value"
    assert _refuses(adc.read_uv, OSError)
    world.adc(33).fault = "stuck"
    world.adc(33).set_mv(2000)
    assert adc.read_uv() == 700000


def _sound(**changes):
    settings = {"sck": 26, "ws": 25, "sd": 22, "mode": I2S.TX, "bits": 16, "format": I2S.MONO, "rate": 16000, "ibuf": 2048}
    settings.update(changes)
    return I2S(1, **settings)


def test_i2s_with_a_callback_returns_at_once_and_calls_when_the_dma_has_taken_the_buffer():
    i2s = _sound()
    done = []
    i2s.irq(done.append)
    assert i2s.write(b"\x01\x02" * 256) == 512
    assert done == [] and len(world.sound(1).samples) == 512
    assert world.i2s_run(1) and done == [i2s]
    assert not world.i2s_run(1) and len(done) == 1


def test_a_stalled_i2s_never_calls():
    i2s = _sound()
    done = []
    i2s.irq(done.append)
    world.i2s_fault = "stall"
    i2s.write(bytes(512))
    assert not world.i2s_run(1) and done == []
    i2s.deinit()


def test_i2s_refuses_settings_that_the_port_has_not():
    for changes in ({"bits": 24}, {"mode": 3}, {"format": 2}, {"sck": 34}, {"ws": 35}, {"sd": 36}):
        assert _refuses(lambda c=changes: _sound(**c)), changes
    assert _refuses(lambda: _sound(rate=0), OSError)
    assert _refuses(lambda: I2S(2, sck=26, ws=25, sd=22, mode=I2S.TX, bits=16, format=I2S.MONO, rate=16000, ibuf=2048))


def test_the_watchdog_bites_only_when_it_is_not_fed():
    wdt = WDT(timeout=8000)
    world.advance(7999)
    assert world.bites == 0
    wdt.feed()
    world.advance(7999)
    assert world.bites == 0
    world.advance(1)
    assert world.bites == 1
    assert _refuses(lambda: WDT(timeout=0)) and _refuses(lambda: WDT(1))


def test_a_reset_ends_everything_and_cannot_be_swallowed():
    for call, cause in ((machine.reset, machine.HARD_RESET), (machine.soft_reset, machine.SOFT_RESET)):
        try:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - the point of the test
                raise RuntimeError("swallowed") from error
        except world_module.Restart as restart:
            assert restart.cause == cause
    assert world.restarts == [machine.HARD_RESET, machine.SOFT_RESET]
    assert machine.reset_cause() == machine.PWRON_RESET


def test_the_clock_starts_in_2000_and_can_be_set():
    rtc = RTC()
    assert rtc.datetime() == (2000, 1, 1, 5, 0, 0, 0, 0)
    rtc.datetime((2026, 11, 22, 0, 23, 59, 58, 0))
    world.advance(3000)
    assert rtc.datetime()[:7] == (2026, 11, 23, 0, 0, 0, 1)
    assert _refuses(lambda: rtc.datetime((2026, 1, 1)))


def test_rtc_memory_holds_2048_bytes():
    rtc = RTC()
    assert rtc.memory() == b""
    rtc.memory(b"alarm")
    assert rtc.memory() == b"alarm"
    assert _refuses(lambda: rtc.memory(bytes(2049)))


def test_identity_and_speed_read_as_on_the_board():
    assert len(machine.unique_id()) == 6
    assert machine.freq() == 160000000
    assert _refuses(lambda: machine.freq(1)) and _refuses(lambda: machine.freq(120000000)) and world.power_log == []
    for mhz in (20, 40, 80, 160, 240):
        machine.freq(mhz * 1000000)
        assert machine.freq() == mhz * 1000000
    assert world.power_log[2:] == [(0, 80000000, 1), (0, 160000000, 1), (0, 240000000, 1)]


def test_a_cell_is_read_through_the_divider_of_its_board():
    for pin, ratio_ppm, attenuation in ((36, 2000000, ADC.ATTN_11DB), (34, 3762400, ADC.ATTN_2_5DB)):
        world.adc(pin).set_cell_mv(4100, ratio_ppm)
        assert abs(ADC(pin, atten=attenuation).read_uv() * ratio_ppm // 1000000 - 4100000) < 10, pin


def test_calendar_goes_there_and_back_over_every_leap_rule_in_range():
    from calendar2000 import fields, seconds

    for days in range(0, 36524, 7):
        year, month, day, hour, minute, second, weekday, _ = fields(days * 86400 + 3723)
        assert (hour, minute, second) == (1, 2, 3) and weekday == (days + 5) % 7
        assert seconds(year, month, day, hour, minute, second) == days * 86400 + 3723
    assert fields(seconds(2024, 2, 29, 0, 0, 0))[:3] == (2024, 2, 29)
    assert fields(seconds(2023, 12, 31, 0, 0, 0))[7] == 365 and fields(seconds(2024, 12, 31, 0, 0, 0))[7] == 366
