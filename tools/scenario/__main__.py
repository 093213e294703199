"""`python -m tools.scenario [NAME ...]`: play scenario files without a person; exit code 1 if an expectation fails."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tools.brokers import KINDS
from tools.deploy import FORMS, prepare
from tools.scenario import grammar, page, script
from tools.scenario.player import Failure, play
from tools.scenario.stage import Stage
from tools.scenario.timeline import Timeline

_BUILD = Path(__file__).resolve().parent.parent.parent / "build" / "scenarios"
_TOGETHER = 6  # a scenario mostly waits, and takes a tenth of a processor


async def perform(played, root, broker, write, colour=False):
    """Play one script on a stage of its own. Returns None, or why it failed, as text. `write` takes the timeline."""
    _BUILD.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=f"{played.name}-{root}-", dir=_BUILD))
    stage = Stage(directory, lambda view: Timeline(view, write, colour), broker, root, played.givens)
    try:
        async with stage:
            await play(played, stage)
    except (Failure, *Stage.START_ERRORS) as error:
        return f"{error}\n  the unit's console: {_last_words(directory / 'flat' / 'console.log')}\n  logs: {directory}"
    shutil.rmtree(directory)
    return None


def _last_words(log):
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return " | ".join(line.strip() for line in lines[-3:]) or "nothing"


async def perform_all(jobs, write):
    """Play every (script, root, broker) of `jobs`, several at a time, the long ones first. `write` takes lines as they come.

    Returns {(name, root, broker): why it failed, or None}.
    """
    for form in {form for _, form, _ in jobs}:
        prepare(form)  # takes a second or two, in which no stage would go on; in a thread CPython 3.11's parser meets itself
    gate = asyncio.Semaphore(_TOGETHER)
    results = {}

    async def one(played, root, broker):
        async with gate:
            lines, start_s = [], time.monotonic()
            why = await perform(played, root, broker, lines.append)
            results[played.name, root, broker] = why and "\n".join([*lines, why])
            if why:
                write("\n".join([*lines, why]))
            write(f"{'FAILED' if why else 'ok':7} {played.name:22} {root:7} {broker:10} {time.monotonic() - start_s:5.1f} s")

    await asyncio.gather(*(one(*job) for job in sorted(jobs, key=lambda job: -job[0].least_s)))
    return results


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.scenario", description=__doc__)
    parser.add_argument("names", nargs="*", help="scenarios to play, or files of your own (.txt); none: all")
    parser.add_argument("--roots", default="source", help=f"form of the unit's modules, or several: {','.join(FORMS)}")
    parser.add_argument("--broker", default="nats", choices=KINDS)
    parser.add_argument("--list", action="store_true", help="print the scenarios there are")
    parser.add_argument("--words", action="store_true", help="print the words of scenario files")
    parser.add_argument("--write", action="store_true", help="write docs/scenarios.md")
    parser.add_argument("--check", action="store_true", help="is docs/scenarios.md in step?")
    args = parser.parse_args(arguments)
    try:
        scripts = [script.find(name) for name in args.names or script.names()]
    except script.ScriptError as error:
        print(error, file=sys.stderr)
        return 2
    if args.list or args.words:
        print(grammar.words_page() if args.words else "\n".join(f"{one.name:22} {one.title}" for one in scripts))
        return 0
    if args.write or args.check:
        return page.bring_up_to_date() if args.write else page.check()
    return _play(scripts, args.roots.split(","), args.broker)


def _play(scripts, roots, broker):
    unknown = [root for root in roots if root not in FORMS]
    if unknown:
        print(f"--roots: {unknown[0]!r} is not one of {', '.join(FORMS)}", file=sys.stderr)
        return 2
    try:
        if len(scripts) == len(roots) == 1:
            why = asyncio.run(perform(scripts[0], roots[0], broker, lambda line: print(line, flush=True), sys.stdout.isatty()))
            print(why or "passed", flush=True)
            return 1 if why else 0
        jobs = [(one, root, broker) for root in roots for one in scripts]
        results = asyncio.run(perform_all(jobs, lambda line: print(line, flush=True)))
    except KeyboardInterrupt:
        print("\nstopped")
        return 130
    failed = sum(why is not None for why in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
