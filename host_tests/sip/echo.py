"""sipp as the far end: it picks up every call and sends each RTP packet back (`-rtp_echo`)."""

import asyncio

from host_tests.peers import need
from tools import child
from tools.brokers import free_port

# A callee that takes an INVITE without SDP and puts its own into the 200 OK, plain RTP with A-law.
_SCENARIO = """<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="echo">
  <recv request="INVITE" crlf="true"/>
  <send>
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[pid]SIPpTag[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port];transport=[transport]>
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000
      a=ptime:20
    ]]>
  </send>
  <recv request="ACK" crlf="true"/>
  <recv request="BYE" timeout="120000"/>
  <send>
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0
    ]]>
  </send>
</scenario>
"""


class SippEcho:
    """`async with SippEcho(folder) as echo`: picks up at `echo.port`."""

    def __init__(self, folder):
        self._path, self._folder = need("sipp"), folder
        self.port, self._media_port = free_port(), free_port() & ~1
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "echo.xml").write_text(_SCENARIO)

    @property
    def log(self):
        return (self._folder / "log").read_text(errors="replace")

    async def __aenter__(self):
        command = [self._path, "-sf", "echo.xml", "-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1",
                   "-mp", str(self._media_port), "-rtp_echo", "-nostdin", "-m", "100"]
        self._file = (self._folder / "log").open("wb")
        pipes = {"stdin": asyncio.subprocess.DEVNULL, "stdout": self._file, "stderr": asyncio.subprocess.STDOUT}
        self._process = await asyncio.create_subprocess_exec(*command, cwd=self._folder, start_new_session=True, **pipes)
        return self

    async def __aexit__(self, *error):
        await child.stop(self._process)
        self._file.close()
