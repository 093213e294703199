"""Where a running desk is: the options of every command that speaks to one, and what they come to."""

import shlex
from pathlib import Path

from .client import DeskError, read_state
from .config import load

EPILOG = "Where the desk is: --state, or --config (its state directory is taken), or --api with --token-file."


def add_arguments(parser):
    parser.add_argument("--config", help="the desk's configuration file")
    parser.add_argument("--state", help="the desk's state directory (holds api.json and desk.token)")
    parser.add_argument("--api", metavar="HOST:PORT", help="the desk's API address")
    parser.add_argument("--token-file", help="file with the API token, with --api")


def typed(options):
    """The options again, as they would be typed."""
    names = ("api", "token_file") if options.api else ("state",) if options.state else ("config",)
    return " ".join(f"--{name.replace('_', '-')} {shlex.quote(getattr(options, name))}" for name in names)


def address(options):
    """(host, port, token). Raises DeskError or ConfigError with clear words."""
    if options.api:
        host, colon, port = options.api.rpartition(":")
        if not colon or not port.isdigit() or not options.token_file:
            raise DeskError("field", "--api takes HOST:PORT and needs --token-file (desk.token in the desk's state directory)")
        try:
            return host, int(port), Path(options.token_file).read_text().strip()
        except OSError as error:
            raise DeskError("token", f"{options.token_file}: {error.strerror}") from error
    if options.state:
        return read_state(options.state)
    if options.config:
        return read_state(load(options.config).state)
    raise DeskError("field", "where is the desk? Give --state, --config, or --api with --token-file")
