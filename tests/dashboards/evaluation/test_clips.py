import os

import numpy as np
import pytest
import soundfile

from dashboards.evaluation import clips as module
from dashboards.evaluation.clips import Clips
from tests.dashboards.recordings import recordings
from tests.xaudio.clips import RATE, hybrid
from xaudio.audio import read_clip
from xaudio.decoding import Decoders
from xaudio.errors import AudioError


@pytest.fixture(scope="module")
def decoders():
    made = Decoders()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path):
    return recordings(tmp_path)


@pytest.fixture
def clips(folder, decoders):
    return Clips([folder], decoders)


def test_a_clip_of_a_folder_is_opened_as_everywhere(clips, folder):
    path = folder / "hybrid.wav"
    clip, same = clips.opened(path), read_clip(path)
    np.testing.assert_array_equal(clip.samples, same.samples)
    assert (clip.name, clip.digest, clip.decode_chain, clip.sample_rate) == (
        same.name, same.digest, same.decode_chain, same.sample_rate,
    )  # fmt: skip
    assert clips.opened(path) is clip


def test_a_file_that_changed_is_read_again(clips, folder):
    path = folder / "hybrid.wav"
    before = clips.opened(path)
    soundfile.write(path, hybrid(1.0), RATE)
    assert clips.opened(path).digest != before.digest


def secret_of(folder):
    place = folder.parent / "secret.wav"
    soundfile.write(place, hybrid(), RATE)
    return place


def test_an_absolute_path_elsewhere_is_refused(clips, folder):
    with pytest.raises(AudioError, match=r"'secret\.wav' does not lie in a folder .* --folder"):
        clips.opened(secret_of(folder))


def test_a_way_up_is_refused(clips, folder):
    secret_of(folder)
    with pytest.raises(AudioError, match="does not lie in a folder"):
        clips.opened(folder / ".." / "secret.wav")


def test_a_link_that_leads_out_is_refused(clips, folder):
    link = folder / "link.wav"
    link.symlink_to(secret_of(folder))
    with pytest.raises(AudioError, match="does not lie in a folder"):
        clips.opened(link)


def test_a_folder_whose_name_begins_alike_is_another(clips, folder):
    beside = folder.with_name(folder.name + "-of-somebody")
    beside.mkdir()
    soundfile.write(beside / "x.wav", hybrid(), RATE)
    with pytest.raises(AudioError, match="does not lie in a folder"):
        clips.opened(beside / "x.wav")


def test_a_link_inside_is_fine(clips, folder):
    (folder / "link.wav").symlink_to(folder / "hybrid.wav")
    assert clips.opened(folder / "link.wav").digest == clips.opened(folder / "hybrid.wav").digest


@pytest.mark.parametrize("name", ["none.wav", "bad\0name.wav"])
def test_no_file_is_a_sentence(clips, folder, name):
    with pytest.raises(AudioError, match="There is no file"):
        clips.opened(folder / name)


def test_a_circle_of_links_is_a_sentence(clips, folder):
    (folder / "a.wav").symlink_to(folder / "b.wav")
    (folder / "b.wav").symlink_to(folder / "a.wav")
    with pytest.raises(AudioError, match=r"'a\.wav'"):
        clips.opened(folder / "a.wav")


@pytest.mark.timeout(20)
def test_a_pipe_is_not_waited_for(clips, folder):
    os.mkfifo(folder / "pipe.wav")
    with pytest.raises(AudioError, match="is no file"):
        clips.opened(folder / "pipe.wav")


def test_without_folders_nothing_is_opened(decoders, folder):
    with pytest.raises(AudioError, match="does not lie in a folder"):
        Clips([], decoders).opened(folder / "hybrid.wav")


def test_a_file_too_large_is_not_read(clips, folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    with pytest.raises(AudioError, match=r"hybrid\.wav.*at most"):
        clips.opened(folder / "hybrid.wav")


def test_a_clip_too_long_is_not_decoded_whole(clips, folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_SECONDS", 1.0)
    with pytest.raises(AudioError, match=r"hybrid\.wav.*longer than 1 s"):
        clips.opened(folder / "hybrid.wav")


@pytest.mark.parametrize(
    ("samples", "said"), [(np.zeros(RATE), "silent"), (np.full(RATE, np.nan), "NaN")]
)
def test_samples_that_cannot_be_used_are_refused(clips, folder, samples, said):
    soundfile.write(folder / "x.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=said):
        clips.opened(folder / "x.wav")


def test_few_bytes_of_clips_are_kept(clips, folder, monkeypatch):
    monkeypatch.setattr(module, "KEPT_BYTES", 4 * 3 * RATE)
    names = ["a.wav", "b.wav", "c.wav"]
    for name in names:
        soundfile.write(folder / name, hybrid(1.0), RATE)
    opened = {name: clips.opened(folder / name) for name in names}
    clips.opened(folder / "ten-seconds.wav")
    assert clips.opened(folder / "a.wav") is not opened["a.wav"]


def test_what_is_offered_is_looked_up_now_and_then(clips, folder, monkeypatch):
    before = set(clips.offered())
    soundfile.write(folder / "new.wav", hybrid(), RATE)
    assert set(clips.offered()) == before
    monkeypatch.setattr(module, "LOOKED_UP", 0.0)
    assert set(clips.offered()) == {*before, "audio/new.wav"}


@pytest.mark.parametrize(
    "settings",
    [{"alignment": "/etc/passwd"}, {"segments": "words:/etc/passwd"}, {"segments": "words:a.csv"}],
)
def test_a_setting_names_no_file_elsewhere(clips, folder, monkeypatch, settings):
    monkeypatch.chdir(folder.parent)
    (folder.parent / "a.csv").touch()
    with pytest.raises(AudioError, match="does not lie in a folder"):
        clips.check_files_in(settings)


def test_a_setting_may_name_a_file_of_the_folder(clips, folder):
    clips.check_files_in({"alignment": str(folder / "notes.txt"), "fill": "zeros", "steps": 3})
