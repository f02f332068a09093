import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from explainers.errors import ExplanationError
from explainers.manipulation import Bands, Move, Samples, Stretches
from tests.xaudio.clips import HIGH_FROM, HIGH_TO, RATE, hybrid
from tests.xaudio.tiny import HighBandDetector
from xaudio.audio import clip_from_samples
from xaudio.classifiers import load_classifier
from xaudio.explaining import explain_clip, load_method
from xaudio.manipulating import WHATS, ManipulationSettings, manipulate_clip


def manipulated(method="input-x-gradient", **settings):
    classifier = load_classifier(HighBandDetector())
    clip = clip_from_samples(hybrid().astype(np.float32), RATE, "voice.wav")
    explained = explain_clip(clip, classifier, load_method(method, {}))
    return manipulate_clip(explained, classifier, ManipulationSettings(**{"draws": 19, **settings}))


def test_the_stretch_that_decides_goes_and_so_does_the_decision():
    """The detector's evidence lies in one quarter of the clip, where the high tone is."""
    found = manipulated(what="remove", shares=(0.25,), step=0.05)
    before, (after,) = found.comparison.before, found.comparison.guided
    assert before > 0 > after
    assert found.comparison.p_values == pytest.approx([1 / 20])
    assert (found.comparison.chance > 0).mean() > 0.9
    (sound,) = found.sounds.values()
    assert not sound[int(HIGH_FROM * RATE) : int(HIGH_TO * RATE)].any()


def test_the_band_that_decides_is_moved():
    found = manipulated(what="move-bands", shares=(1 / 16,), bands=16, hertz=-3000.0)
    assert found.comparison.before > 0 > found.comparison.guided[0]
    (sound,) = found.sounds.values()
    spectrum = np.abs(np.fft.rfft(sound[9000:15000].numpy() * np.hanning(6000)))
    hertz = np.fft.rfftfreq(6000, 1 / RATE)
    assert abs(hertz[hertz >= 1000][spectrum[hertz >= 1000].argmax()] - 2000) < 5


@pytest.mark.parametrize("what", WHATS)
def test_files_hold_the_sounds_that_were_scored(what, tmp_path):
    found = manipulated(what=what, shares=(0.1, 0.5), draws=3)
    files = found.save(tmp_path / "there" / "voice")
    names = {f"{what}-0.1.wav", f"{what}-0.5.wav", "manipulation.json"}
    assert {path.name for path in (tmp_path / "there" / "voice").iterdir()} == names
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["voice"]
    module = HighBandDetector()
    for share, score in zip(("0.1", "0.5"), found.comparison.guided, strict=True):
        samples, rate = soundfile.read(files[share], dtype="float32")
        spoof, bonafide = module(torch.from_numpy(samples)[None])[0].tolist()
        assert rate == RATE and spoof - bonafide == pytest.approx(score, abs=1e-4)
    saved = json.loads(files["summary"].read_text())
    assert saved["what"] == what and saved["target"] == "spoof - bonafide"
    assert [point["score"] for point in saved["points"]] == found.comparison.guided.tolist()


@pytest.mark.parametrize("failing", ["replace", "write_bytes", "write_text", "mkdir"])
def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch, failing):
    found = manipulated(shares=(0.1,), draws=3)

    def full(*_arguments, **_named):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, failing, full)
        with pytest.raises(ExplanationError, match=r"to '.*there/voice': .*No space left"):
            found.save(tmp_path / "there" / "voice")
    assert list(tmp_path.iterdir()) == []


def test_settings_are_read():
    assert ManipulationSettings("noise").units(RATE) == Samples()
    assert ManipulationSettings("keep", step=0.1).units(RATE) == Stretches(0.1)
    moved = ManipulationSettings("move-bands", bands=4, hertz=100.0)
    assert (moved.units(RATE), moved.action) == (Bands((2000.0, 4000.0, 6000.0)), Move(100.0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"what": "mute"}, "no 'mute'; there are: remove, noise, keep, remove-bands"),
        ({"ranking": "size"}, "no 'size'; there are: magnitude, support"),
        ({"shares": ()}, "above 0"),
        ({"shares": (0.1, 1.1)}, "0.1, 1.1"),
        ({"draws": 0}, "0 random choices"),
        ({"what": "keep-bands", "step": 0.1}, "leave out the step"),
        ({"what": "keep-bands", "bands": 1}, "1 bands"),
        ({"step": -1.0}, "Stretches of -1.0 s"),
        ({"what": "scale-bands", "decibels": float("inf")}, "inf dB"),
    ],
)
def test_settings_that_cannot_be_used_are_named(wrong, message):
    with pytest.raises(ExplanationError, match=message):
        ManipulationSettings(**wrong)
