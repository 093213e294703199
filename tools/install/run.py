"""One board, step by step, from the port to the audit's row. Each step has a name and a bound; whatever stops it, run it again.

What was done is never taken on trust: a board that the store knows as written and that is in service, or waits for its identity,
is opened and read back file by file; only what differs is done again. Anything else is written from zero.
"""

from dataclasses import dataclass, field

from . import atomic, faults, heartbeat, identity_files, labels, self_test
from .console import Console
from .errors import InstallError
from .files import Files
from .listener import Listener
from .loader import Loader
from .ports import Line, Watch

STEPS = {  # name: (bound in s, None where only this computer works; what it does)
    "look": (5, "does a unit run there that this scheme does not know? It is asked, and not disturbed"),
    "identify": (70, "chip, MAC address and size of the flash, by esptool"),
    "duplicates": (None, "this flat, this unit and this board against store and audit"),
    "image": (None, "the image for this board and language is built"),
    "write": (600, "esptool writes it"),
    "verify": (300, "esptool has the chip reckon the digest of every part"),
    "boot": (60, "the board starts and says that it waits for its identity"),
    "open": (220, "a unit in service is opened by its claim code"),
    "check": (180, "its files are read back: is it the image that it should be?"),
    "identity": (480, "claim, then key and CA and, last of all, settings: each verified, then renamed"),
    "read_back": (180, "every file on the board, by its SHA-256"),
    "service": (120, "the unit starts and says so"),
    "heartbeat": (150, "its first report at the broker: sealed, of this start, without a fault that counts"),
    "self_test": (450, "what it proves by itself: its sound, each path, clock, storage"),
    "label": (None, "its label as PDF"),
    "audit": (None, "one more row"),
}
_NOBODY = "unknown/unknown/unknown"  # a unit that was interrupted while it got its identity: it has its claim, and no settings
_TEST_S = 300  # and a minute and a half for its record
_AFTER_S = 60  # for a report of what is open then


@dataclass
class Facts:
    """What is known of this run so far; the audit's cells come from here."""

    flat: object = None
    board: object = None
    identity: object = None
    image: object = None
    image_id: str = ""
    session: str = ""
    health: dict = field(default_factory=dict)
    test: object = None
    label: object = None
    fresh: bool = True  # written in this run, or waiting for its identity since
    notes: list = field(default_factory=list)


