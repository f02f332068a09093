import numpy as np
import pytest
import torch

from explainers.segmentation.onsets import Onsets
from tests.explainers.segmentation.sounds import RATE, plucked

STARTS = [0.3, 0.8, 1.15, 1.7, 2.5]


@pytest.mark.parametrize("noise", [0.0, 1e-3, 1e-2])
def test_known_onsets_within_30_ms(noise: float):
    clip = plucked(STARTS, 3.0)
    clip = clip + noise * torch.randn(len(clip), generator=torch.Generator().manual_seed(1))
    parts = Onsets().cut(clip, RATE)
    assert parts.names == ("start", *(f"onset {number}" for number in range(1, 6)))
    assert np.abs(parts.boxes[1:, 0] - STARTS).max() < 0.03
    assert parts.boxes[0, 0] == 0 and parts.boxes[-1, 1] == 3.0
    assert np.array_equal(parts.boxes[1:, 0], parts.boxes[:-1, 1])


def test_no_part_is_shorter_than_the_shortest():
    parts = Onsets(shortest=0.45).cut(plucked(STARTS, 3.0), RATE)
    lengths = np.diff(parts.boxes[:, :2], axis=1)
    assert len(parts) > 3 and lengths.min() >= 0.45


def test_steady_noise_has_no_onsets():
    for seed in range(5):
        noise = torch.randn(3 * RATE, generator=torch.Generator().manual_seed(seed))
        assert Onsets().cut(0.1 * noise, RATE).names == ("start",)
