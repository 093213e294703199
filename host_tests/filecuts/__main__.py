"""The power-cut campaign of the journal of files: `python -m host_tests.filecuts --states 20000 --seed 7`.

Prints its seed, so that a failure can be had again; exit code 1 and the way to the state if a promise is broken.
"""

import argparse
import random
import subprocess
import sys
import time

from host_tests.filecuts.runner import command


def main():
    options = _options()
    if options.wear:
        _wear()
        return
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(24)
    arguments = [options.bug, seed, options.states, *(["weak"] if options.weak else []), *(["full"] if options.full else [])]
    print(f"power-cut sweep of the journal of files: seed {seed}, {options.states or 'all'} states", flush=True)
    started_s = time.monotonic()
    last = ""
    with subprocess.Popen(command("sweep", *arguments), stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            last = line.strip()
            if not last.startswith("CUTS"):
                print(f"  {last}, {time.monotonic() - started_s:.0f} s", flush=True)
    words = last.split()
    if process.returncode or words[:1] != ["CUTS"] or words[5] != "0":
        sys.exit(f"BROKEN, seed {seed}")
    parts = f"{words[2]} first, {words[3]} second, {words[4]} third cuts"
    print(f"held: {words[1]} cut states ({parts}) in {time.monotonic() - started_s:.0f} s, seed {seed}")


def _wear():
    """What 1,000 events cost."""
    done = subprocess.run(command("wear", 1000), stdout=subprocess.PIPE, text=True, check=True)
    numbers = [int(word) / 1000 for word in done.stdout.split()[1:]]
    print("one activation: {:.2f} programs, {:.0f} bytes, {:.3f} erases".format(*numbers[:3]))
    print("one event: {:.2f} programs, {:.0f} bytes, {:.3f} erases".format(*numbers[3:6]))
    print(f"at most in one activation: {1000 * numbers[6]:.0f} erases")


def _options():
    parser = argparse.ArgumentParser(prog="python -m host_tests.filecuts", description=__doc__.split("\n", 1)[0])
    states = "about how many cut states; 0: every first cut and every second, which takes days (default 20000)"
    parser.add_argument("--states", type=int, default=20000, help=states)
    parser.add_argument("--seed", type=int, help="draws the cuts and the torn bits (default: a new one each time)")
    parser.add_argument("--weak", action="store_true", help="weak bits as well, which littlefs does not hold")
    parser.add_argument("--full", action="store_true", help="on a full file system: what it took, it keeps")
    parser.add_argument("--wear", action="store_true", help="instead: what activations and events cost, in programs and erases")
    parser.add_argument("--bug", default="none", help="sweep this faulty build from host_tests/filecuts/bugs.py instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()
