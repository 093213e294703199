"""core/board_bearers.py: bearers in order, Ethernet and modem, refused by pin and rule."""

from firmware.core import board
from host_tests.core.chip_rules import RMII, refusal
from host_tests.core.test_board import fact, good, put

PINS = ("mdc", "mdio", "power", "ref_clk", "tx", "rx", "pwrkey", "dtr", "ri", "flight", "status")


def wired(**fields):
    """The good board with an Ethernet controller as on the Olimex board; its own parts moved out of the way."""
    whole = good()
    whole["microphone"] = whole["sounder"] = None
    whole["inputs"] = whole["inputs"][:1]
    whole["inputs"][0]["pin"] = 14
    whole["light"]["pin"] = 4
    whole["ethernet"] = fact(phy="LAN8720", phy_addr=0, mdc=23, mdio=18, power=12, ref_clk=17, ref_clk_mode="out")
    whole["bearers"] = ["ethernet", "wifi"]
    whole["ethernet"].update(fields)
    return whole


def radio(**fields):
    """The good board with a modem as on the LilyGO board."""
    whole = wired()
    del whole["ethernet"]
    whole["bearers"] = ["wifi", "cellular"]
    whole["cellular"] = fact(modem="SIM7600", uart=1, tx=27, rx=26, pwrkey=32, dtr=None, ri=33, flight=25, status=34, baud=115200)
    whole["cellular"].update(fields)
    return whole


def expect(whole, wanted):
    found = board.validate(whole)
    assert any(wanted in text for text in found), (wanted, found)


def test_good_boards_with_ethernet_and_with_a_modem_have_no_problems():
    assert board.validate(wired()) == [] and board.validate(radio()) == []
    assert board.validate(wired(power=None, ref_clk=0, ref_clk_mode="in")) == []
    assert board.validate(radio(pwrkey=None, ri=None, flight=None, status=None)) == []


def test_a_bearer_needs_its_object_and_comes_once():
    expect(put(wired(), ("ethernet",), None), "bearers[0]: 'ethernet' needs the object of that name")
    expect(put(wired(), ("bearers",), ["cellular"]), "bearers[0]: 'cellular' needs the object")
    expect(put(wired(), ("bearers",), ["wifi", "ethernet", "wifi"]), "bearers[2]: 'wifi' is listed twice")


def test_every_wrong_field_is_named_with_value_and_rule():
    for whole, told in (
        (wired(phy="LAN9000"), "ethernet.phy: 'LAN9000': one of LAN8710, LAN8720"),
        (wired(phy_addr=32), "ethernet.phy_addr: 32: a whole number in 0 ... 31"),
        (wired(phy_addr=True), "ethernet.phy_addr: True: a whole number"),
        (wired(phy_addr="0"), "ethernet.phy_addr: '0': a whole number"),
        (wired(mdc=None), "ethernet.mdc: None: a GPIO number wanted"),
        (wired(mdio="18"), "ethernet.mdio: '18': a GPIO number wanted"),
        (wired(power=True), "ethernet.power: True: a GPIO number wanted"),
        (wired(ref_clk=None), "ethernet.ref_clk: None: a GPIO number wanted"),
        (wired(ref_clk_mode="both"), "ethernet.ref_clk_mode: 'both': one of in, out"),
        (wired(source=""), "ethernet.source: ''"),
        (wired(verified="sworn"), "ethernet.verified: 'sworn': one of proposed"),
        (wired(reset=5), "ethernet.reset: unknown field"),
        (put(wired(), ("ethernet", "mdc"), KeyError), "ethernet.mdc: missing"),
        (put(wired(), ("ethernet",), 7), "ethernet: 7: an object wanted"),
        (radio(modem="SIM800"), "cellular.modem: 'SIM800': one of SIM7600"),
        (radio(uart=0), "cellular.uart: 0: one of 1, 2 wanted; 0 is the console"),
        (radio(uart=3), "cellular.uart: 3: one of 1, 2"),
        (radio(uart="1"), "cellular.uart: '1': one of 1, 2"),
        (radio(uart=True), "cellular.uart: True: one of 1, 2"),
        (radio(tx=None), "cellular.tx: None: a GPIO number wanted"),
        (radio(rx=None), "cellular.rx: None: a GPIO number wanted"),
        (radio(dtr="32"), "cellular.dtr: '32': a GPIO number wanted"),
        (radio(baud=115201), "cellular.baud: 115201: one of 9600"),
        (radio(verified=None), "cellular.verified: None"),
        (put(radio(), ("cellular", "status"), KeyError), "cellular.status: missing"),
        (put(radio(), ("cellular",), "yes"), "cellular: 'yes': an object wanted"),
        (put(wired(), ("flash_mb",), 2), "flash_mb: 2: one of 4, 8, 16"),
        (put(wired(), ("flash_mb",), "4"), "flash_mb: '4'"),
        (put(wired(), ("facts",), []), "facts: []: an object wanted"),
        (put(wired(), ("facts",), {"flash_mb": {"source": "x"}}), "facts.flash_mb.verified: missing"),
        (put(wired(), ("facts",), {"flash_mb": {"source": "", "verified": "measured"}}), "facts.flash_mb.source: ''"),
        (put(wired(), ("facts",), {"colour": fact()}), "facts.colour: unknown field"),
    ):
        expect(whole, told)


