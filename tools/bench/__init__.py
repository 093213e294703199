"""The figures of `make bench`: measured on this machine, each with its target and with the peers beside it."""
