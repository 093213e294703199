"""The MQTT clients that stand beside ours, fetched by name with locked hashes into build/peers, never into the firmware."""

from dataclasses import dataclass
from pathlib import Path

from tools import fetch_lib

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Peer:
    """`adapter`: module in device/. `path`: directories for the device's sys.path. `tls`: it can verify a broker by itself."""

    name: str
    adapter: str
    path: tuple
    defaults: str
    tightest: str
    tls: bool = False


OURS = Peer("this link", "our_link", (ROOT, ROOT / "lib"), "bounds.DEFAULTS", "bounds.TIGHTEST", tls=True)


def peers(directory=ROOT / "build" / "peers"):
    """The four peers; how each is set up is told in its adapter and printed with the results."""
    return (
        Peer(
            "umqtt.simple 1.3.4",
            "peer_umqtt_simple",
            (directory / "umqtt_simple",),
            "no time-outs, no keep-alive (the library's)",
            "socket time-out 0.2 s set again before each call, ping each 0.5 s, redial after 20 ms",
        ),
        Peer(
            "umqtt.simple2 2.2.0",
            "peer_umqtt_simple2",
            (directory / "umqtt_simple2",),
            "socket 5 s, message 10 s, polled each 10 ms",
            "socket 0.2 s, message 1 s, keep-alive 1 s, polled each 1 ms, redial after 20 ms",
        ),
        Peer(
            "aiomqttc 1.0.7",
            "peer_aiomqttc",
            (directory / "aiomqttc",),
            "keep-alive 60 s, PUBACK 5 s, one publish at a time",
            "keep-alive 1 s, PUBACK 0.2 s (private attribute), connect 1 s, 20 publishes at a time",
            tls=True,
        ),
        Peer(
            "chumicro-mqtt 0.30.3",
            "peer_chumicro",
            (directory / "chumicro",),
            "acknowledgement 5 s, 3 repeats, keep-alive 60 s, polled each 10 ms",
            "acknowledgement 0.2 s, no repeat, keep-alive 1 s, queue 64, polled each 1 ms",
            tls=True,
        ),
    )


def fetch(say):
    """Bring the peers that are not there yet. Raises tools.fetch_lib.FetchError."""
    directory = ROOT / "build" / "peers"
    fetch_lib.fetch(lib=directory, packages=fetch_lib.read_lock(HERE / "peers.lock.json"), say=say)
    return peers(directory)
