"""Flash images: from this tree, a board's name and a file of MicroPython to what is written to a board.

    image = tools.image.build(board, out, micropython, language="en", identity=None)      # Image; raises ImageError

docs/image.md has the layout and the lock; `python -m tools.image --help` the commands.
"""

from tools.image.errors import ImageError
from tools.image.making import Image, build

__all__ = ["Image", "ImageError", "build"]
