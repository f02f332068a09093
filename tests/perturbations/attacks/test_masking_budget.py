import numpy as np
import pytest
import scipy.signal
import torch

from perturbations.attacks import MaskingBudget
from perturbations.attacks.masking_budget import leakage
from perturbations.attacks.psychoacoustics import MaskingModel
from tests.perturbations.attacks.models import RATE
from tests.perturbations.signals import snr, speech_like


def magnitudes(delta, size):
    """The same spectrum by scipy, without its scaling."""
    window = scipy.signal.get_window("hann", size)
    _, _, lines = scipy.signal.stft(
        delta.numpy(), window=window, nperseg=size, noverlap=size * 3 // 4, padded=False
    )
    return np.abs(lines.swapaxes(-1, -2)) * window.sum()


def paused(rate=RATE):
    """Speech with a pause of digital silence, where next to nothing is masked."""
    clean = speech_like(2, 1.0, rate)
    clean[:, rate // 3 : rate // 2] = 0
    return clean


@pytest.mark.parametrize(("rate", "above_db"), [(16_000, 0.0), (8_000, -12.0), (44_100, 0.0)])
def test_the_perturbation_never_exceeds_the_threshold(rate, above_db):
    clean = paused(rate)
    model = MaskingModel()
    ball = MaskingBudget(above_db).around(clean, rate)
    limit = model.threshold(clean, rate).numpy() * 10 ** (above_db / 20)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    for delta in (0.05 * noise, ball.steepest(noise), 0.5 * ball.clean.flip(1)):
        projected = ball.project(delta)
        shown = magnitudes(projected, model.size(rate))
        frames = min(shown.shape[1], limit.shape[1])
        assert (shown[:, :frames] <= limit[:, :frames] * 1.0001 + 1e-7).all()
        assert ((clean + projected).abs() <= 1).all()
        assert torch.equal(ball.project(projected), projected)


def test_what_is_allowed_is_not_touched_even_beside_what_is_not():
    clean = paused()
    ball = MaskingBudget().around(clean, RATE)
    inside = 0.9 * ball.draw([np.random.default_rng(1)] * 2)
    mixed = torch.stack([inside[0], 100 * inside[1]])
    assert torch.equal(ball.project(mixed)[0], inside[0])


def test_the_room_under_the_threshold_is_used():
    clean = 0.5 * speech_like(2, 1.0)
    ball = MaskingBudget().around(clean, RATE)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    filled = ball.project(ball.steepest(noise))
    # A limit reached nowhere would be kept as well; half of all lines come within 10 dB of it.
    assert (ball.excess(filled).flatten(1).median(dim=1).values > 0.3).all()
    assert (snr(clean, clean + filled) < 30).all()


def test_full_scale_clips_stay_within_the_range():
    clean = speech_like(1, 0.5)
    clean = (clean * 3 / clean.abs().max()).clamp(-1, 1)
    ball = MaskingBudget().around(clean, RATE)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    projected = ball.project(ball.steepest(noise))
    assert ((clean + projected).abs() <= 1).all() and ball.gauge(projected) <= 1.0001
    assert snr(clean, clean + projected) < 50


def test_a_line_shows_around_itself_as_a_hann_window_does():
    shown = leakage(512)
    assert shown.max() == shown[3, 8] == 1
    assert shown[3, 7] == pytest.approx(2 / 3, abs=1e-4)  # Hann analysed by Hann
    assert shown[3, 5] < 1e-4 and torch.allclose(shown, shown.flip(0, 1), atol=1e-4)
