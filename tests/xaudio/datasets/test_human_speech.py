import os
import sys

import numpy as np
import pytest

from xaudio.audio import write_audio
from xaudio.datasets import human_speech
from xaudio.datasets.human_speech import speech_folder, telephone_prompts
from xaudio.errors import CorpusError

TONE = 0.1 * np.sin(np.arange(1600)).astype(np.float32)


def test_speakers_come_from_metadata_folders_or_names(tmp_path):
    write_audio(tmp_path / "named-one.wav", TONE, 16000)
    (tmp_path / "anna").mkdir()
    write_audio(tmp_path / "anna" / "x.flac", TONE, 16000)
    write_audio(tmp_path / "listed.wav", TONE, 16000)
    (tmp_path / "metadata.csv").write_text("file,speaker\nlisted.wav,bert\n")
    found = {one.name: one.speaker for one in speech_folder(tmp_path)}
    assert found == {"named-one": "named", "anna_x": "anna", "listed": "bert"}


def test_recordings_of_one_name_are_told_apart(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a.wav", "a.flac", "a/1.wav", "a_1.wav", "b.wav"):
        write_audio(tmp_path / name, TONE, 16000)
    names = sorted(one.name for one in speech_folder(tmp_path))
    assert names == ["a.1.wav", "a.flac", "a.wav", "a_1.wav", "b"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text_becomes_text(tmp_path):
    write_audio(tmp_path / os.fsdecode(b"bad\xff.wav"), TONE, 16000)
    (one,) = speech_folder(tmp_path)
    assert (one.name, one.speaker) == ("bad\ufffd", "bad\ufffd")


def test_no_folder_and_no_recordings_are_told(tmp_path):
    with pytest.raises(CorpusError, match="no folder"):
        speech_folder(tmp_path / "absent")
    with pytest.raises(CorpusError, match="holds no recording"):
        speech_folder(tmp_path)


def test_prompts_are_those_long_enough_and_not_silence(tmp_path):
    sounds = tmp_path / "prompts" / "usr/share/asterisk/sounds"
    for folder, name, size in [
        ("fr_CA_f_June", "long", 24000),
        ("fr_CA_f_June", "short", 8000),
        ("fr_CA_f_June/silence", "10", 80000),
        ("it_IT_m_Carlo/digits", "long", 24000),
    ]:
        (sounds / folder).mkdir(parents=True, exist_ok=True)
        (sounds / folder / f"{name}.g722").write_bytes(bytes(size))
    found = [(one.name, one.speaker, one.language) for one in telephone_prompts(tmp_path)]
    assert found == [("fr_long", "June", "fr"), ("it_digits_long", "Carlo", "it")]


def test_without_debian_a_folder_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(human_speech.shutil, "which", lambda _: None)
    with pytest.raises(CorpusError, match="--speech"):
        telephone_prompts(tmp_path)


def test_a_failed_download_leaves_nothing_that_looks_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(human_speech.shutil, "which", lambda name: name)

    class Failed:
        returncode, stderr = 100, "E: Unable to locate package"

    monkeypatch.setattr(human_speech.subprocess, "run", lambda *_, **__: Failed())
    with pytest.raises(CorpusError, match="Unable to locate"):
        telephone_prompts(tmp_path)
    assert not (tmp_path / "prompts").exists()
