"""Whether the mains are there, on a GPIO behind the board's own divider or opto-coupler. No policy."""


class MainsPin:
    """`pin`: machine.Pin set up as input. `active`: "low" or "high", its level while the mains are there.

    It is asked, not told: an interrupt on GPIO 36 or 39 of the ESP32 comes falsely whenever an ADC is read (core/pins.py)."""

    def __init__(self, pin, active):
        self._pin = pin
        self._there_level = 1 if active == "high" else 0

    def there(self):
        return self._pin.value() == self._there_level
