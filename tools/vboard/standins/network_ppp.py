"""`network.PPP` as the ESP32 has it (MicroPython 1.26 and later), on a UART with a modem behind it; both runtimes.

No call blocks. What is asked of it:

- `connect` makes it the default route at once (see routes.py), negotiates in the background, and takes over the UART's interrupt.
  Without an answer (the modem is not in data mode, or silent) it gives up after 60 s; then `status()` is -6.
- `status()`: 0 inactive, 1 active, 3 connecting, 4 connected, or minus the error: 6 the connection is lost, 7 refused.
- It sends no echo requests: **a modem that falls silent, or a dead path, is never told**, `isconnected()` stays True.
- `disconnect` tells the modem, which goes back to commands; `isconnected()` is True until it has answered, or for 12 s.
- `active(False)` ends it at once and tells the modem nothing: that stays in data mode until `+++`.

Before 1.26 `active(False)` blocked for up to 8 s, and a PPP that was switched on again could hang the board for good: not
modelled.

Source: MicroPython ports/esp32/network_ppp.c; lwIP ppp.c, fsm.c, ppp_opts.h (6 s, 10 requests, 2 at the end; no LCP echo).
"""

import outside
import routes
from modem import REFUSALS
from world import world

_INACTIVE = 0
_ACTIVE = 1
_ERROR = 2
_CONNECTING = 3
_CONNECTED = 4
_LOST = 6  # PPPERR_CONNECT
_REFUSED = 7  # PPPERR_AUTHFAIL
_GIVE_UP_MS = 60000
_CLOSE_MS = 50  # until the modem has answered the request to end
_CLOSE_LIMIT_MS = 12000
_PEER = "10.64.64.64"


class PPP:
    SEC_NONE = AUTH_NONE = 0
    SEC_PAP = AUTH_PAP = 1
    SEC_CHAP = AUTH_CHAP = 2

    def __init__(self, stream):
        _need_stream(stream)
        self._stream = stream
        self._state = _INACTIVE
        self._error = 0
        self._since_ms = 0
        self._closing_ms = None
        self._security = 0

    def _modem(self):
        return getattr(self._stream, "modem", None)

    def _hears(self):
        """Is there somebody who answers PPP?"""
        modem = self._modem()
        return modem is not None and modem.is_in_data()

    def connect(self, *, security=-1, user=None, key=None, authmode=0, username=None, password=None):
        self._work_out()
        if security == -1:
            security = authmode
        if self._state == _INACTIVE:
            self._activate()
        if self._state in (_CONNECTING, _CONNECTED):
            raise OSError(120, "EALREADY")
        if security not in (0, 1, 2):
            raise ValueError("invalid auth")
        if security and not (isinstance(user or username, str) and isinstance(key or password, str)):
            raise TypeError("can't convert NoneType to str")
        self._security = security
        self._state = _CONNECTING
        self._since_ms = world.now_ms
        routes.of_world().take(self)

    def _activate(self):
        self._state = _ACTIVE
        if self._stream is not None:
            self._stream.irq(self.poll, self._stream.IRQ_RXIDLE)

    def disconnect(self):
        self._work_out()
        if self._state in (_CONNECTING, _CONNECTED) and self._closing_ms is None:
            self._closing_ms = world.now_ms + (_CLOSE_MS if self._hears() else _CLOSE_LIMIT_MS)

    def active(self, on=None):
        self._work_out()
        if on is not None:
            if on and self._state == _INACTIVE:
                self._activate()
            elif not on and self._state != _INACTIVE:
                self._free()
        return self._state != _INACTIVE

    def _free(self):
        was = self._state
        self._state = _INACTIVE
        self._closing_ms = None
        if self._stream is not None:
            self._stream.irq(None)
        routes.of_world().drop(self)
        if was == _CONNECTED:
            world.tell_bearer(routes.CELLULAR, 0)

    def _fail(self, error):
        was = self._state
        self._state, self._error = _ERROR, error
        if was == _CONNECTED:
            world.tell_bearer(routes.CELLULAR, 0)

    def _work_out(self):
        if self._state < _CONNECTING:
            return
        now_ms = world.now_ms
        modem = self._modem()
        if self._closing_ms is not None:
            if now_ms >= self._closing_ms:
                if self._hears():
                    modem.hang_up()
                self._free()
        elif modem is not None and modem.has_hung_up():
            self._fail(_LOST)
        elif self._state == _CONNECTING:
            self._negotiate(now_ms, modem)

    def _negotiate(self, now_ms, modem):
        waited_ms = now_ms - self._since_ms
        if not self._hears():
            if waited_ms >= _GIVE_UP_MS:
                self._fail(_LOST)
        elif waited_ms >= world.bearers[outside.MODEM_JOIN]:
            if modem.mode() in REFUSALS:
                modem.hang_up()
                self._fail(_REFUSED if self._security else _LOST)
            else:
                self._state = _CONNECTED
                world.tell_bearer(routes.CELLULAR, 1)

    def carries(self):
        """For routes."""
        modem = self._modem()
        return modem is not None and modem.carries()

    def isconnected(self):
        self._work_out()
        return self._state == _CONNECTED

    def status(self):
        self._work_out()
        return -self._error if self._state == _ERROR else self._state

    def poll(self, *_):
        self._work_out()
        return -1 if self._state <= _ERROR else 0

    def ifconfig(self, settings=None):
        """(address, peer, mask, DNS server), in this order; four times None while inactive."""
        if settings is not None:
            world.wifi_dns = settings[3]
            return None
        if self._state == _INACTIVE:
            return (None,) * 4
        if not self.isconnected():
            return "0.0.0.0", "0.0.0.0", "255.255.255.255", world.wifi_dns
        return routes.HOSTS[routes.CELLULAR], _PEER, "255.255.255.255", world.wifi_dns

    def ipconfig(self, name=None, **settings):
        if settings:
            raise TypeError("setting properties not supported")
        if self._state == _INACTIVE:
            raise ValueError("PPP not active")
        address, peer, mask, _ = self.ifconfig()
        if name == "addr4":
            return address, mask
        if name == "gw4":
            return peer
        raise ValueError("unexpected key")

    def config(self, name=None, **settings):
        if settings:
            if "stream" in settings:
                _need_stream(settings["stream"])
                self._stream = settings["stream"]
            return None
        if name == "stream":
            return self._stream
        if name == "ifname":
            return None if self._state == _INACTIVE else "pp1"
        raise ValueError("unknown config param")


def _need_stream(stream):
    if stream is not None and not (hasattr(stream, "read") and hasattr(stream, "write")):
        raise OSError("stream operation not supported")
