"""The timers of one unit: those of timer_table.py with the changes of its settings."""


class Timers:
    """Attributes: every name of timer_table.TABLE as an integer, and `repeats_ms`, the schedule of repeats as a tuple."""

    def __init__(self, changes=None):
        from firmware.core.timer_table import TABLE  # here, so that the table can be let go (app.py)

        for name in TABLE:
            setattr(self, name, TABLE[name][0])
        for name in changes or ():
            setattr(self, name, changes[name])
        self.repeats_ms = (self.repeat_1_ms, self.repeat_2_ms, self.repeat_3_ms, self.repeat_ms)
