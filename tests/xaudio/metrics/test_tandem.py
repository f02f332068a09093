import numpy as np
import pytest

from tests.xaudio.metrics import brute_force
from xaudio.errors import MetricError
from xaudio.metrics.tandem import (
    ASVSPOOF5_VERIFIER,
    AsvErrorRates,
    TandemCosts2019,
    TandemCosts2021,
    asv_error_rates,
    min_tdcf,
    tdcf,
)

FORMS = [TandemCosts2019(), TandemCosts2021()]


def test_weights_of_the_revised_form_by_hand():
    # pi_tar .95 x .99 = .9405, pi_non .95 x .01 = .0095.
    weights = TandemCosts2021().weights(AsvErrorRates(0.02, 0.03, 0.4))
    assert weights == pytest.approx((0.9405 * 0.02 + 0.095 * 0.03, 0.9405 * 0.98 - 0.00285, 0.2))


def test_weights_of_the_first_form_by_hand():
    weights = TandemCosts2019().weights(AsvErrorRates(0.02, 0.03, 0.4))
    assert weights == pytest.approx((0.0, 0.9405 * 0.98 - 0.095 * 0.03, 0.2))


def test_weights_of_asvspoof_2021_logical_access():
    # Any verifier with that C0 has that C1: together they are pi_tar.
    miss = (0.03051131804 - 0.095 * 0.03) / 0.9405
    weights = TandemCosts2021().weights(AsvErrorRates(miss, 0.03, 0.46944036 / 0.5))
    assert weights == pytest.approx((0.03051131804, 0.90998868196, 0.46944036), abs=1e-12)


@pytest.mark.parametrize("costs", FORMS)
def test_a_useless_countermeasure_costs_one_and_a_perfect_one_the_constant(costs):
    asv = ASVSPOOF5_VERIFIER
    assert min_tdcf([0.0] * 3, [0.0] * 5, asv, costs) == 1.0
    assert min_tdcf([0.0, 1.0], [2.0, 3.0], asv, costs) == pytest.approx(1.0)
    constant, rejection, acceptance = costs.weights(asv)
    floor = constant / (constant + min(rejection, acceptance))
    assert min_tdcf([2.0, 3.0], [0.0, 1.0], asv, costs) == pytest.approx(floor)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("levels", [3, 10_000])
def test_the_minimum_is_that_of_brute_force(seed, levels):
    random = np.random.default_rng(seed)
    bonafide = random.integers(levels, size=random.integers(1, 30)) + levels // 4
    spoof = random.integers(levels, size=random.integers(1, 30))
    asv = AsvErrorRates(*map(float, random.uniform(0.01, 0.5, 3)))
    for costs, by_hand in zip(
        FORMS, (brute_force.min_tdcf_2019, brute_force.min_tdcf_2021), strict=True
    ):
        found = min_tdcf(bonafide, spoof, asv, costs)
        assert found == pytest.approx(by_hand(bonafide, spoof, asv), abs=1e-12)
        fixed = [tdcf(bonafide, spoof, float(bound), asv, costs) for bound in bonafide]
        assert min(fixed) >= found - 1e-12


def test_the_verifier_accepts_at_its_threshold():
    assert asv_error_rates([1.0, 3.0], [0.0, 1.0, 2.0], [1.0, 0.0], 1.0) == (0.0, 2 / 3, 0.5)


def test_a_verifier_that_leaves_nothing_to_weigh_is_refused():
    with pytest.raises(MetricError, match="no weight"):
        min_tdcf([1.0], [0.0], AsvErrorRates(0.02, 0.02, 0.0))
    with pytest.raises(MetricError, match="no weight"):
        min_tdcf([1.0], [0.0], AsvErrorRates(1.0, 0.5, 0.5))


def test_priors_that_mean_nothing_are_refused():
    with pytest.raises(MetricError, match="spoof prior"):
        TandemCosts2021(spoof_prior=1.0)
    with pytest.raises(MetricError, match="spoof prior"):
        TandemCosts2019(nontarget_share=-0.1)
