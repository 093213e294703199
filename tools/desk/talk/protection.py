"""SRTP and SRTCP between two keys, by libsrtp; or plain RTP. Source: RFC 3711, RFC 4568 (one key for each direction)."""

import pylibsrtp


class Refused(Exception):
    """A packet that does not hold. `reason`: `auth` or `replay`."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Protection:
    """`key_out`, `key_in`: 30 bytes each (16 key, 14 salt), or None for plain. Any stream of the right key is taken."""

    def __init__(self, key_out, key_in):
        self._out = _session(key_out, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self._in = _session(key_in, pylibsrtp.Policy.SSRC_ANY_INBOUND)

    def protect(self, packet):
        return self._out.protect(packet) if self._out else packet

    def protect_rtcp(self, packet):
        return self._out.protect_rtcp(packet) if self._out else packet

    def unprotect(self, packet, is_rtcp):
        """The plain packet. Raises Refused."""
        if self._in is None:
            return packet
        try:
            return self._in.unprotect_rtcp(packet) if is_rtcp else self._in.unprotect(packet)
        except pylibsrtp.Error as error:
            raise Refused("replay" if "replay" in str(error) else "auth") from error
        except ValueError as error:  # longer than any packet can be
            raise Refused("auth") from error


def _session(key, direction):
    if key is None:
        return None
    policy = pylibsrtp.Policy(key=key, ssrc_type=direction)
    policy.window_size = 128
    return pylibsrtp.Session(policy=policy)
