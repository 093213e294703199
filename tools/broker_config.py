"""What a broker's configuration file says: TLS, users, and who may say and hear what.

An access list keeps flats apart: a flat's user sends on its own topics and hears its own `down` only.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass

# PBKDF2 rounds of a mosquitto password file: its own tool's default. The passwords made here are 128 random bits,
# so more rounds would only slow the start.
_ROUNDS = 101

# A subscriber that has not acknowledged is sent the message again after this. Default 30 s: too long for a desk that
# stood still for a moment; much less and a slow desk gets everything twice (harmless, but noise).
_NATS_ACK_WAIT_S = 5
# Messages that may be on their way to one subscriber, unacknowledged. Room for every flat of a scheme calling at once.
_NATS_MAX_ACK_PENDING = 1000


@dataclass(frozen=True)
class User:
    """One login. `publish` and `subscribe` are MQTT topic filters."""

    name: str
    password: str
    publish: tuple
    subscribe: tuple


def flat_user(scheme, flat, password):
    """The login of all units of one flat: speaks on the flat's topics, hears its own `down` channels only."""
    base = f"ils/v1/{scheme}/{flat}"
    return User(f"{scheme}.{flat}", password, (f"{base}/#",), (f"{base}/+/down",))


def desk_user(password, name="desk"):
    """The service's login: hears and speaks on every topic of the protocol."""
    return User(name, password, ("ils/v1/#",), ("ils/v1/#",))


def nats(directory, port, tls, users):
    """Write the configuration of a NATS server with MQTT on `port`; returns the file."""
    mqtt = [
        f'  listen: "127.0.0.1:{port}"',
        f'  ack_wait: "{_NATS_ACK_WAIT_S}s"',
        f"  max_ack_pending: {_NATS_MAX_ACK_PENDING}",
    ]
    if tls:
        mqtt.append(f"  tls {{ cert_file: {_quoted(tls.cert_pem)}, key_file: {_quoted(tls.key_pem)} }}")
    lines = [
        'listen: "127.0.0.1:-1"  # NATS wants a port for its own clients; any free one, with the same logins',
        f'server_name: "broker-{port}"',
        f"jetstream {{ store_dir: {_quoted(directory / 'store')} }}",
        "mqtt {",
        *mqtt,
        "}",
    ]
    if users:
        lines.append(nats_users(users))
    return _write(directory / "nats.conf", lines)


def nats_users(users):
    """The part of a NATS server's configuration that says who may say and hear what."""
    return "\n".join(["authorization { users: [", *[_nats_user(user) for user in users], "] }"])


def mosquitto_users(users):
    """Texts of mosquitto's password file and of its access list."""
    passwords = "\n".join(f"{user.name}:{_hashed(user.password)}" for user in users)
    return passwords, "\n".join(line for user in users for line in _mosquitto_user(user))


def mosquitto(directory, port, tls, users):
    """Write the configuration of mosquitto on `port`, with password and access files; returns the file."""
    lines = [
        f"listener {port} 127.0.0.1",
        "persistence false",  # a unit says its state anew on each connection
        "set_tcp_nodelay true",  # else a small packet waits for the last one's ACK: 40 ms
        "log_type error",
        "log_type warning",
        "log_type notice",
        f"allow_anonymous {'false' if users else 'true'}",
    ]
    if os.getuid() == 0:
        lines.append("user root")  # else it becomes `mosquitto`, who may not read the key
    if tls:
        lines += [f"certfile {tls.cert_pem.resolve()}", f"keyfile {tls.key_pem.resolve()}", "tls_version tlsv1.2"]
    if users:
        passwords, access = (
            _write(directory / name, [text]) for name, text in zip(("passwords", "access"), mosquitto_users(users), strict=True)
        )
        lines += [f"password_file {passwords.resolve()}", f"acl_file {access.resolve()}"]
    return _write(directory / "mosquitto.conf", lines)


def _nats_user(user):
    rights = {"publish": _subjects(user.publish), "subscribe": _subjects(user.subscribe)}
    login = f"user: {_quoted(user.name)}, password: {_quoted(user.password)}"
    return f"  {{ {login}, permissions: {json.dumps(rights)} }}"


def _subjects(filters):
    """MQTT filters as NATS subjects: a/+/# is a.*.> and, as `#` covers its parent too, a.* ."""
    words = {"+": "*", "#": ">"}
    both = [form for topic in filters for form in ([topic, topic[:-2]] if topic.endswith("/#") else [topic])]
    return [".".join(words.get(level, level) for level in topic.split("/")) for topic in both]


def _mosquitto_user(user):
    yield f"user {user.name}"
    for topic in user.publish:
        yield f"topic write {topic}"
    for topic in user.subscribe:
        yield f"topic read {topic}"
    yield ""


def _hashed(password):
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return "$7$%d$%s$%s" % (_ROUNDS, base64.b64encode(salt).decode(), base64.b64encode(digest).decode())


def _quoted(value):
    return json.dumps(str(value))


def _write(path, lines):
    """The file holds passwords: for its owner only."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    return path
