from itertools import pairwise

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.segmentation.bands import erb_edges
from explainers.segmentation.patches import Bands, Patches
from perturbations.masking import SpectrumGrid, patch_masks


def test_erb_bands_are_equally_wide_to_the_ear():
    """The bandwidth 24.7 (4.37 f / 1000 + 1) Hz, integrated, gives the same share to each."""
    edges = erb_edges(5, 50.0, 8000.0)
    bandwidths = []
    for low, high in pairwise(edges):
        hertz = np.linspace(low, high, 20_001)
        bandwidths.append(np.trapezoid(1 / (24.7 * (4.37 * hertz / 1000 + 1)), hertz))
    assert np.allclose(bandwidths, np.mean(bandwidths), rtol=1e-4)


@pytest.mark.parametrize("scale", ["mel", "linear", "erb"])
@pytest.mark.parametrize("length", [16_000, 16_001, 3_333, 850, 130, 1])
def test_every_cell_of_the_spectrum_is_in_one_patch(scale: str, length: int):
    grid = SpectrumGrid.at(16_000)
    for segmenter in (Bands(scale, 16), Patches(0.05, 8, scale)):
        patches = segmenter.cut(torch.zeros(length), 16_000).patches
        masks = patch_masks(patches, length, grid)
        assert (masks.sum(dim=0) == 1).all() and masks.any(dim=2).any(dim=1).all()


def test_order_and_names():
    parts = Patches(0.5, 2, "linear").cut(torch.zeros(8_000), 8_000)
    assert parts.names == (
        "0.00-0.50 s, 0-2000 Hz",
        "0.00-0.50 s, 2000-4000 Hz",
        "0.50-1.00 s, 0-2000 Hz",
        "0.50-1.00 s, 2000-4000 Hz",
    )
    assert parts.boxes[1].tolist() == [0.0, 0.5, 2000.0, 4000.0]


def test_bands_finer_than_the_spectrum_are_refused_with_the_most_there_can_be():
    with pytest.raises(ExplanationError, match="Give 257 or fewer"):
        Bands("linear", 400).cut(torch.zeros(8_000), 16_000)
    Bands("linear", 257).cut(torch.zeros(8_000), 16_000)
    with pytest.raises(ExplanationError, match=r"every 0\.008 s"):
        Patches(0.001, 2).cut(torch.zeros(8_000), 16_000)
