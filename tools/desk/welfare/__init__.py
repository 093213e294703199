"""Welfare calls: the set questions as data, and the record of what was asked and answered (G11)."""
