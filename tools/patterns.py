"""The unit's light and tones for people: shown in the terminal, as sound files, on a real unit, and as `docs/light.md`.

    python -m tools.patterns --show [NAME ...]          states (RECEIVED ...) in the terminal, all of them by default
    python -m tools.patterns --wav DIRECTORY            every tone as a sound file, made by the speaker's own blocks
    python -m tools.patterns --unit PORT [NAME ...]     on a unit at that serial port, by way of mpremote
    python -m tools.patterns --write | --check          writes docs/light.md, or says whether it is in step with the code
"""

import argparse
import pathlib
import subprocess
import sys
import time
import wave

ROOT = pathlib.Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "tools" / "vboard" / "standins" / "cpython"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from firmware.core import patterns  # noqa: E402 - the path comes first
from firmware.drivers import speaker, tones  # noqa: E402

PAGE = ROOT / "docs" / "light.md"
SHOW_S = 6  # long enough for two rounds of every light pattern and for each tone loop but the fault's

MEANINGS = {  # here and not in the firmware's table: a unit has no use for them and little memory
    "STANDBY": "all is well; nothing to say",
    "CALLING": "pressed or pulled, on its way, not yet received",
    "RECEIVED": "the service has your call; wait for a voice",
    "ANSWERED": "a person has taken your call; quiet, so that you can hear them",
    "ANNOUNCING": "somebody wants to speak with the flat; nobody is listening yet",
    "SPEAKING": "the microphone is open: a person hears you",
    "ON_HOLD": "speech is held: the microphone is closed, the line is there",
    "FAULT": "the unit needs repair; the light stays dark, for a blink would say received",
    "TEST": "somebody tests the unit; a real call takes over at once",
}
WHEN = {
    "ACTIVATED": "at once on every activation",
    "RECEIVED": "at the receipt, then every 30 s until answered; rising: good news",
    "STILL_TRYING": "20 s without receipt, then every 30 s; sinking",
    "ANSWERED": "a person has taken the call",
    "CLEARED": "the call is over; RECEIVED backwards",
    "HELD": "held for 60 s; four low beeps",
    "FAULT": "a fault has been found",
    "TEST": "a test begins; every tone once",
    "ANNOUNCE": "an intercom, welfare or door call is announced",
    "RING": "every 5 s until the answer button is pressed",
    "OPENED": "the microphone opens",
    "ENDING_SOON": "20 and 10 s before the longest speech ends",
    "LOST": "nothing has come from the other end for 5 s",
    "ENDED": "speech is over, the microphone is closed",
    "NOTED": "\"I'm OK\" was taken",
    "MEASURE": "the unit tests its loudspeaker and microphone",
    "MAINS_FAILED": "the mains have failed; the battery carries the unit",
    "MAINS_BACK": "the mains are back",
    "SERVICE": "an engineer opens the console: until the unit starts again it does not call",
    "LOW_BATTERY": "the battery is low, and again lower",
}
INTRODUCTION = """# Light and tones

Generated from `firmware/core/patterns.py` by `make docs`; `make light` shows it in the terminal, `python -m tools.patterns
--unit PORT` on a unit, `--wav DIRECTORY` makes sound files. The rules, with the sources of the figures, stand at the top of
that file. In short:

- The red light flashes only once the service's own receipt for the call has arrived. Nothing else makes it flash: not a
  fault, which is only sounded, and not the broker's word. A test winks, mostly lit.
- Sound says the same as the light, for whoever cannot see the hall from the floor of the bathroom.
- No pattern has more than three flashes in a second. Tones are low, 375 to 750 Hz: old ears lose the high ones first.

## States

"""
BETWEEN = """
A call that is raised and not yet received is shown as CALLING. An open call hides FAULT and ends TEST at once.

## Tones played once, over the repeated one

"""
END = """
The 20 s, 30 s and 60 s are timers (`firmware/core/timer_table.py`) that a unit's settings can change.
"""

# Runs on the unit. Its watchdog may be on already and cannot be stopped, so it is set to 60 s and fed: if the cable is pulled
# in the middle the unit restarts by itself and is back in service.
ON_UNIT = """
import json, machine, time
from firmware.build import Builder
from firmware.core import board, clock, patterns, settings
def now():
    return time.ticks_ms() & (clock.PERIOD_MS - 1)
class Boards:
    def __getitem__(self, name):
        try:
            with open("board_configs/%%s.json" %% name) as file:
                return json.load(file)
        except OSError:
            raise KeyError(name)
with open("settings.json") as file:
    chosen = settings.usable(json.load(file))[0]
made = Builder(board.resolve(Boards(), chosen["board"]), chosen, None, now)
light, speaker = made.light(), made.speaker()
dog = machine.WDT(timeout=60000)
for name in %(names)r:
    print(name, "-", %(meanings)r[name])
    player = patterns.PatternPlayer(now())
    player.show(name, now())
    if name in patterns.SHOTS:
        player.play(name, now())
    end = clock.add(now(), %(show_ms)d)
    while not clock.reached(now(), end):
        light.set(player.level(now()))
        if speaker:
            speaker.tone(player.hz(now()))
        dog.feed()
        time.sleep_ms(5)
light.set(0)
if speaker:
    speaker.tone(0)
    time.sleep_ms(300)
"""


def entry_shot(state):
    """The one-shot that the unit plays when it enters a state, or None."""
    return "ACTIVATED" if state == "CALLING" else state if state in patterns.SHOTS else None


def steps_text(steps, names):
    """Steps in words: `names(value)` says what a value is."""
    if steps[1] == 0:
        return names(steps[0])
    return ", ".join("%s %s" % (names(steps[i]), milliseconds(steps[i + 1])) for i in range(0, len(steps), 2))


