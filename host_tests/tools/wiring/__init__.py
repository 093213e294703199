"""Tests of tools/wiring."""