def test_no_pin_of_the_ethernet_data_can_be_had_by_anything_else():
    for pin in RMII:
        told = "GPIO %d is used by ethernet (%s, fixed in the chip) already" % (pin, RMII[pin])
        expect(put(wired(), ("inputs", 0, "pin"), pin), "inputs[0].pin: " + told)
        expect(put(wired(), ("light", "pin"), pin), "light.pin: " + told)
        expect(put(wired(), ("reserved", 0, "pin"), pin), "reserved[0].pin: " + told)
        for field in ("mdc", "mdio", "power", "ref_clk"):
            expect(wired(**{field: pin}), "ethernet.%s: %s" % (field, told))


def test_the_clock_goes_out_on_0_16_or_17_and_comes_in_on_0_alone():
    for mode, lawful in (("out", (0, 16, 17)), ("in", (0,))):
        for pin in range(-1, 41):
            problems = board.validate(wired(ref_clk=pin, ref_clk_mode=mode))
            found = [text for text in problems if text.startswith("ethernet.ref_clk:")]
            assert (found == []) == (pin in lawful), (mode, pin, found)
            if found:
                assert any("cannot carry the clock %s" % mode in text for text in found), (mode, pin, found)


def test_the_psram_of_a_wrover_takes_the_clock_pins_16_and_17():
    for pin in (16, 17):
        expect(put(wired(ref_clk=pin), ("module",), "wrover"), "ethernet.ref_clk: GPIO %d is wired to the PSRAM" % pin)
    assert board.validate(put(wired(ref_clk=0), ("module",), "wrover")) == []


def test_every_pin_of_ethernet_and_modem_is_judged_as_the_data_sheets_say():
    cases = [(wired, "ethernet", field, "out") for field in ("mdc", "mdio", "power")]
    cases += [(radio, "cellular", field, "out") for field in ("tx", "pwrkey", "dtr", "flight")]
    cases += [(radio, "cellular", field, "serial") for field in ("rx", "ri", "status")]
    for make, name, field, use in cases:
        taken = others(make(), name, field)
        for pin in range(-1, 50):
            found = [text for text in board.validate(make(**{field: pin})) if "GPIO %d " % pin in text]
            wanted = refusal("esp32", "wroom", pin, use)
            if wanted:
                assert any(text.startswith("%s.%s: " % (name, field)) and wanted in text for text in found), (field, pin, found)
            elif pin in taken:
                assert any("is used by" in text for text in found), (field, pin, found)
            else:
                assert found == [], (field, pin, found)


def others(whole, name, field):
    """Pins that another part of the board has."""
    taken = {whole["inputs"][0]["pin"], whole["light"]["pin"], whole["reserved"][0]["pin"]}
    taken |= {value for key, value in whole[name].items() if key in PINS and key != field and value is not None}
    return taken | set(RMII) if name == "ethernet" else taken


def test_an_s3_has_no_ethernet_and_has_a_modem_on_two_ports():
    s3 = put(put(wired(), ("chip",), "esp32s3"), ("module",), "quad")
    expect(s3, "ethernet: the esp32s3 has no Ethernet controller; write null")
    s3 = put(put(radio(tx=17, rx=18, pwrkey=None, ri=None, flight=None, status=None), ("chip",), "esp32s3"), ("module",), "quad")
    assert board.validate(put(s3, ("reserved",), [])) == []
    expect(put(s3, ("cellular", "rx"), 19), "cellular.rx: GPIO 19 is USB")


def test_an_adc2_pin_will_do_only_without_wifi():
    line = {"bands_mv": {"short": [0, 350], "pulled": [550, 1100], "normal": [1350, 1950], "open": [2600, 3300]},
            "pull_up_ohm": 10000, "end_of_line_ohm": 10000, "pulled_ohm": 4700}
    whole = radio()
    whole["inputs"][0].update({"wiring": "line", "pin": 15, "pull": "none", "debounce_ms": 40, "line": line})
    expect(whole, "inputs[0].pin: GPIO 15 is on ADC2, which does not work while Wi-Fi is on")
    assert board.validate(put(whole, ("bearers",), ["cellular"])) == []


def test_ethernet_with_the_chips_own_clock_is_warned_of_beside_wifi():
    told = "CLK-3.22"
    assert any(told in text for text in board.warnings(wired()))
    assert not any(told in text for text in board.warnings(put(wired(), ("bearers",), ["ethernet"])))
    assert not any(told in text for text in board.warnings(wired(ref_clk=0, ref_clk_mode="in")))
