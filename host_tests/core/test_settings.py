"""core/settings.py: what is wrong is named, what is right is kept (P8)."""

import json

from firmware.core import settings

_BROKER = {"host": "broker.example", "port": 8883, "server_name": "broker.example", "tls": True}

CELLULAR = {"apn": "internet", "pin": "0123", "user": None, "password": "hidden-word"}


def good():
    whole = {
        "v": 1, "board": "ESP32_GENERIC", "scheme": "demo", "flat": "f12", "unit": "u1", "key_file": "unit.key",
        "wifi": {"ssid": "home", "password": "secret-word"}, "brokers": [_BROKER, dict(_BROKER, host="10.0.0.2")],
        "mqtt": {"password": "other-secret"}, "ca_file": "ca.der", "dns": None, "cellular": CELLULAR,
        "inputs": {"button": {"location": "hall"}, "cord1": {"location": "bathroom"}},
        "line_break_raises": False, "volume_pct": 55, "timers": {"held_ms": 61000},
        "self_test": {"hour": 14, "audio": False}, "reminder": False,
        "speech": {"answering": "press", "language": "cy", "plain_rtp": False, "wellbeing": None, "zone": None},
    }
    return json.loads(json.dumps(whole))


def test_good_settings_come_back_as_they_are():
    assert settings.usable(good()) == (good(), [])


def test_what_may_be_missing_has_its_default():
    whole = good()
    for field in ("key_file", "ca_file", "dns", "line_break_raises", "volume_pct", "reminder", "timers", "speech"):
        del whole[field]
    result, problems = settings.usable(whole)
    assert problems == []
    assert (result["key_file"], result["ca_file"], result["dns"]) == ("unit.key", "ca.der", None)
    assert (result["line_break_raises"], result["volume_pct"], result["timers"]) == (True, 80, {})
    assert result["reminder"] is True
    assert result["speech"]["answering"] == "auto" and result["speech"]["plain_rtp"] is False


def test_each_wrong_field_is_named_and_costs_only_itself():
    cases = (
        ("v", 2, "v: 2: this firmware reads version 1"),
        ("v", True, "v: True"),
        ("board", 7, "board: 7: name of a file"),
        ("scheme", "Demo", "scheme: 'Demo': 1 to 24 of a-z"),
        ("flat", "f/12", "flat: 'f/12'"),
        ("unit", "u" * 25, "unit: "),
        ("key_file", "", "key_file: ''"),
        ("ca_file", None, "ca_file: None"),
        ("dns", "192.168.1.1", 'dns: '),
        ("dns", "192.168.1.1:99999", "dns: "),
        ("brokers", [], "brokers: []"),
        ("brokers", "x", "brokers: 'x'"),
        ("inputs", [], "inputs: []"),
        ("line_break_raises", "yes", "line_break_raises: 'yes': true or false"),
        ("reminder", 1, "reminder: 1: true or false"),
        ("volume_pct", 0, "volume_pct: 0: 10 to 100"),
        ("volume_pct", 50.5, "volume_pct: 50.5"),
        ("timers", [], "timers"),
        ("self_test", {"hour": 7, "audio": True}, "self_test: "),
        ("self_test", {"hour": 21, "audio": True}, "self_test: "),
        ("self_test", {"hour": 11}, "self_test: "),
        ("self_test", {"hour": 11, "audio": 1}, "self_test: "),
        ("self_test", {"hour": True, "audio": True}, "self_test: "),
        ("self_test", True, "self_test: "),
        ("speech", [], "speech: []"),
        ("speech", {"answering": "never"}, "speech.answering: 'never'"),
        ("colour", "red", "colour: unknown field"),
    )
    for field, value, words in cases:
        whole = good()
        whole[field] = value
        result, problems = settings.usable(whole)
        assert len(problems) == 1 and problems[0].startswith(words), (field, value, problems)
        for other in settings.FIELDS:
            if other != field:
                assert result[other] == good()[other], (field, other)


def test_the_hour_of_the_daily_tests_is_taken_from_8_to_20_and_null():
    for value in ({"hour": 8, "audio": True}, {"hour": 20, "audio": False}, None):
        whole = good()
        whole["self_test"] = value
        assert settings.usable(whole) == (whole, [])


