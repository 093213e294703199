"""The installer's tool: from a blank board to a working flat, and the proof of it. `python -m tools.install --help`;
docs/install.md."""
