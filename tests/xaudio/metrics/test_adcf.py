import numpy as np
import pytest

from tests.xaudio.metrics import brute_force
from xaudio.errors import MetricError
from xaudio.metrics.adcf import AgnosticCosts, adcf, min_adcf
from xaudio.metrics.dcf import DetectionCosts, min_dcf


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("levels", [3, 10_000])
def test_equals_brute_force_with_and_without_ties(seed, levels):
    random = np.random.default_rng(seed)
    target, nontarget, spoof = (
        random.integers(levels, size=random.integers(1, 25)) + shift * levels // 4
        for shift in (2, 0, 1)
    )
    expected = brute_force.min_adcf(target, nontarget, spoof)
    assert min_adcf(target, nontarget, spoof) == pytest.approx(float(expected), abs=1e-12)
    for threshold in (0.0, 0.5, float(levels)):
        by_hand = brute_force.adcf(target, nontarget, spoof, threshold)
        assert adcf(target, nontarget, spoof, threshold) == pytest.approx(float(by_hand))


def test_without_nontargets_it_is_the_detection_cost():
    random = np.random.default_rng(0)
    target, spoof = random.normal(1, 1, 200), random.normal(0, 1, 300)
    costs = AgnosticCosts(nontarget_prior=0.0, spoof_prior=0.05, spoof_acceptance=10.0)
    found = min_adcf(target, [9.0], spoof, costs)
    assert found == pytest.approx(min_dcf(target, spoof, DetectionCosts()), abs=1e-12)


def test_extremes():
    assert min_adcf([2.0, 3.0], [0.0], [1.0]) == 0.0
    assert min_adcf([0.0], [0.0], [0.0]) == 1.0
    assert min_adcf([0.0], [1.0], [2.0]) == 1.0


@pytest.mark.parametrize(
    "settings", [{"spoof_prior": 0.95}, {"nontarget_prior": -0.1}, {"miss": 0.0}]
)
def test_costs_that_mean_nothing_are_refused(settings):
    with pytest.raises(MetricError, match="a-DCF needs priors"):
        AgnosticCosts(**settings)
