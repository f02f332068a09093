import io

import numpy as np
import pytest
import soundfile

from dashboards import service
from dashboards.service import known_about, methods_for, sounds, stretch_sound
from explainers.explainer import methods_without_gradients
from tests.dashboards.recordings import recordings
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio import explain
from xaudio.audio import clip_from_samples
from xaudio.classifiers import load_classifier
from xaudio.errors import AudioError, CorpusError
from xaudio.explaining import default_method


@pytest.fixture(scope="module")
def explained():
    clip = clip_from_samples(hybrid(), RATE, "hybrid")
    return explain(clip, load_classifier(HighBandDetector()), "input-x-gradient")


def heard(wav):
    return soundfile.read(io.BytesIO(wav))[0]


def test_clip_relevant_part_and_rest_can_be_heard(explained):
    parts = (explained.sound, explained.relevant_sound, explained.rest_sound)
    assert tuple(sounds(explained).values()) == parts


def test_a_stretch_is_heard_alone(explained):
    row = explained.strongest()[0]
    part = explained.clip.samples[round(row.start * RATE) : round(row.end * RATE)]
    np.testing.assert_allclose(heard(stretch_sound(explained, row)), part, atol=1e-4)


def test_the_manifest_above_a_folder_is_found(tmp_path):
    audio = recordings(tmp_path)
    assert known_about(audio / "hybrid.wav").segments == ((0.5, 1.0),)
    assert known_about(audio / "ten-seconds.wav") is None


def test_a_manifest_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "manifest.parquet").write_text("no table")
    with pytest.raises(CorpusError, match=r"manifest\.parquet"):
        known_about(tmp_path / "clip.wav")


def test_a_model_without_gradients_is_offered_what_works_on_it():
    module = load_classifier(HighBandDetector())
    function = load_classifier(
        lambda waveform: np.zeros((len(waveform), 2)),
        labels=("spoof", "bonafide"),
        sample_rate=RATE,
    )
    assert next(iter(methods_for(module))) == "lrp" and "grad-cam" in methods_for(module)
    offered = methods_for(function)
    assert set(offered) == set(methods_without_gradients())
    assert {"lime", "shapley", "replay", "words", "voice"} < set(offered)
    assert next(iter(offered)) == default_method(function)


def test_the_default_target_comes_first():
    assert service.targets_for(load_classifier(HighBandDetector()))[0] == "spoof - bonafide"
    assert service.targets_for(load_classifier(ThreeKinds())) == [
        "decided", "quiet", "medium", "loud",
    ]  # fmt: skip


def test_a_file_too_large_for_a_page_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "MOST_BYTES", 1000)
    with pytest.raises(AudioError, match=r"hybrid\.wav.*at most"):
        service.opened(recordings(tmp_path) / "hybrid.wav")


def test_a_clip_too_long_for_a_page_is_not_decoded_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "MOST_SECONDS", 1.0)
    with pytest.raises(AudioError, match=r"hybrid\.wav.*longer than 1 s"):
        service.opened(recordings(tmp_path) / "hybrid.wav")
