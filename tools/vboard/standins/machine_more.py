"""The names of `machine` that a unit hardly asks for: loaded for the first of them, as the stand-ins lie in the unit's heap."""

from world import world

_CPU_HZ = (20_000_000, 40_000_000, 80_000_000, 160_000_000, 240_000_000)


def unique_id():
    return world.unique_id


def freq(hz=None):
    if hz is None:
        return world.cpu_hz
    if hz not in _CPU_HZ:
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    world.cpu_hz = hz
    return None


def idle():
    world.idle()


def disable_irq():
    """Masks the chip's interrupts; handlers that are already queued still run, so nothing changes here."""
    return 1


def enable_irq(state):
    return None
