"""The desk's configuration file: JSON, every field checked, every complaint naming the field. Format: docs/desk-api.md."""

import binascii
import json
from dataclasses import dataclass, field
from pathlib import Path

from .fields import name
from .seal import KEY_BYTES
from .talk.config import Media, read_media
from .welfare.questions import QuestionsError, load_questions

TIMERS = {  # name: (default, lowest, highest), seconds; the reasons are in docs/desk-api.md
    "unanswered_s": (60, 0.1, 3600),
    "answer_repeat_s": (30, 0.1, 100),
    "test_call_s": (2, 0.1, 60),
    "unit_silent_s": (20, 0.1, 3600),
    "battery_silent_s": (90, 0.1, 3600),
    "health_period_s": (600, 0.1, 86400),
    "media_silent_s": (5, 0.1, 3600),
}
RETRY_S = (2, 4, 8, 15)  # waits between two tries of a command, the last for ever: the unit's own pace for alarms


class ConfigError(Exception):
    """The configuration cannot be used; the text names file, field and what is wanted."""


@dataclass(frozen=True)
class Broker:
    name: str
    host: str
    port: int
    user: str
    password: str
    tls: bool = True
    ca_file: Path | None = None
    server_name: str = ""


@dataclass(frozen=True)
class Unit:
    scheme: str
    flat: str
    unit: str
    key: bytes = field(repr=False)
    label: str = ""
    locations: dict = field(default_factory=dict)

    @property
    def address(self):
        return f"{self.scheme}/{self.flat}/{self.unit}"


@dataclass(frozen=True)
class Config:
    id: str
    state: Path
    brokers: tuple
    units: dict  # address -> Unit
    api_host: str = "127.0.0.1"
    api_port: int = 0
    timers: dict = field(default_factory=lambda: {key: value[0] for key, value in TIMERS.items()})
    retry_s: tuple = RETRY_S
    fault_injection: bool = False
    media: Media = Media()
    questions: tuple = field(default_factory=load_questions)
    web_port: int | None = None  # None: no page
    remote: bool = False  # other machines may come, by other names than ours


def load(path):
    """Config from the file `path`. Relative paths in it are relative to it. Raises ConfigError."""
    path = Path(path)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: is not JSON: {error}") from error
    try:
        return _Reader(path.parent).config(raw)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


_KNOWN = {
    "v", "id", "state", "brokers", "units", "api", "timers", "retry_s", "fault_injection", "media", "welfare_questions",
    "web",
}  # fmt: skip


class _Reader:
    def __init__(self, base):
        self._base = base

    def config(self, raw):
        _object(raw, "the file", _KNOWN)
        if raw.get("v") != 1:
            raise ConfigError(f"v: 1 wanted, got {raw.get('v')!r}")
        api = _object(raw.get("api", {}), "api", {"host", "port", "allow_remote"})
        return Config(
            id=_name(raw.get("id", "desk"), "id"),
            state=self._path(raw.get("state", "desk-state"), "state"),
            brokers=self._brokers(raw.get("brokers")),
            units=self._units(raw.get("units")),
            api_host=_host(api),
            api_port=_number(api.get("port", 0), "api.port", 0, 65535, int),
            timers=_timers(raw.get("timers", {})),
            retry_s=_retries(raw.get("retry_s", list(RETRY_S))),
            fault_injection=_bool(raw.get("fault_injection", False), "fault_injection"),
            media=_media(raw.get("media", {})),
            questions=self._questions(raw),
            web_port=_web_port(raw),
            remote=_bool(api.get("allow_remote", False), "api.allow_remote"),
        )

    def _questions(self, raw):
        path = self._path(raw["welfare_questions"], "welfare_questions") if "welfare_questions" in raw else None
        try:
            return load_questions(path)
        except QuestionsError as error:
            raise ConfigError(f"welfare_questions: {error}") from error

    def _path(self, value, where):
        return self._base / _text(value, where)

    def _brokers(self, raw):
        brokers = tuple(self._broker(item, f"brokers[{i}]") for i, item in enumerate(_list(raw, "brokers")))
        _unique([broker.name for broker in brokers], "brokers[].name")
        return brokers

    def _broker(self, raw, where):
        known = {"name", "host", "port", "user", "password", "password_file", "tls", "ca_file", "server_name"}
        _object(raw, where, known)
        tls = _bool(raw.get("tls", True), f"{where}.tls")
        if tls and "ca_file" not in raw:
            raise ConfigError(f"{where}.ca_file: missing; the desk checks the broker's certificate against this CA (PEM)")
        host = _text(raw.get("host"), f"{where}.host")
        ca_file = self._path(raw["ca_file"], f"{where}.ca_file") if tls else None
        if ca_file is not None and not ca_file.is_file():
            raise ConfigError(f"{where}.ca_file: {ca_file} is not there")
        return Broker(
            name=_text(raw.get("name", host), f"{where}.name"),
            host=host,
            port=_number(raw.get("port"), f"{where}.port", 1, 65535, int),
            user=_text(raw.get("user", "desk"), f"{where}.user"),
            password=self._secret(raw, "password", where),
            tls=tls,
            ca_file=ca_file,
            server_name=_text(raw.get("server_name", host), f"{where}.server_name"),
        )

    def _secret(self, raw, key, where):
        if (key in raw) == (f"{key}_file" in raw):
            raise ConfigError(f"{where}.{key}: exactly one of `{key}` and `{key}_file` is wanted")
        if key in raw:
            return _text(raw[key], f"{where}.{key}")
        path = self._path(raw[f"{key}_file"], f"{where}.{key}_file")
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{where}.{key}_file: {path} cannot be read: {error}") from error

    def _units(self, raw):
        units = [self._unit(item, f"units[{i}]") for i, item in enumerate(_list(raw, "units"))]
        _unique([unit.address for unit in units], "units[]: scheme/flat/unit")
        return {unit.address: unit for unit in units}

    def _unit(self, raw, where):
        _object(raw, where, {"scheme", "flat", "unit", "key", "key_file", "label", "locations"})
        locations = raw.get("locations", {})
        if type(locations) is not dict or not all(type(room) is str for room in locations.values()):
            raise ConfigError(f"{where}.locations: an object of input name to room wanted")
        flat = _name(raw.get("flat"), f"{where}.flat")
        return Unit(
            scheme=_name(raw.get("scheme"), f"{where}.scheme"),
            flat=flat,
            unit=_name(raw.get("unit"), f"{where}.unit"),
            key=_key(self._secret(raw, "key", where), f"{where}.key"),
            label=_text(raw.get("label", f"flat {flat}"), f"{where}.label"),
            locations=locations,
        )


