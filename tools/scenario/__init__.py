"""Scenario files: what happens in a flat and what must follow, played on the real firmware, a real broker and the desk.

The words of the files are in grammar.py, one table; `python -m tools.scenario --words` prints them.
"""
