"""The unit's spoken messages: `python -m tools.prompts build | list | check`. docs/prompts.md tells more."""

import argparse
import sys
from pathlib import Path

from tools.prompts import build as building
from tools.prompts import sound, texts, voice
from tools.prompts.build import BuildError
from tools.prompts.sound import SoundError
from tools.prompts.texts import TextError
from tools.prompts.voice import VoiceError

_NOT_BUILT = "not built; the unit sounds its tones alone (make prompts)"


def _build(args):
    bad = 0
    if args.recordings and len(args.language) != 1:
        raise BuildError("--recordings: say for which language, such as --language en")
    for language in args.language or texts.languages():
        wanted = texts.load(language)
        try:
            done = building.build(wanted, voice.find, args.recordings, args.out, not args.speak_all)
        except VoiceError as error:
            if not args.if_possible:
                raise
            print(f"{language}: {error}")
            continue
        counts = ", ".join(f"{list(done.values()).count(what)} {what}" for what in sorted(set(done.values())))
        size = sum(path.stat().st_size for path in building.files(language, args.out))
        print(f"{language}: {counts}; {size} bytes in {args.out / language}")
        found = building.problems(wanted, args.out)
        bad += len(found)
        for problem in found:
            print(f"  {problem}")
    return 1 if bad and not args.if_possible else 0


def _list(args):
    for language in args.language or texts.languages():
        wanted, made = texts.load(language), building.made_of(language, args.out)
        built = {path.stem: path.stat().st_size for path in building.files(language, args.out)}
        print(language if built else f"{language}: {_NOT_BUILT}")
        for name, text in wanted.say.items():
            length = f"{built[name] / sound.RATE_HZ:4.1f} s" if name in built else "   -  "
            print(f"  {name:18} {length}  {text}" + (f"  ({made[name]})" if name in made else ""))
    return 0


def _check(args):
    found = [f"{language}: {', '.join(names)}: not in every language" for language, names in texts.unknown_names().items()]
    for language in args.language or texts.languages():
        wanted = texts.load(language)
        if building.files(language, args.out):
            found += building.problems(wanted, args.out)
            print(f"{language}: {len(wanted.say)} texts, {len(building.files(language, args.out))} files")
        else:
            print(f"{language}: {len(wanted.say)} texts; {_NOT_BUILT}")
    print("\n".join(found) if found else "all is well")
    return 1 if found else 0


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.prompts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="build|list|check")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--language", action="append", default=[], help="such as en; may be given again (default: all there are)")
    shared.add_argument("--out", type=Path, default=building.OUT, help="folder of the built files (default: build/prompts)")
    one = commands.add_parser("build", parents=[shared], help="make what is missing or out of date")
    one.add_argument("--recordings", type=Path, help="folder of NAME.wav that are played instead; they stay until --speak-all")
    one.add_argument("--speak-all", action="store_true", help="drop recordings of an earlier build")
    one.add_argument("--if-possible", action="store_true", help="only words where nothing can speak, or `check` will fail")
    one.set_defaults(run=_build)
    commands.add_parser("list", parents=[shared], help="names, lengths and texts").set_defaults(run=_list)
    commands.add_parser("check", parents=[shared], help="exit code 1 if a text or a built file is wrong").set_defaults(run=_check)
    args = parser.parse_args(arguments)
    try:
        return args.run(args)
    except (BuildError, SoundError, TextError, VoiceError, OSError) as error:
        print(f"prompts: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
