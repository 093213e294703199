"""What `settings.json` of a unit may say, and what is left to go on with when some of it is wrong.

Rule: one wrong field costs what hangs on it and no more (P8, "the unit keeps alarming with what still works"). `usable` never
raises, whatever it is given; what it returns has every field of FIELDS, each lawful or at the default shown in the table there,
and says of each problem which field, which value, which rule and what to do.
"""

from micropython import const

from firmware.core import speech_settings, timer_table
from firmware.core.board import ROLES

VERSION = const(1)
# Field: default. None: there is no sensible one; what needs the field stays off.
FIELDS = {
    "v": VERSION,  # version of this file
    "board": None,  # name of a file in board_configs, without .json
    "scheme": None,  # id of the scheme, 1-24 of a-z 0-9 _ -
    "flat": None,  # id of the flat, likewise
    "unit": None,  # id of the unit, likewise
    "key_file": "unit.key",  # file with the unit's key, 64 hexadecimal digits
    "wifi": None,  # object: ssid (1-32), password (8-63, or empty for an open network); null if the unit goes another way
    "cellular": None,  # object: apn (1-63), pin of the SIM (4-8 digits, or null), user and password (1-64, or null)
    "brokers": [],  # list of objects: host, port 1-65535, server_name (name in the certificate), tls (true or false)
    "mqtt": None,  # object: password at the broker; the user is <scheme>.<flat>
    "ca_file": "ca.der",  # file with the certificate of the CA, DER
    "dns": None,  # "address:port" of a DNS server, or null for the one that the network names
    "inputs": {},  # name of an input of the board -> object with location (0-32 characters); null: it is not fitted here
    "line_break_raises": True,  # a broken cord line also raises a call
    "volume_pct": 80,  # loudness of the tones, 10-100
    "reminder": True,  # once a month the unit asks the tenant to try it
    "timers": {},  # name of a timer -> ms; core/timer_table.py
    "self_test": None,  # object: hour (8-20), audio (true or false): when the unit proves its paths and its sound each day
    "speech": None,  # object; core/speech_settings.py. Without it: all of its defaults
}
_BROKER = ("host", "port", "server_name", "tls")
_ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"


def validate(settings):
    """List of problems; empty when all of `settings` can be used. Never raises."""
    return usable(settings)[1]


def usable(settings):
    """(settings with defaults in place of what is missing or wrong, list of problems). Never raises.

    `settings`: what JSON gave; anything that is no object counts as unreadable. A broker, input or timer that is wrong is left
    out, the right ones beside it stay.
    """
    reader = _Reader(settings)
    return reader.result, reader.problems


