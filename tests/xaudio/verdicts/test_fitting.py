import numpy as np
import pytest

from tests.xaudio.verdicts.scored import scored_set
from xaudio.errors import MetricError, ModelError
from xaudio.metrics.calibration import fit_logistic
from xaudio.verdicts.calibration import MapUncertainty
from xaudio.verdicts.fitting import fit_map


def fitted(scored, **settings):
    return fit_map(scored.scores, scored.is_bonafide, scored.clusters, 0.5, **settings)


def test_the_map_is_the_logistic_one():
    scored = scored_set()
    found, _ = fitted(scored, samples=10)
    human = scored.is_bonafide
    expected = fit_logistic(scored.scores[human], scored.scores[~human])
    assert (found.slope, found.offset) == pytest.approx((expected.slope, expected.offset))


@pytest.mark.slow
def test_intervals_hold_the_true_llr_as_often_as_they_say():
    """Gaussians two standard deviations apart: the LLR is 2 x score. Twenty speakers, 80 clips.

    Where evidence is strong, the softened labels understate it: misses there are on the safe side.
    """
    random = np.random.default_rng(0)
    inside, overstated = [], []
    for _ in range(200):
        human = np.arange(80) % 2 == 0
        scores = random.normal(0, 1, 80) + np.where(human, 1.0, -1.0)
        clusters = tuple(f"speaker {number // 4}" for number in range(80))
        found, uncertainty = fit_map(scores, human, clusters, 0.5, samples=100)
        inside.append(abs(float(found.llrs(0.0))) <= uncertainty.reach(0.0))
        overstated.append(found.llrs(1.5) - uncertainty.reach(1.5) > 3.0)
    assert 0.92 <= np.mean(inside) <= 0.985
    assert np.mean(overstated) <= 0.025


def test_more_speakers_narrow_the_interval():
    few, many = (fitted(scored_set(speakers=number), samples=300)[1] for number in (8, 120))
    assert many.reach(0.0) < few.reach(0.0) / 2
    assert few.reach(3.0) > few.reach(0.0)
    assert few.reach(0.0, level=0.5) < few.reach(0.0, level=0.95)


def test_clips_of_one_speaker_do_not_count_as_many():
    """Every clip given five times by its speaker tells nothing new."""
    one = scored_set(speakers=40, per_speaker=2, distance=1.5)
    alone = fit_map(one.scores, one.is_bonafide, one.clusters, 0.5, samples=400)[1]
    again = fit_map(
        np.repeat(one.scores, 5),
        np.repeat(one.is_bonafide, 5),
        tuple(np.repeat(one.clusters, 5).tolist()),
        0.5,
        samples=400,
    )[1]
    assert again.reach(0.0) == pytest.approx(alone.reach(0.0), rel=0.25)


def test_the_reach_is_that_of_the_bootstraps_llrs():
    uncertainty = MapUncertainty(0.04, 0.25, -0.08, 1e9)
    draws = np.random.default_rng(0).multivariate_normal(
        [1.0, 0.5], [[0.04, -0.08], [-0.08, 0.25]], 200_000
    )
    for score in (-2.0, 0.0, 3.0):
        spread = (draws[:, 0] * score + draws[:, 1]).std()
        assert uncertainty.reach(score) == pytest.approx(1.96 * spread, rel=0.01)


def test_the_same_seed_gives_the_same():
    scored = scored_set()
    assert fitted(scored, samples=20) == fitted(scored, samples=20)
    assert fitted(scored, samples=20) != fitted(scored, samples=20, seed=1)


def test_scores_that_run_the_wrong_way_are_refused():
    scored = scored_set()
    with pytest.raises(ModelError, match="swapped"):
        fit_map(-scored.scores, scored.is_bonafide, scored.clusters, 0.5)
    with pytest.raises(MetricError, match="too few"):
        fit_map(np.array([1.0, 0.0]), np.array([True, False]), ("a", "b"), 0.5)
