import numpy as np
import pytest

from xaudio.metrics import cllr, min_cllr
from xaudio.metrics.calibration import fit_isotonic


def test_equals_isotonic_regression():
    from sklearn.isotonic import IsotonicRegression

    random = np.random.default_rng(0)
    bonafide, spoof = random.normal(1, 1, 60).round(1), random.normal(0, 1, 90).round(1)
    scores = np.concatenate((bonafide, spoof))
    human = np.arange(150) < 60
    share = IsotonicRegression().fit(scores, human).predict(scores)
    with np.errstate(divide="ignore"):
        expected = np.log(share) - np.log1p(-share) - np.log(60 / 90)
    np.testing.assert_allclose(fit_isotonic(bonafide, spoof).llrs(scores), expected, atol=1e-9)


def test_its_cost_is_min_cllr():
    random = np.random.default_rng(1)
    bonafide, spoof = random.normal(1, 1, 80), random.normal(0, 1, 80)
    fitted = fit_isotonic(bonafide, spoof)
    finite = [np.clip(fitted.llrs(scores), -500, 500) for scores in (bonafide, spoof)]
    assert cllr(*finite) == pytest.approx(min_cllr(bonafide, spoof), abs=1e-9)


def test_new_scores_take_the_step_they_fall_on():
    fitted = fit_isotonic([1.0, 2.0, 3.0], [0.0, 1.5])
    assert fitted.llrs([-9.0, 0.5, 9.0]).tolist() == [-np.inf, -np.inf, np.inf]
    assert fitted.llrs(1.7) == fitted.llrs(1.2) == pytest.approx(np.log((1 / 3) / (1 / 2)))


def test_separated_classes_have_two_steps():
    assert fit_isotonic([1.0, 2.0], [-1.0]).steps.tolist() == [-np.inf, np.inf]