class _Reader:
    def __init__(self, settings):
        self.problems = []
        self.result = dict(FIELDS)
        self.result["brokers"] = []
        self.result["inputs"] = {}
        self.result["timers"] = {}
        self.result["speech"], _ = speech_settings.usable({})
        if not isinstance(settings, dict):
            self._say("settings.json", "unreadable; write it anew (README, setting up a unit)")
            return
        self._given = settings
        for name in sorted(settings):
            if name not in FIELDS:
                self._say(name, "unknown field; known: %s" % ", ".join(sorted(FIELDS)))
        self._take("v", settings.get("v") == VERSION and type(settings.get("v")) is int, "this firmware reads version 1; write 1")
        self._read_names()
        self._read_link()
        self._read_inputs()
        self._read_the_rest()

    def _say(self, field, text):
        self.problems.append("%s: %s" % (field, text))

    def _take(self, field, lawful, rule):
        """Takes the field over if it is lawful, else complains; True if taken."""
        if field not in self._given:
            self._say(field, "missing; %s" % rule)
        elif not lawful:
            self._say(field, "%r: %s" % (_shown(field, self._given[field]), rule))
        else:
            self.result[field] = self._given[field]
            return True
        return False

    def _optional(self, field, lawful, rule):
        if field in self._given:
            self._take(field, lawful, rule)

    def _read_names(self):
        given = self._given
        self._take("board", _text(given.get("board"), 1, 64), "name of a file in board_configs wanted, without .json")
        for field in ("scheme", "flat", "unit"):
            self._take(field, is_id(given.get(field)), "1 to 24 of a-z 0-9 _ - wanted; it is part of the topics")
        for field in ("key_file", "ca_file"):
            self._optional(field, _text(given.get(field), 1, 64), "name of a file on the unit wanted")

    def _read_link(self):
        given = self._given
        wifi = given.get("wifi")
        lawful = isinstance(wifi, dict) and _text(wifi.get("ssid"), 1, 32) and _wifi_password(wifi.get("password"))
        self._take("wifi", wifi is None or lawful, "object with ssid (1-32) and password (8-63, or empty for an open network)"
                   " wanted, or null on a board with another bearer")
        self._optional("cellular", _cellular(given.get("cellular")), "null, or an object with apn (1-63), pin (4-8 digits, or"
                       " null), user and password (1-64, or null) wanted")
        mqtt = given.get("mqtt")
        lawful = isinstance(mqtt, dict) and _text(mqtt.get("password"), 1, 128)
        self._take("mqtt", lawful, "object with the password at the broker (1-128) wanted")
        brokers = given.get("brokers")
        if self._take("brokers", isinstance(brokers, list) and brokers, "list of at least one broker wanted; no call can leave"):
            self.result["brokers"] = [one for i, one in enumerate(brokers) if self._broker("brokers[%d]" % i, one)]
        dns = given.get("dns")
        self._optional("dns", dns is None or _address(dns), '"address:port" or null wanted, for example "192.168.1.1:53"')

    def _broker(self, where, one):
        """True if one broker can be used; complains of each field that is wrong."""
        if not isinstance(one, dict):
            self._say(where, "%r: an object with %s wanted" % (one, ", ".join(_BROKER)))
            return False
        for field in sorted(one):
            if field not in _BROKER:
                self._say("%s.%s" % (where, field), "unknown field; known: %s" % ", ".join(_BROKER))
        before = len(self.problems)  # an unknown field is a problem, but no reason to lose a broker
        if not _text(one.get("host"), 1, 253):
            self._say(where + ".host", "%r: name or address wanted" % (one.get("host"),))
        if not _whole(one.get("port"), 1, 65535):
            self._say(where + ".port", "%r: 1 to 65535 wanted, usually 8883" % (one.get("port"),))
        if type(one.get("tls")) is not bool:
            self._say(where + ".tls", "%r: true or false wanted; false is for a bench only" % (one.get("tls"),))
        elif one["tls"] and not _text(one.get("server_name"), 1, 253):
            self._say(where + ".server_name", "%r: the name in the broker's certificate wanted" % (one.get("server_name"),))
        return len(self.problems) == before

    def _read_inputs(self):
        inputs = self._given.get("inputs")
        if not self._take("inputs", isinstance(inputs, dict), "object of input name to object with location wanted"):
            return
        self.result["inputs"] = {}
        for name in sorted(inputs):
            one = inputs[name]
            if one is None or isinstance(one, dict) and _text(one.get("location"), 0, 32):
                self.result["inputs"][name] = one
            else:
                self._say("inputs.%s" % name, "%r: object with location (text of 0-32) or null wanted; no room is shown" % (one,))

    def _read_the_rest(self):
        given = self._given
        self._optional("reminder", type(given.get("reminder")) is bool, "true or false wanted")
        self._optional("line_break_raises", type(given.get("line_break_raises")) is bool, "true or false wanted")
        self._optional("volume_pct", _whole(given.get("volume_pct"), 10, 100), "10 to 100 wanted; the tones cannot be silenced")
        rule = "null, or an object with hour (8 to 20, local time) and audio (true or false) wanted"
        self._optional("self_test", _self_test(given.get("self_test")), rule)
        if "speech" in given:
            self.result["speech"], wrong = speech_settings.usable(given["speech"])
            self.problems.extend(wrong)
        if "timers" not in given:
            return
        if not isinstance(given["timers"], dict):
            self.problems.extend(timer_table.problems(given["timers"]))
            return
        for name in sorted(given["timers"]):
            one = {name: given["timers"][name]}
            wrong = timer_table.problems(one)
            self.problems.extend(wrong)
            if not wrong:
                self.result["timers"].update(one)


