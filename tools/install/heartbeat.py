"""The first heartbeat: the unit that was just started reports to the service, under its own seal and in this start's session."""

import time

from .errors import InstallError
from .faults import FATAL

_ASK_S = 15  # a unit reports by itself when its link is there; after so long it is asked


def wait(listener, identity, session, bound_s, ask_first=False):
    """(`health` message as a dict, session). `session`: "" if the start was not heard at the console: then it is that of the
    next event `started`, which is sent once for each start and never kept by a broker; `ask_first`: at once, rather than when
    the unit has said nothing for a while. Raises InstallError (`no_heartbeat`, `seal`, `faults`).
    """
    listener.session = session
    end_s, ask_s = time.monotonic() + bound_s, time.monotonic() + (0 if ask_first else _ASK_S)
    others = 0
    while (left_s := end_s - time.monotonic()) > 0:
        if session and time.monotonic() >= ask_s:
            ask_s = time.monotonic() + _ASK_S
            listener.say("query")
        message = listener.next(min(left_s, 1.0, max(0.0, ask_s - time.monotonic()) if session else 1.0))
        if message is not None and not session and message.get("event") == "started":
            listener.session = session = message["session"]
        if message is not None and message["session"] != session:
            others += 1
        elif message is not None and message["type"] == "health":
            return _without_faults(identity, message), session
    raise _why(listener, identity, others, bound_s)


def again(listener, identity, bound_s):
    """The `health` message of a unit that has just proven itself: what a test has closed is not open any more. Raises
    InstallError, as `wait`."""
    while listener.next(0):
        pass  # what it said meanwhile is older than its test
    return wait(listener, identity, listener.session, bound_s, ask_first=True)[0]


def _without_faults(identity, health):
    found = [fault for fault in health["faults"] if fault.split(":")[0] in FATAL]
    if found:
        raise InstallError("faults", unit=identity.unit, why=", ".join(found))
    return health


def _why(listener, identity, others, bound_s):
    if listener.refused.get("seal"):
        return InstallError("seal", unit=identity.unit)
    why = f"nothing in {bound_s:g} s" if not others else "only messages of an earlier start"
    if listener.refused:
        why += f"; refused: {', '.join(f'{count} {reason}' for reason, count in sorted(listener.refused.items()))}"
    return InstallError("no_heartbeat", unit=identity.unit, user=identity.user, why=why)
