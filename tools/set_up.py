"""Make .venv and lib/ ready, once: `python3 tools/set_up.py`. The Makefile runs it before everything else.

It uses the standard library only and old syntax, so that any Python 3 gets as far as saying what is wrong. A second
run compares one file and ends.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

OLDEST, NEWEST = (3, 10), (3, 14)  # the MicroPython wheel is built for these
_GLIBC = (2, 28)  # and against this C library
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
_SENTINEL = os.path.join(VENV, ".ready")
_REQUIREMENTS = os.path.join(ROOT, "requirements.txt")
FROM_SOURCE = ("esptool",)  # no wheel is published


class SetUpError(Exception):
    """Why the set-up cannot go on, and what to do."""


def check_machine(system, machine, libc, version):
    """Raises SetUpError unless this machine and Python can run the tools."""
    if (system, machine) != ("Linux", "x86_64"):
        raise SetUpError(
            "this is %s on %s; the tools need Linux on x86_64, for which the MicroPython interpreter is packaged.\n"
            "On another system use a container or virtual machine with Debian or Ubuntu." % (system, machine)
        )
    if libc[0] != "glibc" or tuple(int(part) for part in re.findall(r"\d+", libc[1])[:2]) < _GLIBC:
        raise SetUpError(
            "the tools need the GNU C library %d.%d or newer (Debian 11, Ubuntu 20.04); this system has %s"
            % (_GLIBC + (" ".join(libc).strip() or "another one",))
        )
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        raise SetUpError(
            "Python %d.%d cannot be used: it takes %d.%d to %d.%d.\nInstall one and say which: make PYTHON=python3.12"
            % (tuple(version[:2]) + OLDEST + NEWEST)
        )


def another_python():
    """A Python on the PATH that will do, when this one will not; None if there is none."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        path = shutil.which("python3.%d" % minor)
        if path and subprocess.call([path, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return path
    return None


def fingerprint():
    """What .venv must have been made from: the locked requirements and the Python that runs in it."""
    digest = hashlib.sha256()
    with open(_REQUIREMENTS, "rb") as file:
        digest.update(file.read())
    digest.update(VENV.encode())  # a copied or moved .venv does not work
    return digest.hexdigest()


def is_ready():
    try:
        with open(_SENTINEL) as file:
            return file.read().strip() == fingerprint() and os.path.exists(venv_python())
    except OSError:
        return False


def venv_python():
    return os.path.join(VENV, "bin", "python")


def make_venv():
    """A virtual environment that works, made anew only when there is none."""
    if os.path.exists(venv_python()) and _runs([venv_python(), "-m", "pip", "--version"]):
        return
    print("[1/3] making .venv with Python %s" % platform.python_version(), flush=True)
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV], stdout=subprocess.DEVNULL) != 0:
        raise SetUpError(
            "python3 -m venv failed. On Debian and Ubuntu it is a package of its own:\n    sudo apt-get install python3-venv"
        )


def install():
    """Install the locked packages, one line of progress that grows. Raises SetUpError with pip's last words.

    What its authors publish as source only is built last, by the locked setuptools: pip alone would fetch one without a hash.
    """
    with open(_REQUIREMENTS) as file:
        ready, source = apart(file.read(), FROM_SOURCE)
    total = len(re.findall(r"^[a-z].*==", ready + source, re.MULTILINE))
    with tempfile.TemporaryDirectory() as folder:
        done = _pip(_written(folder, "ready.txt", ready), ["--only-binary", ":all:"], 0, total)
        _pip(_written(folder, "source.txt", source), ["--no-deps", "--no-build-isolation"], done, total)
    _progress(None)


def apart(text, names):
    """(requirements without `names`, those of `names` alone), each with its hashes."""
    blocks = re.split(r"^(?=[a-zA-Z])", text, flags=re.MULTILINE)
    chosen = [block for block in blocks if block.split("==")[0] in names]
    return "".join(block for block in blocks if block not in chosen), "".join(chosen)


def _written(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def _pip(requirements, options, done, total):
    """Returns how many packages of `total` have been seen when it is through."""
    command = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--require-hashes", *options, "-r", requirements]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    said = []
    for line in pip.stdout:
        said.append(line.rstrip())
        if line.startswith(("Collecting", "Requirement already", "Processing")):
            done += 1
            _progress("[2/3] Python packages: %d of %d" % (done, total))
        elif line.startswith("Installing"):
            _progress("[2/3] Python packages: installing %d" % done)
    if pip.wait() != 0:
        _progress(None)
        raise SetUpError(
            "pip could not install the packages. It said:\n    %s\nIs the network there? Then run the command again."
            % "\n    ".join([line for line in said if not line.startswith("WARNING")][-6:])
        )
    return done


def bring_lib():
    """lib/: always looked at, as it is instant when complete."""
    if subprocess.call([venv_python(), "-m", "tools.fetch_lib"], cwd=ROOT) != 0:
        raise SetUpError("lib/ is not complete, see above")


def _progress(text):
    """One line that is rewritten on a terminal; silent in a log but for its end."""
    if sys.stdout.isatty():
        sys.stdout.write("\n" if text is None else "\r\033[K" + text)
    elif text is not None and "installing" in text:
        print(text)
    sys.stdout.flush()


def _runs(command):
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def set_up():
    if is_ready():
        bring_lib()
        return
    check_machine(platform.system(), platform.machine(), platform.libc_ver(), sys.version_info)
    print("Setting up, once; it takes about a minute.")
    make_venv()
    install()
    print("[3/3] firmware libraries", flush=True)
    bring_lib()
    with open(_SENTINEL, "w") as file:
        file.write(fingerprint() + "\n")
    print("Ready.", flush=True)


def main():
    if not OLDEST <= tuple(sys.version_info[:2]) <= NEWEST:
        other = another_python()
        if other:
            os.execv(other, [other, os.path.abspath(__file__)])
    try:
        set_up()
    except SetUpError as error:
        sys.stderr.write("\nset-up: %s\n" % error)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nset-up: stopped; the next run goes on from here\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
