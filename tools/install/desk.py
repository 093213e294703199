"""What desk and brokers must know of the units of a scheme, from the identity store. Files for their owner only: they hold keys.

    desk/units.json            the desk's `units` entries (docs/desk-api.md): key, label, rooms
    desk/mosquitto/passwords, desk/mosquitto/access       for `password_file` and `acl_file`
    desk/nats-users.conf       `authorization { ... }`, for `include`

Only units that have an identity are in them. With `--config FILE` the desk's configuration gets these units, in place of those of
this scheme that it had; units of other schemes stay as they are. A FILE that is not there is begun, with the scheme's brokers.
"""

import json
import secrets as random

from tools import broker_config

from . import atomic
from .errors import InstallError


def write(scheme, flats, identities, config=None):
    """Writes all of it; returns [(path, what it is for)]. Raises InstallError."""
    directory = scheme.dir / "desk"
    units = [_entry(flats.get(one.flat), one) for one in identities]
    users = [broker_config.flat_user(one.scheme, one.flat, one.password) for one in identities]
    users.append(broker_config.desk_user(scheme.installer[1], scheme.installer[0]))
    users.append(broker_config.desk_user(_desk_password(directory)))
    passwords, access = broker_config.mosquitto_users(users)
    (directory / "mosquitto").mkdir(mode=0o700, exist_ok=True)
    made = [
        (directory / "units.json", json.dumps(units, indent=1, ensure_ascii=False), "the desk's `units`"),
        (directory / "mosquitto" / "passwords", passwords, "mosquitto: password_file"),
        (directory / "mosquitto" / "access", access, "mosquitto: acl_file"),
        (directory / "nats-users.conf", broker_config.nats_users(users), "nats-server: include in its configuration"),
    ]
    for path, text, _ in made:
        atomic.write(path, text.rstrip("\n").encode() + b"\n")
    named = [(path, use) for path, _, use in made] + [(directory / "desk.password", "the desk's password at the brokers")]
    if config:
        _into(config, scheme, units)
        named.append((config, "the desk's configuration, with these units"))
    return named


def users(scheme, identities):
    """Logins of all units and of this tool, as tools.brokers takes them."""
    found = [broker_config.flat_user(one.scheme, one.flat, one.password) for one in identities]
    return [*found, broker_config.desk_user(scheme.installer[1], scheme.installer[0])]


def _entry(flat, identity):
    """The desk's entry of a unit. Rooms only of inputs that are fitted."""
    rooms = {name: room for name, room in flat.inputs.items() if room} if flat else {}
    return {
        "scheme": identity.scheme, "flat": identity.flat, "unit": identity.unit, "key": identity.key,
        "label": f"flat {identity.flat}", "locations": rooms,
    }  # fmt: skip


def _desk_password(directory):
    """The desk's own login, made once."""
    path = directory / "desk.password"
    if not path.exists():
        atomic.write(path, (random.token_hex(16) + "\n").encode())
    return path.read_text().strip()


def _into(path, scheme, units):
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else _first(scheme)
        others = [one for one in config.get("units", []) if one.get("scheme") != scheme.id]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InstallError("scheme", path=path, why=f"no configuration of a desk ({error})") from error
    config["units"] = [*others, *units]
    atomic.write_json(path, config)


def _first(scheme):
    """A configuration for a desk that has none yet, with nothing that is a default (docs/desk-api.md)."""
    password = str(scheme.dir / "desk" / "desk.password")
    brokers = [{"host": one["host"], "port": one["port"], "password_file": password, "tls": one["tls"],
                "ca_file": str(scheme.ca_pem), "server_name": one["server_name"]} for one in scheme.brokers]
    return {"v": 1, "brokers": brokers, "units": []}
