"""The text of a record of test: the same bytes on every runtime, whatever people are called."""

import json

from firmware.core.walk import record

HEADER = {"test": "c0ffee01", "unit": "demo/f12/u1", "board": "ESP32_GENERIC", "board_sha256": "b" * 64, "firmware": "0.1.0",
          "config_sha256": "c" * 64, "prev": record.FIRST, "engineer": "E. Ngineer", "witness": "", "by": "desk",
          "started": 1795305600}


def test_the_head_has_its_fields_in_one_order_and_no_spaces():
    given = {name: HEADER[name] for name in sorted(HEADER)}
    assert record.head(given) == (
        '{"v":1,"test":"c0ffee01","unit":"demo/f12/u1","board":"ESP32_GENERIC","board_sha256":"%s","firmware":"0.1.0",'
        '"config_sha256":"%s","prev":"%s","engineer":"E. Ngineer","witness":"","by":"desk","started":1795305600}\n'
        % ("b" * 64, "c" * 64, "0" * 64))


def test_a_clock_that_is_not_set_leaves_null():
    assert json.loads(record.head(dict(HEADER, started=None)))["started"] is None


def test_seconds_beyond_31_and_32_bits_are_written_whole():
    for started in (0, (1 << 30) - 1, 1 << 30, (1 << 31) - 1, 1 << 31, 1 << 32):
        assert '"started":%d}' % started in record.head(dict(HEADER, started=started))


def test_names_with_quotes_other_alphabets_and_control_characters_are_read_back_as_written():
    for name, read in (('O"Brien \\ Söhne', 'O"Brien \\ Söhne'), ("Ирина", "Ирина"), ("a\nb\x00c\x7fd", "a b c d"), ("😀", "😀")):
        text = record.head(dict(HEADER, engineer=name))
        assert json.loads(text)["engineer"] == read, name
        assert text.count("\n") == 1 and text.encode().decode() == text


def test_half_a_surrogate_pair_cannot_spoil_the_text():
    text = record.head(dict(HEADER, engineer=json.loads('"a\\ud800b"')))
    assert json.loads(text)["engineer"] == "a?b" and text.encode()


def test_names_and_details_are_cut_at_their_longest_and_not_before():
    found = json.loads(record.head(dict(HEADER, engineer="e" * 33, witness="w" * 64)))
    assert (found["engineer"], found["witness"]) == ("e" * 32, "w" * 64)
    assert json.loads(record.line("s" * 40, "fail", "d" * 64)) == ["s" * 40, "fail", "d" * 64, None]
    assert json.loads(record.line("s" * 41, "fail", "d" * 65)) == ["s" * 40, "fail", "d" * 64, None]


def test_a_result_is_a_list_of_four():
    assert record.line("pull:cord1", "pass", "", 412) == '["pull:cord1","pass","",412]\n'
    assert record.line("ask:cord1:reach", "fail") == '["ask:cord1:reach","fail","",null]\n'


def test_the_last_line_names_defects_and_what_was_not_tested_by_the_last_word_on_each_step():
    results = [("tone", "fail", "no tone"), ("pull:cord1", "fail", "late"), ("ask:light", "skip", "nobody in"),
               ("tone", "pass", ""), ("load", "open", "not done")]
    assert record.tail("INCOMPLETE", 1795309200, results, None) == (
        '{"verdict":"INCOMPLETE","ended":1795309200,"defects":["pull:cord1"],'
        '"untested":[["ask:light","nobody in"],["load","not done"]],"due":null}\n')


def test_the_hash_of_the_settings_knows_no_secrets_and_no_order():
    settings = {"board": "B", "wifi": {"ssid": "a", "password": "b"}, "mqtt": {"password": "c"}, "inputs": {"x": {}, "a": {}},
                "dns": None, "brokers": [], "line_break_raises": True}
    known = record.configured(settings)
    assert record.configured(dict(settings, wifi=None, mqtt={"password": "other"})) == known
    turned = dict(settings, inputs={"a": {}, "x": {}})
    assert record.configured({name: turned[name] for name in sorted(turned, reverse=True)}) == known
    for name, value in (("board", "C"), ("inputs", {"x": {}}), ("line_break_raises", False), ("dns", "1.1.1.1:53"),
                        ("brokers", [1])):
        assert record.configured(dict(settings, **{name: value})) != known, name


def test_the_hash_is_that_of_the_plain_json_text():
    from binascii import hexlify
    from hashlib import sha256

    text = '{"a":[],"b":{},"c":[1,"x"],"d":{"e":null,"f":true},"g":1.500000}'
    known = hexlify(sha256(text.encode()).digest()).decode()
    assert record.described(json.loads(text)) == known
