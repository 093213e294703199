"""Strict checks of JSON fields: each maker returns a function value -> bool, and `wrong_field` walks a table of them.

No coercion anywhere: `true` is not a number, `1.0` is not an integer, and a text must survive UTF-8 (a lone surrogate
passes Python's JSON reader and would then break the database).
"""

import re

_NAME = re.compile(r"[a-z0-9_-]{1,24}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CALL = re.compile(r"[a-z0-9_-]{1,24}-[0-9a-f]{8}-[0-9]{1,9}\Z")


def integer(low, high):
    return lambda value: type(value) is int and low <= value <= high


def number(low, high):
    """An integer or a fraction; never NaN, as that is in no range."""
    return lambda value: type(value) in (int, float) and low <= value <= high


def boolean(value):
    return type(value) is bool


def text(low, high):
    """A string of `low` to `high` characters that can be written as UTF-8."""

    def check(value):
        if type(value) is not str or not low <= len(value) <= high:
            return False
        return not any(0xD800 <= ord(c) <= 0xDFFF for c in value)

    return check


def hexadecimal(digits):
    wanted = re.compile(r"[0-9a-f]{%d}\Z" % digits)
    return lambda value: type(value) is str and wanted.match(value) is not None


def one_of(*choices):
    return lambda value: type(value) is str and value in choices


def nullable(check):
    return lambda value: value is None or check(value)


def list_of(check, low, high):
    return lambda value: type(value) is list and low <= len(value) <= high and all(check(item) for item in value)


def table(**checks):
    """An object with at least these fields, each passing its check."""
    return lambda value: type(value) is dict and wrong_field(checks, value) is None


def optional(**checks):
    """An object whose fields of these names, where it has them, pass their checks: for what older peers do not say."""
    return lambda value: all(check(value[field]) for field, check in checks.items() if field in value)


def map_of(check, most):
    """An object of at most `most` texts to values that pass `check`."""
    key = text(1, 32)
    return lambda value: type(value) is dict and len(value) <= most and all(key(k) and check(v) for k, v in value.items())


def counts(value):
    """An object of text to integer >= 0."""
    name, number = text(1, 32), integer(0, 2**53)
    return type(value) is dict and all(name(k) and number(v) for k, v in value.items())


def name(value):
    """1 to 24 of a-z 0-9 _ - : scheme, flat, unit, sender."""
    return type(value) is str and _NAME.match(value) is not None


def call_id(value):
    return type(value) is str and _CALL.match(value) is not None


def day(value):
    """A date as YYYY-MM-DD; whether there is such a day is not asked."""
    return type(value) is str and _DAY.match(value) is not None


def wrong_field(checks, value):
    """Name of the first field of `checks` that `value` lacks or has wrong; None when all are right."""
    for field, check in checks.items():
        if field not in value or not check(value[field]):
            return field
    return None
