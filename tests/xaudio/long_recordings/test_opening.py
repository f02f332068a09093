import os

import numpy as np
import pytest
import soundfile

from tests.xaudio.long_recordings.recordings import CONTAINERS, RATE, sound, written
from xaudio.audio import clip_from_samples, read_clip
from xaudio.errors import AudioError
from xaudio.long_recordings.opening import HEAD, open_recording
from xaudio.long_recordings.streaming import heard


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_length_is_known_before_anything_is_decoded(tmp_path, container):
    path = written(tmp_path, container, 6.3)
    recording = open_recording(path)
    if container in ("amr", "g722", "aac"):
        assert recording.announced is None or recording.announced == pytest.approx(6.3, rel=0.5)
    else:
        assert recording.announced == pytest.approx(read_clip(path).seconds, abs=0.1)


def test_a_clip_is_a_recording_too():
    clip = clip_from_samples(sound(20.0), RATE, "noise")
    recording = open_recording(clip)
    assert (recording.name, recording.announced) == ("noise", 20.0)
    assert np.array_equal(np.concatenate(list(recording.blocks())), clip.samples)
    assert np.array_equal(np.concatenate(list(recording.blocks(70_001))), clip.samples[70_001:])
    assert open_recording(recording) is recording


@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "mp3", "aiff", "m4a"])
def test_truncated_files_are_refused_as_elsewhere(tmp_path, container):
    path = written(tmp_path, container, 20.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(AudioError, match="truncated"):
        list(heard(open_recording(path), RATE))
    with pytest.raises(AudioError, match="truncated"):
        read_clip(path)


def test_missing_bytes_of_a_large_file_are_counted_from_its_head(tmp_path):
    path = tmp_path / "large.wav"
    soundfile.write(path, sound(60.0), RATE)
    size = path.stat().st_size
    assert size > HEAD
    os.truncate(path, size - 1234)
    with pytest.raises(AudioError, match="at least 1234 bytes it announces are missing"):
        open_recording(path)


BAD = {
    "text": (b"this is a letter, not a sound\n" * 50, "is not a recording"),
    "empty": (b"", r"is empty \(0 bytes\)"),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_is_no_recording_is_refused(tmp_path, fault):
    data, message = BAD[fault]
    (tmp_path / "bad.wav").write_bytes(data)
    with pytest.raises(AudioError, match=message) as caught:
        open_recording(tmp_path / "bad.wav")
    assert "bad.wav" in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(AudioError, match="There is no file"):
        open_recording(tmp_path / "nothing.wav")
    with pytest.raises(AudioError, match="cannot be read"):
        open_recording(tmp_path)


def test_a_name_that_is_no_utf8_is_readable(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    soundfile.write(os.fsencode(path), sound(1.0), RATE, format="WAV")
    recording = open_recording(path)
    assert recording.name == "caf�.wav"
    assert len(np.concatenate(list(recording.blocks()))) == RATE
