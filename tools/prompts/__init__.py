"""Spoken messages: texts and recordings in, A-law files for the unit out. See docs/prompts.md."""
