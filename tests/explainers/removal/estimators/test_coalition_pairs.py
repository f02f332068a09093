from math import comb

import numpy as np
import pytest

from explainers.removal.estimators.coalition_pairs import (
    draw_pairs,
    pairs_of_size,
    shares_drawn,
    weights_of,
)


def kernel(players, size):
    return (players - 1) / (comb(players, size) * size * (players - size))


@pytest.mark.parametrize("sampling", ["kernel", "leverage"])
@pytest.mark.parametrize(("players", "pairs"), [(2, 1), (3, 3), (7, 40), (8, 127), (12, 850)])
def test_no_coalition_comes_twice_nor_with_its_complement(players, pairs, sampling):
    members = draw_pairs(players, pairs, sampling, np.random.default_rng(0))
    both = np.concatenate([members, ~members])
    assert len(np.unique(both, axis=0)) == 2 * pairs
    assert members.sum(axis=1).min() >= 1
    assert members.sum(axis=1).max() <= players // 2


def test_all_pairs_have_the_shapley_kernel_as_weights():
    members = draw_pairs(8, 127, "leverage", np.random.default_rng(0))
    expected = [kernel(8, size) for size in members.sum(axis=1)]
    np.testing.assert_allclose(weights_of(members), expected)
    np.testing.assert_array_equal(shares_drawn(members), 1)


def test_a_sampled_stratum_weighs_as_much_as_it_would_complete():
    members = draw_pairs(12, 200, "kernel", np.random.default_rng(0))
    weights, shares, sizes = weights_of(members), shares_drawn(members), members.sum(axis=1)
    for size in range(1, 7):
        of_size = sizes == size
        assert weights[of_size].sum() == pytest.approx(kernel(12, size) * pairs_of_size(12, size))
        assert shares[of_size] == pytest.approx(of_size.sum() / pairs_of_size(12, size))
    assert shares[sizes == 1].min() == 1  # the kernel fills the smallest first
    assert 0 < shares[sizes == 6].max() < 1


@pytest.mark.parametrize(
    ("sampling", "mass"), [("kernel", lambda size: 1 / (size * (30 - size))), ("leverage", None)]
)
def test_any_beginning_has_the_sizes_in_proportion(sampling, mass):
    members = draw_pairs(30, 4000, sampling, np.random.default_rng(0))
    masses = np.array([mass(size) if mass else 1.0 for size in range(1, 16)])
    masses[-1] /= 2  # of fifteen, a pair takes both sides
    for count in (500, 2000, 4000):
        counts = np.bincount(members[:count].sum(axis=1), minlength=16)[1:]
        free = np.array([counts[size - 1] < pairs_of_size(30, size) for size in range(1, 16)])
        expected = masses[free] / masses[free].sum() * counts[free].sum()
        # A size that every coalition of was drawn gave its place to the others, late.
        assert np.abs(counts[free] - expected).max() <= 1 + 0.02 * expected.max()
    assert counts[0] == 30


@pytest.mark.parametrize("sampling", ["kernel", "leverage"])
def test_few_pairs_still_have_every_size(sampling):
    members = draw_pairs(100, 120, sampling, np.random.default_rng(0))
    assert set(members[:50].sum(axis=1)) == set(range(1, 51))


def test_every_player_is_as_likely_as_every_other():
    there = np.zeros(6)
    for seed in range(600):
        members = draw_pairs(6, 12, "leverage", np.random.default_rng(seed))
        sides = members[members.sum(axis=1) == 2]
        there += sides.mean(axis=0)
    np.testing.assert_allclose(there / 600, 1 / 3, atol=0.03)


def test_huge_numbers_of_coalitions_are_no_trouble():
    members = draw_pairs(1500, 2000, "leverage", np.random.default_rng(0))
    assert np.isfinite(weights_of(members)).all()
    assert shares_drawn(members)[members.sum(axis=1) == 700].max() == pytest.approx(0, abs=1e-300)
