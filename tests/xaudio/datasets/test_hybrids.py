import itertools

import numpy as np
import pytest

from xaudio.datasets.hybrids import CROSS_FADE, draw_stretches, splice
from xaudio.errors import CorpusError

RATE = 16000


@pytest.mark.parametrize("seconds", [1.2, 2.5, 4.0, 9.0])
@pytest.mark.parametrize("count", [1, 2])
def test_stretches_keep_their_promises(seconds, count):
    for seed in range(200):
        stretches = draw_stretches(seconds, seed, count)
        lengths = [end - start for start, end in stretches]
        assert all(0.5 - 1e-9 <= length <= 1.5 + 1e-9 for length in lengths)
        assert sum(lengths) <= seconds / 2 + 1e-9
        assert stretches[0][0] >= 0.1 - 1e-9
        assert stretches[-1][1] <= seconds - 0.1 + 1e-9
        for (_, end), (start, _) in itertools.pairwise(stretches):
            assert start - end >= 0.2 - 1e-9


def test_long_clips_get_as_many_stretches_as_asked():
    assert len(draw_stretches(4.0, 3, 2)) == 2
    assert len(draw_stretches(1.5, 3, 2)) == 1


def test_a_clip_too_short_is_refused():
    with pytest.raises(CorpusError, match="too short"):
        draw_stretches(0.9, 0, 1)


def test_outside_the_stretch_nothing_changes_and_inside_all_does():
    draw = np.random.default_rng(0)
    original, copy = 0.1 * draw.standard_normal((2, 2 * RATE)).astype(np.float32)
    spliced = splice(original, copy, RATE, ((0.5, 1.0),))
    half = round(CROSS_FADE * RATE / 2)
    outside = np.r_[0 : RATE // 2 - half, RATE + half : 2 * RATE]
    assert np.array_equal(spliced[outside], original[outside])
    inside = slice(RATE // 2 + half, RATE - half)
    gain = np.dot(spliced[inside], copy[inside]) / np.dot(copy[inside], copy[inside])
    assert np.allclose(spliced[inside], gain * copy[inside], atol=1e-6)


def test_the_level_is_matched_to_what_was_replaced():
    original = 0.1 * np.ones(2 * RATE, np.float32)
    copy = 0.4 * np.ones(2 * RATE, np.float32)
    assert np.allclose(splice(original, copy, RATE, ((0.5, 1.0),)), 0.1, atol=1e-6)


def test_joints_do_not_click():
    """Between a tone and a shifted tone no step is larger than the tones' own."""
    time = np.arange(2 * RATE) / RATE
    original = (0.5 * np.sin(2 * np.pi * 100 * time)).astype(np.float32)
    copy = (0.5 * np.sin(2 * np.pi * 100 * time + 2.0)).astype(np.float32)
    spliced = splice(original, copy, RATE, ((0.5, 1.0),))
    fade_slope = 1.0 * np.pi / (2 * CROSS_FADE * RATE)
    assert np.abs(np.diff(spliced)).max() < np.abs(np.diff(original)).max() + fade_slope
