"""Real bearers in the stand-ins' world, with ESP-IDF's routes: no call waits for long while one bearer works (P1, P4, P8)."""

import random

import machine
import outside
import pytest
import routes

from host_tests.transports.street import Street

_MODES = {"wifi": ("no_ap", "no_ip", "dead_path"), "ethernet": ("unplugged", "no_dhcp", "dead_path"),
          "cellular": ("silent", "no_network", "dial_refused", "ppp_refused", "carrier_lost", "dead_path", "no_sim")}
_WAIT_S = 150  # from the last change, with one bearer that works: a modem that is switched off by its key first takes 90


def put(name, mode):
    {"wifi": machine.world.wifi, "ethernet": machine.world.ethernet, "cellular": machine.world.modem}[name](mode)


def waits_s(street):
    since_ms = street.calls.since_ms
    return 0 if since_ms is None else (machine.world.now_ms - since_ms) / 1000


def carried(street, seconds, acts):
    """Plays `acts`, {second: function}; the longest that a call waited, in seconds."""
    longest = [0]

    def watch(second):
        acts.get(second, lambda: None)()
        longest[0] = max(longest[0], waits_s(street))

    street.play(seconds, watch)
    return longest[0]


def test_a_wifi_that_is_joined_without_an_address_does_not_keep_the_route_from_a_modem_that_works():
    street = Street(("wifi", "cellular"))
    acts = {20: lambda: put("wifi", "no_ap"), 120: lambda: (put("wifi", "no_ip"), put("cellular", "dead_path")),
            220: street.calls.press, 300: lambda: put("cellular", "ok")}
    carried(street, 420, acts)
    assert street.bearers.name == "cellular" and street.calls.since_ms is None
    assert street.link.online and street.link.over == routes.CELLULAR


def test_a_modem_has_the_route_again_after_a_wifi_was_tried_in_vain():
    street = Street(("wifi", "cellular"))
    acts = {20: lambda: put("wifi", "no_ap"), 100: lambda: put("wifi", "dead_path")}
    carried(street, 330, acts)
    assert street.bearers.name == "cellular" and street.bearers.up() and street.parts["wifi"].resting
    assert street.parts["cellular"].dials > 1 and routes.of_world().bearer() == routes.CELLULAR and street.link.online


def test_a_modem_that_has_the_route_still_is_not_dialled_anew_while_a_call_waits():
    street = Street(("wifi", "cellular"))
    longest = carried(street, 150, {60: lambda: (put("wifi", "dead_path"), street.calls.press())})
    assert street.bearers.name == "cellular" and street.parts["cellular"].dials == 1 and longest <= 45


def test_a_modem_that_has_dialled_when_nobody_wants_it_any_more_takes_no_route():
    street = Street(("wifi", "cellular"))
    cellular = street.parts["cellular"]
    asked = []

    def dialling(second):
        if second == 20:
            put("wifi", "no_ap")
        return False

    write = cellular._write

    def written(text):
        write(text)
        if text.startswith("ATD"):
            asked.append(text)
            put("wifi", "ok")
            cellular.rest(True)

    cellular._write = written
    street.play(60, dialling)
    assert asked and cellular.dials == 0 and cellular._modem.state == "READY"


_HEALED = {  # what the Wi-Fi does from 60 s on; then somebody presses
    "dead": ("dead_path", "dead_path"),
    "lost": ("no_ap", "dead_path"),  # then joined again, and the router has no way yet
}


@pytest.mark.parametrize("how", sorted(_HEALED))
@pytest.mark.parametrize("ppp", ["refused", "silent"])
def test_a_wifi_that_heals_beside_a_modem_that_is_dialled_in_vain_carries_the_call_in_time(how, ppp):
    """From its first dialling on the modem has the route; the call waits 15 s for it at the most, each second time 30 s."""
    first, then = _HEALED[how]
    waited = []
    for heals_s in (70, 86, 108, 120):  # two in the first turn of the modem, two in the second
        street = Street(("wifi", "cellular"))
        if ppp == "silent":
            machine.world.bearers[outside.MODEM_JOIN] = 1000000
        else:
            put("cellular", "ppp_refused")
        acts = {60: lambda: put("wifi", first), 61: street.calls.press, 66: lambda: put("wifi", then),
                heals_s: lambda: put("wifi", "ok")}
        longest = carried(street, heals_s + 45, acts)
        assert street.calls.since_ms is None and street.bearers.name == "wifi" and street.link.over == routes.WIFI
        waited.append(longest - (heals_s - 61))
    assert street.parts["cellular"].dials > 1
    assert max(waited[:2]) <= 20 and max(waited) <= 35, waited


def test_among_three_the_one_without_a_cable_does_not_stand_before_a_wifi_that_works():
    street = Street(("ethernet", "wifi", "cellular"))
    acts = {20: lambda: (put("ethernet", "unplugged"), put("wifi", "no_ap")), 150: lambda: put("wifi", "ok")}
    carried(street, 900, acts)
    assert street.bearers.name == "wifi" and street.link.online


def test_a_cable_that_leads_to_nobody_is_no_network_and_a_reset_comes_after_a_quarter_of_an_hour():
    street = Street(("ethernet", "wifi"))
    given = []

    def watch(second):
        if second == 20:
            put("ethernet", "no_dhcp")
            put("wifi", "no_ap")
            street.parts["ethernet"].rest(True)
            street.parts["ethernet"].rest(False)
        given.append(street.bearers.gave_up)

    street.play(1000, watch)
    assert given[-1] and not given[900]


@pytest.mark.parametrize("names", [("ethernet", "wifi"), ("wifi", "cellular"), ("ethernet", "wifi", "cellular")])
@pytest.mark.parametrize("seed", [3, 14, 25])
def test_whatever_fails_a_call_goes_out_while_one_bearer_works(names, seed):
    """Half an hour of faults by chance; who waits is counted from the last fault on."""
    chance = random.Random(seed)
    street = Street(names)
    modes = dict.fromkeys(names, "ok")
    due = {"fault": 30, "press": 60}
    changed_ms = [machine.world.now_ms]
    worst = [0]

    def fail():
        name = chance.choice((*names, "supply"))
        if name == "supply":
            street.supply(chance.random() < 0.5)
        else:
            modes[name] = "ok" if chance.random() < 0.3 else chance.choice(_MODES[name])
            put(name, modes[name])
        changed_ms[0] = machine.world.now_ms

    def watch(second):
        if second == due["fault"]:
            fail()
            due["fault"] += chance.choice((5, 60, 300))
        if second == due["press"]:
            street.calls.press() if chance.random() < 0.6 else street.calls.clear()
            due["press"] += chance.randint(5, 150)
        if "ok" in modes.values():
            worst[0] = max(worst[0], min(waits_s(street), (machine.world.now_ms - changed_ms[0]) / 1000))

    street.play(1800, watch)
    assert worst[0] <= _WAIT_S
