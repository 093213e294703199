"""Stand-ins for the ESP32's modules. Once this is imported on CPython, `import machine`, `network`, `esp32`, `micropython` work.

One module object serves both spellings (`import machine` and `from tools.vboard.standins import machine`), so that there is
one world. Under MicroPython this directory itself is first on the path, and this file is not run.
"""

import importlib
import pathlib
import sys

_HERE = pathlib.Path(__file__).parent

_MODULES = ("micropython", "calendar2000", "outside", "i2s_dma", "world_sound", "world", "machine", "machine_more", "network")
_MODULES += ("esp32", "routes", "network_lan", "modem", "network_ppp", "uart")
_MODULES += ("esp32_socket", "plain_nor", "nor")


def _publish():
    for folder in (_HERE, _HERE / "cpython"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    for name in _MODULES:
        if name == "nor" and not (_HERE / "nor.py").exists():
            continue
        module = importlib.import_module(name)
        sys.modules[f"{__name__}.{name}"] = module
        setattr(sys.modules[__name__], name, module)


if sys.implementation.name == "cpython":
    _publish()