def _object(raw, where, known):
    if type(raw) is not dict:
        raise ConfigError(f"{where}: an object wanted, got {type(raw).__name__}")
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ConfigError(f"{where}: no field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return raw


def _list(raw, where):
    if type(raw) is not list or not raw:
        raise ConfigError(f"{where}: a list of at least one is wanted")
    return raw


def _unique(values, where):
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{where}: {value!r} is there twice")


def _text(value, where):
    if type(value) is not str or not value:
        raise ConfigError(f"{where}: a text wanted, got {value!r}")
    return value


def _name(value, where):
    if not name(value):
        raise ConfigError(f"{where}: 1 to 24 of a-z 0-9 _ - wanted, got {value!r}")
    return value


def _bool(value, where):
    if type(value) is not bool:
        raise ConfigError(f"{where}: true or false wanted, got {value!r}")
    return value


def _number(value, where, low, high, *kinds):
    if type(value) not in kinds or not low <= value <= high:
        raise ConfigError(f"{where}: a number from {low} to {high} wanted, got {value!r}")
    return value


def _key(digits, where):
    try:
        key = binascii.unhexlify(digits)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{where}: {2 * KEY_BYTES} hexadecimal digits wanted")  # the key itself is never printed
    return key


def _host(api):
    host = _text(api.get("host", "127.0.0.1"), "api.host")
    if host not in ("127.0.0.1", "::1", "localhost") and not _bool(api.get("allow_remote", False), "api.allow_remote"):
        raise ConfigError(
            f"api.host: {host!r} can be reached from other machines, and who reaches it can clear calls. Use an SSH tunnel "
            "to 127.0.0.1, or set api.allow_remote to true if the network between is yours alone."
        )
    return host


def _web_port(raw):
    if "web" not in raw:
        return None
    return _number(_object(raw["web"], "web", {"port"}).get("port", 0), "web.port", 0, 65535, int)


def _media(raw):
    try:
        return read_media(_object(raw, "media", {"address", "bind", "ports", "plain_rtp"}))
    except ValueError as error:
        raise ConfigError(f"media.{error}") from error


def _timers(raw):
    _object(raw, "timers", set(TIMERS))
    return {key: _number(raw.get(key, default), f"timers.{key}", low, high, int, float)
            for key, (default, low, high) in TIMERS.items()}  # fmt: skip


def _retries(raw):
    return tuple(_number(wait, f"retry_s[{i}]", 0.05, 60, int, float) for i, wait in enumerate(_list(raw, "retry_s")))
