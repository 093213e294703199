"""What runs inside MicroPython: the probe, and one adapter for each MQTT client that is measured."""
