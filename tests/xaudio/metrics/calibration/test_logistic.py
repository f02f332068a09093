import numpy as np
import pytest

from xaudio.errors import MetricError
from xaudio.metrics import cllr
from xaudio.metrics.calibration import AffineMap, fit_logistic, fit_weighted


@pytest.fixture
def overlapping():
    random = np.random.default_rng(1)
    return random.normal(2.0, 1.5, 40), random.normal(-1.0, 1.5, 130)


@pytest.mark.parametrize("prior", [0.5, 0.05])
def test_two_gaussians_have_the_map_of_the_closed_form(prior):
    random = np.random.default_rng(0)
    bonafide, spoof = random.normal(2.0, 1.5, 300_000), random.normal(-1.0, 1.5, 200_000)
    fitted = fit_logistic(bonafide, spoof, prior)
    # ln N(x; 2, 1.5) - ln N(x; -1, 1.5): slope d / sigma^2, offset -(m1^2 - m0^2) / (2 sigma^2)
    assert fitted.slope == pytest.approx(3.0 / 2.25, rel=0.02)
    assert fitted.offset == pytest.approx(-3.0 / 4.5, rel=0.03)


@pytest.mark.parametrize("prior", [0.5, 0.02])
def test_equals_weighted_logistic_regression_with_softened_labels(overlapping, prior):
    from sklearn.linear_model import LogisticRegression

    bonafide, spoof = overlapping
    scores = np.concatenate((bonafide, spoof))
    counts = np.where(np.arange(170) < 40, 40, 130)
    share = np.where(np.arange(170) < 40, (1 - prior) / 40, prior / 130)
    own = (counts + 1) / (counts + 2)
    bonafide_target = np.where(np.arange(170) < 40, own, 1 - own)
    model = LogisticRegression(C=1e12, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(
        np.concatenate((scores, scores))[:, None],
        np.repeat([1, 0], 170),
        sample_weight=1e4
        * np.concatenate((share * bonafide_target, share * (1 - bonafide_target))),
    )
    fitted = fit_logistic(bonafide, spoof, prior)
    assert fitted.slope == pytest.approx(model.coef_[0, 0], rel=1e-5)
    offset = model.intercept_[0] - np.log((1 - prior) / prior)
    assert fitted.offset == pytest.approx(offset, abs=1e-5)


def test_weights_count_clips_several_times():
    scores, human = np.array([1.0, 2.0, 0.5, -1.0, 0.8]), np.array([True, True, True, False, False])
    weights = np.array([[2.0, 1.0, 0.0, 1.0, 3.0]])
    slopes, offsets = fit_weighted(scores, human, weights)
    fitted = fit_logistic([1.0, 1.0, 2.0], [-1.0, 0.8, 0.8, 0.8])
    assert (slopes[0], offsets[0]) == pytest.approx((fitted.slope, fitted.offset), rel=1e-6)


def test_separated_classes_stay_finite_and_claim_no_more_than_their_number_shows():
    few = fit_logistic([1.0, 2.0, 3.0], [-1.0, -2.0, -3.0])
    many = fit_logistic(np.linspace(1, 3, 300), np.linspace(-3, -1, 300))
    assert 0 < few.slope < many.slope < 10
    assert few.offset == pytest.approx(0, abs=1e-9)
    # One clip each: both get the softened label's log-odds, ln 2.
    assert fit_logistic([1.0], [-1.0]).llrs(1.0) == pytest.approx(np.log(2.0))


def test_the_scale_of_the_scores_is_of_no_account(overlapping):
    bonafide, spoof = overlapping
    one = fit_logistic(bonafide, spoof)
    other = fit_logistic(1e4 * bonafide + 3e5, 1e4 * spoof + 3e5)
    np.testing.assert_allclose(other.llrs(1e4 * spoof + 3e5), one.llrs(spoof), atol=1e-6)


def test_it_lowers_cllr(overlapping):
    bonafide, spoof = 5 * overlapping[0] + 4, 5 * overlapping[1] + 4
    fitted = fit_logistic(bonafide, spoof)
    assert cllr(fitted.llrs(bonafide), fitted.llrs(spoof)) < cllr(bonafide, spoof) / 3


def test_scores_the_wrong_way_round_get_a_falling_map():
    assert fit_logistic([-2.0, -1.0, 0.5], [0.0, 1.0, 2.0]).slope < 0


def test_the_score_of_an_llr_leads_back():
    fitted = AffineMap(1.5, -0.4)
    assert fitted.llrs(fitted.score_at(0.7)) == pytest.approx(0.7)
    with pytest.raises(MetricError, match="no inverse"):
        AffineMap(0.0, 1.0).score_at(0.0)


@pytest.mark.parametrize(
    ("bonafide", "spoof", "prior", "part"),
    [
        ([], [1.0], 0.5, "no bona fide"),
        ([1.0], [float("nan")], 0.5, "not finite"),
        ([1.0, 1.0], [1.0], 0.5, "are equal"),
        ([1.0], [0.0], 1.0, "prior"),
        ([1.0], [0.0], 0.0, "prior"),
    ],
)
def test_refuses_what_cannot_be_calibrated(bonafide, spoof, prior, part):
    with pytest.raises(MetricError, match=part):
        fit_logistic(bonafide, spoof, prior)


def test_a_replicate_without_a_class_is_refused():
    with pytest.raises(MetricError, match="both classes"):
        fit_weighted(np.array([1.0, 0.0]), np.array([True, False]), np.array([[1.0, 0.0]]))
