"""What stands in the way of an image."""


class ImageError(Exception):
    """What is missing or wrong, by file and field, and what to do about it."""
