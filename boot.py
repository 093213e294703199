# Left empty on purpose: an exception here would keep main.py from ever running.
