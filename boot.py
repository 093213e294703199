# Left empty on purpose: an exception here would keep main.py from ever running. It takes the place of a stock one, which may
# start WebREPL; a unit that has its identity removes it at its next start (docs/service-mode.md).
