"""Speech at the desk: the controller's sessions, their media endpoint and what is recorded of them.

`controller` decides (pure), `talks` joins it with the desk, `endpoint` carries the sound. Nothing here clears a call (P6).
"""
