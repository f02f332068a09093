import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.removal.estimators.sobol import Sobol, swapped_masks, total_indices
from explainers.removal.game import play_against

SLOPES = np.array([3.0, -2.0, 1.0, 0.0])


def additive(masks):
    return 5 + masks @ SLOPES


def product(masks):
    """The masks being uniform, every factor has mean 1 and variance slope^2 / 12."""
    return (1 + SLOPES * (masks - 0.5)).prod(axis=1)


def pair(masks):
    return masks[:, 0] * masks[:, 1]


# Of a product each total is its factor's variance times the others' mean squares.
VARIANCES = SLOPES**2 / 12
WHOLE = (1 + VARIANCES).prod() - 1
KNOWN = {
    additive: SLOPES**2 / (SLOPES**2).sum(),
    product: VARIANCES * (1 + VARIANCES).prod() / (1 + VARIANCES) / WHOLE,
    # Of 7 / 144 in all, each part alone has 3 and both together 1.
    pair: np.array([4 / 7, 4 / 7, 0, 0]),
}


@pytest.mark.parametrize("game", KNOWN, ids=lambda game: game.__name__)
def test_indices_are_those_written_down(game):
    random = np.random.default_rng(0)
    masks = swapped_masks(2**13, 4, random)
    scores = game(masks.reshape(-1, 4)).reshape(1, 6, -1)
    np.testing.assert_allclose(total_indices(scores), KNOWN[game], atol=5e-3)
    found = play_against(Sobol(evaluations=3000), game, 4, random)
    assert (np.abs(found.values - KNOWN[game]) <= 4 * found.standard_errors + 1e-12).all()
    assert found.standard_errors.max() < 0.06


def test_jansens_formula_by_hand():
    first, second, swapped = [0.0, 2.0], [1.0, 5.0], [1.0, 5.0]
    # Half the mean square of the changes -1 and -3, over the variance of 0, 2, 1 and 5.
    found = total_indices(np.array([[first, second, swapped]]))
    np.testing.assert_allclose(found, [2.5 / (14 / 3)])


def test_a_swapped_row_differs_from_the_first_in_its_part_alone():
    masks = swapped_masks(8, 5, np.random.default_rng(0))
    assert masks.shape == (7, 8, 5)
    for part in range(5):
        changed = masks[2 + part] != masks[0]
        np.testing.assert_array_equal(changed.all(axis=0), np.arange(5) == part)
        np.testing.assert_array_equal(masks[2 + part][:, part], masks[1][:, part])


def test_the_sequence_fills_the_cube_better_than_chance():
    first, second = swapped_masks(256, 6, np.random.default_rng(0))[:2]
    for column in np.concatenate([first, second], axis=1).T:
        # One point in every 256th, which chance would not do.
        np.testing.assert_array_equal(np.sort(np.floor(column * 256)), np.arange(256))


@pytest.mark.parametrize("game", [additive, product, pair], ids=lambda game: game.__name__)
def test_intervals_cover(game):
    inside = []
    for seed in range(200):
        found = play_against(Sobol(evaluations=800), game, 4, np.random.default_rng(seed))
        matters = KNOWN[game] > 0
        inside.append((np.abs(found.values - KNOWN[game]) <= 1.96 * found.standard_errors)[matters])
    assert 0.90 < np.mean(inside) < 0.985


@pytest.mark.parametrize("evaluations", [12, 100, 101, 777, 1000])
def test_no_more_is_asked_than_allowed_and_little_less(evaluations):
    asked = []

    def count(masks):
        asked.append(len(masks))
        return additive(masks)

    found = play_against(Sobol(evaluations=evaluations), count, 4, np.random.default_rng(0))
    assert 0.8 * evaluations < sum(asked) <= evaluations
    assert np.isfinite(found.standard_errors).all()


def test_sampling_stops_once_the_ranking_has_settled():
    asked = []

    def count(masks):
        asked.append(len(masks))
        return masks @ np.array([1.0, 4, 16, 64])

    sobol = Sobol(evaluations=20_000, confidence=0.95)
    assert play_against(sobol, count, 4, np.random.default_rng(0)).settled is True
    assert sum(asked) < 20_000


def test_too_few_evaluations_are_refused():
    with pytest.raises(ExplanationError, match=r"11 evaluations .* 4 parts; expected at least 12"):
        play_against(Sobol(evaluations=11), additive, 4, np.random.default_rng(0))
