"""What this firmware is, and the earliest moment at which it can be running."""

VERSION = "0.1.0"
BUILT_S = 1795305600  # 2026-11-22, s since 1970-01-01 UTC: the clock of a unit is never behind this (D10)
