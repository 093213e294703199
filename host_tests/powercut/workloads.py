"""What the units in the sweep go through before the power goes. The ring is small, so that it wraps often."""

SECTORS = 6
SECTORS_WORN = 12
SECTOR_BYTES = 512  # 16 records
ACTIVATIONS_OPEN = 8  # the ring of 6 carries 12 forward, and refuses more as a full journal must


def many_calls(life):
    """Calls raised, added to and cleared, one after the other; the ring wraps."""
    life.boot()
    for number in range(45):
        call_n = life.raise_call()
        if number % 3 == 0:
            life.add(call_n)
        life.clear(call_n)
        life.idle()


def left_open(life):
    """Two calls stay open while the ring wraps several times around them; then they are cleared, and it wraps again."""
    life.boot()
    first, second = life.raise_call(), life.raise_call()
    for _ in range(3):
        life.add(first)
    _come_and_go(life, 75)
    life.add(second)
    life.clear(first)
    _come_and_go(life, 25)
    life.clear(second)
    _come_and_go(life, 25)


def restarts(life):
    """A restart every few records, with and without open calls."""
    life.boot()
    for number in range(14):
        call_n = life.raise_call()
        life.add(call_n)
        if number % 3 == 1:
            life.boot()
        for open_n in life.open_calls()[:-1]:
            life.clear(open_n)
        life.idle()
        if number % 4 == 3:
            life.boot()


def busy(life):
    """Several calls open at once, housekeeping only now and then, never in the middle of a call."""
    life.boot()
    for number in range(20):
        calls = [life.raise_call(), life.raise_call()]
        for call_n in (calls[0], calls[1], calls[1]):
            life.add(call_n)
        life.clear(calls[number % 2])
        life.idle()
        if len(life.open_calls()) > 2:
            life.clear(life.open_calls()[0])
            life.idle()


def worn_out(life):
    """Two sectors no longer erase, one has stuck bits, one does not take programs: see `wear_down`."""
    life.boot()
    first = life.raise_call()
    _come_and_go(life, 70)
    life.boot()
    life.clear(first)
    _come_and_go(life, 20)


def wear_down(flash):
    """Neighbours in pairs: an alarm that runs into one bad sector must not run into the next."""
    flash.ignore_erases(2)
    flash.ignore_erases(3)
    flash.ignore_programs(5)
    for slot in (2, 3, 9):
        flash.stick_zero(7 * SECTOR_BYTES + slot * 32 + 17, 0x40)
        flash.stick_one(8 * SECTOR_BYTES + slot * 32 + 5, 0xFF)


def _come_and_go(life, count):
    for _ in range(count):
        life.clear(life.raise_call())
        life.idle()


WORKLOADS = (many_calls, left_open, restarts, busy, worn_out)
