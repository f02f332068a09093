import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.removal.estimators.rise import Rise, contrast, soft_masks
from explainers.removal.game import play_against

EFFECTS = np.array([0.0, 1, 0, -2, 0, 0, 0.5, 0, 3, 0, 0, 1])


def curved(masks):
    return np.tanh(masks @ EFFECTS) + masks[:, 3] * masks[:, 8]


@pytest.mark.parametrize("cell", [1, 2, 3, 5])
def test_masks_fade_on_straight_lines_between_points_of_the_grid(cell):
    masks = soft_masks(500, 12, cell, 0.5, np.random.default_rng(0))
    assert masks.shape == (500, 12)
    assert ((masks >= 0) & (masks <= 1)).all()
    steps = np.diff(masks, axis=1) * cell
    np.testing.assert_allclose(steps, steps.round(), atol=1e-9)
    # A line may only bend where a point is, and those are a cell apart.
    bends = np.abs(np.diff(steps, axis=1)) > 1e-9
    for row in bends[:100]:
        assert (np.diff(np.flatnonzero(row)) % cell == 0).all()


@pytest.mark.parametrize(("cell", "presence"), [(3, 0.5), (4, 0.2)])
def test_every_part_is_there_alike_and_masks_vary_as_the_docstring_tells(cell, presence):
    masks = soft_masks(200_000, 10, cell, presence, np.random.default_rng(1))
    np.testing.assert_allclose(masks.mean(axis=0), presence, atol=5e-3)
    slope = (1 - np.abs(np.arange(-cell, cell + 1)) / cell).clip(min=0)
    # Points are independent, so masks vary together as far as their lines share a point.
    shared = np.convolve(slope, slope)[2 * cell :] / cell
    together = np.cov(masks.T)[0] / (presence * (1 - presence))
    expected = np.zeros(10)
    expected[: len(shared)] = shared[:10]
    np.testing.assert_allclose(together, expected, atol=0.015)
    if cell == 3:
        np.testing.assert_allclose(expected[:6], [0.70, 0.59, 0.37, 0.15, 0.04, 0], atol=5e-3)


def test_the_value_is_rises_map_but_for_offset_and_scale():
    random = np.random.default_rng(0)
    masks = random.random((300, 12))
    # Each mask with its complement: every part is there for exactly one half.
    masks = np.concatenate([masks, 1 - masks])
    scores = curved(masks)
    rise = scores @ masks / (masks.mean(axis=0) * len(masks))
    expected = (rise - scores.mean()) / (1 - 0.5)
    np.testing.assert_allclose(contrast(masks, scores).values, expected, atol=1e-9)
    slope = [np.cov(scores, part, ddof=0)[0, 1] / 0.25 for part in masks.T]
    np.testing.assert_allclose(contrast(masks, scores).values, slope, atol=1e-9)


def test_the_covariance_is_the_jackknifes():
    masks = soft_masks(400, 12, 3, 0.3, np.random.default_rng(0))
    # An offset puts both means far from zero.
    scores = 5 + curved(masks)
    without = np.array(
        [contrast(np.delete(masks, row, 0), np.delete(scores, row)).values for row in range(400)]
    )
    jackknife = np.cov(without.T, ddof=0) * 399
    covariance = contrast(masks, scores).covariance
    np.testing.assert_allclose(np.diag(covariance), np.diag(jackknife), rtol=0.03)
    np.testing.assert_allclose(covariance, jackknife, atol=0.03 * covariance.max())


def test_with_cells_of_one_part_a_score_that_adds_up_gives_its_terms():
    found = play_against(
        Rise(cell=1, evaluations=4000), lambda z: 2 + z @ EFFECTS, 12, np.random.default_rng(0)
    )
    assert (np.abs(found.values - EFFECTS) < 4 * found.standard_errors).all()
    assert found.standard_errors.max() < 0.15
    together = play_against(
        Rise(cell=1, evaluations=4000), lambda z: z[:, 0] * z[:, 1], 4, np.random.default_rng(0)
    )
    np.testing.assert_allclose(together.values, [0.5, 0.5, 0, 0], atol=0.05)


@pytest.mark.parametrize(("cell", "presence"), [(3, 0.5), (1, 0.3)])
def test_intervals_cover_what_very_many_masks_find(cell, presence):
    many = soft_masks(400_000, 12, cell, presence, np.random.default_rng(9))
    truth = contrast(many, curved(many))
    assert truth.standard_errors.max() < 0.02
    rise = Rise(cell=cell, presence=presence, evaluations=200)
    inside = []
    for seed in range(200):
        found = play_against(rise, curved, 12, np.random.default_rng(seed))
        inside.append(np.abs(found.values - truth.values) <= 1.96 * found.standard_errors)
    assert 0.92 < np.mean(inside) < 0.98


def test_a_part_that_is_always_there_is_worth_nothing_and_nobody_knows_how_sure_that_is():
    masks = soft_masks(50, 4, 1, 0.5, np.random.default_rng(0))
    masks[:, 1], masks[:, 2] = 0, 1
    found = contrast(masks, masks @ np.arange(4.0))
    np.testing.assert_array_equal(found.values[1:3], 0)
    np.testing.assert_array_equal(np.isinf(found.standard_errors), [False, True, True, False])


def test_sampling_stops_once_the_ranking_has_settled():
    rise = Rise(cell=1, evaluations=20_000, confidence=0.9)
    steep = np.array([8.0, -4, 2, -1])
    found = play_against(rise, lambda z: z @ steep, 4, np.random.default_rng(0))
    assert found.settled is True
    assert found.standard_errors.max() > 0.05


def test_settings_that_cannot_be_meant_are_refused_at_once():
    for settings in ({"cell": 0}, {"presence": 0.0}, {"presence": 1.0}, {"evaluations": 19}):
        with pytest.raises(ExplanationError):
            Rise(**settings)
