"""The engineer's command: guides through the test of one unit, step by step, at a desk or at the unit's serial port."""
