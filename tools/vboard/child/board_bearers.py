"""The world of a board that has more than Wi-Fi: what cable and modem are connected to, and calls that block. On a board with
Wi-Fi alone none of this lies in the unit's heap."""

import select
import socket
import time
from array import array

from board_world import BoardWorld
from micropython import const

_BEARER = const(19)
_MODEM_STATE = const(20)
_ETHERNET = const(10)
_MODEM = const(11)
_MODEM_POWER = const(12)
_UNPLUGGED = const(1)  # of network_lan.MODES
_CARRIER_LOST = const(8)  # of modem.MODES


class BearersWorld(BoardWorld):
    def __init__(self, settings):
        self.cellular = settings["cellular"]
        self.routes = self.modem_object = self.uarts = None
        self.bearers = array("q", (0, 300, 0, 0, 0, 0, 300, 300, 0, 0, 0))  # standins/outside.py says what is where
        super().__init__(settings)

    # The reader thread. No allocation.

    def _take_other(self, operation, n, value):
        bearers = self.bearers
        if operation == _ETHERNET:
            if n == _UNPLUGGED:
                bearers[3] += 1
            bearers[1] = value
            bearers[2] = time.ticks_ms()
            bearers[0] = n
        elif operation == _MODEM:
            if n == _CARRIER_LOST:
                bearers[10] += 1
            bearers[6] = value
            bearers[5] = time.ticks_ms()
            bearers[4] = n
        elif operation == _MODEM_POWER:
            bearers[9] = time.ticks_ms() - value
            bearers[8] = n
        else:
            BoardWorld._take_other(self, operation, n, value)

    # What the stand-ins call.

    def tell_bearer(self, bearer, has_address):
        self._tell(_BEARER, bearer, has_address)

    def tell_modem(self, in_data):
        """None: it has been switched off by a command."""
        self._tell(_MODEM_STATE, 2 if in_data is None else 1 if in_data else 0, 0)

    def block(self, ms):
        """Stands still as a call into the board's C code does: no handler runs, nothing is polled."""
        poller = select.poll()
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        poller.register(silent, select.POLLIN)
        poller.poll(max(0, int(ms)))
        silent.close()

    def routed(self, made):
        """A new TCP socket with the address of the bearer that it takes: by it the parent knows whose it is."""
        if self.routes is None:
            return made
        import routes

        bearer = self.routes.bearer()
        if bearer is None:
            made.close()
            return routes.NoRoute()
        if bearer:  # Wi-Fi's address is the one that it would have anyway
            made.bind(socket.getaddrinfo(routes.HOSTS[bearer], 0)[0][-1])
        return made
