"""The rule of the microphone, the only place that opens it (P3: nobody listens unseen). Pure.

Open only while all of this holds, and closed with the first of it that ends:
- a session speaks (CONNECTED, or OFFERING while lost media is being found again) and is not held;
- it is shown: the opening was sounded, or the light works;
- it is the speech of an open call; or of an intercom or welfare call that was announced, with automatic answering and without
  privacy; or somebody in the flat pressed the answer button.
Or, for the unit's own test of loudspeaker and microphone: there is no session and no open call, it is shown, and privacy is off.
Then only a level is taken from what is heard, and no sample leaves the unit.

No message of a peer is asked here, so none can open it. Each opening comes after the light and the tone, and each opening and
closing is an event with who and why.
"""

from firmware.core.speech.running import IDLE, SPEAKING

_BY_ITSELF = ("intercom", "welfare")  # kinds that may be answered without a press; a door never
_BY_PRESS = ("intercom", "welfare", "door")


def may_open(state, held, shown, kind, call_open, pressed, automatic, tested=False, private=False):
    """Why the microphone may be open ("alarm", "intercom_auto", "door_pressed", "self_test", ...), or None: it must be closed.

    `state`, `held`, `kind`: the session's; `shown`: tone or light can be noticed in the flat; `call_open`: the session's call is
    open; `pressed`: the answer button was pressed in this session; `automatic`: the flat's policy answers this kind by itself;
    `tested`: the unit tests itself; `private`: the privacy switch is on.
    """
    if tested:
        return "self_test" if state == IDLE and shown and not private and not call_open else None
    if state not in SPEAKING or held or not shown:
        return None
    if kind == "alarm":
        return "alarm" if call_open else None
    if pressed and kind in _BY_PRESS:
        return kind + "_pressed"
    return kind + "_auto" if automatic and kind in _BY_ITSELF else None


class Microphone:
    """Remembers whether it is open, and for whom. `is_open`: what the last actions left behind."""

    def __init__(self):
        self._open = None  # fields of the event that opened it

    @property
    def is_open(self):
        return self._open is not None

    def close(self, why, sid):
        """Actions that close it unless it may stay open: `why` as of may_open, for session `sid`."""
        was = self._open
        if was is None or (why is not None and was["sid"] == sid):
            return []
        self._open = None
        return [("MICROPHONE", False, was["why"]), ("EVENT", "microphone", _fields(was, False))]

    def open(self, why, sid, kind, call, who):
        """Actions that open it, or that report a new reason while it is open. To be called with a `why` only, after close()."""
        was = self._open
        if was is not None and was["why"] == why:
            return []
        now = {"open": True, "sid": sid, "kind": kind, "call": call, "who": who, "why": why}
        self._open = now
        event = ("EVENT", "microphone", _fields(now, True))
        if was is not None:
            return [event]  # it is open and stays so
        return [("SOUND", "OPENED"), ("MICROPHONE", True, why), event]


def _fields(opened, is_open):
    fields = dict(opened)
    fields["open"] = is_open
    return fields
