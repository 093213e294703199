"""One command to a running virtual board: `python -m tools.vboard.say PORT COMMAND [FIELD=VALUE ...]`.

    python -m tools.vboard.say 7001 microphone what=play file=voice.wav
    python -m tools.vboard.say 7001 press input=answer ms=300

A value is taken as JSON if it is some, else as text. Prints the reply; exit code 1 when the board refused, 2 when there is none.
Commands: docs/control-channel.md.
"""

import argparse
import json
import pathlib
import socket
import sys

_PATIENCE_S = 3700  # beyond the longest `wait`


def fields(words):
    """{field: value} of FIELD=VALUE words. Raises ValueError for a word without `=`."""
    found = {}
    for word in words:
        name, is_field, value = word.partition("=")
        if not is_field:
            raise ValueError(f"{word!r}: FIELD=VALUE wanted")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    if isinstance(found.get("file"), str):
        found["file"] = str(pathlib.Path(found["file"]).absolute())  # the board may run in another folder
    return found


def ask(port, command, wanted):
    """The reply to one command. Raises OSError, ValueError for an answer that is none."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as connection, connection.makefile("rwb") as file:
        file.write(json.dumps({**wanted, "v": 1, "id": 1, "do": command}).encode() + b"\n")
        file.flush()
        return json.loads(file.readline())


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m tools.vboard.say", description=__doc__.split("\n", 1)[0])
    parser.add_argument("port", type=int, help="the board's control port")
    parser.add_argument("command")
    parser.add_argument("fields", nargs="*", metavar="FIELD=VALUE")
    options = parser.parse_args(words)
    try:
        reply = ask(options.port, options.command, fields(options.fields))
    except (OSError, ValueError) as error:
        print(f"virtual board: {error}", file=sys.stderr)
        return 2
    print(json.dumps(reply))
    return 0 if reply["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
