"""Sources: they add up to the clip, and known mixtures come apart."""

import numpy as np
import pytest
import torch
from torch import Tensor

from explainers.segmentation import parse_segmenter
from explainers.segmentation.factorisation import Factorisation
from explainers.segmentation.harmonic_percussive import HarmonicPercussive
from tests.explainers.segmentation.sounds import RATE, bursts, with_noise

SPOKEN = with_noise(bursts([(0.2, 0.5), (0.7, 1.2)], 1.5), 20)


@pytest.mark.parametrize("spec", ["harmonic-percussive", "nmf:1", "nmf:4"])
@pytest.mark.parametrize("clip", [SPOKEN, SPOKEN[:1], SPOKEN[:777], torch.zeros(RATE)])
def test_sources_add_up_to_the_clip(spec: str, clip: Tensor):
    parts = parse_segmenter(spec).cut(clip, RATE)
    assert parts.sources.shape == (len(parts), len(clip)) and parts.sources.dtype == clip.dtype
    assert (parts.sources.sum(dim=0) - clip).abs().max() < 1e-5


def test_a_chord_and_clicks_come_apart():
    time = torch.arange(2 * RATE) / RATE
    chord = sum(0.1 * torch.sin(2 * torch.pi * hertz * time) for hertz in (330.0, 440.0, 660.0))
    clicks = torch.zeros(2 * RATE)
    clicks[RATE // 4 :: RATE // 2] = 1.0
    parts = HarmonicPercussive().cut(chord + clicks, RATE)
    assert parts.names == ("harmonic", "percussive", "residual")
    harmonic, percussive, _ = parts.sources
    assert similarity(harmonic, chord) > 0.97 and similarity(percussive, clicks) > 0.9
    assert similarity(harmonic, clicks) < 0.1 and similarity(percussive, chord) < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_tones_that_take_turns_come_apart_in_order(seed: int):
    time = torch.arange(2 * RATE) / RATE
    turn = (time * 5).long() % 2 == 0
    low = torch.where(turn, 0.2 * torch.sin(2 * torch.pi * 300 * time), 0.0)
    high = torch.where(~turn, 0.2 * torch.sin(2 * torch.pi * 2000 * time), 0.0)
    parts = Factorisation(2, seed).cut(low + high, RATE)
    assert similarity(parts.sources[0], low) > 0.98 and similarity(parts.sources[1], high) > 0.98
    hertz = [float(name.split()[-2]) for name in parts.names]
    assert np.allclose(hertz, [300, 2000], atol=20)


def test_the_seed_decides():
    one, same, other = (Factorisation(3, seed).cut(SPOKEN, RATE).sources for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.allclose(one, other, atol=1e-4)


def similarity(one: Tensor, other: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))
