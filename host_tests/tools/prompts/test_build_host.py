"""Messages are made once and again when what they depend on changes; an installer's recordings take their place and stay."""

import subprocess
import sys

import pytest

from host_tests.peers import need
from host_tests.run_micropython import ROOT
from host_tests.tools.prompts import recordings
from tools.deploy import deploy, unit_settings
from tools.prompts import __main__ as command
from tools.prompts import build, sound, texts, voice
from tools.prompts.build import BuildError

WANTED = texts.Texts("xx", {"received": "One.", "test": "Two.", "held": "Three."}, {"voice": "v", "words_per_minute": 140})


class FakeVoice:
    """Speaks tones. `spoken`: the texts so far; `broken`: raises at that text."""

    version = "fake 1"

    def __init__(self, broken=None):
        self.spoken, self.broken = [], broken

    def find(self):
        return self

    def speak(self, text, how, path):
        if text == self.broken:
            raise voice.VoiceError("hoarse")
        assert how is WANTED.voice or how["voice"]
        self.spoken.append(text)
        recordings.tone(path)


def test_messages_are_spoken_once_and_again_when_their_text_changes(tmp_path):
    speaker = FakeVoice()
    assert set(build.build(WANTED, speaker.find, out=tmp_path).values()) == {"spoken"}
    assert build.problems(WANTED, tmp_path) == []
    assert set(build.build(WANTED, speaker.find, out=tmp_path).values()) == {"kept"}
    changed = texts.Texts("xx", {**WANTED.say, "test": "Four."}, WANTED.voice)
    assert build.build(changed, speaker.find, out=tmp_path) == {"received": "kept", "test": "spoken", "held": "kept"}
    assert speaker.spoken == ["One.", "Two.", "Three.", "Four."]


def test_a_build_that_breaks_off_goes_on_where_it_was(tmp_path):
    with pytest.raises(voice.VoiceError, match="hoarse"):
        build.build(WANTED, FakeVoice("Two.").find, out=tmp_path)
    assert build.problems(WANTED, tmp_path) == ["xx: test: not built", "xx: held: not built"]
    assert build.build(WANTED, FakeVoice().find, out=tmp_path) == {"received": "kept", "test": "spoken", "held": "spoken"}


def test_a_message_that_the_list_has_lost_is_taken_away(tmp_path):
    build.build(WANTED, FakeVoice().find, out=tmp_path)
    fewer = texts.Texts("xx", {"received": "One."}, WANTED.voice)
    build.build(fewer, FakeVoice().find, out=tmp_path)
    assert [path.stem for path in build.files("xx", tmp_path)] == ["received"] and build.problems(fewer, tmp_path) == []