def test_one_wrong_broker_leaves_the_other():
    cases = (
        (None, "brokers[0]: None"),
        (dict(_BROKER, host=""), "brokers[0].host: ''"),
        (dict(_BROKER, port=0), "brokers[0].port: 0: 1 to 65535"),
        (dict(_BROKER, port="8883"), "brokers[0].port: '8883'"),
        (dict(_BROKER, tls=1), "brokers[0].tls: 1"),
        (dict(_BROKER, server_name=""), "brokers[0].server_name: ''"),
    )
    for broker, words in cases:
        whole = good()
        whole["brokers"][0] = broker
        result, problems = settings.usable(whole)
        assert len(problems) == 1 and problems[0].startswith(words), problems
        assert [one["host"] for one in result["brokers"]] == ["10.0.0.2"]


def test_a_typing_mistake_in_a_broker_is_told_but_the_broker_stays():
    whole = good()
    whole["brokers"][0]["prot"] = 1883
    result, problems = settings.usable(whole)
    assert problems == ["brokers[0].prot: unknown field; known: host, port, server_name, tls"]
    assert len(result["brokers"]) == 2


def test_a_broker_without_tls_needs_no_name_in_a_certificate():
    whole = good()
    whole["brokers"] = [{"host": "127.0.0.1", "port": 1883, "server_name": "", "tls": False}]
    assert settings.validate(whole) == []


def test_one_wrong_input_or_timer_leaves_the_others():
    whole = good()
    whole["inputs"]["cord1"] = {"location": "x" * 33}
    whole["timers"] = {"held_ms": 61000, "held_s": 60, "health_ms": -5}
    result, problems = settings.usable(whole)
    assert sorted(text.split(":")[0] for text in problems) == ["inputs.cord1", "timers.health_ms", "timers.held_s"]
    assert result["inputs"] == {"button": {"location": "hall"}}
    assert result["timers"] == {"held_ms": 61000}


def test_passwords_never_stand_in_a_message():
    whole = good()
    whole["wifi"] = {"ssid": "", "password": "secret-word"}
    whole["mqtt"] = {"password": ["other-secret"]}
    result, problems = settings.usable(whole)
    assert len(problems) == 2 and "secret" not in " ".join(problems)
    assert result["wifi"] is None and result["mqtt"] is None


def test_a_mobile_network_is_taken_whole_or_not_at_all_and_its_secrets_are_not_shown():
    longest = {"apn": "a" * 63, "pin": "12345678", "user": "u" * 64, "password": "p" * 64}
    lawful = ({"apn": "a", "pin": None, "user": None, "password": None}, longest, None)
    for value in lawful:
        whole = good()
        whole["cellular"] = value
        assert settings.usable(whole) == (whole, [])
    for field, value in (("apn", ""), ("apn", "a" * 64), ("apn", None), ("pin", "123"), ("pin", "123456789"), ("pin", "12a4"),
                         ("pin", 1234), ("user", ""), ("user", 5), ("password", "p" * 65), ("colour", "red")):
        whole = good()
        whole["cellular"][field] = value
        result, problems = settings.usable(whole)
        assert len(problems) == 1 and problems[0].startswith("cellular: '(not shown)'"), (field, value, problems)
        assert result["cellular"] is None
    del whole["cellular"]
    assert settings.usable(whole)[0]["cellular"] is None and settings.validate(whole) == []


