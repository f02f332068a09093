from fractions import Fraction

import numpy as np
import pytest

from tests.xaudio.metrics import brute_force
from xaudio.errors import MetricError
from xaudio.metrics import teer
from xaudio.metrics.eer import eer
from xaudio.metrics.teer import AsvScores, concurrent_teer, teer_path


def some_scores(seed, levels):
    random = np.random.default_rng(seed)

    def drawn(shift):
        return (random.integers(levels, size=random.integers(2, 18)) + shift * levels // 4).tolist()

    return drawn(2), drawn(0), AsvScores(drawn(3), drawn(0), drawn(2))


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("levels", [4, 10_000])
@pytest.mark.parametrize("prevalence", [0.0, 0.25, 1.0])
def test_the_path_is_that_of_brute_force(seed, levels, prevalence):
    bonafide, spoof, asv = some_scores(seed, levels)
    path = teer_path(bonafide, spoof, asv, prevalence)
    expected = brute_force.teer_path(bonafide, spoof, asv, Fraction(prevalence))
    assert path.asv_thresholds.tolist() == [point[0] for point in expected]
    for place, (_, _, miss, nontarget, spoofed) in enumerate(expected):
        acceptance = (1 - prevalence) * nontarget + prevalence * spoofed
        ours = path.nontarget_acceptance[place], path.spoof_acceptance[place]
        our_acceptance = (1 - prevalence) * ours[0] + prevalence * ours[1]
        our_gap = abs(2 * (path.rates[place] - our_acceptance))
        # Two thresholds may be equally near; then either will do.
        assert our_gap == pytest.approx(abs(float(miss - acceptance)), abs=1e-9)


@pytest.mark.parametrize("seed", range(25))
def test_the_concurrent_rate_is_that_of_brute_force(seed):
    random = np.random.default_rng(seed)
    bonafide, spoof = random.normal(2, 1, 31).tolist(), random.normal(0, 1, 23).tolist()
    asv = AsvScores(*(random.normal(mean, 1, 29).tolist() for mean in (3, 0, 2)))
    found = concurrent_teer(bonafide, spoof, asv)
    assert found.rate == pytest.approx(brute_force.concurrent_teer(bonafide, spoof, asv), abs=1e-9)


def test_paths_of_all_prevalences_meet_in_the_concurrent_rate():
    random = np.random.default_rng(0)
    bonafide, spoof = random.normal(2, 1, 20_000), random.normal(0, 1, 20_000)
    asv = AsvScores(*(random.normal(mean, 1, 20_000) for mean in (3, 0, 2)))
    found = concurrent_teer(bonafide, spoof, asv)
    for prevalence in (0.0, 0.2, 1.0):
        path = teer_path(bonafide, spoof, asv, prevalence)
        place = np.searchsorted(path.asv_thresholds, found.asv_threshold)
        assert path.cm_thresholds[place] == pytest.approx(found.cm_threshold, abs=0.05)
        assert path.rates[place] == pytest.approx(found.rate, abs=0.005)


def test_without_a_countermeasure_the_ends_of_the_path_are_the_verifiers_own_rates():
    random = np.random.default_rng(1)
    asv = AsvScores(*(random.normal(mean, 1, 5_000) for mean in (3, 0, 2)))
    for prevalence, impostors in ((0.0, asv.nontarget), (1.0, asv.spoof)):
        # It accepts everything at its lowest threshold: the last allowed verifier's point.
        path = teer_path([1.0], [1.0], asv, prevalence)
        assert path.rates[-1] == pytest.approx(eer(asv.target, impostors), abs=1e-3)


def test_with_a_verifier_that_accepts_all_it_is_the_countermeasures_own_rate():
    random = np.random.default_rng(2)
    bonafide, spoof = random.normal(2, 1, 500), random.normal(0, 1, 400)
    path = teer_path(bonafide, spoof, AsvScores([1.0], [1.0], [1.0]), 1.0)
    assert path.rates[0] == pytest.approx(eer(bonafide, spoof), abs=1e-12)


def test_blocks_do_not_change_the_path(monkeypatch):
    random = np.random.default_rng(3)
    bonafide, spoof = random.normal(2, 1, 300), random.normal(0, 1, 300)
    asv = AsvScores(*(random.normal(mean, 1, 100) for mean in (3, 0, 2)))
    whole = teer_path(bonafide, spoof, asv)
    monkeypatch.setattr(teer, "POINTS_AT_ONCE", 7)
    assert teer_path(bonafide, spoof, asv).cm_thresholds.tolist() == whole.cm_thresholds.tolist()


def test_a_prevalence_is_a_share():
    with pytest.raises(MetricError, match="between 0 and 1"):
        teer_path([1.0], [0.0], AsvScores([1.0], [0.0], [0.5]), 5.0)
