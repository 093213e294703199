"""What a test is worth once it is over. Pure. Source: P7; docs/testing.md.

- A step that is still open makes it INCOMPLETE, whatever else was found: what was not looked at was not tested.
- Else a failure of what a call for help hangs on (a pull, light, sounder, a path, storage, the battery under load) is a FAIL.
- Else, one of those that was left out makes it INCOMPLETE too, whatever the reason: nobody knows whether a call would get
  through. Spared are the load, as not every board can tell, and what need not be there: pendants, contacts that raise no call.
- Else a failure, or a step left out with a reason, is PASS WITH DEFECTS. PASS has none of these.
"""

PASS = "PASS"
DEFECTS = "PASS WITH DEFECTS"
FAIL = "FAIL"
INCOMPLETE = "INCOMPLETE"

_GRAVE = ("pull:", "path:", "ask:light", "ask:sounder", "load", "storage")
_MAY_LACK = ("load",)


def verdict(results, spared=()):
    """`results`: list of (step, result, ...), one for each step, result one of `pass fail skip open`. An empty list is no test,
    and INCOMPLETE. A word that is none of these is taken as `open`. `spared`: steps that may be left out."""
    found = DEFECTS if results else INCOMPLETE
    if all(one[1] == "pass" for one in results) and results:
        return PASS
    for one in results:
        if one[1] not in ("pass", "fail", "skip"):
            return INCOMPLETE
        if one[1] == "pass" or not any(one[0].startswith(word) for word in _GRAVE):
            continue
        if one[1] == "fail":
            found = FAIL
        elif found == DEFECTS and one[0] not in _MAY_LACK and one[0] not in spared:
            found = INCOMPLETE
    return found
