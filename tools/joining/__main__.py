"""A log of a unit with joined modules, as from its sources: `python -m tools.joining < LOG`."""

import sys

from tools.joining import of_the_firmware, readable


def main():
    made = of_the_firmware()
    for line in sys.stdin:
        print(readable(line, made), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
