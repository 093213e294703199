"""Every timer of call and speech in one place, in milliseconds, each with its reason.

A unit's settings may shorten or lengthen them by name within the range given here. Source: DESIGN, table of timers.
"""

TABLE = {  # name: (default, least, most)
    "repeat_1_ms": (2000, 50, 60000),  # first repeat of an alarm without receipt
    "repeat_2_ms": (4000, 50, 60000),
    "repeat_3_ms": (8000, 50, 60000),
    "repeat_ms": (15000, 50, 60000),  # all further ones, for ever
    "other_path_ms": (15000, 200, 60000),  # the next broker is tried beside the first
    "still_trying_first_ms": (20000, 500, 60000),  # the tenant hears that it is still trying
    "still_trying_ms": (30000, 500, 120000),  # and hears it again
    "comfort_ms": (30000, 500, 120000),  # received, not yet answered: heard again
    "unanswered_ms": (60000, 1000, 180000),  # 97.5 % of calls are to be answered within 60 s (TSA/TEC): then raised again
    "answer_dead_ms": (130000, 2000, 130000),  # an answer is renewed every 30 s; BS 8521 figure for a dead session (heard)
    "held_ms": (60000, 1000, 600000),  # an input active for that long is a fault
    "line_fault_ms": (2000, 100, 8000),  # debounce of a broken line; reported within 10 s
    "health_ms": (600000, 1000, 3600000),  # routine report
    "announce_ms": (3000, 200, 15000),  # tone and announcement before an intercom, welfare or door call, at least
    "announce_longest_ms": (10000, 200, 30000),  # the words may take longer; and who cannot tell their end goes on then
    "answer_wait_ms": (45000, 1000, 120000),  # it rings; who has to get up needs most of it
    "loss_report_ms": (2000, 200, 10000),  # no media: the service is told
    "loss_tone_ms": (5000, 300, 15000),  # the tenant hears that nobody hears
    "loss_reoffer_ms": (15000, 500, 30000),  # a new port and key, once
    "loss_end_ms": (30000, 1000, 60000),  # speech is over; an alarm is raised again within 31 s
    "session_dead_ms": (130000, 2000, 130000),  # kept alive every 30 s; BS 8521 figure (heard)
    "call_length_ms": (600000, 2000, 3600000),  # longest speech of an alarm without a command of the operator
    "welfare_length_ms": (300000, 2000, 3600000),  # of an intercom or welfare call
    "door_length_ms": (120000, 2000, 600000),
    "beep_1_ms": (20000, 500, 60000),  # first beep, so long before the end
    "beep_2_ms": (10000, 200, 60000),
    "closing_ms": (600, 100, 5000),  # room for the closing tone
    "calm_ms": (600000, 1000, 3600000),  # a start that lasts so long is no part of a restart storm
    "full_again_ms": (3600000, 2000, 86400000),  # a reduced unit starts in full again after so long, if no call is open
    "clock_unset_ms": (120000, 1000, 3600000),  # after a total power loss the service has told the time by then, or it is a fault
    "mains_report_ms": (60000, 1000, 600000),  # mains steady for so long, then reported: most failures are shorter. Also the
    # least time between two spoken messages about it
    "mains_spread_ms": (300000, 1000, 1800000),  # and later at random within this, so that a street is no storm
    "mains_unsteady_ms": (600000, 2000, 3600000),  # mains that never rest are reported after so long all the same
    "battery_read_ms": (5000, 100, 60000),  # on battery; three readings decide, so a limit counts after 15 s. On mains six times
    "battery_proven_ms": (60000, 1000, 3600000),  # ran on battery for so long: there is one
    "battery_rise_ms": (14400000, 2000, 86400000),  # on mains below full and no higher after so long: it does not charge
    "test_settle_ms": (3000, 500, 15000),  # announced; pulls are real calls still: one that began before was none for the test
    "test_real_ms": (5000, 500, 15000),  # a test pull held for so long is a real call
    "test_receipt_ms": (30000, 500, 120000),  # the other broker is tried from 15 s on; a pull without receipt by then fails
    "test_idle_ms": (900000, 1000, 3600000),  # nothing done for so long: the engineer has walked away
    "test_longest_ms": (7200000, 5000, 14400000),  # the longest test, with calls in it
    "load_rest_ms": (60000, 1000, 120000),  # mains out: the surface charge of a cell off its charger goes
    "load_ms": (10000, 1000, 30000),  # at full power then: ten readings
    "reminder_ms": (120000, 1000, 600000),  # after the reminder's words the button's first press is a test call for so long
    "battery_probe_ms": (86400000, 5000, 172800000),  # charger off for 10 s, on a board that can: is there a cell?
}


def problems(changes):
    """List of what is wrong with a settings object of timers; empty when it can be used. Never raises."""
    if not isinstance(changes, dict):
        return ["timers: an object of name to milliseconds wanted"]
    found = []
    for name in sorted(changes):
        value, row = changes[name], TABLE.get(name)
        if row is None:
            found.append("timers.%s: no such timer; known: %s" % (name, ", ".join(sorted(TABLE))))
        elif type(value) is not int or not row[1] <= value <= row[2]:
            found.append("timers.%s: %s is not a whole number of ms in %d ... %d" % (name, value, row[1], row[2]))
    return found
