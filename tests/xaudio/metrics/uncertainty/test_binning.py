import numpy as np
import pytest

from xaudio.metrics import (
    EqualErrorRate,
    MinimumCost,
    RocArea,
    eer,
    eer_threshold,
    min_dcf,
    min_dcf_threshold,
)
from xaudio.metrics.uncertainty.binning import BinWeigher, bin_edges
from xaudio.metrics.uncertainty.resampling import plan_resampling

LARGEST_ERROR = 0.08  # of a single replicate, in standard errors; measured up to 0.06
LARGEST_CHANGE = 0.01  # of the standard error itself


def exact_and_binned(statistic, scores, is_bonafide, plan, monkeypatch):
    """Value and replicates both ways, on the same weights."""
    weights = np.concatenate(list(plan.weights()))
    found = []
    for limit in (10**12, 0):
        monkeypatch.setattr("xaudio.metrics.uncertainty.statistic.EXACT_NUMBERS", limit)
        value, of_units = statistic.over_units(
            scores, is_bonafide, plan.unit, plan.units, plan.samples
        )
        found.append((value, of_units(weights)))
    return found


@pytest.mark.parametrize("statistic", [EqualErrorRate(), MinimumCost(), RocArea()])
@pytest.mark.parametrize(("clips", "share", "distance"), [(20_000, 0.5, 2.0), (60_000, 0.1, 4.0)])
def test_bins_move_no_replicate_by_more_than_a_part_of_the_standard_error(
    statistic, clips, share, distance, monkeypatch
):
    random = np.random.default_rng(clips)
    is_bonafide = random.random(clips) < share
    scores = random.normal(size=clips) + distance * is_bonafide
    plan = plan_resampling(is_bonafide, random.integers(400, size=clips), samples=100)
    (value, exact), (same, binned) = exact_and_binned(
        statistic, scores, is_bonafide, plan, monkeypatch
    )
    assert same == value
    assert np.abs(binned - exact).max() < LARGEST_ERROR * exact.std()
    assert binned.std() == pytest.approx(exact.std(), rel=LARGEST_CHANGE)


def test_bins_are_exact_at_the_threshold_and_with_few_distinct_scores(monkeypatch):
    random = np.random.default_rng(1)
    is_bonafide = random.random(3000) < 0.3
    scores = np.round(random.normal(size=3000) + is_bonafide, 1)
    plan = plan_resampling(is_bonafide, samples=50)
    for statistic in (EqualErrorRate(), MinimumCost()):
        (_, exact), (_, binned) = exact_and_binned(
            statistic, scores, is_bonafide, plan, monkeypatch
        )
        assert binned == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("statistic", [EqualErrorRate(), MinimumCost()])
def test_the_threshold_that_decides_is_an_edge(statistic):
    random = np.random.default_rng(2)
    is_bonafide = np.sort(random.random(50_000)) < 0.2
    scores = random.normal(size=50_000) + 3 * is_bonafide
    order = np.argsort(scores)
    one = BinWeigher.of_clips(
        np.arange(50_000), is_bonafide[order], np.zeros(50_000, dtype=int), 1
    )(np.ones((1, 1)))
    critical = statistic.critical_threshold(one)
    threshold_of = {EqualErrorRate(): eer_threshold, MinimumCost(): min_dcf_threshold}[statistic]
    threshold = threshold_of(scores[is_bonafide], scores[~is_bonafide])
    assert critical == np.count_nonzero(scores < threshold)
    edges = bin_edges(scores[order], is_bonafide[order], critical)
    counted = BinWeigher.of_clips(
        np.searchsorted(edges, scores, side="right"),
        is_bonafide,
        np.zeros(50_000, dtype=int),
        1,
    )(np.ones((1, 1)))
    assert len(edges) < 2100
    metric = {EqualErrorRate(): eer, MinimumCost(): min_dcf}[statistic]
    expected = metric(scores[is_bonafide], scores[~is_bonafide])
    assert statistic.of_weights(counted)[0] == pytest.approx(expected, abs=1e-12)


def test_binned_replicates_are_moved_to_the_exact_value(monkeypatch):
    monkeypatch.setattr("xaudio.metrics.uncertainty.statistic.EXACT_NUMBERS", 0)
    monkeypatch.setattr("xaudio.metrics.uncertainty.binning.EQUAL_BINS", 4)
    monkeypatch.setattr("xaudio.metrics.uncertainty.binning.NARROW_BINS", 4)
    random = np.random.default_rng(3)
    is_bonafide = random.random(2000) < 0.5
    scores = random.normal(size=2000) + is_bonafide
    value, of_units = RocArea().over_units(scores, is_bonafide, np.arange(2000), 2000, 1)
    assert of_units(np.ones((1, 2000)))[0] == pytest.approx(value, abs=1e-12)
