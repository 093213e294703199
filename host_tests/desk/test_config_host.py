"""The configuration: each mistake is named."""

import json

import pytest

from host_tests.fakes.desk import KEY, write_config
from tools.desk.config import ConfigError, load


def good(tmp_path):
    return json.loads(write_config(tmp_path, [1883]).read_text())


def loaded(tmp_path, raw):
    file = tmp_path / "desk.json"
    file.write_text(raw if isinstance(raw, str) else json.dumps(raw))
    return load(file)


def test_a_right_file_is_taken_and_paths_are_relative_to_it(tmp_path):
    config = loaded(tmp_path, good(tmp_path))
    assert config.state == tmp_path / "state"
    assert config.units["demo/f12/u1"].key == KEY
    assert config.timers == {
        "unanswered_s": 60, "answer_repeat_s": 30, "test_call_s": 2, "unit_silent_s": 20, "battery_silent_s": 90,
            "health_period_s": 600, "media_silent_s": 5,
    }  # fmt: skip
    assert (config.api_host, config.api_port) == ("127.0.0.1", 0)


def test_secrets_may_be_in_files(tmp_path):
    raw = good(tmp_path)
    (tmp_path / "unit.key").write_text(KEY.hex() + "\n")
    (tmp_path / "password").write_text("secret\n")
    del raw["units"][0]["key"], raw["brokers"][0]["password"]
    raw["units"][0]["key_file"], raw["brokers"][0]["password_file"] = "unit.key", "password"
    config = loaded(tmp_path, raw)
    assert (config.units["demo/f12/u1"].key, config.brokers[0].password) == (KEY, "secret")


def at(*path):
    """A change of the file: the last of `path` is the value, None in it deletes."""

    def change(raw):
        *way, name, value = path
        for step in way:
            raw = raw[step]
        if value is None:
            del raw[name]
        else:
            raw[name] = value

    return change


WRONG = [
    (at("v", 2), "v: 1 wanted"),
    (at("id", "The Desk"), "id: 1 to 24"),
    (at("colour", "red"), "no field 'colour'"),
    (at("brokers", []), "brokers: a list"),
    (at("brokers", None), "brokers: a list"),
    (at("brokers", 0, "host", None), "brokers[0].host: a text"),
    (at("brokers", 0, "port", 0), "brokers[0].port: a number from 1"),
    (at("brokers", 0, "port", "1883"), "brokers[0].port: a number"),
    (at("brokers", 0, "password", None), "brokers[0].password: exactly one"),
    (at("brokers", 0, "password_file", "x"), "brokers[0].password: exactly one"),
    (at("brokers", 0, "tls", True), "brokers[0].ca_file: missing"),
    (at("brokers", 0, "tls", "no"), "brokers[0].tls: true or false"),
    (at("brokers", 0, "speed", 3), "no field 'speed'"),
    (at("units", []), "units: a list"),
    (at("units", 0, "flat", "Flat 12"), "units[0].flat: 1 to 24"),
    (at("units", 0, "key", "00ff"), "units[0].key: 64 hex"),
    (at("units", 0, "key", "zz" * 32), "units[0].key: 64 hex"),
    (at("units", 0, "key", None), "units[0].key: exactly one"),
    (at("units", 0, "locations", ["bath"]), "units[0].locations: an object"),
    (at("api", {"host": "0.0.0.0"}), "api.host: '0.0.0.0' can be reached"),
    (at("api", {"port": 99999}), "api.port: a number"),
    (at("timers", {"unanswered": 60}), "no field 'unanswered'"),
    (at("timers", {"unanswered_s": "60"}), "timers.unanswered_s: a number"),
    (at("timers", {"answer_repeat_s": 130}), "timers.answer_repeat_s: a number from 0.1 to 100"),
    (at("timers", {"unanswered_s": float("nan")}), "timers.unanswered_s: a number"),
    (at("retry_s", []), "retry_s: a list"),
    (at("retry_s", [0]), "retry_s[0]: a number"),
    (at("fault_injection", 1), "fault_injection: true or false"),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=[words for _, words in WRONG])
def test_a_wrong_field_is_named(tmp_path, change, words):
    raw = good(tmp_path)
    change(raw)
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, raw)
    assert words in str(error.value)
    assert "desk.json" in str(error.value)


def test_doubles_are_named(tmp_path):
    raw = good(tmp_path)
    raw["units"] *= 2
    with pytest.raises(ConfigError, match="'demo/f12/u1' is there twice"):
        loaded(tmp_path, raw)


def test_files_that_are_not_there_are_named(tmp_path):
    raw = good(tmp_path)
    raw["brokers"][0] |= {"tls": True, "ca_file": "no.pem"}
    with pytest.raises(ConfigError, match="no.pem is not there"):
        loaded(tmp_path, raw)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.json")
    with pytest.raises(ConfigError, match="is not JSON"):
        loaded(tmp_path, "{")
    with pytest.raises(ConfigError, match="an object wanted"):
        loaded(tmp_path, "[]")


def test_keys_are_never_printed(tmp_path):
    raw = good(tmp_path)
    assert KEY.hex() not in repr(loaded(tmp_path, raw))
    raw["units"][0]["key"] = KEY.hex() + "0"
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, raw)
    assert KEY.hex() not in str(error.value)