def test_bearers_are_those_that_board_and_settings_have_facts_for_in_the_board_s_order():
    facts = {"ethernet": {"phy": "LAN8720"}, "cellular": {"modem": "SIM7600"}}
    everything = dict(facts, bearers=["ethernet", "wifi", "cellular"])
    for changes, board, wanted in (
        ({}, {}, ["wifi"]),
        ({}, {"bearers": ["wifi"]}, ["wifi"]),
        ({}, everything, ["ethernet", "wifi", "cellular"]),
        ({}, dict(everything, bearers=["cellular", "wifi"]), ["cellular", "wifi"]),
        ({"wifi": None}, everything, ["ethernet", "cellular"]),
        ({"cellular": None}, everything, ["ethernet", "wifi"]),
        ({}, dict(everything, ethernet=None), ["wifi", "cellular"]),
        ({"wifi": None, "cellular": None}, {"bearers": ["wifi", "cellular"], "cellular": facts["cellular"]}, []),
        ({"wifi": None}, {"bearers": "wifi"}, []),
    ):
        result, problems = settings.usable(dict(good(), **changes))
        assert problems == []
        assert settings.usable_bearers(result, board) == wanted, (changes, board)
        said = settings.check_bearers(result, board)
        assert bool([text for text in said if text.startswith("wifi: null")]) == (not wanted), said
    said = settings.check_bearers(settings.usable(good())[0], {"bearers": ["wifi"]})
    assert said == ["cellular: the board has no modem; write null"]


def test_an_open_network_and_a_short_password():
    for password, wanted in (("", 0), ("12345678", 0), ("1234567", 1), ("x" * 64, 1), (None, 1)):
        whole = good()
        whole["wifi"]["password"] = password
        assert len(settings.validate(whole)) == wanted, password


def test_unreadable_settings_leave_a_unit_that_still_shows_a_call():
    for value in (None, [], "text", 5):
        result, problems = settings.usable(value)
        assert problems == ["settings.json: unreadable; write it anew (README, setting up a unit)"]
        assert sorted(result) == sorted(settings.FIELDS)
        assert result["brokers"] == [] and result["line_break_raises"] is True and result["volume_pct"] == 80


def test_two_units_never_share_a_default():
    first = settings.usable(None)[0]
    first["brokers"].append(1)
    first["inputs"]["x"] = 1
    first["timers"]["y"] = 1
    second = settings.usable(None)[0]
    assert (second["brokers"], second["inputs"], second["timers"]) == ([], {}, {})


def test_nothing_in_a_file_makes_it_raise():
    strange = (None, True, 0, -1, 1.5, "", "x", [], [[]], {}, {"a": 1}, [None], {"location": None})
    for value in strange:
        for field in settings.FIELDS:
            whole = good()
            whole[field] = value
            result, problems = settings.usable(whole)
            assert sorted(result) == sorted(settings.FIELDS)
        for field in ("ssid", "password"):
            whole = good()
            whole["wifi"][field] = value
            settings.usable(whole)
        whole = good()
        whole["inputs"]["cord1"] = value
        settings.usable(whole)


def test_inputs_of_settings_and_board_are_held_against_each_other():
    whole = {"inputs": [{"name": "button"}, {"name": "cord1"}, {"name": "privacy", "kind": "privacy"}]}
    result = settings.usable(good())[0]
    assert settings.check_inputs(result, whole) == []
    result["inputs"] = {"buton": {"location": "hall"}, "cord1": {"location": "bathroom"}}
    problems = settings.check_inputs(result, whole)
    assert len(problems) == 2
    assert problems[0].startswith("inputs.buton: the board has no such input; it has button, cord1, privacy")
    assert problems[1] == "inputs: button of the board has no location; add it, or null if it is not fitted"


def test_an_input_that_is_null_is_not_fitted_and_one_that_calls_must_be():
    board = {"inputs": [{"name": "button"}, {"name": "cord1"}, {"name": "answer", "kind": "answer"}]}
    whole = good()
    whole["inputs"] = {"button": {"location": "hall"}, "cord1": None, "answer": None}
    result, problems = settings.usable(whole)
    assert problems == [] and result["inputs"] == whole["inputs"]
    assert settings.check_inputs(result, board) == []
    whole["inputs"]["button"] = None
    result, problems = settings.usable(whole)
    assert problems == []
    assert settings.check_inputs(result, board) == ["inputs: none that raises a call is fitted; nobody could call from this flat"]
    result["inputs"] = {"cord2": None, "button": {"location": ""}}
    problems = settings.check_inputs(result, board)
    assert len(problems) == 2 and problems[0].startswith("inputs.cord2: the board has no such input") and "cord1" in problems[1]
