import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.manipulation import (
    SUPPORT,
    Bands,
    Keep,
    Move,
    Noise,
    Remove,
    Samples,
    Scale,
    Stretches,
    count_of_share,
    manipulate,
)
from explainers.manipulation.actions import shifted
from tests.explainers.manipulation.explained import explanation, level, of_band, tones
from tests.explainers.small_models import RATE, noise

CLIP = noise(500)
RELEVANCE = np.random.default_rng(1).normal(size=500)
EXPLAINED = explanation(RELEVANCE, RATE)
STRONGEST = np.argsort(-np.abs(RELEVANCE))[:60]
FORMANTS = tones({1000: 0.2, 3000: 0.3, 5000: 0.1})
AROUND_3000 = of_band(FORMANTS, 2000, 4000, 16000)
FOUR_BANDS = Bands((2000.0, 4000.0, 6000.0))


def test_the_strongest_samples_are_gone_and_no_other_is_touched():
    left = manipulate(CLIP, EXPLAINED, Remove(), Samples(), 60).numpy()
    gone = np.isin(np.arange(500), STRONGEST)
    assert (left[gone] == 0).all() and (left == 0).sum() == 60
    assert np.array_equal(left[~gone], CLIP.numpy()[~gone])
    kept = manipulate(CLIP, EXPLAINED, Keep(), Samples(), 60).numpy()
    assert np.array_equal(left + kept, CLIP.numpy())


def test_relevance_for_the_target_alone_can_be_chosen():
    left = manipulate(CLIP, EXPLAINED, Remove(), Samples(), 60, SUPPORT)
    assert set(np.flatnonzero(left.numpy() == 0)) == set(np.argsort(-RELEVANCE)[:60])


def test_noise_is_white_gaussian_and_as_loud_as_the_clip():
    clip = noise(20000, scale=0.05)
    explained = explanation(np.arange(20000.0), RATE)
    everywhere = manipulate(clip, explained, Noise(), Samples(), 20000)
    assert everywhere.square().mean() == pytest.approx(clip.square().mean().item(), rel=1e-4)
    sigma = everywhere.std()
    assert (everywhere.abs() < sigma).float().mean() == pytest.approx(0.683, abs=0.01)
    assert abs((everywhere[1:] * everywhere[:-1]).mean() / sigma**2) < 0.03
    half = manipulate(clip, explained, Noise(), Samples(), 10000)
    assert torch.equal(half[:10000], clip[:10000])
    assert torch.equal(half[10000:], everywhere[10000:])
    again = manipulate(clip, explained, Noise(), Samples(), 10000, seed=1)
    assert not torch.equal(again, half)


def test_stretches_go_whole_and_only_the_joints_around_them_are_touched():
    """Ten stretches of 50 samples; the third and the last weigh most."""
    heavy = np.zeros(480)
    heavy[[120, 470]] = 3, -2
    left = manipulate(CLIP[:480], explanation(heavy, RATE), Remove(), Stretches(0.05, 0.01), 2)
    assert (left[100:150] == 0).all() and (left[450:] == 0).all()
    assert torch.equal(left[:90], CLIP[:90]) and torch.equal(left[160:440], CLIP[160:440])
    joint = (left / CLIP[:480])[150:156]
    assert (joint.diff() > 0).all() and joint[0] < 0.3
    hard = manipulate(CLIP[:480], explanation(heavy, RATE), Remove(), Stretches(0.05, 0.0), 2)
    assert torch.equal(hard[150:450], CLIP[150:450])


def test_the_strongest_band_is_taken_out_or_left_alone():
    without = manipulate(FORMANTS, AROUND_3000, Remove(), FOUR_BANDS, 1)
    assert [level(without, hertz) for hertz in (1000, 3000, 5000)] == pytest.approx(
        [0.2, 0, 0.1], abs=1e-3
    )
    alone = manipulate(FORMANTS, AROUND_3000, Keep(), FOUR_BANDS, 1)
    assert torch.allclose(without + alone, FORMANTS, atol=1e-5)


def test_the_strongest_band_is_scaled_in_decibels():
    softer = manipulate(FORMANTS, AROUND_3000, Scale(-20.0), FOUR_BANDS, 1)
    louder = manipulate(FORMANTS, AROUND_3000, Scale(6.0206), FOUR_BANDS, 1)
    for changed, expected in ((softer, 0.03), (louder, 0.6)):
        levels = [level(changed, hertz) for hertz in (1000, 3000, 5000)]
        assert levels == pytest.approx([0.2, expected, 0.1], abs=1e-3)


