"""What a board file may say of its ways to the network: `bearers`, `ethernet`, `cellular`. Pure; used by core/board.py alone.

docs/boards.md explains each field.
"""

from micropython import const

from firmware.core import pins

BEARERS = ("ethernet", "wifi", "cellular")
PHYS = ("LAN8710", "LAN8720", "IP101", "RTL8201", "DP83848", "KSZ8041", "KSZ8081")  # network.PHY_... of MicroPython's LAN
MODEMS = ("SIM7600",)  # those that the firmware can talk to
BAUDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_ETHERNET = ("phy", "phy_addr", "mdc", "mdio", "power", "ref_clk", "ref_clk_mode", "source", "verified")
_CELLULAR = ("modem", "uart", "tx", "rx", "pwrkey", "dtr", "ri", "flight", "status", "baud", "source", "verified")
_MOST_ADDRESS = const(31)  # five bits of MDIO
_ONE_AT_A_TIME = ("ethernet.ref_clk_mode: the chip's own clock is unsteady while Wi-Fi is on (ESP32 errata, CLK-3.22); the unit "
                  "has one of the two on at a time")


def check(look, board):
    """`look`: core.board's check, told of each problem; `board`: the whole board. Claims the pins that are soldered."""
    bearers = board.get("bearers")
    if not isinstance(bearers, list) or not bearers:
        look.say("bearers", "%r: a list with at least one of %s wanted" % (bearers, ", ".join(BEARERS)))
        bearers = ()
    for i, bearer in enumerate(bearers):
        where = "bearers[%d]" % i
        if look.choice(where, bearer, BEARERS):
            if bearer in bearers[:i]:
                look.say(where, "%r is listed twice; the order says which is preferred" % bearer)
            if bearer != "wifi" and board.get(bearer) is None:
                look.say(where, "%r needs the object of that name, with its pins" % bearer)
    ethernet, cellular = board.get("ethernet"), board.get("cellular")
    if ethernet is not None and look.known("ethernet", ethernet, _ETHERNET):
        _check_ethernet(look, ethernet, pins.CHIPS[look.chip].get("rmii"), bearers)
    if cellular is not None and look.known("cellular", cellular, _CELLULAR):
        _check_cellular(look, cellular, pins.CHIPS[look.chip]["uarts"])


def _check_ethernet(look, ethernet, rmii, bearers):
    if rmii is None:
        look.say("ethernet", "the %s has no Ethernet controller; write null" % look.chip)
        return
    for pin in sorted(rmii["fixed"]):
        look.claim("ethernet (%s, fixed in the chip)" % rmii["fixed"][pin], pin)
    look.choice("ethernet.phy", ethernet.get("phy"), PHYS)
    address = ethernet.get("phy_addr")
    if type(address) is not int or not 0 <= address <= _MOST_ADDRESS:
        look.say("ethernet.phy_addr", "%r: a whole number in 0 ... %d wanted" % (address, _MOST_ADDRESS))
    for field in ("mdc", "mdio"):
        look.pin("ethernet." + field, ethernet.get(field), "out")
    if ethernet.get("power") is not None:
        look.pin("ethernet.power", ethernet["power"], "out")
    mode, clock = ethernet.get("ref_clk_mode"), ethernet.get("ref_clk")
    if look.choice("ethernet.ref_clk_mode", mode, ("in", "out")):
        if type(clock) is int and clock not in rmii[mode]:
            look.say("ethernet.ref_clk", "GPIO %d cannot carry the clock %s; choose %s"
                     % (clock, mode, " or ".join(str(pin) for pin in rmii[mode])))
        look.pin("ethernet.ref_clk", clock, "data" if mode == "in" else "out")
        if mode == "out" and "wifi" in bearers:
            look.warnings.append(_ONE_AT_A_TIME)
    look.fact("ethernet", ethernet)


def _check_cellular(look, cellular, uarts):
    look.choice("cellular.modem", cellular.get("modem"), MODEMS)
    uart = cellular.get("uart")
    if type(uart) is not int or uart not in uarts:
        look.say("cellular.uart", "%r: one of %s wanted; 0 is the console" % (uart, ", ".join(str(one) for one in uarts)))
    look.pin("cellular.tx", cellular.get("tx"), "out")
    look.pin("cellular.rx", cellular.get("rx"), "serial")
    for field, use in (("pwrkey", "out"), ("dtr", "out"), ("flight", "out"), ("ri", "serial"), ("status", "serial")):
        if cellular.get(field) is not None:
            look.pin("cellular." + field, cellular[field], use)
    look.choice("cellular.baud", cellular.get("baud"), BAUDS)
    look.fact("cellular", cellular)
