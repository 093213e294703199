"""Power cuts at every flash operation of the journal of files, on a real littlefs: see `python -m host_tests.filecuts --help`."""
