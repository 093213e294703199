"""`python -m tools.desk --config desk.json`: run the alarm desk until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys

from .api import ApiServer, make_token
from .config import ConfigError, load
from .desk import Desk
from .store import StoreError


async def serve(config, say):
    """Run a desk with its API, and its page if one is wanted, until cancelled. Raises StoreError, OSError."""
    desk = Desk(config)
    token = make_token(config.state / "desk.token")
    server = ApiServer(desk, token)
    address = config.state / "api.json"
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(desk.close)
        with _words_for(config.api_host, config.api_port, "api.port"):
            host, port = await server.start(config.api_host, config.api_port)
        stack.push_async_callback(server.stop)
        if config.web_port is not None:
            desk.page = await stack.enter_async_context(_page(desk, token))
        page = {"page": desk.page.port} if desk.page else {}
        address.write_text(json.dumps({"host": host, "port": port, "pid": os.getpid(), **page}) + "\n")
        stack.callback(address.unlink, missing_ok=True)
        _greet(config, desk, say, f"{host}:{port}")
        await desk.run()


@contextlib.contextmanager
def _words_for(host, port, field):
    """An OSError says which port was wanted, and what to do."""
    try:
        yield
    except OSError as error:
        text = f"cannot listen on {host}:{port}: {error.strerror or error}. Is another desk running?"
        raise OSError(error.errno, f"{text} Choose another {field}, or 0 for any.") from error


@contextlib.asynccontextmanager
async def _page(desk, token):
    from .web.page import DeskPage  # here, so that a desk without a page does not load its server

    config = desk.config
    page = DeskPage(desk, token, desk.talks.endpoint, config.api_host, config.web_port, config.remote)
    with _words_for(config.api_host, config.web_port, "web.port"):
        await page.__aenter__()
    try:
        yield page
    finally:
        await page.__aexit__(None, None, None)


def _greet(config, desk, say, api):
    say(f"desk {config.id}: API on {api}, state in {config.state}, {len(config.units)} unit(s)")
    if desk.page:
        say(f"desk {config.id}: page at {desk.page.link()} (this link works once, within an hour)")
    for broker in config.brokers:
        say(f"desk {config.id}: connecting to broker {broker.name} at {broker.host}:{broker.port}")


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
