import hashlib
import json

import numpy as np
import pytest
import torch

from tests.shared_data import shared_data
from xaudio.audio import read_clip
from xaudio.classifiers import check_classifier, load_classifier
from xaudio.errors import ModelError
from xaudio.models.aasist import AASIST, FULL, LIGHT, sinc_filters
from xaudio.models.registry import models

PUBLISHED = {"aasist": "AASIST.pth", "aasist-l": "AASIST-L.pth"}


@pytest.mark.parametrize(("shape", "count"), [(FULL, 297_866), (LIGHT, 85_306)])
def test_parameter_counts_are_the_published_ones(shape, count):
    assert sum(parameter.numel() for parameter in AASIST(shape).parameters()) == count


@pytest.mark.parametrize(
    ("shape", "digest"),
    [
        (FULL, "b4abc5ee408ccbdda505a8945e91c9ba6b20d24a239b94a1bdceb276881e27e8"),
        (LIGHT, "49d508d83a78818527a05470b003d761effd4b77b4ca6d11fda741ded3afd9b1"),
    ],
)
def test_names_and_shapes_are_the_published_ones(shape, digest):
    state = AASIST(shape).state_dict()
    text = "\n".join(f"{name} {tuple(state[name].shape)}" for name in sorted(state))
    assert len(state) == 229
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_each_sinc_filter_passes_its_own_band():
    filters = sinc_filters(20, 513, 16000)[:, 0].numpy()
    response = np.abs(np.fft.rfft(filters, 4096))
    peaks = response.argmax(axis=1) * 16000 / 4096
    mel = 2595 * np.log10(1 + peaks / 700)
    edges = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 21)
    assert np.all(mel >= edges[:-1] - 1)
    assert np.all(mel <= edges[1:] + 1)
    inside = response[10, round(peaks[10] * 4096 / 16000)]
    assert inside == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("name", PUBLISHED)
def test_without_weights_it_says_so(name):
    with pytest.raises(ModelError, match=f"'{name}' comes without weights; pass weights="):
        load_classifier(name)


def test_weights_of_the_other_size_are_refused(tmp_path):
    path = tmp_path / "light.pth"
    torch.save(AASIST(LIGHT).state_dict(), path)
    with pytest.raises(ModelError, match=r"do not fit AASIST: its 'pos_S' has shape \(1, 23, 24\)"):
        load_classifier("aasist", weights=path)


@pytest.fixture
def some_weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "light.pth"
    torch.save(AASIST(LIGHT).state_dict(), path)
    return path


def test_any_weights_make_a_classifier_that_keeps_its_promises(some_weights):
    classifier = load_classifier("aasist-l", weights=some_weights, fit="any")
    assert classifier.labels == ("spoof", "bonafide")
    assert "encoder.5.0.conv2" in classifier.layers
    check_classifier(classifier, 0.1 * torch.randn(2, 5000))


def test_clips_are_tiled_to_64600_samples(some_weights):
    classifier = load_classifier("aasist-l", weights=some_weights)
    clip = 0.1 * torch.randn(1, 40000)
    with torch.no_grad():
        tiled = classifier.module(torch.cat([clip, clip], dim=1)[:, :64600])
        assert torch.equal(classifier(clip), tiled)


def made_up(shape) -> AASIST:
    """Every weight from its place alone, so that frozen logits need no weights file."""
    module = AASIST(shape)
    for number, (name, value) in enumerate(sorted(module.state_dict().items())):
        pattern = torch.cos(torch.arange(value.numel()) * 0.7 + number).reshape(value.shape)
        scale = 2 / max(1, value[0].numel()) ** 0.5 if value.ndim > 1 else 0.3
        value.copy_(1 + 0.3 * pattern if name.endswith("running_var") else scale * pattern)
    return module.eval()


@pytest.mark.parametrize(
    ("shape", "logits"), [(FULL, [0.98158, 2.16811]), (LIGHT, [1.48014, -2.52127])]
)
def test_frozen_logits_of_made_up_weights(shape, logits):
    """Written down while the published weights gave the published logits."""
    times = torch.arange(8000) / 16000
    waveform = 0.3 * torch.sin(2 * torch.pi * (300 * times + 4000 * times**2))
    with torch.no_grad():
        found = made_up(shape)(waveform[None])[0].tolist()
    assert found == pytest.approx(logits, abs=1e-4)


def test_the_names_are_registered():
    assert {"aasist", "aasist-l"} <= set(models.names())


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_meet_the_published_logits(name):
    weights = shared_data(f"aasist/{PUBLISHED[name]}")
    folder = shared_data("librispeech-mini/audio")
    expected = json.loads(shared_data("aasist/reference_logits.json").read_text())["logits"]
    classifier = load_classifier(name, weights=weights)
    for file, logits in expected[weights.stem].items():
        with torch.no_grad():
            found = classifier(read_clip(folder / file).waveform)
        assert torch.allclose(found, torch.tensor([logits]), atol=1e-4, rtol=0)
