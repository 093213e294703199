"""The protocol's JSON Schemas as validators, for every test that sees a message.

`check(topic, payload)` raises jsonschema.ValidationError; `KINDS` names the messages by direction. Source: docs/schemas.
"""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schemas"
UP = ("alarm", "event", "health", "speech", "state")
DOWN = ("receipt", "answered", "released", "clear", "query", "offer", "control", "alive", "proof", "test")


def _load():
    found = {path.name.split(".")[0]: json.loads(path.read_text()) for path in FOLDER.glob("*.schema.json")}
    registry = Registry().with_resources([(schema["$id"], Resource.from_contents(schema)) for schema in found.values()])
    return {name: Draft202012Validator(schema, registry=registry) for name, schema in found.items() if name != "common"}


VALIDATORS = _load()


def check(topic, payload):
    """One sealed payload against the schema of its type; also that the type may travel on that topic."""
    message = json.loads(payload)
    kind, channel = message["type"], topic.rpartition("/")[2]
    if (channel, kind) not in [(name, name) for name in UP] + [("down", name) for name in DOWN]:
        raise ValueError("a %s on channel %s" % (kind, channel))
    VALIDATORS[kind].validate(message)
    if channel != "down" and topic.split("/")[4] != message["unit"]:
        raise ValueError("unit %s on topic %s" % (message["unit"], topic))
    return message
