"""Every measure against another library, a closed form or brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr, wasserstein_distance

from xaudio.errors import MetricError
from xaudio.sweeps.explanation_drift.measures import (
    covered_shares,
    direction_cosine,
    earth_mover_seconds,
    mass_inside,
    peak_seconds,
    rank_correlation,
    top_count,
    top_overlap,
)

FEW = np.linspace(-2, 2, 9)
MAPS = arrays(np.float64, 12, elements=st.sampled_from(FEW.tolist()))
MASSES = arrays(np.float64, 12, elements=st.floats(0, 5).filter(lambda m: m == 0 or m > 1e-3))


@given(one=MAPS, other=MAPS)
def test_rank_correlation_is_scipys(one, other):
    found = rank_correlation(one, other)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        assert found == 0
    else:
        assert found == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


@given(one=MAPS, other=MAPS)
def test_cosine_is_the_plain_formula(one, other):
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    expected = one @ other / lengths if lengths else 0
    assert direction_cosine(one, other) == pytest.approx(expected, abs=1e-12)


def test_equal_maps_have_exactly_no_drift():
    relevance = np.random.default_rng(0).normal(size=1000) * 1e-7
    middles = np.arange(1000) / 50
    assert rank_correlation(relevance, relevance) == 1
    assert direction_cosine(relevance, relevance) == 1
    assert top_overlap(np.abs(relevance), np.abs(relevance)) == 1
    assert earth_mover_seconds(np.abs(relevance), np.abs(relevance), middles) == 0
    assert peak_seconds(np.abs(relevance), np.abs(relevance), middles) == 0


@given(one=MASSES, other=MASSES, faint=st.sampled_from([1.0, 1e-12, 3e307]))
def test_earth_mover_is_scipys_whatever_the_scale(one, other, faint):
    middles = np.sort(np.random.default_rng(1).random(12))
    found = earth_mover_seconds(one * faint, other, middles)
    if not one.any() or not other.any():
        assert found is None
    else:
        expected = wasserstein_distance(middles, middles, one, other)
        assert found == pytest.approx(expected, abs=1e-9)


def test_mass_carried_by_half_a_second_is_half_a_second_away():
    middles = np.arange(100) / 50
    mass = np.zeros(100)
    mass[10:20] = np.arange(1.0, 11.0)
    assert earth_mover_seconds(mass, np.roll(mass, 25), middles) == pytest.approx(0.5)


@given(one=MASSES, other=MASSES, share=st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_overlap_is_that_of_some_way_to_break_ties(one, other, share):
    count = top_count(12, share)

    def chosen(strength: np.ndarray) -> list[set[int]]:
        best = np.sort(strength)[-count:].sum()
        return [
            set(some)
            for some in itertools.combinations(range(12), count)
            if np.isclose(strength[list(some)].sum(), best, rtol=1e-12)
        ]

    found = top_overlap(one, other, share)
    if len(np.unique(one)) == len(np.unique(other)) == 12:
        assert found == pytest.approx(len(chosen(one)[0] & chosen(other)[0]) / count)
    assert 0 <= found <= 1
    assert top_overlap(one, one, share) == pytest.approx(1)
    assert top_overlap(other, one, share) == pytest.approx(found)


def test_maps_drawn_at_random_share_as_many_of_the_strongest_as_chance_says():
    random = np.random.default_rng(0)
    found = [top_overlap(random.random(200), random.random(200)) for _ in range(400)]
    assert np.mean(found) == pytest.approx(0.1, abs=0.01)


def test_a_share_of_nothing_is_refused():
    with pytest.raises(MetricError, match="share of 0"):
        top_count(10, 0.0)


def test_the_peak_is_found_where_it_is():
    middles = np.arange(50) / 50
    one, other = np.zeros(50), np.zeros(50)
    one[5], other[30] = 1.0, 2.0
    assert peak_seconds(one, other, middles) == pytest.approx(0.5)


def test_covered_shares_by_brute_force():
    edges = np.array([0.0, 0.2, 0.4, 0.6, 0.7])
    segments = ((0.05, 0.25), (0.3, 0.65))
    instants = np.linspace(0, 0.7, 70001)[:-1] + 0.5e-5
    inside = np.any([(instants >= a) & (instants < b) for a, b in segments], axis=0)
    expected = [
        inside[(instants >= a) & (instants < b)].mean() for a, b in itertools.pairwise(edges)
    ]
    np.testing.assert_allclose(covered_shares(segments, edges), expected, atol=1e-3)
    assert not covered_shares((), edges).any()


def test_evidence_elsewhere_counts_against_the_segments():
    evidence, covered = np.array([2.0, 1.0, 1.0]), np.array([1.0, 0.5, 0.0])
    assert mass_inside(evidence, covered, 0.0) == pytest.approx(2.5 / 4)
    assert mass_inside(evidence * 1e-200, covered, 1e-200) == pytest.approx(2.5 / 5)
    assert mass_inside(np.zeros(3), covered, 0.0) is None
    assert mass_inside(np.zeros(3), covered, 1.0) == 0
