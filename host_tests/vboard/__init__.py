"""Tests of the virtual board."""
