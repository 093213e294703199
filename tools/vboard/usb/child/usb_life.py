"""One life of a unit from its flash chip: mounts what is there as the board's MicroPython does, then boot.py and main.py.

Source: ports/esp32/main.c and modules/_boot.py, flashbdev.py, inisetup.py; extmod/vfs_rom.c (behaviour, not text).
"""

import os
import sys
import time

import micropython
import vfs

_SOFT = 5  # as machine.reset_cause()
_LOST_S = 3  # between two complaints of a lost file system


def live(settings_file, chip, twins, namespace):
    """Returns when the board would show its REPL. `chip`: the flash as a bytearray; `twins`: memory of an image with modules for
    this machine's processor, or None; `namespace`: the REPL's."""
    import json

    with open(settings_file) as file:
        settings = json.load(file)
    for name in list(namespace):
        if name != "__name__":
            del namespace[name]
    sys.argv.clear()
    import prepare

    world = prepare.stand_in(settings)
    _mount(world, settings, chip, _translator(settings["native"], twins))
    raw = settings["raw"]
    for name in ("flash", "loop", "socket", "sound", "time", "world"):
        sys.modules.pop("board_" + name, None)
    for name in ("prepare", "usb_life", "usb_nor", "usb_os", "usb_esp32", "usb_native", "json"):
        sys.modules.pop(name, None)
    del settings
    how = _boot(raw, namespace)
    if how == _SOFT:
        world.restart(_SOFT)
    world.ended(how)


def _translator(names, twins):
    """A function that gives a file system of a folder ("rom", "vfs") as it is to be mounted."""
    if not names:
        return lambda real, folder: real
    import usb_native

    usb_native.set_up()
    twin = vfs.VfsRom(memoryview(twins))
    return lambda real, folder: usb_native.Translated(real, twin, folder, names)


def _mount(world, settings, chip, translated):
    import esp32
    import usb_esp32
    import usb_os

    usb_esp32.set_up(world, chip, settings["table"], esp32)
    vfs.umount("/")
    sys.path[:] = ["/.vboard/standins", "", ".frozen"]
    for _, _, offset, size, label in settings["table"]:
        if label == "romfs":
            _mount_rom(memoryview(chip)[offset : offset + size], translated)
    sys.path.append("/lib")
    for label in ("vfs", "ffat"):
        found = usb_esp32.Partition.find(1, label=label)
        if found:
            _mount_files(found[0], label, translated)
            break
    sys.modules["os"] = usb_os


def _mount_rom(memory, translated):
    try:
        vfs.mount(translated(vfs.VfsRom(memory), "rom"), "/rom")
    except OSError:
        return  # nothing there: the board says nothing either
    sys.path.append("/rom")
    sys.path.append("/rom/lib")


def _mount_files(device, label, translated):
    make = vfs.VfsLfs2 if label == "vfs" else vfs.VfsFat
    try:
        vfs.mount(translated(make(device), "vfs"), "/")
        os.chdir("/")
        return
    except OSError:
        pass
    first = bytearray(4096)
    device.readblocks(0, first)
    if first.count(b"\xff") != len(first):
        _complain()
    del first
    print("Performing initial setup")
    make.mkfs(device)
    vfs.mount(make(device), "/")
    os.chdir("/")
    with open("boot.py", "w") as file:
        file.write("# This file is executed on every boot (including wake-boot from deepsleep)\n")


def _complain():
    """For ever, as the board does with a file system that is neither whole nor blank; Ctrl-C leaves."""
    micropython.kbd_intr(3)
    try:
        while True:
            print("The filesystem appears to be corrupted. If you had important data there, you")
            print("may want to make a flash snapshot to try to recover it. Otherwise, perform")
            print("factory reprogramming of MicroPython firmware (completely erase flash, followed")
            print("by firmware programming).\n")
            time.sleep(_LOST_S)
    finally:
        micropython.kbd_intr(-1)


def _boot(raw, namespace):
    """0 main.py ended, 1 boot.py failed, 2 main.py failed, _SOFT: somebody asked for a soft reset by sys.exit()."""
    try:
        if not _run("boot.py", namespace):
            return 1
        if raw:
            return 0  # the board's raw REPL outlives a soft reset, and main.py does not run
        return 0 if _run("main.py", namespace) else 2
    except SystemExit:
        return _SOFT
    finally:
        micropython.kbd_intr(-1)


def _run(name, namespace):
    """True if the file ran to its end or does not exist."""
    try:
        with open(name) as file:
            code = file.read()
    except OSError as error:
        if error.errno != 2:  # ENOENT
            sys.print_exception(error)
        return error.errno == 2
    try:
        micropython.kbd_intr(3)
        code = compile(code, name, "exec")
        exec(code, namespace)
        return True
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the board prints it and shows its prompt
        sys.print_exception(error)
        return False
    finally:
        micropython.kbd_intr(-1)
