"""What start.py does before anything of the unit runs. In a module of its own, so that its code can leave the heap."""

import os
import sys

import vfs


def stand_in(settings):
    """Puts the stand-ins in place. The order matters: asyncio keeps the real clock, everything later gets the board's."""
    sys.path.append(settings["standins"])
    import asyncio  # noqa: F401

    import board_loop
    import board_time
    import board_world

    world = board_world.connect(settings)
    board_time.set_up(world, settings)
    board_loop.set_up(world)
    sys.modules["world"] = board_world
    sys.modules["time"] = board_time
    return world


def mount(settings):
    """The unit's files become `/`, with the stand-ins and the board's state beside them."""
    standins, state = vfs.VfsPosix(settings["standins"]), vfs.VfsPosix(settings["state"])
    vfs.umount("/")
    vfs.mount(vfs.VfsPosix(settings["root"]), "/")
    vfs.mount(standins, "/.vboard")
    vfs.mount(state, "/.state")
    os.chdir("/")
    sys.path[:] = ["/.vboard", "", ".frozen", "/lib"]
