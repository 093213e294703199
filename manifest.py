# For those who build MicroPython themselves and freeze the firmware into it:
#     make -C ports/esp32 BOARD=... FROZEN_MANIFEST=THIS_FILE
# boot.py and main.py are not frozen: a frozen one cannot be replaced, and the tools write and check them as files. docs/image.md
# says what else goes into the file system then.
metadata(description="In-flat speech module of an independent living scheme", license="MIT")  # noqa: F821 - of MicroPython's manifestfile
include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821 - what every ESP32 build has, asyncio and umqtt.simple among it
require("umqtt.simple")  # noqa: F821 - named, because we need it; a second mention changes nothing
package("firmware", opt=1)  # noqa: F821 - as tools/rom.py compiles it
