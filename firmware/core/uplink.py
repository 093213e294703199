"""Builds every message that the unit sends. Pure: the shell gives session, clock and readings.

Source: docs/protocol.md.
"""

import json

from micropython import const

from firmware.core import call as one
from firmware.core import clock
from firmware.core.calls import VOLATILE

VERSION = const(1)
_SHOWN_INPUTS = const(8)  # of up to 64: the first and the newest seven; fewer if names or rooms are long
_ALARM_BYTES = const(2048)  # docs/protocol.md; a longer one no link would take, and the call would never leave


class Uplink:
    """One session's messages. `who`: (scheme, flat, unit); `sealer`: core.seal.Sealer; `session`: 16 hex digits;
    `boot`: starts so far; `epoch`: 8 hex digits. `inputs`: list of (name, location) by input index.

    Every method returns (topic, payload); each payload has a `seq` of its own, so a message is built anew for each sending.
    """

    def __init__(self, who, sealer, session, boot, epoch, inputs):
        self.prefix = "ils/v1/%s/%s/%s/" % who
        self.session = session
        self._unit = who[2]
        self._sealer = sealer
        self._boot = boot
        self._epoch = epoch
        self._inputs = inputs
        self._seq = 0

    def call_id(self, number):
        """The id of call `number`, unique for ever: the epoch is random and made with the journal."""
        if number >= VOLATILE:
            return "%s-%s-%d" % (self._unit, self.session[:8], number - VOLATILE)
        return "%s-%s-%d" % (self._unit, self._epoch, number)

    def call_number(self, call_id):
        """The number in a call id of this unit and epoch, else None."""
        head, _, digits = call_id.rpartition("-")
        if not digits.isdigit() or len(digits) > 8:
            return None
        if head == "%s-%s" % (self._unit, self.session[:8]):  # first: without a journal the epoch is the session's too
            return int(digits) + VOLATILE
        return int(digits) if head == "%s-%s" % (self._unit, self._epoch) else None

    def alarm(self, call, now_ms):
        """`call`: core.call.Call with at least one trigger."""
        age_ms = None if call.raised_ms is None else clock.diff(now_ms, call.raised_ms)
        shown = call.triggers
        if len(shown) > _SHOWN_INPUTS:
            shown = shown[:1] + shown[1 - _SHOWN_INPUTS:]
        inputs = []
        for trigger in shown:
            inputs.append(self._input(trigger))
        fields = {
            "call": self.call_id(call.number),
            "triggers": call.activations,
            "escalation": call.escalation,
            "attempt": call.attempt,
            "resumed": call.resumed,
            "test": call.is_test(),
            "inputs": inputs,
            "age_ms": age_ms,
        }
        topic, payload = self._message("alarm", "alarm", fields)
        while len(payload) > _ALARM_BYTES:
            del fields["inputs"][1]  # the oldest but the first; three always fit
            topic, payload = self._message("alarm", "alarm", fields)
        return topic, payload

    def _input(self, trigger):
        n, input_index, kind_index, cause_index = trigger
        name, location = self._inputs[input_index] if input_index < len(self._inputs) else ("input%d" % input_index, "")
        return {"n": n, "input": name, "kind": _word(one.KINDS, kind_index, "kind"), "location": location,
                "cause": _word(one.CAUSES, cause_index, "cause")}

    def event(self, name, fields):
        """`fields`: those of docs/protocol.md for the event `name`."""
        fields["event"] = name
        return self._message("event", "event", fields)

    def speech(self, say, fields):
        """`fields`: those of docs/protocol.md for `say`; the caller's dict is not changed."""
        return self._message("speech", "speech", dict(fields, say=say))

    def health(self, fields):
        return self._message("health", "health", fields)

    def state(self, online, connection):
        return self._message("state", "state", {"online": online, "conn": connection})

    def _message(self, channel, kind, fields):
        self._seq += 1
        fields["v"] = VERSION
        fields["type"] = kind
        fields["unit"] = self._unit
        fields["session"] = self.session
        fields["seq"] = self._seq
        fields["boot"] = self._boot
        fields["epoch"] = self._epoch
        topic = self.prefix + channel
        return topic, self._sealer.seal(topic, json.dumps(fields))


def _word(words, index, name):
    """Its word; of an index from the journal of a newer firmware, "kind3": the service shows it as it stands."""
    return words[index] if index < len(words) else "%s%d" % (name, index)
