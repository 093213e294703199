"""What start.py does before anything of the unit runs. In a module of its own, so that its code can leave the heap."""

import os
import sys

import vfs


def stand_in(settings):
    """Puts the stand-ins in place. The order matters: asyncio keeps the real clock, everything later gets the board's."""
    import asyncio  # noqa: F401

    import board_loop
    import board_socket
    import board_time
    import board_world

    world = board_world.connect(settings)
    board_time.set_up(world, settings)
    board_socket.set_up(world)
    board_loop.set_up(world)
    sys.modules["world"] = board_world
    sys.modules["time"] = board_time
    sys.modules["socket"] = board_socket
    return world


def mount(settings, image):
    """The unit's files become `/`, with the board's state and the stand-ins beside them; its image, if it has one, comes to /rom
    as MicroPython mounts a board's partition `romfs`: its modules after those in `/`, before those in /lib. Source: mp_init()."""
    state = vfs.VfsPosix(settings["state"])
    vfs.umount("/")
    vfs.mount(vfs.VfsPosix(settings["root"]), "/")
    vfs.mount(state, "/.state")
    os.chdir("/")
    sys.path[:] = ["/.vboard/standins", "", ".frozen"]
    if image:
        vfs.mount(vfs.VfsRom(image), "/rom")
        sys.path += ["/rom", "/rom/lib"]
    sys.path.append("/lib")
