"""A real baresip phone in a process of its own: it plays a tone of its own into every call and records what it hears."""

import asyncio
import math
import struct
import wave

from host_tests.peers import need
from tools import child
from tools.brokers import free_port

_CONFIG = """
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
module_path /usr/lib/baresip/modules
audio_player aubridge,nil
audio_source aufile,{folder}/say.wav
audio_alert aubridge,nil
ausrc_srate 8000
auplay_srate 8000
audio_channels 1
call_max_calls 4
snd_path {folder}
rtp_ports 20000-40000
module g711.so
module srtp.so
module aubridge.so
module aufile.so
module sndfile.so
module stdio.so
module_app menu.so
module_app account.so
"""
_ACCOUNT = "<sip:phone@127.0.0.1>;regint=0;answermode=auto;audio_codecs={codec}/8000/1{encryption}\n"
_AMPLITUDE = 8000  # of 32,767: -12 dBFS, as a voice is
_SAY_S = 60
_STARTS = 5


def write_tone(path, hz, rate_hz=8000, seconds=_SAY_S, amplitude=_AMPLITUDE):
    """A WAV file with one tone: 16-bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        step = 2 * math.pi * hz / rate_hz
        file.writeframes(b"".join(struct.pack("<h", round(amplitude * math.sin(step * i))) for i in range(seconds * rate_hz)))


class Baresip:
    """`async with Baresip(folder, tone_hz=1004) as phone`: listens at `phone.port`; `dial`: a SIP URI that it calls at once.

    `srtp`: True for SDES and RTP/SAVP, else plain RTP. `heard()`: path of the WAV file with what it decoded, after the call.
    """

    def __init__(self, folder, tone_hz, srtp=True, codec="PCMA", dial=None):
        self._path = need("baresip")
        self.folder, self.port, self._dial = folder, 0, dial
        folder.mkdir(parents=True, exist_ok=True)
        write_tone(folder / "say.wav", tone_hz)
        (folder / "accounts").write_text(_ACCOUNT.format(codec=codec, encryption=";mediaenc=srtp-mand" if srtp else ""))
        (folder / "contacts").write_text("")

    @property
    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    async def __aenter__(self):
        for _ in range(_STARTS):
            self.port = free_port()
            (self.folder / "config").write_text(_CONFIG.format(port=self.port, folder=self.folder))
            if await self._start():
                return self
            await self.__aexit__()
            if "Address already in use" not in self.log:  # it takes the port behind ours too, for TLS
                break
        raise RuntimeError("baresip did not start: " + self.log[-2000:])

    async def _start(self):
        command = [self._path, "-f", str(self.folder), "-v", *(["-e", "/dial " + self._dial] if self._dial else [])]
        self._file = (self.folder / "log").open("wb")
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": self._file, "stderr": asyncio.subprocess.STDOUT}
        self._process = await asyncio.create_subprocess_exec(*command, cwd=self.folder, start_new_session=True, **pipes)
        for _ in range(200):
            if "baresip is ready" in self.log or self._process.returncode is not None:
                break
            await asyncio.sleep(0.05)
        return self._process.returncode is None and "baresip is ready" in self.log

    async def __aexit__(self, *error):
        await child.stop(self._process)
        self._file.close()

    def srtp_failures(self):
        """How often its libsrtp refused a packet, as its log has it."""
        return sum("srtp" in line and "failed" in line for line in self.log.splitlines())

    def heard(self):
        """The newest recording of the far end's sound. Raises FileNotFoundError if nothing was recorded."""
        found = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise FileNotFoundError("baresip has recorded nothing; it said: " + self.log[-2000:])
        return found[-1]
