"""The names of `machine` that a unit hardly asks for: loaded for the first of them, as the stand-ins lie in the unit's heap."""

from world import world


def unique_id():
    return world.unique_id


def idle():
    world.idle()


def disable_irq():
    """Masks the chip's interrupts; handlers that are already queued still run, so nothing changes here."""
    return 1


def enable_irq(state):
    return None


def __getattr__(name):
    if name != "UART":
        raise AttributeError(name)
    import uart

    return uart.UART
