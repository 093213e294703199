"""Everything that can stop an installation, each with what to do next. docs/install.md has the same table (a test compares
them)."""

# A code, what is wrong (with {fields} for the facts), and behind the arrow what to do next.
_TEXT = """\
# the scheme directory
no_scheme
    {path} is no scheme directory: {why}
    -> Make one with `python -m tools.install init --scheme DIR`, or name the right one.
scheme
    {path}: {why}
    -> Correct the field; docs/install.md lists them all. Nothing was written.
exists
    {path} is there already
    -> Nothing was changed. Use it as it is, or name another directory.
locked
    another run works on {path}{who}
    -> Wait until it has ended, or give all ports to one `batch`: `--port A --port B`.
flats
    {path}, line {line}, column {column}: {why}
    -> Correct that cell and run again; nothing was written.
no_flat
    flats.csv has no flat {flat}; it has {known}
    -> Add a row for it, or write the flat as it stands there.
settings
    the settings of flat {flat} would not be lawful: {why}
    -> Correct scheme.json or the flat's row; docs/settings.md says what each field means.
identity
    {path} cannot be used: {why}
    -> Put the file back from a copy of the scheme directory. Without it the unit cannot be opened: retire it, and write it
       from zero with `--again`.
audit
    audit.csv is broken: {why}
    -> Do not edit it. Keep it as it is, take the last good copy of it and of audit.head, and find out who changed it.
disk
    {path} cannot be written: {why}
    -> Make room, or correct the rights of the scheme directory, and run again: what was there is unharmed.
# duplicates
flat_taken
    flat {flat} has the unit {unit} with board {mac} already; this board is {other}
    -> If that board has been taken out: `retire {flat}`, then run again. Else this board belongs to another flat.
flat_tied
    flat {flat} is tied to more than one port: {ports}
    -> Nothing was begun. Tie each flat to one port only: `--port PORT=FLAT`.
mac_taken
    board {mac} is the unit {unit} of flat {flat} already
    -> Choose the flat {flat} for it. If it is to move: `retire {flat}`, then run again with `--again`.
unit_taken
    unit id {unit} belongs to flat {flat} already
    -> Give the flat a unit id of its own in flats.csv.
done_already
    board {mac} at {port} is the unit {unit} of flat {flat}, installed on {utc}
    -> It was left as it is. Plug in another board, or name its flat to install it once more: `flat {flat}`.
# board and port
port_missing
    there is no port {port}
    -> Plug the board in and look with `mpremote connect list`; a charging cable has no data lines.
port_busy
    {port} is in use by another program
    -> Close that program (a serial monitor, a second run, ModemManager) and run again.
port_denied
    {port} may not be opened: {why}
    -> Add yourself to the group of the port (Debian: `sudo adduser $USER dialout`) and log in anew.
port_lost
    {port} vanished at the step {step}
    -> The cable came loose or the board lost power. Plug it in and run again: it goes on where it can.
no_answer
    no ESP32 answers at {port}
    -> Hold BOOT, press RESET, let go of BOOT and run again; with `--reset manual` you are told when. Check cable and
       supply.
wrong_chip
    the board at {port} has an {found}; {board} wants an {wanted}
    -> Take the board that flats.csv names for flat {flat}, or correct its column board.
small_flash
    the board at {port} has {found} MB of flash; {board} wants {wanted} MB
    -> Take a board with enough flash, or the board file of the smaller one.
image
    no image for {board}: {why}
    -> Do what the message says; docs/image.md has the lock file and how a MicroPython is added to it. The board was not
       touched.
write
    writing at {port} failed: {why}
    -> Run again. If it fails at the same place: another cable, a lower `--baud`, another board.
verify
    what {port} holds is not what was written: {why}
    -> Run again with `--again`. If it fails again the flash is worn or the supply too weak: take another board.
no_boot
    the board at {port} was written and does not start{why}
    -> Press RESET and run again. If it stays so: `--again`, then another board.
not_blank
    the board at {port} is in service as {runs}, and this scheme directory has not put that unit onto it
    -> Another copy of the scheme directory may have: take that one. Else open it with its own claim code (`python -m
       tools.service`), or write it from zero with `--again`: all that it holds is lost.
claim_refused
    the unit at {port} does not open for the claim code of unit {unit}: {why}
    -> Look whether it is the board of flat {flat}. Else write it from zero with `--again`.
unit_busy
    the unit at {port} has a call open, or somebody speaks with the flat
    -> See to the call first. `--now` opens it all the same; the call stays in its journal and goes on after.
board_full
    the file system of the board at {port} is full
    -> Run again with `--again`: it writes the board from zero.
bad_files
    the file system of the board at {port} is damaged: {why}
    -> Run again with `--again`: it writes the board from zero.
put
    {name} did not get onto the board at {port}: {why}
    -> Run again. If it fails at the same place: another cable, then `--again`.
read_back
    {port}: {why}
    -> Run again with `--again`: it writes the board from zero.
no_start
    the unit at {port} has its identity and does not start: {why}
    -> Run again. The lines that it printed are in the log; docs/faults.md says what they mean.
# service
broker
    this computer does not get onto the broker {broker}: {why}
    -> Check network, broker, this computer's clock, CA (`ca_file`), and `installer` in scheme.json (`desk` writes the broker's
       users). The unit keeps what it has: run again.
no_heartbeat
    unit {unit} has started and is not heard at a broker: {why}
    -> Check the Wi-Fi or cable at this place and that the broker knows the user {user} (`desk` writes it), then run again.
seal
    messages of unit {unit} do not carry its own seal
    -> Another board speaks in its name, or it has another key. Find that board; run again with `--again`.
faults
    unit {unit} reports: {why}
    -> Look into docs/faults.md: what each fault means and what closes it. Mend it and run again.
self_test
    unit {unit} failed its own test: {why}
    -> Look into docs/testing.md: what each step proves. Mend it and run again; the record of the test is in records/.
test_silent
    the self-test of unit {unit} did not come to its end: {why}
    -> Look whether a call is open, or a test runs at the desk. Run again.
# the computer
program
    {program} does not run: {why}
    -> Run `make setup`: it comes with the Python packages.
timeout
    the step {step} at {port} did not end within {bound_s} s
    -> Unplug the board, plug it in and run again. If it stays so: another cable, another board.
stopped
    stopped by you at the step {step}
    -> Run again: it goes on where it can.
not_begun
    flat {flat} was not begun: {why}
    -> Run the batch again: flats that are done are left alone.
internal
    an error of this tool at the step {step}: {why}
    -> Keep the log and report it. Run again: nothing that was done is lost.
"""


def _read(text):
    """{code: (what is wrong, what to do next)} of a text such as the above."""
    found, code = {}, ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            code = line
            found[code] = ["", ""]
            continue
        part = line.strip()
        is_next = part.startswith("-> ") or bool(found[code][1])
        found[code][is_next] = f"{found[code][is_next]} {part.removeprefix('-> ')}".strip()
    return {code: tuple(parts) for code, parts in found.items()}


TABLE = _read(_TEXT)


class InstallError(Exception):
    """What stopped, by its `code` in TABLE, with `facts` for the text. `step` is filled in by whoever runs the steps."""

    def __init__(self, code, **facts):
        self.code, self.facts, self.step = code, facts, ""
        super().__init__(code)

    @property
    def what(self):
        return self._filled(TABLE[self.code][0])

    @property
    def next(self):
        return self._filled(TABLE[self.code][1])

    def _filled(self, template):
        return template.format_map(_Facts({"step": self.step, **self.facts}))

    def __str__(self):
        return f"{self.what}\n  Next: {self.next}"


class _Facts(dict):
    """A fact that nobody has is shown by its name: a message must come out whatever is missing."""

    def __missing__(self, key):
        return f"<{key}>"
