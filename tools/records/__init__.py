"""Records of test on paper and in a table: `python -m tools.records`. Reads the desk's database, or the records themselves."""
