"""Both kinds of umqtt.simple that the codec meets: 1.3.4 from lib/ and one as those in MicroPython's images."""

import sys


def _load():
    try:
        import usocket  # noqa: F401 - MicroPython has the old names
    except ImportError:
        import binascii
        import pathlib
        import socket
        import struct

        for name, module in (("usocket", socket), ("ustruct", struct), ("ubinascii", binascii)):
            sys.modules.setdefault(name, module)
        library = str(pathlib.Path(__file__).resolve().parents[2] / "lib")
        if library not in sys.path:
            sys.path.append(library)
    import umqtt.simple

    from host_tests.fakes import umqtt_1_8

    return ("1.3.4", umqtt.simple), ("1.8-like", umqtt_1_8)


VERSIONS = _load()
