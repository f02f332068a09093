import math

import pytest
import torch

from xaudio.errors import ModelError
from xaudio.models.lcnn import LCNN, SAMPLE_RATE, lcnn, pool_evidence


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return LCNN().eval()


@pytest.fixture
def waveform():
    return 0.1 * torch.randn(2, SAMPLE_RATE, generator=torch.Generator().manual_seed(0))


def test_it_fits_into_two_megabytes(network):
    numbers = sum(tensor.numel() for tensor in network.state_dict().values())
    assert 4 * numbers < 2_000_000


def test_the_clips_evidence_is_the_log_of_the_mean_odds(network, waveform):
    evidence = network.evidence(waveform)
    by_hand = [math.log(sum(math.exp(value) for value in row) / len(row)) for row in evidence]
    logits = network(waveform)
    assert torch.allclose(logits[:, 0] - logits[:, 1], torch.tensor(by_hand), atol=1e-5)


def test_one_loud_frame_speaks_for_the_clip():
    evidence = torch.full((1, 100), -10.0)
    evidence[0, 40] = 20.0
    assert torch.isclose(pool_evidence(evidence)[0], torch.tensor(20 - math.log(100)), atol=1e-4)


def test_frames_pool_to_the_clip(network, waveform):
    grid = network.frame_logits(waveform)
    frames = grid.logits[..., 0] - grid.logits[..., 1]
    logits = network(waveform)
    assert torch.allclose(pool_evidence(frames), logits[:, 0] - logits[:, 1], atol=1e-5)
    assert grid.step == pytest.approx(0.02)
    assert grid.start + grid.step * frames.shape[1] >= waveform.shape[1] / SAMPLE_RATE - 0.02


def test_frames_say_when(network):
    """A change of the waveform changes the evidence of the frames around it most."""
    quiet = 0.01 * torch.randn(1, 2 * SAMPLE_RATE, generator=torch.Generator().manual_seed(1))
    changed = quiet.clone()
    changed[:, 16000:16160] += 0.3 * torch.randn(160, generator=torch.Generator().manual_seed(2))
    grid = network.frame_logits(quiet)
    # The mean over time moves a little everywhere; the network's own reach is far larger.
    difference = (network.evidence(changed) - network.evidence(quiet))[0].abs()
    centres = grid.start + grid.step * (torch.arange(len(difference)) + 0.5)
    centre = (difference**2 * centres).sum() / (difference**2).sum()
    assert abs(float(centre) - 1.005) < 0.06


def test_any_length_from_a_few_samples_on_is_judged(network):
    for samples in (2, 100, 4000, 160000):
        assert torch.isfinite(network(torch.randn(1, samples))).all()


def test_the_bundled_weights_load_strictly():
    source = lcnn()
    assert source.labels == ("spoof", "bonafide")
    assert not source.module.training


def test_other_weights_are_refused_by_name(tmp_path):
    path = tmp_path / "other.pt"
    torch.save({"layer.weight": torch.zeros(3)}, path)
    with pytest.raises(ModelError, match=r"other\.pt"):
        lcnn(path)
