"""One life of the board inside MicroPython: makes this process look like an ESP32 that has just left its bootloader, boots it.

The device's root directory becomes `/`, the stand-ins come first on the path, an image of modules is mounted at /rom, and boot.py
and main.py run as the board runs them: in one namespace; an exception in boot.py means that main.py never runs; an exception in
main.py, or its end, leaves a prompt at which nothing happens. Source: ports/esp32/main.c.
"""

import json
import sys
import time

_NO_FILE = 2  # ENOENT


def _run(name, namespace):
    """True if the file ran to its end or does not exist."""
    try:
        with open(name) as file:
            code = file.read()
    except OSError as error:
        if error.errno != _NO_FILE:
            sys.print_exception(error)
        return error.errno == _NO_FILE
    try:
        code = compile(code, name, "exec")  # in the same name: the text has left the heap when the firmware runs, as on the board
        exec(code, namespace)
        return True
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the board prints it and shows its prompt
        sys.print_exception(error)
        return False


def _prepare(settings, image):
    import prepare

    world = prepare.stand_in(settings)
    prepare.mount(settings, image)
    for name in ("bearers", "flash", "loop", "socket", "sound", "time", "world"):
        sys.modules.pop("board_" + name, None)
    for name in ("prepare", "life"):
        sys.modules.pop(name, None)
    return world


def _boot(world):
    namespace = {"__name__": "__main__"}
    try:
        if not _run("boot.py", namespace):
            return 1
        return 0 if _run("main.py", namespace) else 2
    except SystemExit:
        world.restart(5)  # sys.exit() on the board is a soft reset


def live(settings_file, image):
    """`image`: memory that holds the unit's modules as ROMFS, or None. Never returns."""
    with open(settings_file) as file:
        settings = json.load(file)
    wait = time.sleep
    world = _prepare(settings, image)
    del settings
    world.ended(_boot(world))
    while True:
        wait(3600)  # the prompt: scheduled interrupts are of no use to anybody now
