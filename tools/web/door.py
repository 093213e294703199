"""Who may enter a page: one-time links, browser sessions in a cookie, and the checks of Host and Origin.

A link carries a ticket that lets one browser in, once. The browser then holds a random cookie that scripts cannot read and that
no other site can make it send. Nothing of this is on disk: after a restart everybody enters anew.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from urllib.parse import urlsplit

_TICKET_S = 3600  # a link in a terminal's scrollback is of no use to the next shift
_TICKETS_MAX = 50  # the oldest goes; each is 32 random bytes
_BROWSER_S = 12 * 3600  # one shift, counted from the last use
_BROWSERS_MAX = 50
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Door:
    """`token`: the lasting secret that also opens, or None; `now_s()`: a clock that never goes back."""

    def __init__(self, token=None, now_s=time.monotonic):
        self._token, self._now_s = token, now_s
        self._tickets, self._browsers = OrderedDict(), OrderedDict()

    def ticket(self):
        """A new ticket: lets one browser in within an hour."""
        return self._add(self._tickets, _TICKET_S, _TICKETS_MAX)

    def admit(self, ticket):
        """The cookie for a browser with this ticket, which is used up; None if it was never given out, used, or is old."""
        end_s = self._tickets.pop(ticket, 0)
        return self._let_in() if end_s > self._now_s() else None

    def admit_token(self, token):
        """The cookie for a browser whose user knows the token; None if it is wrong."""
        right = self._token is not None and hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())
        return self._let_in() if right else None

    def knows(self, cookie):
        """True for a browser that was let in; it stays so for another 12 h."""
        if self._browsers.get(cookie, 0) <= self._now_s():
            self._browsers.pop(cookie, None)
            return False
        self._browsers[cookie] = self._now_s() + _BROWSER_S
        self._browsers.move_to_end(cookie)
        return True

    def leave(self, cookie):
        self._browsers.pop(cookie, None)

    def _let_in(self):
        return self._add(self._browsers, _BROWSER_S, _BROWSERS_MAX)

    def _add(self, table, life_s, most):
        name = secrets.token_urlsafe(32)
        table[name] = self._now_s() + life_s
        while len(table) > most:
            table.popitem(last=False)
        return name


def right_host(headers, remote=False):
    """False for a Host that this machine is not called: another name for 127.0.0.1 is somebody's trick with DNS."""
    return remote or _parts("//" + headers.get("host", ""))[1] in _LOOPBACK


def same_origin(headers):
    """True when the browser says that our own page asks: the Origin header names the Host that was asked."""
    scheme, *origin = _parts(headers.get("origin", ""))
    _, *host = _parts("//" + headers.get("host", ""))
    return scheme in ("http", "https") and bool(host[0]) and origin == host


def _parts(url):
    """(scheme, host, port) in lower case; empty for what is no address."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        return "", "", None
