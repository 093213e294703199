"""core/board_bearers.py: bearers in order, Ethernet and modem, refused by pin and rule."""

from firmware.core import board
from host_tests.core.test_board import fact, good, put


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


def test_no_pin_of_the_ethernet_data_can_be_had_by_anything_else():
    for pin, name in ((19, "TXD0"), (21, "TX_EN"), (22, "TXD1"), (25, "RXD0"), (26, "RXD1"), (27, "CRS_DV")):
        told = "GPIO %d is used by ethernet (%s, fixed in the chip) already" % (pin, name)
        expect(put(wired(), ("inputs", 0, "pin"), pin), "inputs[0].pin: " + told)
        expect(put(wired(), ("light", "pin"), pin), "light.pin: " + told)
        for field in ("mdc", "mdio", "power", "ref_clk"):
            expect(wired(**{field: pin}), "ethernet.%s: %s" % (field, told))
