# Nothing is decided here. Whatever ends the application, the board starts anew and takes up its open calls from the journal;
# only Ctrl-C at the console leaves to the REPL, and there the watchdog restarts the unit.
import time

import machine

try:
    from firmware import app

    app.run()
except KeyboardInterrupt:
    raise SystemExit from None
except Exception as problem:  # noqa: BLE001 - whatever it was, the unit has to come back
    import sys

    sys.print_exception(problem)
time.sleep(2)
machine.reset()