def test_recordings_take_the_place_of_the_voice_and_stay(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    recordings.tone(own / "test.wav", hz=900)
    (own / ".hidden").write_text("of the system")
    assert build.build(WANTED, FakeVoice().find, own, tmp_path)["test"] == "recorded"
    content = (tmp_path / "xx" / "test.al").read_bytes()
    assert recordings.amplitude(sound.from_alaw(content)[800:3200], 900) > 0.1
    assert build.build(WANTED, FakeVoice().find, out=tmp_path)["test"] == "kept"
    assert build.made_of("xx", tmp_path)["test"] == "test.wav"
    assert build.build(WANTED, FakeVoice().find, out=tmp_path, keep_recordings=False)["test"] == "spoken"
    assert (tmp_path / "xx" / "test.al").read_bytes() != content


def test_recordings_can_stand_in_for_all_messages_without_a_voice(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    for name in WANTED.say:
        recordings.tone(own / f"{name}.wav")

    def nobody():
        raise AssertionError("no voice was needed")

    assert set(build.build(WANTED, nobody, own, tmp_path).values()) == {"recorded"}


def test_recordings_that_would_never_be_heard_are_refused(tmp_path):
    own = tmp_path / "own"
    with pytest.raises(BuildError, match="own: no such folder"):
        build.build(WANTED, FakeVoice().find, own, tmp_path)
    own.mkdir()
    with pytest.raises(BuildError, match="no recordings; name them after the messages: received, test, held"):
        build.build(WANTED, FakeVoice().find, own, tmp_path)
    recordings.tone(own / "recieved.wav")
    (own / "held.mp3").write_bytes(b"ID3")
    with pytest.raises(BuildError) as raised:
        build.build(WANTED, FakeVoice().find, own, tmp_path)
    assert "held.mp3: not a .wav file; export it as WAV" in str(raised.value)
    assert "recieved.wav: no message has this name; the names are: received, test, held" in str(raised.value)
    assert not (tmp_path / "xx").exists()


def test_a_built_file_that_is_no_message_is_told(tmp_path):
    build.build(WANTED, FakeVoice().find, out=tmp_path)
    folder = tmp_path / "xx"
    wav = (folder / "test.al").read_bytes()
    (folder / "test.al").write_bytes(wav[:-7])
    (folder / "held.al").write_bytes(b"\x2a" * 160 * 20)  # loud noise: some other format
    (folder / "more.al").write_bytes(wav)
    (folder / "received.al").write_bytes(b"\xd5" * 160 * 20)
    found = " | ".join(build.problems(WANTED, tmp_path))
    for words in ("test: ", "not whole frames of 160", "held: level ", "more: no message has this name", "received: silence"):
        assert words in found
    assert build.file_problems(b"\xd5" * 160) == ["20 ms; wants 200 to 8000"]
    assert build.file_problems(wav * 30) == [f"{len(wav) * 30 // 8} ms; wants 200 to 8000"]


def test_a_build_that_leaves_something_wrong_says_so_by_its_exit_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command.voice, "find", FakeVoice().find)
    words = ["build", "--language", "en", "--out", str(tmp_path)]
    assert command.main(words) == 0
    monkeypatch.setattr(build, "MOST_BYTES", 160)
    assert command.main(words) == command.main(["check", *words[1:]]) == 1
    assert capsys.readouterr().out.count("at most 160 fit beside the rest on a unit") == 2
    assert command.main([*words, "--if-possible"]) == 0 and "at most 160 fit" in capsys.readouterr().out


def test_messages_of_the_unit_s_language_come_onto_the_unit(tmp_path):
    source = tmp_path / "repository"
    files = {"boot.py": "", "main.py": "", "firmware/app.py": "", "lib/x.py": "", "board_configs/B.json": '{"name": "B"}'}
    files |= {f"build/prompts/{language}/test.al": language for language in ("en", "de")}
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    for speech, language in (({}, "en"), ({"language": "de"}, "de")):
        made = deploy(tmp_path / "out", unit_settings("f1", "u1", [], "x", board="B", speech=speech), bytes(32), source=source)
        assert [name for name in made.sizes if name.startswith("prompts/")] == [f"prompts/{language}/test.al"]
        assert (made.root / "prompts" / language / "test.al").read_text() == language


def _tool(*words):
    command = [sys.executable, "-m", "tools.prompts", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_espeak_speaks_every_language_and_the_same_twice(tmp_path):
    need("espeak-ng")
    for folder in ("a", "b"):
        done = _tool("build", "--out", str(tmp_path / folder))
        assert done.returncode == 0, done
    for language in texts.languages():
        first, second = build.files(language, tmp_path / "a"), build.files(language, tmp_path / "b")
        assert len(first) == len(texts.load(language).say)
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    checked = _tool("check", "--out", str(tmp_path / "a"))
    assert checked.returncode == 0 and "all is well" in checked.stdout, checked
    assert "Your call has been received" in _tool("list", "--language", "en", "--out", str(tmp_path / "a")).stdout


def test_without_any_voice_the_tool_says_so_and_the_text_lists_are_still_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(voice.shutil, "which", lambda _: None)
    with pytest.raises(voice.VoiceError, match="no eSpeak NG on this machine.*apt-get install espeak-ng"):
        voice.find()
    said = _tool("check", "--out", str(tmp_path / "nothing"))
    assert said.returncode == 0 and "not built; the unit sounds its tones alone" in said.stdout
