import numpy as np
import pytest
import torch

from explainers.audible import (
    either_way,
    relevance_as_sound,
    relevant_part,
    speaking_against,
    speaking_for,
    strongest_cells,
    weighted_by_relevance,
)
from explainers.errors import ExplanationError
from explainers.explanation import Explanation

RATE = 8000
LENGTH = 8000


def noise(seed=0, scale=0.15):
    return scale * torch.randn(LENGTH, generator=torch.Generator().manual_seed(seed))


def explanation(relevance, domain="waveform", **axes):
    return Explanation(
        relevance=relevance,
        domain=domain,
        sample_rate=RATE,
        seconds=LENGTH / RATE,
        target="spoof",
        score=1.0,
        method="by-hand",
        signed=True,
        **axes,
    )


def on_samples(stretches):
    relevance = np.zeros(LENGTH)
    for start, end, value in stretches:
        relevance[int(start * RATE) : int(end * RATE)] = value
    return explanation(relevance)


def rms(sound):
    return float(sound.square().mean().sqrt())


def test_only_the_relevant_stretch_is_heard():
    clip = noise()
    heard = relevant_part(on_samples([(0.2, 0.4, 1.0), (0.7, 0.8, 0.5)]), clip, share=0.8)
    inside, outside = slice(1700, 3100), slice(3300, None)
    torch.testing.assert_close(heard[inside], clip[inside])
    assert not heard[outside].any() and not heard[:1500].any()


def test_the_whole_share_includes_all_with_evidence():
    heard = relevant_part(on_samples([(0.2, 0.4, 1.0), (0.7, 0.8, 0.5)]), noise(), share=1.0)
    assert heard[5700:6300].any()


def test_what_speaks_for_and_against_can_be_heard_apart():
    one, clip = on_samples([(0.2, 0.4, 1.0), (0.6, 0.8, -2.0)]), noise()
    first, second = slice(1700, 3100), slice(4900, 6300)
    assert relevant_part(one, clip, 1.0, evidence=speaking_for)[first].any()
    assert not relevant_part(one, clip, 1.0, evidence=speaking_for)[second].any()
    assert relevant_part(one, clip, 1.0, evidence=speaking_against)[second].any()
    assert not relevant_part(one, clip, 1.0, evidence=speaking_against)[first].any()
    both = relevant_part(one, clip, 1.0, evidence=either_way)
    assert both[first].any() and both[second].any()


def test_joints_are_faded():
    heard = relevant_part(on_samples([(0.2, 0.4, 1.0)]), torch.full((LENGTH,), 0.5))
    assert heard.diff().abs().max() < 0.5 / 60


def test_parts_are_as_loud_as_their_evidence():
    clip = torch.full((LENGTH,), 0.5)
    heard = weighted_by_relevance(on_samples([(0.2, 0.4, 1.0), (0.6, 0.8, -0.5)]), clip)
    assert float(heard[2400]) == pytest.approx(0.5)
    assert float(heard[5600]) == pytest.approx(0.25)
    assert float(heard[4000]) == 0


def tones():
    time = torch.arange(LENGTH) / RATE
    return 0.3 * torch.sin(2 * torch.pi * 500 * time), 0.3 * torch.sin(2 * torch.pi * 3000 * time)


def test_a_grid_lets_one_band_through():
    low, high = tones()
    grid = explanation(
        np.array([[0.0, 0.0], [0.0, 5.0]]),
        "stft",
        time_edges=np.array([0.0, 0.5, 1.0]),
        frequency_edges=np.array([0.0, 2000.0, 4000.0]),
    )
    heard = relevant_part(grid, low + high, share=1.0)
    assert not heard[:3700].abs().max() > 1e-4
    error = heard[4500:7500] - high[4500:7500]
    assert rms(error) < 0.01 * rms(high)


def test_segments_with_bands_are_heard_in_their_bands():
    low, high = tones()
    one = explanation(
        np.array([1.0, 0.0]),
        "segments",
        segments=np.array([[0.0, 1.0, 0.0, 2000.0], [0.0, 1.0, 2000.0, 4000.0]]),
    )
    heard = relevant_part(one, low + high)
    assert rms((heard - low)[500:7500]) < 0.01 * rms(low)


def test_keeping_everything_is_the_clip():
    clip = noise()
    grid = explanation(
        np.ones((2, 2)),
        "mel",
        time_edges=np.array([0.0, 0.5, 1.0]),
        frequency_edges=np.array([0.0, 2000.0, 4000.0]),
    )
    torch.testing.assert_close(relevant_part(grid, clip, 1.0), clip, atol=1e-5, rtol=0)
    torch.testing.assert_close(relevant_part(explanation(np.ones(LENGTH)), clip, 1.0), clip)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_clips(seed):
    clip = noise(seed, scale=5.0).clamp(-1, 1)
    random = np.random.default_rng(seed)
    grid = explanation(
        random.normal(size=(8, 20)),
        "stft",
        time_edges=np.linspace(0, 1, 21),
        frequency_edges=np.linspace(0, 4000, 9),
    )
    for heard in (
        relevant_part(grid, clip, 0.3),
        weighted_by_relevance(grid, clip),
        relevance_as_sound(explanation(random.normal(size=LENGTH) * 1e6)),
    ):
        assert heard.abs().max() <= 1
        assert heard.isfinite().all()
        assert heard.shape == clip.shape


def test_relevance_of_nothing_is_silence():
    nothing = explanation(np.zeros(LENGTH))
    assert not relevant_part(nothing, noise()).any()
    assert not weighted_by_relevance(nothing, noise()).any()
    assert not relevance_as_sound(nothing).any()


def test_relevance_itself_is_played_at_half_scale():
    relevance = np.random.default_rng(0).normal(size=LENGTH)
    sound = relevance_as_sound(explanation(relevance))
    np.testing.assert_allclose(sound, 0.5 * relevance / np.abs(relevance).max(), rtol=1e-5)
    with pytest.raises(ExplanationError, match="only relevance on samples"):
        relevance_as_sound(explanation(relevance).over_time(0.1))


@pytest.mark.parametrize("share", [0.0, -1.0, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ExplanationError, match="share"):
        relevant_part(on_samples([]), noise(), share)


def test_another_clip_is_refused():
    with pytest.raises(ExplanationError, match="the clip that was explained"):
        relevant_part(on_samples([]), noise()[:4000])


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99, 1.0])
def test_the_fewest_cells_hold_the_share(share):
    weights = np.random.default_rng(1).exponential(size=(4, 6))
    kept = strongest_cells(weights, share)
    assert weights[kept].sum() >= share * weights.sum() * (1 - 1e-9)
    assert weights[kept].sum() - weights[kept].min() < share * weights.sum()
    assert kept.all() or weights[kept].min() >= weights[~kept].max()