def check_inputs(settings, board):
    """Problems between settings and a resolved board: inputs that one names and the other lacks. Nothing is switched off.

    An input that raises no call needs no location. One whose settings are null is not fitted; one that calls must be.
    """
    inputs = board.get("inputs") if isinstance(board.get("inputs"), list) else []
    inputs = [one for one in inputs if isinstance(one, dict) and isinstance(one.get("name"), str)]
    names = [one["name"] for one in inputs]
    problems = []
    for name in sorted(settings["inputs"]):
        if name not in names:
            problems.append("inputs.%s: the board has no such input; it has %s" % (name, ", ".join(str(n) for n in names)))
    for one in inputs:
        if one["name"] not in settings["inputs"] and one.get("kind") not in ROLES:
            problems.append("inputs: %s of the board has no location; add it, or null if it is not fitted" % one.get("name"))
    callers = [one["name"] for one in inputs if one.get("kind") not in ROLES]
    if callers and not any(settings["inputs"].get(name, callers) for name in callers):
        problems.append("inputs: none that raises a call is fitted; nobody could call from this flat")
    return problems


def usable_bearers(settings, board):
    """Names of the bearers that the board has and the settings can be used for, most preferred first."""
    has = {"wifi": settings["wifi"], "ethernet": board.get("ethernet")}
    has["cellular"] = settings["cellular"] and board.get("cellular")
    bearers = board.get("bearers")
    return [name for name in (bearers if isinstance(bearers, list) else ("wifi",)) if isinstance(name, str) and has.get(name)]


def check_bearers(settings, board):
    """Problems between settings and a resolved board: without a bearer no call can leave."""
    problems = []
    if not usable_bearers(settings, board):
        problems.append("wifi: null, and the board has no other way that could be used; give ssid and password")
    if settings["cellular"] and not board.get("cellular"):
        problems.append("cellular: the board has no modem; write null")
    return problems


def is_id(value):
    """True for an id that may stand in a topic: 1 to 24 of a-z 0-9 _ -."""
    return _text(value, 1, 24) and all(character in _ID_CHARACTERS for character in value)


def _text(value, shortest, longest):
    return isinstance(value, str) and shortest <= len(value) <= longest


def _self_test(value):
    lawful = isinstance(value, dict) and sorted(value) == ["audio", "hour"]
    return value is None or (lawful and _whole(value["hour"], 8, 20) and type(value["audio"]) is bool)


def _cellular(value):
    if value is None:
        return True
    if not isinstance(value, dict) or sorted(value) != ["apn", "password", "pin", "user"] or not _text(value["apn"], 1, 63):
        return False
    pin = value["pin"]
    lawful = all(value[field] is None or _text(value[field], 1, 64) for field in ("user", "password"))
    return lawful and (pin is None or _text(pin, 4, 8) and pin.isdigit())


def _whole(value, least, most):
    return type(value) is int and least <= value <= most


def _wifi_password(value):
    return value == "" or _text(value, 8, 63)


def _address(value):
    if not isinstance(value, str):
        return False
    host, _, port = value.rpartition(":")
    return bool(host) and port.isdigit() and 1 <= int(port) <= 65535


def _shown(field, value):
    """Passwords stay out of messages: these are logged and reported."""
    return "(not shown)" if field in ("wifi", "mqtt", "cellular") else value
