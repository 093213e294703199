"""The least SIP (RFC 3261, UDP, no registration) that sets up one call with a real phone, in both directions.

The flat does not speak SIP: its offers and answers go over MQTT. This agent stands between, so that phones that others wrote
can be the far end of the flat's RTP. `wait_call()` gives the `media` that a phone offers; `dial()` calls a phone without SDP, so
that the phone offers there too; `Dialog.accept(media)` gives the phone the flat's answer.
"""

import asyncio
import contextlib
import itertools
import uuid

from host_tests.sip.sdp import media_of, sdp_of

_T1_S = 0.5  # RFC 3261, 17.1.1.1: first retransmission


class Message:
    """One request or reply: `first` line, `fields` (list of name, value), `body`."""

    def __init__(self, data):
        head, _, self.body = data.decode().partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.fields = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def all(self, name):
        return [value for field, value in self.fields if field == name]

    def field(self, name):
        found = self.all(name)
        return found[0] if found else ""

    @property
    def method(self):
        return self.field("cseq").split()[-1]

    @property
    def contact(self):
        """The URI at which the sender of this can be reached."""
        value = self.field("contact")
        return value[value.index("<") + 1:value.index(">")]


class Dialog:
    """One call. `remote`: the phone's `media`. `ended`: asyncio.Event, set when either end has hung up."""

    def __init__(self, agent, address, local, remote_party, call_id, target):
        self._agent, self._address = agent, address
        self._local, self._remote_party, self._call_id, self._target = local, remote_party, call_id, target
        self._numbers = itertools.count(1)
        self._invite = None  # the phone's
        self._sent = ""  # ours
        self._accepted = None
        self.remote = None
        self.answered = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()

    def accept(self, media):
        """The flat's answer: in the 200 OK to a call that came in, in the ACK of one that we made."""
        self._accepted = sdp_of(media)
        if self._invite is not None:
            self._agent.reply(self._invite, self._address, "200 OK", self._local, self._accepted)
        else:
            self._acknowledge()

    async def hang_up(self):
        if not self.ended.is_set():
            self._request("BYE", next(self._numbers))
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.ended.wait(), 5)

    def take(self, message):
        """A message of this call from the phone."""
        if not message.first.startswith("SIP/2.0"):
            self._take_request(message)
        elif message.method == "BYE":
            self.ended.set()
        elif message.method == "INVITE":
            self._take_answer(message)

    def _take_request(self, message):
        if message.method == "INVITE":
            self._invite = message
            if self.remote is None:
                self.remote = media_of(message.body)
                self._agent.calls.put_nowait(self)
            elif self._accepted:
                self.accept_again()
        elif message.method == "BYE":
            self._agent.reply(message, self._address, "200 OK", self._local)
            self.ended.set()

    def accept_again(self):
        self._agent.reply(self._invite, self._address, "200 OK", self._local, self._accepted)

    def _take_answer(self, message):
        code = int(message.first.split()[1])
        if code >= 300 and not self.answered.done():
            self.answered.set_exception(OSError("the phone says %s" % message.first))
        if 200 <= code < 300:
            self._remote_party = message.field("to")
            self._target = message.contact
            if not self.answered.done():
                self.remote = media_of(message.body)
                self.answered.set_result(None)
            elif self._accepted:
                self._acknowledge()

    def invite(self):
        """Sends the INVITE; once more when called again, as UDP needs it."""
        if not self._sent:
            self._sent = self._request("INVITE", next(self._numbers))
        else:
            self._agent.send(self._sent, self._address)

    def _acknowledge(self):
        self._request("ACK", 1, self._accepted)

    def _request(self, method, number, body=""):
        port = self._agent.port
        via = "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%s;rport" % (port, uuid.uuid4().hex)
        lines = ["%s %s SIP/2.0" % (method, self._target), via, "Max-Forwards: 70", "From: " + self._local,
                 "To: " + self._remote_party, "Call-ID: " + self._call_id, "CSeq: %d %s" % (number, method),
                 "Contact: <sip:flat@127.0.0.1:%d>" % port, "Content-Type: application/sdp",
                 "Content-Length: %d" % len(body.encode())]
        text = "\r\n".join([*lines, "", body])
        self._agent.send(text, self._address)
        return text


class SipAgent(asyncio.DatagramProtocol):
    """`async with SipAgent() as agent`: listens on a free loopback port, `agent.port`."""

    async def __aenter__(self):
        self.calls = asyncio.Queue()
        self._dialogs = {}
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *error):
        for dialog in self._dialogs.values():
            await dialog.hang_up()
        self._transport.close()

    async def wait_call(self, timeout_s=20):
        """The Dialog of the next call that a phone makes; answer it with `accept`."""
        return await asyncio.wait_for(self.calls.get(), timeout_s)

    async def dial(self, port, user="phone", timeout_s=20):
        """Calls the phone at that loopback port; returns when it has picked up and said where it listens."""
        call_id, target = uuid.uuid4().hex, "sip:%s@127.0.0.1:%d" % (user, port)
        local = "<sip:flat@127.0.0.1:%d>;tag=%s" % (self.port, uuid.uuid4().hex[:8])
        dialog = self._dialogs[call_id] = Dialog(self, ("127.0.0.1", port), local, "<%s>" % target, call_id, target)
        end_s = asyncio.get_running_loop().time() + timeout_s
        while not dialog.answered.done() and asyncio.get_running_loop().time() < end_s:
            dialog.invite()
            await asyncio.wait([dialog.answered], timeout=_T1_S)
        if not dialog.answered.done():
            raise OSError("the phone at port %d has not answered for %g s" % (port, timeout_s))
        dialog.answered.result()
        return dialog

    def datagram_received(self, data, address):
        if not data.strip():
            return  # a keep-alive
        message = Message(data)
        call_id = message.field("call-id")
        dialog = self._dialogs.get(call_id)
        if dialog is None and message.method == "INVITE" and not message.first.startswith("SIP/2.0"):
            local = message.field("to") + ";tag=" + uuid.uuid4().hex[:8]
            dialog = Dialog(self, address, local, message.field("from"), call_id, message.contact)
            self._dialogs[call_id] = dialog
        if dialog is not None:
            dialog.take(message)

    def reply(self, request, address, status, to, body=""):
        lines = ["SIP/2.0 " + status, *("Via: " + via for via in request.all("via")), "From: " + request.field("from"),
                 "To: " + to, "Call-ID: " + request.field("call-id"), "CSeq: " + request.field("cseq"),
                 "Contact: <sip:flat@127.0.0.1:%d>" % self.port, "Content-Type: application/sdp",
                 "Content-Length: %d" % len(body.encode())]
        self.send("\r\n".join([*lines, "", body]), address)

    def send(self, text, address):
        self._transport.sendto(text.encode(), address)
