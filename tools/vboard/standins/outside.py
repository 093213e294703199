"""Places in `world.bearers`: whole numbers, which the outside sets, of cable and modem. Those of the virtual board are set
without allocation, and by their numbers (child/board_world.py)."""

ETHERNET_MODE = 0  # index into network_lan.MODES
ETHERNET_JOIN = 1  # ms from the link to an address
ETHERNET_CHANGED = 2  # when the mode was set
ETHERNET_LOST = 3  # how often the cable was out
MODEM_MODE = 4  # index into modem.MODES
MODEM_SINCE = 5  # when that was set
MODEM_BOOT = 6  # ms from its power to its first answer
MODEM_JOIN = 7  # ms of PPP's negotiation
MODEM_POWER = 8  # 0 off, 1 on, 2 on and in data mode since before the unit's start
MODEM_CHANGED = 9  # when it was switched
MODEM_LOST = 10  # how often the network has ended a call

AT_FIRST = (0, 300, 0, 0, 0, 0, 300, 300, 0, 0, 0)
