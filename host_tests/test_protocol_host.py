"""Page, schemas, AsyncAPI file and code say the same."""

import json
import re

import jsonschema
import pytest

from firmware.core import call as c
from firmware.core import downlink
from firmware.core.seal import Sealer
from firmware.core.timers import Timers
from firmware.core.uplink import Uplink
from host_tests import schemas

PAGE = (schemas.FOLDER.parent / "protocol.md").read_text()
SEALER = Sealer(bytes(range(32)))
COMMON = {"v": 1, "unit": "u1", "session": "9f86d081884c7d65", "from": "desk", "ctr": 1041}
MEDIA = {"address": "192.0.2.5", "port": 4000, "rtcp": 4001, "profile": "RTP/SAVP", "formats": [{"pt": 8, "name": "PCMA"}],
         "ptime": 20, "direction": "sendrecv", "crypto": {"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": "A" * 40}}
DOWN = {
    "receipt": {"call": "u1-5e1f00d5-12", "triggers": 2, "escalation": 0},
    "answered": {"call": "u1-5e1f00d5-12", "who": "coordinator"},
    "released": {"call": "u1-5e1f00d5-12"},
    "clear": {"call": "u1-5e1f00d5-12", "triggers": 2, "outcome": "mistake", "basis": "present", "who": "A. Jones"},
    "query": {},
    "offer": {"sid": "c0ffee0123456789", "turn": 7, "kind": "alarm", "call": "u1-5e1f00d5-12", "who": "coordinator",
              "media": MEDIA},
    "control": {"sid": "c0ffee0123456789", "do": "talk"},
    "alive": {"sid": "c0ffee0123456789"},
    "proof": {"id": "c0ffee01"},
    "test": {"do": "answer", "test": "c0ffee01", "step": "ask:cord1:reach", "value": "yes", "who": "E. Ngineer"},
}
MAY_BE_EMPTY = [("offer", "call"), ("test", "test"), ("test", "step"), ("test", "value"), ("test", "who")]


def uplink():
    return Uplink(("demo", "f12", "u1"), SEALER, COMMON["session"], 7, "5e1f00d5", [("button", "hall"), ("cord1", "bathroom")])


def down(name, **changes):
    message = {**COMMON, "type": name, **DOWN[name], **changes}
    return "ils/v1/demo/f12/u1/down", SEALER.seal("ils/v1/demo/f12/u1/down", json.dumps(message))


def test_every_alarm_that_the_unit_can_build_is_lawful():
    up = uplink()
    call = c.Call(12, Timers())
    for i in range(70):
        call.handle(c.ACTIVATED, 1000 + i, i % 2, i % 3, i % 3)
        schemas.check(*up.alarm(call, 5000))


def test_state_and_will_are_lawful():
    for online in (True, False):
        schemas.check(*uplink().state(online, 3))


def test_every_message_of_the_service_is_lawful_and_taken():
    for kind in schemas.DOWN:
        topic, payload = down(kind)
        schemas.check(topic, payload)
        assert downlink.Downlink(topic, "u1", COMMON["session"], SEALER).take(topic, payload)["type"] == kind


@pytest.mark.parametrize("kind", schemas.DOWN)
def test_schema_and_unit_agree_on_what_is_unlawful(kind):
    """Each field in turn missing or of a wrong value: the schema refuses it, and so does the unit."""
    for field in ["from", "ctr", "session", "v", *DOWN[kind]]:
        for wrong in (None, "", -1, 1 << 40, [], "x" * 200):
            if wrong == "" and (kind, field) in MAY_BE_EMPTY:
                continue
            topic, payload = down(kind, **{field: wrong})
            with pytest.raises(jsonschema.ValidationError):
                schemas.check(topic, payload)
            assert downlink.Downlink(topic, "u1", COMMON["session"], SEALER).take(topic, payload) is None, (field, wrong)


def test_the_unit_and_the_schemas_name_the_same_fields_for_each_message_of_the_service():
    for kind in schemas.DOWN:
        assert set(schemas.VALIDATORS[kind].schema["properties"]) - {"type"} == set(downlink._FIELDS[kind])


def test_the_page_names_every_field_of_every_schema():
    for name, validator in schemas.VALIDATORS.items():
        section = PAGE[PAGE.index("### `%s`" % name):]
        section = section[: section.find("\n### ", 5)]
        for field in set(validator.schema["properties"]) - {"type"}:
            assert "`%s`" % field in section, (name, field)


def test_the_seal_vector_of_the_page_is_right():
    shown = re.search(r'\{"v":1,"type":"query","mac":"[0-9a-f]{64}"\}', PAGE).group().encode()
    assert SEALER.seal("ils/v1/demo/f12/u1/down", '{"v":1,"type":"query"}') == shown


def test_every_reference_of_the_asyncapi_file_leads_somewhere():
    path = schemas.FOLDER.parent / "asyncapi.json"
    document = json.loads(path.read_text())
    found = []

    def follow(node):
        if isinstance(node, dict):
            found.extend([node["$ref"]] if "$ref" in node else [])
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                follow(child)

    follow(document)
    assert len(found) > 30
    for reference in found:
        if reference.startswith("#/"):
            target = document
            for part in reference[2:].split("/"):
                target = target[part]
        else:
            assert (path.parent / reference).is_file(), reference


def test_the_asyncapi_file_has_every_message_once_and_the_lawful_topics():
    document = json.loads((schemas.FOLDER.parent / "asyncapi.json").read_text())
    assert sorted(document["components"]["messages"]) == sorted(schemas.UP + schemas.DOWN)
    for name, channel in document["channels"].items():
        assert channel["address"] == "ils/v1/{scheme}/{flat}/{unit}/" + name
