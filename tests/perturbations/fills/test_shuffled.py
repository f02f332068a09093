from itertools import pairwise

import numpy as np
import torch

from perturbations.fills.gaps import Gap
from perturbations.fills.shuffled import shuffle, shuffled_neighbours
from tests.perturbations.signals import keys, speech_like


def test_windows_come_from_as_far_as_the_stretch_is_long_on_both_sides():
    clip, stretch = speech_like(1, 1.0), [(6_000, 8_000)]
    filled = shuffled_neighbours(clip, 16_000, keys(1), stretch)[0, 6_000:8_000]
    for near, same in [(4_000, False), (3_999, True), (9_999, False), (10_000, True)]:
        other = clip.clone()
        nearby = slice(near, near + 960) if near > 8_000 else slice(near - 959, near + 1)
        if not same:
            nearby = slice(4_000, 5_000) if near < 6_000 else slice(9_000, 10_000)
        other[0, nearby] = 0.5
        refilled = shuffled_neighbours(other, 16_000, keys(1), stretch)[0, 6_000:8_000]
        assert torch.equal(refilled, filled) == same


def test_windows_overlap_in_random_order():
    """Windows of 8 that hold their own number each show which of them went where."""
    size, count = 8, 6
    before = np.repeat(np.arange(count), size // 2).astype(float)
    gap = Gap(before - before.mean(), np.empty(0), len(before), np.random.default_rng(2))
    found = shuffle(gap, size)
    weight = np.sin(np.pi * (np.arange(size) + 0.5) / size)
    windows = [gap.before[first : first + size] * weight for first in range(0, len(before) - 4, 4)]
    order = []
    for place in range(0, len(found), 4):
        fits = [
            (one, other)
            for one in range(len(windows))
            for other in range(len(windows))
            if np.allclose(windows[one][4:] + windows[other][:4], found[place : place + 4])
        ]
        assert len(fits) == 1
        order.append(fits[0])
    assert all(one[1] == other[0] for one, other in pairwise(order))
    played = [order[0][0], *(other for _, other in order)]
    assert sorted(played[: len(windows)]) == list(range(len(windows)))
    assert played[: len(windows)] != list(range(len(windows)))


def test_an_offset_stays():
    clip = torch.full((1, 16_000), 0.25)
    filled = shuffled_neighbours(clip, 16_000, keys(1), [(4_000, 9_000)])
    assert torch.allclose(filled, clip, atol=1e-6)