def milliseconds(ms):
    """1750 -> "1,750 ms"; 299000 -> "299 s"."""
    return "%d s" % (ms // 1000) if ms >= 10000 else f"{ms:,} ms"


def light_text(name):
    return steps_text(patterns.LIGHTS[name], lambda level: "on" if level else "off")


def tone_text(steps):
    return steps_text(steps, lambda hz: "%d Hz" % hz if hz else "silence")


def page():
    """The text of docs/light.md."""
    states = [(state, light, light_text(light), tone_text(patterns.LOOPS[loop]), MEANINGS[state])
              for state, (light, loop) in patterns.STATES.items()]
    shots = [(name, tone_text(steps), WHEN[name]) for name, steps in patterns.SHOTS.items()]
    return INTRODUCTION + table(("state", "light", "steps", "tone, repeated", "meaning"), states) + BETWEEN + table(
        ("tone", "steps", "when"), shots) + END


def table(head, rows):
    return "\n".join("| %s |" % " | ".join(row) for row in [head, ["---"] * len(head)] + rows) + "\n"


def follow(state, show_ms):
    """[(ms, level, hz)] of every change in the first `show_ms` of a state, as the unit enters it."""
    player = patterns.PatternPlayer(0)
    player.show(state, 0)
    if entry_shot(state):
        player.play(entry_shot(state), 0)
    changes, at_ms = [], 0
    while at_ms < show_ms:
        now = (player.level(at_ms), player.hz(at_ms))
        if not changes or changes[-1][1:] != now:
            changes.append((at_ms,) + now)
        due_ms = player.next_change(at_ms)
        if due_ms is None:
            break
        at_ms = max(due_ms, at_ms + 1)
    return changes


def frame(level, hz, colour):
    lamp = "(###)" if level else "(   )"
    if colour and level:
        lamp = "\x1b[91;1m(###)\x1b[0m"
    return "  light %s   tone %s" % (lamp, "%3d Hz" % hz if hz else "  -   ")


def show(names, out, sleep=time.sleep, show_s=SHOW_S):
    """Plays the states: live in place on a terminal, else as lines with the time of each change."""
    live = out.isatty()
    for name in names:
        light, loop = patterns.STATES[name]
        loop_text = tone_text(patterns.LOOPS[loop])
        out.write("%s: %s\n  light: %s (%s); tone: %s\n" % (name, MEANINGS[name], light, light_text(light), loop_text))
        changes = follow(name, show_s * 1000)
        for i, (at_ms, level, hz) in enumerate(changes):
            out.write("\r" + frame(level, hz, True) if live else "  %5.2f s%s\n" % (at_ms / 1000, frame(level, hz, False)))
            out.flush()
            if live:
                until_ms = changes[i + 1][0] if i + 1 < len(changes) else show_s * 1000
                sleep((until_ms - at_ms) / 1000)
        out.write("\n")


def save_tones(folder):
    """Writes one WAV file for each one-shot and each tone loop but silence; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = {hz: tones.tone_block(hz, 80) for hz in patterns.TONES_HZ}
    blocks[0] = bytes(2 * speaker.BLOCK_FRAMES)
    sounds = dict(patterns.SHOTS)
    sounds.update({"loop_" + name: steps for name, steps in patterns.LOOPS.items() if steps[1]})
    paths = []
    for name, steps in sounds.items():
        paths.append(folder / (name.lower() + ".wav"))
        with wave.open(str(paths[-1]), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(speaker.RATE_HZ)
            for i in range(0, len(steps), 2):
                ms = min(steps[i + 1], 3000)  # nobody wants to hear 5 min of silence
                file.writeframes(bytes(blocks[steps[i]]) * (ms * speaker.RATE_HZ // 1000 // speaker.BLOCK_FRAMES))
    return paths


def show_on_unit(port, names):
    """Plays the states on the unit at `port`, then restarts it. Returns mpremote's exit code."""
    seconds = SHOW_S * len(names)
    print("The unit shows %d states, %d s each, and cannot raise a call meanwhile. Then it restarts." % (len(names), SHOW_S))
    code = ON_UNIT % {"names": list(names), "show_ms": SHOW_S * 1000, "meanings": MEANINGS}
    command = [sys.executable, "-m", "mpremote", "connect", port, "exec", code, "reset"]
    try:
        return subprocess.run(command, timeout=seconds + 60, check=False).returncode
    except subprocess.TimeoutExpired:
        print("No answer from %s. Is it the right port? The unit restarts by itself within 60 s." % port, file=sys.stderr)
        return 1


def check():
    """0 if docs/light.md is in step with the code, else 1 and what to do."""
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/light.md is not in step with firmware/core/patterns.py; run `make docs`", file=sys.stderr)
    return 1


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tools.patterns", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="states: %s" % " ".join(patterns.STATES))
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="in the terminal (what happens without an option too)")
    what.add_argument("--wav", metavar="DIRECTORY", help="every tone as a sound file")
    what.add_argument("--unit", metavar="PORT", help="on the unit at this serial port")
    what.add_argument("--write", action="store_true", help="write docs/light.md")
    what.add_argument("--check", action="store_true", help="is docs/light.md in step?")
    options = parser.parse_args(argv)
    for name in options.names:
        if name not in patterns.STATES:
            parser.error("%s is no state; there are %s" % (name, " ".join(patterns.STATES)))
    names = options.names or list(patterns.STATES)
    if options.check:
        return check()
    if options.write:
        PAGE.write_text(page(), encoding="utf-8")
    elif options.wav:
        print("\n".join(str(path) for path in save_tones(pathlib.Path(options.wav))))
    elif options.unit:
        return show_on_unit(options.unit, names)
    else:
        try:
            show(names, sys.stdout)
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
