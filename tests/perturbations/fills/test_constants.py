import torch

from perturbations.fills.constants import mean, zeros
from tests.perturbations.signals import keys, speech_like


def test_zeros_are_silent_and_the_mean_is_each_clips_own():
    clips = speech_like(2, 0.2) + torch.tensor([[0.1], [-0.2]])
    assert (zeros(clips, 16_000, keys(2), [(0, 9)]) == 0).all()
    filled = mean(clips, 16_000, keys(2), [(0, 9)])
    assert (filled == filled[:, :1]).all()
    torch.testing.assert_close(filled[:, 0].double(), clips.double().mean(dim=1), rtol=0, atol=1e-6)
