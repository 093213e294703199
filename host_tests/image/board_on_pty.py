"""A bare MicroPython on a serial line, with an empty file system in a file: enough of a board for mpremote's file commands.

The whole board, with its ROM and its resets, is another one (tools/vboard/usb); this one only waits at its prompt.
"""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import tty

from host_tests.image import workshop

_READY = b">>> "
_TIMEOUT_S = 60
_MOUNT = workshop.DEVICE + """
import sys, vfs
_device = Device(%r, 0, %d)
vfs.VfsLfs2.mkfs(_device)
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(_device), "/")
sys.path[:] = ["", ".frozen", "/lib"]
"""


@contextlib.contextmanager
def board_on_pty(folder, size):
    """(path of the port, path of the file with its flash of `size` bytes); the board is there as long as the block runs."""
    flash, port = folder / "flash.bin", folder / "port"
    flash.write_bytes(b"\xff" * size)
    console, of_board = pty.openpty()
    line, of_host = pty.openpty()
    for end in (of_board, of_host):
        tty.setraw(end)
    run = "import sys, micropython_run; sys.exit(micropython_run.run_main(sys.argv[1:]))"
    command = [sys.executable, "-c", run, "micropython", "-X", "heapsize=4m", "-i", "-c", _MOUNT % (str(flash), size)]
    board = subprocess.Popen(command, stdin=of_board, stdout=of_board, stderr=of_board, start_new_session=True)
    os.close(of_board)  # so that reading ends when the board does
    bound = threading.Timer(_TIMEOUT_S, board.kill)  # what waits for it then gets an error instead of waiting on
    bound.start()
    try:
        said = b""
        while not said.endswith(_READY):
            said += os.read(console, 4096)
        port.symlink_to(os.ttyname(of_host))
        for source, target in ((console, line), (line, console)):
            threading.Thread(target=_carry, args=(source, target), daemon=True).start()
        yield port, flash
    finally:
        bound.cancel()
        board.send_signal(signal.SIGKILL)
        board.wait()
        for end in (of_host, console, line):
            os.close(end)


def _carry(source, target):
    with contextlib.suppress(OSError):  # one end is closed: the test is over
        while data := os.read(source, 4096):
            os.write(target, data)


def mpremote(port, *arguments):
    """What the real mpremote prints; `resume`, because a bare MicroPython ends when it is reset."""
    command = [sys.executable, "-m", "mpremote", "connect", str(port), "resume", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