class Run:
    """`job`: job.Job, which all boards of this command share; `port`: its path; `choose(board)`: gives the Flat for this board;
    `say(step, text)`: progress; `log(text)`: for the log; `meet(address)`: told which unit of this scheme runs there, before it
    is disturbed, and may raise InstallError."""

    def __init__(self, job, port, choose, say, log, meet=lambda address: None):
        self._job, self._port, self._choose, self._meet = job, port, choose, meet
        self._say, self._log = say, log
        self.facts, self.step = Facts(), ""
        self._in_loader = False  # and nothing was written yet
        options = job.options
        self._loader = Loader(port, options.baud, job.press.is_auto, options.stub, job.stop, log)

    def run(self):
        """The Facts of a unit that is installed. Raises InstallError with its `step`."""
        facts = self.facts
        try:
            runs = self._do("look", self._look)
            self._do("identify", lambda: self._identify(runs))
            self._do("duplicates", self._take)
            self._do("image", self._build)
            self._in_loader = False
            if not self._is_known() or not self._open():
                self._write()
            files = self._do("identity", self._put_identity)
            self._do("read_back", lambda: self._read_back(files))
            self._serve()
            self._do("label", self._print)
        except InstallError as error:
            if self._in_loader:
                self._start_again()
            error.step = error.step or self.step
            error.facts.setdefault("step", self.step)
            error.facts.setdefault("port", self._port)
            raise _at(self._port, error) from error
        return facts

    def _do(self, step, work):
        self.step = step
        self._job.stop.check()
        self._say(step, "")
        self._log(f"step {step}")
        return work()

    def _start_again(self):
        """A board in its loader calls nobody, and it may be a unit in service: on the wrong port, or for the wrong flat."""
        try:
            with Line(self._port, self._job.stop, self._log) as line:
                self._job.press.run(self._port, line)
            self._log("nothing was written; it was started again")
        except InstallError as error:
            self._log(f"it was not started again: {error.what}")

    # --- who is it

    def _look(self):
        """`scheme/flat/unit` of what runs there, or "": blank boards, and those that just start, say nothing."""
        with Console(self._port, self._job, self._log) as console:
            runs = console.who()
        if runs:
            self._meet(runs)
        return runs

    def _identify(self, runs):
        known = {one.address: one.mac for one in self._job.store.all()}
        strange = runs and runs != _NOBODY and not self._job.options.again
        if strange and runs not in known:
            raise InstallError("not_blank", port=self._port, runs=runs)
        self._in_loader = True
        self._job.press.download(self._port)
        board = self.facts.board = self._loader.identify()
        self._log(f"board {board.mac}: {board.chip}, {board.flash_mb} MB")
        if strange and known[runs] != board.mac and not self._job.store.by_mac(board.mac):
            raise InstallError("not_blank", port=self._port, runs=runs)
        flat = self.facts.flat = self._choose(board)
        self.facts.notes += flat.remarks
        if board.chip != flat.chip:
            facts = {"found": board.chip, "wanted": flat.chip, "board": flat.board, "flat": flat.flat}
            raise InstallError("wrong_chip", port=self._port, **facts)
        if board.flash_mb < flat.flash_mb:
            raise InstallError("small_flash", port=self._port, found=board.flash_mb, wanted=flat.flash_mb, board=flat.board)

    def _take(self):
        facts, job = self.facts, self._job
        with job.books:
            job.store.check(facts.flat, facts.board.mac)
            job.check_audit(facts.flat, facts.board.mac)
            identity_files.settings(job.scheme, facts.flat, "-")  # complaints before anything is written
            facts.identity = job.store.take(facts.flat, facts.board.mac)
            job.veil(facts.identity)

    def _build(self):
        self.facts.image, self.facts.image_id = self._job.images.get(self.facts.flat)
        self.facts.notes += self.facts.image.notes

    def _is_known(self):
        """The store says that this board was written: then it may be in service, and is opened rather than written over."""
        return not self._job.options.again and bool(self.facts.identity.image)

    # --- a board that has its image

    def _open(self):
        """True if the board stands in its REPL with the image that it should have."""
        facts, options = self.facts, self._job.options
        with Console(self._port, self._job, self._log) as console:
            self._do("boot", lambda: console.start(self._job.press))
            state = console.state
            if state in ("running", "rescue"):
                self._do("open", lambda: console.enter(facts.identity, options.now))
        if state in ("silent", "damaged"):
            why = "its file system was damaged" if state == "damaged" else "it did not start"
            facts.notes.append(f"{why}: written anew")
            self._job.press.download(self._port)
            return False
        facts.fresh = state == "blank"
        try:
            missing = self._do("check", self._differences)
        except InstallError as error:
            if error.code not in ("read_back", "bad_files"):
                raise
            missing = [error.what]
        if missing:
            self._log(f"not as it was written: {missing[0]}; it is written from zero")
            self._job.press.download(self._port)
            return False
        return True

    def _differences(self):
        return self._wrong(self._files().listed(), self.facts.image)

    def _wrong(self, found, image, own=()):
        """Sentences on files that are not what they should be. A unit in service takes boot.py away itself."""
        wanted = {**image.files, **image.modules}
        if not self.facts.fresh and "boot.py" not in found:
            wanted.pop("boot.py", None)
        bad = [f"{name} is missing" for name in wanted if name not in found]
        bad += [f"{name} is not what was written" for name in wanted if found.get(name) not in (None, wanted[name])]
        strange = (name for name in found if name not in wanted and name not in own and name.endswith((".py", ".mpy")))
        return bad + [f"{name} is there and should not be" for name in strange]

    # --- from zero

    def _write(self):
        facts, job = self.facts, self._job
        facts.fresh = True
        with job.books:
            facts.identity = job.store.wrote(facts.identity, "")
            keeps = not job.options.again and job.was_installed(facts.identity)
        parts = job.images.parts(facts.image, keeps)
        self._loader.say = lambda text: self._say("write", text)
        self._do("write", lambda: self._loader.write(facts.flat.chip, parts, keeps))
        self._do("verify", lambda: self._loader.verify(facts.flat.chip, parts))
        with Console(self._port, job, self._log) as console:
            self._do("boot", lambda: console.start(job.press))
            if console.state == "damaged":
                raise InstallError("bad_files", port=self._port, why=console.last)
            if console.state != "blank":
                said = f"; it says: {console.last}" if console.last else ""
                raise InstallError("no_boot", port=self._port, why=said)
        with job.books:
            facts.identity = job.store.wrote(facts.identity, facts.image_id)

    # --- its identity, and into service

    def _files(self):
        return Files(self._port, self._job.folder, self._job.stop, self._log)

    def _put_identity(self):
        files = identity_files.files(self._job.scheme, self.facts.flat, self.facts.identity)
        for some in identity_files.in_order(files):
            self._files().put(some)
        return files

    def _read_back(self, files):
        found = self._files().listed()
        own = identity_files.hashes(files)
        bad = [f"{name} is not what was written" for name in own if found.get(name) != own[name]]
        bad += self._wrong(found, self.facts.image, own)
        if bad:
            raise InstallError("read_back", port=self._port, why="; ".join(bad[:3]))

    def _serve(self):
        """The broker is heard before the unit starts: nothing that it says is missed."""
        facts, job = self.facts, self._job
        self.step = "heartbeat"
        with Listener(job.scheme, facts.identity, job.stop, Watch(self._port).look) as listener:
            with Console(self._port, job, self._log) as console:
                facts.session = self._do("service", lambda: console.into_service(facts.identity))
            bound_s = job.options.heartbeat_s
            heard = self._do("heartbeat", lambda: heartbeat.wait(listener, facts.identity, facts.session, bound_s))
            facts.health, facts.session = heard
            told, bound_s = (lambda text: self._say("self_test", text)), _TEST_S
            facts.test = self._do("self_test", lambda: self_test.run(listener, facts.identity, bound_s, told))
            self._keep_record()
            self_test.judge(facts.identity, facts.test)
            facts.health = heartbeat.again(listener, facts.identity, _AFTER_S)
            facts.notes += faults.remarks(facts.health["faults"])

    def _keep_record(self):
        facts, job = self.facts, self._job
        if facts.test.record:
            path = job.scheme.dir / "records" / f"{facts.identity.unit}-{facts.test.test}.txt"
            atomic.write(path, facts.test.record.encode())
        if facts.test.left_out:
            facts.notes.append(f"self-test {facts.test.left_out}")

    def _print(self):
        self.facts.label = labels.of_unit(self._job.scheme, self.facts.identity)
        self._log(f"label {self.facts.label}")


def _at(port, error):
    """A port that was there at the beginning and is not any more was pulled."""
    if error.code == "port_missing" and error.step != "look":
        found = InstallError("port_lost", port=port, step=error.step)
        found.step = error.step
        return found
    return error
