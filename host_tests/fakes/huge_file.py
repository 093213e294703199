"""A file that has grown beyond measure. Runs on both interpreters."""


class HugeFile:
    """Open for reading, for ever full of `byte`. Who reads more than `most` bytes of it at once, or all, has no memory left."""

    def __init__(self, byte, most):
        self._byte, self._most = byte, most

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self, count=None):
        if count is None or count > self._most:
            raise MemoryError
        return self._byte * count
