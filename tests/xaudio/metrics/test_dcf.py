from dataclasses import replace

import numpy as np
import pytest

from tests.shared_data import shared_data
from tests.xaudio.metrics import brute_force
from xaudio.errors import MetricError
from xaudio.metrics.cllr import cllr
from xaudio.metrics.dcf import DetectionCosts, actual_dcf, dcf, min_dcf, min_dcf_threshold
from xaudio.metrics.eer import eer
from xaudio.metrics.score_files import read_scores
from xaudio.metrics.score_formats import FUSION_SCORES
from xaudio.metrics.score_tables import asv_scores, detector_scores


def test_meets_the_official_asvspoof5_values():
    path = shared_data("asvspoof5-scores") / "dev_scores_label.csv"
    table = read_scores(path, FUSION_SCORES, higher="bonafide")
    scores = detector_scores(table)
    assert [len(part) for part in asv_scores(table)] == [1484, 5768, 22296]
    assert eer(*scores) == pytest.approx(0.006197317900, abs=1e-9)
    assert min_dcf(*scores) == pytest.approx(0.016319811607, abs=1e-9)
    assert actual_dcf(*scores) == pytest.approx(0.018024153193, abs=1e-9)
    assert cllr(*scores) == pytest.approx(0.028190618341, abs=1e-9)
    # Theirs is the highest rejected score, ours lies between it and the next: the same clips.
    everything = np.concatenate(scores)
    highest_rejected = everything[everything < min_dcf_threshold(*scores)].max()
    assert highest_rejected == pytest.approx(-0.141771972179, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("levels", [3, 10_000])
def test_the_minimum_is_that_of_brute_force_with_and_without_ties(seed, levels):
    random = np.random.default_rng(seed)
    bonafide = random.integers(levels, size=random.integers(1, 30)) + levels // 4
    spoof = random.integers(levels, size=random.integers(1, 30))
    costs = DetectionCosts(float(random.uniform(0.05, 0.95)), 1.0, float(random.uniform(0.2, 20)))
    expected = brute_force.min_dcf(
        bonafide, spoof, prior=costs.spoof_prior, false_acceptance=costs.false_acceptance
    )
    assert min_dcf(bonafide, spoof, costs) == pytest.approx(float(expected), abs=1e-12)
    threshold = min_dcf_threshold(bonafide, spoof, costs)
    assert dcf(bonafide, spoof, threshold, costs) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("prior", [0.01, 0.05, 0.3])
def test_calibrated_ratios_cost_the_least_at_the_bayes_threshold(prior):
    # Two Gaussians of unit variance, d apart, have the log-likelihood ratio d (x - d / 2).
    random = np.random.default_rng(0)
    bonafide = 2.0 * (random.normal(2, 1, 200_000) - 1.0)
    spoof = 2.0 * (random.normal(0, 1, 200_000) - 1.0)
    costs = DetectionCosts(spoof_prior=prior)
    assert actual_dcf(bonafide, spoof, costs) == pytest.approx(
        min_dcf(bonafide, spoof, costs), abs=0.01
    )
    assert actual_dcf(bonafide + 3.0, spoof + 3.0, costs) > 1.2 * min_dcf(bonafide, spoof, costs)


def test_deciding_without_listening_costs_one():
    for costs in (DetectionCosts(), DetectionCosts(0.5, 1.0, 1.0), DetectionCosts(0.9, 3.0, 1.0)):
        assert min_dcf([0.0] * 3, [0.0] * 4, costs) == 1.0
        assert min(dcf([1.0], [0.0], bound, costs) for bound in (-9.0, 9.0)) == 1.0


def test_both_sides_count_alike_where_prior_and_costs_are_even():
    even = DetectionCosts(0.5, 1.0, 1.0)
    assert even.bayes_threshold == 0.0
    assert dcf([1.0, -1.0], [-2.0, -3.0, 4.0], 0.0, even) == pytest.approx(1 / 2 + 1 / 3)


@pytest.mark.parametrize("change", [{"spoof_prior": 0.0}, {"miss": 0.0}, {"spoof_prior": 5.0}])
def test_costs_that_mean_nothing_are_refused(change):
    with pytest.raises(MetricError, match="prior between 0 and 1"):
        replace(DetectionCosts(), **change)