def test_the_strongest_bands_tone_moves_and_the_others_stay():
    for hertz in (500.0, -733.5):
        moved = manipulate(FORMANTS, AROUND_3000, Move(hertz), FOUR_BANDS, 1)
        assert level(moved, 3000 + hertz) == pytest.approx(0.3, abs=1e-3)
        levels = [level(moved, place) for place in (1000, 3000, 5000)]
        assert levels == pytest.approx([0.2, 0, 0.1], abs=2e-3)


def test_a_shift_is_exact_and_drops_what_leaves_the_range():
    """Whole periods in the clip, so that its transform has nothing between the bins."""
    clip, wanted = tones({1000: 0.5, 7000: 0.2}), tones({1500.5: 0.5})
    both = torch.stack([clip, torch.zeros_like(clip)])
    assert torch.allclose(shifted(both, 500.5, 16000)[0], wanted + tones({7500.5: 0.2}), atol=1e-5)
    assert torch.allclose(shifted(both, 2000.0, 16000)[0], tones({3000: 0.5}), atol=1e-5)
    assert torch.allclose(shifted(both, -1500.0, 16000)[0], tones({5500: 0.2}), atol=1e-5)
    assert not shifted(both, 100.0, 16000)[1].any()


def test_what_is_equally_relevant_is_chosen_anywhere():
    flat = explanation(np.ones(500), RATE)
    gone = [
        np.flatnonzero(manipulate(CLIP, flat, Remove(), Samples(), 100, seed=seed).numpy() == 0)
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(gone[0], gone[1]) and not np.array_equal(gone[0], gone[2])
    assert 150 < gone[0].mean() < 350


def test_energy_is_that_of_the_sound():
    slices = [
        float(CLIP[start : start + 60].double().square().sum()) for start in range(0, 500, 60)
    ]
    assert np.allclose(Stretches(0.06).energy(CLIP, RATE), slices)
    assert Samples().energy(CLIP, RATE).sum() == pytest.approx(sum(slices))
    bands = FOUR_BANDS.energy(FORMANTS, 16000)
    assert bands[:3] / bands[:3].sum() == pytest.approx(np.array([4, 9, 1]) / 14, abs=0.01)
    assert bands[3] < 0.001 * bands[0]


def test_explanations_in_other_domains_guide_as_well():
    boxes = np.array([[0.0, 0.1, 0.0, 500.0], [0.1, 0.5, 0.0, 500.0]])
    words = explanation([5.0, 1.0], RATE, 0.5, domain="segments", segments=boxes)
    assert (manipulate(CLIP, words, Remove(), Samples(), 100)[:100] == 0).all()
    grid = explanation(
        [[0.0, 1.0], [-3.0, 0.0]],
        RATE,
        0.5,
        domain="stft",
        time_edges=np.array([0.0, 0.25, 0.5]),
        frequency_edges=np.array([0.0, 250.0, 500.0]),
    )
    low = manipulate(CLIP, grid, Remove(), Bands((250.0,)), 1)
    high = manipulate(CLIP, grid, Remove(), Bands((250.0,)), 1, SUPPORT)
    assert torch.allclose(low + high, CLIP, atol=1e-5)
    assert (np.abs(np.fft.rfft(low.numpy()))[140:] < 0.3).all()  # above 280 Hz, of about 7
    with pytest.raises(ExplanationError, match="says nothing about frequency"):
        manipulate(CLIP, words, Remove(), Bands((250.0,)), 1)
    with pytest.raises(ExplanationError, match="carries no coefficient"):
        manipulate(CLIP, EXPLAINED, Remove(), Bands((250.0,)), 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: manipulate(CLIP[:-1], EXPLAINED, Remove(), Samples(), 1), "499 samples"),
        (lambda: manipulate(CLIP, EXPLAINED, Remove(), Samples(), 501), "501 of 500 units"),
        (lambda: manipulate(CLIP, EXPLAINED, Remove(), Samples(), 0), "0 of 500 units"),
        (lambda: count_of_share(0.0, 10), "share of 0.0"),
        (lambda: count_of_share(1.5, 10), "share of 1.5"),
        (lambda: Stretches(0.0), "longer than zero"),
        (lambda: Bands(()), "No band edges"),
        (lambda: Bands.of_equal_width(1, RATE), "two or more"),
        (lambda: Scale(float("-inf")), "Use remove"),
        (lambda: Move(float("nan")), "must be finite"),
    ],
)
def test_what_cannot_be_done_is_said(wrong, message):
    with pytest.raises(ExplanationError, match=message):
        wrong()
