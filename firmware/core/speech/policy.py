"""How the flat answers a call of the service: by itself, by a press, or not at all. Pure.

- A door is never answered by itself.
- Privacy is the tenant's own switch: while it is on nothing is answered by itself. A press of the answer button still answers.
- The flat's own call is not asked about here: who calls for help wants to be heard (core/speech/microphone.py).

Source: G11, P3; docs/settings.md, `speech`.
"""

AUTO = "auto"
PRESS = "press"
NOBODY = "nobody"


class Policy:
    """`answering`: AUTO or PRESS, of the settings; `has_button`: the board has an answer button; `plain_rtp`: offers without SRTP
    are taken. `privacy`: the switch's state, False where there is none."""

    def __init__(self, answering=AUTO, has_button=False, plain_rtp=False, privacy=False):
        self.answering = answering
        self.has_button = has_button
        self.plain_rtp = plain_rtp
        self.privacy = privacy

    def automatic(self, kind):
        """True if a call of `kind` may be answered without anybody in the flat doing anything."""
        return self.answering == AUTO and not self.privacy and kind != "door"

    def answer(self, kind):
        """AUTO, PRESS, or NOBODY: there is nothing to press."""
        if self.automatic(kind):
            return AUTO
        return PRESS if self.has_button else NOBODY

    def why_nobody(self):
        """Reason of `declined` when nobody answered."""
        return "privacy" if self.privacy and not self.has_button else "no_answer"
