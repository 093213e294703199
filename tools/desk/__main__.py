"""`python -m tools.desk --config desk.json`: run the alarm desk until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import json
import os
import signal
import sys

from .api import ApiServer, make_token
from .config import ConfigError, load
from .desk import Desk
from .store import StoreError


async def serve(config, say):
    """Run a desk with its API until cancelled. Raises StoreError, OSError."""
    desk = Desk(config)
    server = ApiServer(desk, make_token(config.state / "desk.token"))
    try:
        host, port = await server.start(config.api_host, config.api_port)
    except OSError as error:
        desk.close()
        text = f"cannot listen on {config.api_host}:{config.api_port}: {error.strerror or error}. Is another desk running?"
        raise OSError(error.errno, f"{text} Choose another api.port, or 0 for any.") from error
    address = config.state / "api.json"
    address.write_text(json.dumps({"host": host, "port": port, "pid": os.getpid()}) + "\n")
    say(f"desk {config.id}: API on {host}:{port}, state in {config.state}, {len(config.units)} unit(s)")
    for broker in config.brokers:
        say(f"desk {config.id}: connecting to broker {broker.name} at {broker.host}:{broker.port}")
    try:
        await desk.run()
    finally:
        await server.stop()
        address.unlink(missing_ok=True)


async def _until_stopped(config, say):
    task = asyncio.create_task(serve(config, say))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        say(f"desk {config.id}: stopped")


def main(arguments=None):
    """Exit code: 0 stopped, 1 could not run, 2 wrong configuration."""
    parser = argparse.ArgumentParser(prog="python -m tools.desk", description="The alarm desk: docs/desk-api.md.")
    parser.add_argument("--config", required=True, help="the desk's JSON file")
    options = parser.parse_args(arguments)
    try:
        config = load(options.config)
        asyncio.run(_until_stopped(config, lambda text: print(text, flush=True)))
    except ConfigError as error:
        print(f"desk: {error}", file=sys.stderr)
        return 2
    except (StoreError, OSError) as error:
        print(f"desk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
