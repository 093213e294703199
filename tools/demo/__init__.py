"""The demo: one virtual flat, a real broker and the alarm desk, for a person at a terminal."""
