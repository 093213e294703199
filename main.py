# Nothing is decided here. Whatever ends the application, the board starts anew and takes up its open calls from the journal.
# No key, exception or lack of memory leads to the prompt: only a unit that is blank or in service mode (docs/service-mode.md).
opened = False
try:
    import micropython

    micropython.kbd_intr(-1)  # before all else; a Ctrl-C that was quicker ends in a restart
    from firmware import app

    opened = app.run()
except BaseException as problem:  # noqa: BLE001 - whatever it was, the unit has to come back
    import sys

    sys.print_exception(problem)
    from firmware import rescue

    rescue.listen()
finally:
    if not opened:
        __import__("machine").reset()  # without a name: a memory that is full has no room for one, and would end at the prompt
